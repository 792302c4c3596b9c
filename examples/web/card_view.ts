/**
 * An image and its regions, as a function of the state.
 *
 * @module
 */
import type { PageRegion } from "@ocr-cloud/regions/page";
import { html, nothing, type TemplateResult } from "lit-html";
import { guard } from "lit-html/directives/guard.js";
import { type Card, elapsed, hasEnded, pageSize, type Progress } from "./card.ts";
import { canWrite, FORMATS } from "./downloads.ts";
import { moveFocus } from "./focus.ts";
import { viewPicture } from "./picture_view.ts";
import { type Action, count, SLOTS } from "./state.ts";
import type { Controls } from "./view.ts";

/** The card of an image. Its size does not depend on the progress, so that nothing moves when there is any. */
export function viewCard(card: Card, now: number, controls: Controls): TemplateResult {
  const { id, name, progress, polls, regions } = card;
  const size = pageSize(card);
  const time = `${(elapsed(card, now) / 1000).toFixed(1)} s`;
  return html`
    <article class="card ${progress._tag.toLowerCase()}" id="card-${id}" tabindex="-1" aria-labelledby="name-${id}">
      <header>
        <h3 id="name-${id}">${name}</h3>
        <p class="status">${statusOf(card)}</p>
        <p class="facts"><span>${time}</span> <span>${count(
          polls,
          "poll",
        )}</span></p>
        <div class="actions">${viewActions(card, controls)}</div>
        ${viewProgress(card)}
      </header>
      <div class="body" .style=${`--ratio: ${(card.size?.width ?? 3) / (card.size?.height ?? 4)}`}>
        ${guard(
          [card.url, regions, card.active, card.viewport, size.width, size.height],
          () => viewPicture(card, controls),
        )}
        <div class="side">${guard([progress, regions, card.active], () => viewSide(card, controls))}</div>
      </div>
      <footer role="group" aria-label="Download the regions of ${name}">
        <span aria-hidden="true">Download</span>
        ${guard([regions, hasEnded(card)], () => viewDownloads(card, controls))}
      </footer>
    </article>
  `;
}

/** What a user is told about the progress, in a few words. */
function statusOf({ progress, notices }: Card): string {
  switch (progress._tag) {
    case "Waiting":
      return "Waiting";
    case "Running": {
      if (progress.isLost) return "Connection lost, trying again";
      const what = progress.step === "detect" ? "Finding regions" : "Reading text";
      return `${what}: ${STAGES[progress.status ?? (progress.task === null ? "Upload" : "Submitted")]}`;
    }
    case "Canceling":
      return "Canceling";
    case "Canceled":
      return "Canceled";
    case "Failed":
      return "Failed";
    case "Done":
      return ["Finished", ...notices].join(". ");
  }
}

const STAGES = { Upload: "uploading", Submitted: "submitted", Pending: "queued", Processing: "in progress" };

/**
 * The buttons stay where they are, and keep the focus, when the progress changes. Those that have no effect are marked as
 * disabled.
 */
function viewActions(card: Card, { dispatch }: Controls): TemplateResult {
  const { id, name, progress } = card;
  const isOver = hasEnded(card);
  const viewAction = (label: string, action: Action, isDisabled: boolean): TemplateResult =>
    html`
      <button type="button" aria-label="${label}: ${name}" aria-disabled=${isDisabled} @click=${() => dispatch(action)}>
        ${label}
      </button>
    `;
  return html`
    ${viewAction("Cancel", { _tag: "Cancel", id }, isOver || progress._tag === "Canceling")}
    ${viewAction("Run again", { _tag: "Repeat", id }, !isOver)} ${viewAction("Remove", { _tag: "Remove", id }, !isOver)}
  `;
}

function viewProgress(card: Card): TemplateResult {
  const label = `Progress of ${card.name}`;
  return card.progress._tag === "Running" || card.progress._tag === "Canceling"
    ? html`<progress aria-label=${label}></progress>`
    : html`<progress aria-label=${label} max="1" value=${card.progress._tag === "Done" ? 1 : 0}></progress>`;
}

function viewSide(card: Card, controls: Controls): TemplateResult {
  const { progress, regions } = card;
  const problem = progress._tag === "Failed" ? html`<p class="note problem">${progress.reason}</p>` : nothing;
  if (regions !== null && regions.length > 0) return viewTable(card, regions, problem, controls);
  return problem === nothing ? html`<p class="note">${noteOf(progress)}</p>` : problem;
}

function noteOf({ _tag }: Progress): string {
  switch (_tag) {
    case "Waiting":
      return `${SLOTS} images are processed at a time. This one is waiting for its turn.`;
    case "Done":
      return "No text was found in this image.";
    case "Canceled":
      return "This image was canceled.";
    default:
      return "The regions appear here as soon as they are found.";
  }
}

function viewTable(
  card: Card,
  regions: readonly PageRegion[],
  problem: unknown,
  { dispatch }: Controls,
): TemplateResult {
  const { id, name, active } = card;
  const onPoint = ({ target }: Event): void => {
    const row = target instanceof Element ? target.closest("[data-region]") : null;
    const region = row instanceof HTMLElement ? Number(row.dataset.region) : active;
    if (region !== active) dispatch({ _tag: "Point", id, region });
  };
  const shown = active === null ? undefined : regions[active];
  const viewRow = ({ region, text }: PageRegion, i: number): TemplateResult =>
    html`
      <tr data-region=${i} class=${i === active ? "active" : ""}>
        <th scope="row">
          <button
            type="button"
            tabindex=${i === (active ?? 0) ? 0 : -1}
            aria-label="Region ${i + 1}"
            aria-current=${i === active ? "true" : nothing}
            @click=${() => dispatch({ _tag: "ZoomTo", id, region: i })}
          >${i + 1}</button>
        </th>
        <td class="text">${text ?? (hasEnded(card) ? "" : "…")}</td>
        <td class="place">${Math.floor(region.left)}, ${Math.floor(region.top)}</td>
      </tr>
    `;
  return html`
    <div class="rows" @pointermove=${onPoint} @pointerdown=${onPoint} @focusin=${onPoint} @keydown=${moveFocus}>
      <table aria-label="Regions of ${name}">
        <thead>
          <tr>
            <th scope="col">No.</th>
            <th scope="col">Text</th>
            <th scope="col">Left, top</th>
          </tr>
        </thead>
        <tbody>${regions.map(viewRow)}</tbody>
      </table>
    </div>
    ${problem}
    <textarea
      readonly
      rows="4"
      aria-label=${shown === undefined ? "Text of the highlighted region" : `Text of region ${(active ?? 0) + 1}`}
      placeholder="Point at a region to read all of it."
      .value=${shown?.text ?? ""}
    ></textarea>
  `;
}

function viewDownloads(card: Card, { download }: Controls): readonly TemplateResult[] {
  return FORMATS.map((format) => {
    const isPossible = canWrite(card, format);
    const onClick = (): void => {
      if (isPossible) download(card.id, format.title);
    };
    return html`<button type="button" aria-disabled=${!isPossible} @click=${onClick}>${format.title}</button>`;
  });
}
