/**
 * The page, as a function of the state.
 *
 * @module
 */
import type { DsrConfidence, DsrMode, Language } from "@ocr-cloud/regions/client";
import { html, type TemplateResult } from "lit-html";
import { guard } from "lit-html/directives/guard.js";
import { repeat } from "lit-html/directives/repeat.js";
import { type Card, hasEnded, isBusy, type Progress, type Settings } from "./card.ts";
import { viewCard } from "./card_view.ts";
import { type Example, EXAMPLES } from "./examples.ts";
import { type Action, count, type State } from "./state.ts";

/** A value that can be chosen, and its name. */
type Choice<A> = readonly [A, string];

/** What the page can ask for. */
export interface Controls {
  readonly dispatch: (action: Action) => void;
  /** Adds image files. */
  readonly add: (files: Iterable<File>) => void;
  /** Adds an example page. */
  readonly addExample: (file: string) => void;
  /** Saves the regions of a card as a file, in the format of this title. */
  readonly download: (id: number, title: string) => void;
}

const CONFIDENCES = named<DsrConfidence>(["Default", "All", "Low", "LowMid", "Mid", "MidHigh", "High", "Ultra"]);

/** Those of the service's 154 languages that are read most. */
const LANGUAGES = named<Language>([
  "English",
  "French",
  "German",
  "Italian",
  "Latin",
  "Polish",
  "Portuguese",
  "Russian",
  "Spanish",
  "Turkish",
  "Chinese",
  "Japanese",
  "Korean",
  "Arabic",
  "Hindi",
]);

/** The modes, and what they find. The emulator finds lines, words, or blocks. */
const MODES: readonly Choice<DsrMode>[] = [
  ["LineDetector", "Lines"],
  ["TextDetector", "Words"],
  ["Regions", "Blocks"],
  ["DsrNoFilter", "Blocks of complex layouts"],
  ["DsrAndFilter", "Blocks of complex layouts, filtered"],
  ["NoDsrNoFilter", "Blocks of simple layouts"],
  ["DsrPlusDetector", "Blocks, also on photographs"],
  ["PolygonalTextDetector", "Polygons"],
];

const STATES: Readonly<Record<Progress["_tag"], string>> = {
  Waiting: "waiting",
  Running: "in progress",
  Canceling: "in progress",
  Canceled: "canceled",
  Failed: "failed",
  Done: "finished",
};

/** The page. */
export function view(state: State, controls: Controls): TemplateResult {
  const { cards, settings, now } = state;
  const viewOne = (card: Card): unknown => guard([card, isBusy(card) ? now : 0], () => viewCard(card, now, controls));
  return html`
    ${guard([settings], () => viewAdd(settings, controls))} ${guard([cards], () => viewSummary(cards, controls))}
    <div class="cards">${repeat(cards, ({ id }) => id, viewOne)}</div>
  `;
}

function viewAdd(settings: Settings, { dispatch, add, addExample }: Controls): TemplateResult {
  const choose = (settings: Partial<Settings>): void => dispatch({ _tag: "Choose", settings });
  const onFiles = ({ target }: { target: HTMLInputElement }): void => {
    add(Array.from(target.files ?? []));
    // Otherwise, the same file could not be chosen again.
    target.value = "";
  };
  const { readsText } = settings;
  const onText = ({ target }: { target: HTMLInputElement }): void => choose({ readsText: target.checked });
  return html`
    <section class="add" aria-label="Add images">
      <div class="drop">
        <label class="button primary" for="files">Choose images</label>
        <input class="unseen" type="file" id="files" accept="image/*" multiple @change=${onFiles}>
        <p>or drop them anywhere, or paste one.</p>
      </div>
      <ul class="examples" aria-label="Example pages">
        ${EXAMPLES.map((example) => viewExample(example, addExample))}
      </ul>
      <fieldset class="settings">
        <legend>Settings for the next images</legend>
        ${viewSelect("Find", "dsrMode", MODES, settings.dsrMode, choose)}
        ${viewSelect("Confidence", "dsrConfidence", CONFIDENCES, settings.dsrConfidence, choose)}
        ${viewSelect("Language", "language", LANGUAGES, settings.language, choose)}
        <label class="check">
          <input type="checkbox" data-setting="readsText" .checked=${readsText} @change=${onText}> Read the text
        </label>
      </fieldset>
    </section>
  `;
}

function viewExample({ file, title }: Example, addExample: Controls["addExample"]): TemplateResult {
  return html`
    <li>
      <button type="button" data-example=${file} @click=${() => addExample(file)}>
        <img src="/pages/${file}" width="72" height="96" loading="lazy" alt=""><span>${title}</span>
      </button>
    </li>
  `;
}

/** A choice of one of the values, with their names. */
function viewSelect<Key extends string, A extends string>(
  label: string,
  key: Key,
  choices: readonly Choice<A>[],
  chosen: A,
  choose: (chosen: { readonly [K in Key]: A }) => void,
): TemplateResult {
  const onChange = ({ target }: { target: HTMLSelectElement }): void => {
    const [value] = choices[target.selectedIndex];
    choose({ [key]: value } as { [K in Key]: A });
  };
  return html`
    <label>
      ${label}
      <select data-setting=${key} @change=${onChange}>
        ${choices.map(([value, name]) => html`<option .selected=${value === chosen}>${name}</option>`)}
      </select>
    </label>
  `;
}

function viewSummary(cards: readonly Card[], { dispatch }: Controls): TemplateResult {
  const numbers = new Map<string, number>();
  for (const { progress } of cards) {
    const what = STATES[progress._tag];
    numbers.set(what, (numbers.get(what) ?? 0) + 1);
  }
  const text = Array.from(numbers, ([what, n]) => `${n} ${what}`).join(", ");
  return html`
    <div class="summary">
      <h2>${cards.length === 0 ? "No images yet" : count(cards.length, "image")}</h2>
      <p>${text}</p>
      <button type="button" aria-disabled=${!cards.some(hasEnded)} @click=${() => dispatch({ _tag: "RemoveEnded" })}>
        Remove finished
      </button>
    </div>
  `;
}

function named<A extends string>(values: readonly A[]): readonly Choice<A>[] {
  return values.map((value) => [value, value]);
}
