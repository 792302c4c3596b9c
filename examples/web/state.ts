/**
 * The state of the page, as a function of what has happened. Pure.
 *
 * @module
 */
import type { RegionsError, Reply, TextsOutput } from "@ocr-cloud/regions/client";
import * as card from "./card.ts";
import { type Card, createCard, hasEnded, isBusy, type NewImage, type Settings } from "./card.ts";
import { panBy, zoomAt } from "./viewport.ts";
import type { Point } from "@ocr-cloud/regions/page";

/** The state of the page. */
export interface State {
  /** The images, in the order in which they were added. */
  readonly cards: readonly Card[];
  /** The settings for the images that are added next. */
  readonly settings: Settings;
  /** The time, in milliseconds. */
  readonly now: number;
  /** What a screen reader says. */
  readonly news: string;
  /** The id of the next card. */
  readonly nextId: number;
}

/** Something that happened. `id` is that of a card; a card that does not exist is ignored. */
export type Action =
  | { readonly _tag: "Add"; readonly images: readonly NewImage[] }
  | { readonly _tag: "Choose"; readonly settings: Partial<Settings> }
  | { readonly _tag: "Show"; readonly id: number; readonly url: string }
  | { readonly _tag: "Submitted"; readonly id: number; readonly task: string }
  | { readonly _tag: "Interrupted"; readonly id: number }
  | { readonly _tag: "Detected"; readonly id: number; readonly reply: Reply }
  | { readonly _tag: "Recognized"; readonly id: number; readonly reply: Reply<TextsOutput> }
  | { readonly _tag: "Failed"; readonly id: number; readonly error: RegionsError }
  | { readonly _tag: "Cancel"; readonly id: number }
  | { readonly _tag: "Canceled"; readonly id: number }
  | { readonly _tag: "Repeat"; readonly id: number }
  | { readonly _tag: "Remove"; readonly id: number }
  | { readonly _tag: "RemoveEnded" }
  | { readonly _tag: "Point"; readonly id: number; readonly region: number | null }
  /** `at` is in fractions of the viewport, and so is `by`. */
  | { readonly _tag: "Zoom"; readonly id: number; readonly factor: number; readonly at: Point }
  | { readonly _tag: "Pan"; readonly id: number; readonly by: Point }
  | { readonly _tag: "ZoomTo"; readonly id: number; readonly region: number | null }
  | { readonly _tag: "Tick" };

/**
 * The number of images that are processed at a time. Each takes one connection for its events, or for its upload, and
 * browsers open six to an HTTP/1 server.
 */
export const SLOTS = 3;

/** The state before anything has happened. */
export const INITIAL: State = {
  cards: [],
  settings: { dsrMode: "LineDetector", dsrConfidence: "Default", language: "English", readsText: true },
  now: 0,
  news: "",
  nextId: 1,
};

/** Returns the next state. `now` is the time of the action, in milliseconds. */
export function update(state: State, action: Action, now: number): State {
  const next = fillSlots(apply({ ...state, now }, action));
  return { ...next, news: newsOf(state, next) ?? state.news };
}

function apply(state: State, action: Action): State {
  const { cards, settings, now, nextId } = state;
  switch (action._tag) {
    case "Add": {
      const added = action.images.map((image, i) => createCard(nextId + i, image, settings));
      return { ...state, cards: [...cards, ...added], nextId: nextId + added.length };
    }
    case "Choose":
      return { ...state, settings: { ...settings, ...action.settings } };
    case "Show":
      return change(state, action.id, (it) => ({ ...it, url: action.url }));
    case "Submitted":
      return change(state, action.id, (it) => card.submitted(it, action.task));
    case "Interrupted":
      return change(state, action.id, card.interrupted);
    case "Detected":
      return change(state, action.id, (it) => card.detected(it, action.reply, now));
    case "Recognized":
      return change(state, action.id, (it) => card.recognized(it, action.reply, now));
    case "Failed":
      return change(state, action.id, (it) => card.fail(it, action.error, now));
    case "Cancel":
      return change(state, action.id, (it) => card.cancel(it, now));
    case "Canceled":
      return change(state, action.id, (it) => card.canceled(it, now));
    case "Repeat":
      return change(state, action.id, (it) => card.repeat(it, settings));
    case "Remove":
      return { ...state, cards: cards.filter((it) => it.id !== action.id || !hasEnded(it)) };
    case "RemoveEnded":
      return { ...state, cards: cards.filter((it) => !hasEnded(it)) };
    case "Point":
      return change(state, action.id, (it) => card.point(it, action.region));
    case "Zoom":
      return change(state, action.id, (it) => ({ ...it, viewport: zoomAt(it.viewport, action.factor, action.at) }));
    case "Pan":
      return change(state, action.id, (it) => ({ ...it, viewport: panBy(it.viewport, action.by) }));
    case "ZoomTo":
      return change(state, action.id, (it) => card.zoomToRegion(it, action.region));
    case "Tick":
      return state;
  }
}

function change(state: State, id: number, to: (card: Card) => Card): State {
  return { ...state, cards: state.cards.map((it) => it.id === id ? to(it) : it) };
}

/** Starts the cards that have waited longest. */
function fillSlots(state: State): State {
  let free = SLOTS - state.cards.filter(isBusy).length;
  if (free <= 0 || !state.cards.some(({ progress }) => progress._tag === "Waiting")) return state;
  return {
    ...state,
    cards: state.cards.map((it) => it.progress._tag === "Waiting" && free-- > 0 ? card.start(it, state.now) : it),
  };
}

/** What has become of the cards, as sentences, or null if nothing has that a user waits for. */
function newsOf(before: State, { cards }: State): string | null {
  if (before.cards === cards) return null;
  const known = new Map(before.cards.map((it) => [it.id, it]));
  const news = cards.flatMap((it) => {
    const old = known.get(it.id);
    return old === undefined || old.progress === it.progress ? [] : tell(it, old);
  });
  const added = cards.filter(({ id }) => !known.has(id)).length;
  const removed = before.cards.length + added - cards.length;
  if (added > 0) news.push(`${count(added, "image")} added.`);
  if (removed > 0) news.push(`${count(removed, "image")} removed.`);
  return news.length === 0 ? null : news.join(" ");
}

function tell({ name, progress, regions }: Card, old: Card): readonly string[] {
  const found = regions === null ? "" : count(regions.length, "region");
  if (regions !== null && old.regions === null && progress._tag !== "Done") {
    return [`${name}: ${found} found. Reading their text.`];
  }
  switch (progress._tag) {
    case "Done":
      return [
        regions?.[0]?.text === undefined ? `${name}: ${found} found.` : `${name}: finished, with the text of ${found}.`,
      ];
    case "Failed":
      return [`${name}: ${progress.reason}`];
    case "Canceled":
      return [`${name}: canceled.`];
    default:
      return [];
  }
}

/** A number of things: `1 region`, `2 regions`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
