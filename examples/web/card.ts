/**
 * One image, and what has become of it. Pure.
 *
 * @module
 */
import {
  type Completed,
  describe,
  type DsrConfidence,
  type DsrMode,
  type Language,
  type Reply,
} from "@ocr-cloud/regions/client";
import type { RegionsError, TaskStatus, TextsOutput } from "@ocr-cloud/regions/client";
import { inReadingOrder, type PageRegion, type Size, uniteRegions } from "@ocr-cloud/regions/page";
import { match } from "@ocr-cloud/regions/client";
import * as E from "fp-ts/lib/Either.js";
import { pipe } from "fp-ts/lib/function.js";
import { moveInto, type Viewport, WHOLE, zoomTo } from "./viewport.ts";

/** What the user chooses for the images that are added next. */
export interface Settings {
  readonly dsrMode: DsrMode;
  readonly dsrConfidence: DsrConfidence;
  readonly language: Language;
  /** Whether the text of the regions is recognized as well. */
  readonly readsText: boolean;
}

/** An image that the user adds. */
export interface NewImage {
  readonly name: string;
  readonly image: Blob;
  /** The size as displayed, in pixels, or null if the browser cannot show the image. */
  readonly size: Size | null;
}

/** The two tasks of an image, in their order. */
export type Step = "detect" | "recognize";

/** How far an image has come. */
export type Progress =
  | { readonly _tag: "Waiting"; readonly step: Step }
  | Running
  | { readonly _tag: "Canceling"; readonly step: Step; readonly task: string }
  | { readonly _tag: "Canceled"; readonly step: Step }
  | { readonly _tag: "Failed"; readonly step: Step; readonly reason: string }
  | { readonly _tag: "Done" };

/** A task is being submitted or watched. */
export interface Running {
  readonly _tag: "Running";
  readonly step: Step;
  /** The URL of the task, or null until it is submitted. */
  readonly task: string | null;
  /** The last status, or null until there is one. */
  readonly status: Stage | null;
  /** Whether the connection is lost, and is being opened again. */
  readonly isLost: boolean;
}

/** The statuses that a task goes through before its final one. */
export type Stage = "Pending" | "Processing";

/** An image, and what is known about its tasks. Times are in milliseconds. */
export interface Card extends NewImage {
  /** Identifies the card on the page. */
  readonly id: number;
  readonly settings: Settings;
  readonly progress: Progress;
  /** How often the tasks were started. */
  readonly runs: number;
  /** The number of polls in this run, each of which is an event. */
  readonly polls: number;
  /** When this run started, or null while the image waits. */
  readonly startedAt: number | null;
  /** When this run ended, or null before. */
  readonly endedAt: number | null;
  /** The regions in reading order, with their texts as soon as these are known; null until the regions are known. */
  readonly regions: readonly PageRegion[] | null;
  /** The service's messages about problems that were not fatal. */
  readonly notices: readonly string[];
  /** The index of the region that is highlighted. */
  readonly active: number | null;
  /** The part of the page that is shown. */
  readonly viewport: Viewport;
  /** The object URL of the image, which lives as long as the card. */
  readonly url: string | null;
}

/** Makes the card of an image that waits for its turn. */
export function createCard(id: number, image: NewImage, settings: Settings): Card {
  return {
    ...image,
    id,
    settings,
    progress: { _tag: "Waiting", step: "detect" },
    runs: 1,
    polls: 0,
    startedAt: null,
    endedAt: null,
    regions: null,
    notices: [],
    active: null,
    viewport: WHOLE,
    url: null,
  };
}

/** Whether nothing will happen to a card by itself. */
export function hasEnded({ progress: { _tag } }: Card): boolean {
  return _tag === "Done" || _tag === "Failed" || _tag === "Canceled";
}

/** Whether a card occupies the network: at most a few may do so at a time. */
export function isBusy({ progress: { _tag } }: Card): boolean {
  return _tag === "Running" || _tag === "Canceling";
}

/** The size of the page: that of the image or, if the browser cannot show it, the extent of the regions. */
export function pageSize({ size, regions }: Card): Size {
  if (size !== null) return size;
  const extent = uniteRegions((regions ?? []).map(({ region }) => region));
  return extent === null
    ? { width: 3, height: 4 }
    : { width: Math.max(1, extent.right), height: Math.max(1, extent.bottom) };
}

/** Starts a card that waits. */
export function start(card: Card, now: number): Card {
  if (card.progress._tag !== "Waiting") return card;
  return { ...card, progress: running(card.progress.step), startedAt: now };
}

/** A task was submitted, and has this URL. */
export function submitted(card: Card, task: string): Card {
  return card.progress._tag === "Running" ? { ...card, progress: { ...card.progress, task } } : card;
}

