/**
 * The page with its regions: an SVG whose `viewBox` is the part that is shown.
 *
 * @module
 */
import type { PageRegion, Point, Region, Size } from "@ocr-cloud/regions/page";
import { html, nothing, svg, type TemplateResult } from "lit-html";
import { type Card, pageSize } from "./card.ts";
import { moveFocus } from "./focus.ts";
import { type Labels, placeLabels, widthOf } from "./labels.ts";
import type { Controls } from "./view.ts";
import type { Action } from "./state.ts";
import { CENTER, MAX_ZOOM, toViewBox } from "./viewport.ts";

const ZOOM_STEP = 1.5;

/** How far the arrow keys move the viewport, in fractions of it. */
const PAN: Readonly<Record<string, Point | undefined>> = {
  ArrowLeft: { x: -0.1, y: 0 },
  ArrowRight: { x: 0.1, y: 0 },
  ArrowUp: { x: 0, y: -0.1 },
  ArrowDown: { x: 0, y: 0.1 },
};

/** The labels of results, since placing them takes time. They depend on nothing else but the page. */
const LABELS = new WeakMap<readonly PageRegion[], Labels>();

/** The page, its regions, and the buttons for zooming. */
export function viewPicture(card: Card, { dispatch }: Controls): TemplateResult {
  const { id, name, url, viewport, active } = card;
  const page = pageSize(card);
  const regions = (card.regions ?? []).map(({ region }) => region);
  const labels = labelsOf(card.regions ?? [], page);
  const em = labels.em / Math.sqrt(viewport.zoom);
  const zoom = (factor: number) => (): void => dispatch({ _tag: "Zoom", id, factor, at: CENTER });
  const showAll = (): void => dispatch({ _tag: "ZoomTo", id, region: null });
  // Unlike `pointerover`, `pointermove` is not sent if the picture moves under a pointer that rests.
  const onPoint = ({ target }: Event): void => {
    const region = regionOf(target);
    if (region !== null && region !== active) dispatch({ _tag: "Point", id, region });
  };
  const zoomToTarget = ({ target }: Event): void => {
    const region = regionOf(target);
    if (region !== null) dispatch({ _tag: "ZoomTo", id, region });
  };
  const onKey = (event: KeyboardEvent): void => {
    const action = actionFor(event.key, card);
    if (action === null) return;
    event.preventDefault();
    dispatch(action);
  };
  const onRegionKey = (event: KeyboardEvent): void => {
    moveFocus(event);
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    zoomToTarget(event);
  };
  const isWhole = viewport.zoom === 1;
  // Chromium lets the Tab key stop at an element of SVG that listens to the focus, so that an element of HTML does.
  return html`
    <div class="picture" @pointermove=${onPoint} @pointerdown=${onPoint} @focusin=${onPoint}>
      <svg
        class="page ${isWhole ? "" : "zoomed"}"
        viewBox=${toViewBox(viewport, page)}
        role="group"
        aria-label="${name}. Plus and minus zoom, 0 shows the whole page, the arrow keys move it."
        tabindex="0"
        data-card=${id}
        @keydown=${onKey}
      >
        ${url === null || card.size === null
          ? nothing
          : svg`<image href=${url} width=${page.width} height=${page.height} />`}
        <g class="regions" @keydown=${onRegionKey} @dblclick=${zoomToTarget}>
          ${regions.map((region, i) => viewRegion(card, region, i))}
        </g>
        <g class="labels" aria-hidden="true" font-size=${em}>
          ${regions.map((region, i) => viewLabel(region, i, labels, em, i === active))}
        </g>
      </svg>
      ${card.size === null ? html`<p class="blank">The browser cannot show this image.</p>` : nothing}
      <div class="zoom" role="group" aria-label="Zoom of ${name}">
        <button type="button" aria-label="Zoom out" aria-disabled=${isWhole} @click=${zoom(1 / ZOOM_STEP)}>−</button>
        <output aria-label="Zoom">${Math.round(viewport.zoom * 100)} %</output>
        <button type="button" aria-label="Zoom in" aria-disabled=${viewport.zoom === MAX_ZOOM} @click=${zoom(
          ZOOM_STEP,
        )}>
          +
        </button>
        <button type="button" aria-disabled=${isWhole} @click=${showAll}>Whole page</button>
      </div>
    </div>
  `;
}

/** What a key does to the picture, or null. */
function actionFor(key: string, { id, viewport }: Card): Action | null {
  switch (key) {
    case "+":
    case "=":
      return { _tag: "Zoom", id, factor: ZOOM_STEP, at: CENTER };
    case "-":
      return { _tag: "Zoom", id, factor: 1 / ZOOM_STEP, at: CENTER };
    case "0":
    case "Escape":
      return { _tag: "ZoomTo", id, region: null };
  }
  const by = PAN[key];
  // A page that is shown as a whole cannot move. The keys then scroll the document.
  return by === undefined || viewport.zoom === 1 ? null : { _tag: "Pan", id, by };
}

function viewRegion({ regions, active }: Card, region: Region, i: number): TemplateResult {
  const { left, top, right, bottom, polygon } = region;
  const text = regions?.[i]?.text;
  const shape = polygon === undefined
    ? svg`<rect x=${left} y=${top} width=${right - left} height=${bottom - top} />`
    : svg`<polygon points=${polygon.map(({ x, y }) => `${x},${y}`).join(" ")} />`;
  return svg`
    <g
      class=${i === active ? "active" : ""}
      data-region=${i}
      role="button"
      tabindex=${i === (active ?? 0) ? 0 : -1}
      aria-label=${text === undefined ? `Region ${i + 1}` : `Region ${i + 1}: ${text}`}
    >${shape}</g>
  `;
}

/** The number of a region. That of the highlighted region is always shown. */
function viewLabel({ left, top }: Region, i: number, { places }: Labels, em: number, isActive: boolean): unknown {
  const width = widthOf(i, em);
  const place = places[i] ?? (isActive ? { x: Math.max(left, width), y: top } : null);
  if (place === null) return nothing;
  return svg`
    <g class=${isActive ? "active" : ""}>
      <rect x=${place.x - width} y=${place.y} width=${width} height=${1.2 * em} rx=${em / 4} />
      <text x=${place.x - width / 2} y=${place.y + 0.95 * em}>${i + 1}</text>
    </g>
  `;
}

function regionOf(target: EventTarget | null): number | null {
  const element = target instanceof Element ? target.closest("[data-region]") : null;
  return element instanceof SVGElement ? Number(element.dataset.region) : null;
}

function labelsOf(regions: readonly PageRegion[], page: Size): Labels {
  const known = LABELS.get(regions);
  if (known !== undefined) return known;
  const labels = placeLabels(regions.map(({ region }) => region), page);
  LABELS.set(regions, labels);
  return labels;
}