/** The connection broke. It is opened again. */
export function interrupted(card: Card): Card {
  return card.progress._tag === "Running" ? { ...card, progress: { ...card.progress, isLost: true } } : card;
}

/** An event of the detection arrived. */
export function detected(card: Card, reply: Reply, now: number): Card {
  return hear(card, reply, now, ({ regions, notices }) => {
    const found = inReadingOrder(regions, card.size === null ? {} : { size: card.size }).map((region) => ({ region }));
    const next = { ...card, regions: found, notices };
    return card.settings.readsText && found.length > 0
      ? { ...next, progress: running("recognize") }
      : end(next, { _tag: "Done" }, now);
  });
}

/** An event of the recognition arrived. */
export function recognized(card: Card, reply: Reply<TextsOutput>, now: number): Card {
  return hear(card, reply, now, ({ texts, notices }) => {
    const regions = (card.regions ?? []).map(({ region }, i) => ({ region, text: texts[i] }));
    return end({ ...card, regions, notices: [...card.notices, ...notices] }, { _tag: "Done" }, now);
  });
}

/** A request failed for good. */
export function fail(card: Card, error: RegionsError, now: number): Card {
  return isBusy(card) ? failBecause(card, describe(error), now) : card;
}

/** The user cancels. A task that was submitted has to be canceled in the service, too. */
export function cancel(card: Card, now: number): Card {
  const { progress } = card;
  if (progress._tag !== "Waiting" && progress._tag !== "Running") return card;
  const { step } = progress;
  return progress._tag === "Running" && progress.task !== null
    ? { ...card, progress: { _tag: "Canceling", step, task: progress.task } }
    : end(card, { _tag: "Canceled", step }, now);
}

/** The service has dropped the task. */
export function canceled(card: Card, now: number): Card {
  return card.progress._tag === "Canceling" ? end(card, { _tag: "Canceled", step: card.progress.step }, now) : card;
}

/**
 * Lets a card that has ended wait for another run. If its regions are known and their texts are not, only the texts are
 * missing. Otherwise, everything is repeated with the settings that are chosen now.
 */
export function repeat(card: Card, settings: Settings): Card {
  const { progress } = card;
  if (!hasEnded(card)) return card;
  const isHalfDone = progress._tag !== "Done" && "step" in progress && progress.step === "recognize";
  const again = { ...card, runs: card.runs + 1, polls: 0, startedAt: null, endedAt: null };
  return isHalfDone
    ? { ...again, progress: { _tag: "Waiting", step: "recognize" } }
    : { ...again, settings, regions: null, notices: [], active: null, progress: { _tag: "Waiting", step: "detect" } };
}

/** Highlights a region, and moves it into view, or highlights none. */
export function point(card: Card, active: number | null): Card {
  const region = active === null ? undefined : card.regions?.[active]?.region;
  return region === undefined
    ? { ...card, active: null }
    : { ...card, active, viewport: moveInto(card.viewport, region, pageSize(card)) };
}

/** Shows a region as large as possible, or the whole page. */
export function zoomToRegion(card: Card, index: number | null): Card {
  const region = index === null ? undefined : card.regions?.[index]?.region;
  return { ...card, viewport: region === undefined ? WHOLE : zoomTo(region, pageSize(card)) };
}

/** The milliseconds that this run has taken until it ended, or until now. */
export function elapsed({ startedAt, endedAt }: Card, now: number): number {
  return startedAt === null ? 0 : Math.max(0, (endedAt ?? now) - startedAt);
}

function running(step: Step): Progress {
  return { _tag: "Running", step, task: null, status: null, isLost: false };
}

function hear<A extends object>(
  card: Card,
  reply: Reply<A>,
  now: number,
  onCompleted: (status: Completed<A>) => Card,
): Card {
  const { progress } = card;
  if (progress._tag !== "Running") return card;
  if (E.isLeft(reply)) return failBecause(card, describe(reply), now);
  const wait = ({ _tag }: { readonly _tag: Stage }): Card => ({
    ...card,
    progress: { ...progress, status: _tag, isLost: false },
  });
  const giveUp = (status: TaskStatus<A>): Card => failBecause(card, describe(status), now);
  return pipe(
    reply.right,
    match<Card, A>({ Pending: wait, Processing: wait, Completed: onCompleted, Error: giveUp, NotExist: giveUp }),
    (next) => ({ ...next, polls: card.polls + 1 }),
  );
}

function failBecause(card: Card, reason: string, now: number): Card {
  const step = "step" in card.progress ? card.progress.step : "detect";
  return end(card, { _tag: "Failed", step, reason }, now);
}

function end(card: Card, progress: Progress, now: number): Card {
  return { ...card, progress, startedAt: card.startedAt ?? now, endedAt: now };
}
