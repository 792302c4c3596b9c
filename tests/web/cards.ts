/**
 * Images and actions for the tests of the page.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { NewImage } from "../../examples/web/card.ts";
import { type Action, INITIAL, type State, update } from "../../examples/web/state.ts";
import type { Region } from "../../src/model/region.ts";
import type { Reply, TaskStatus, TextsOutput } from "../../src/browser/client.ts";

/** The URL of a task. */
export const TASK = "http://127.0.0.1/tasks/1";

/** Two lines, not in reading order. */
export const LINES: readonly Region[] = [
  { left: 10, top: 160, right: 50, bottom: 180 },
  { left: 10, top: 20, right: 50, bottom: 40 },
];

/** An image of 100 by 200 pixels. */
export function image(name = "page.png", size: NewImage["size"] = { width: 100, height: 200 }): NewImage {
  return { name, image: new Blob([name]), size };
}

/** The state after some actions, one per second. */
export function after(...actions: readonly Action[]): State {
  return actions.reduce((state, action) => update(state, action, state.now + 1000), INITIAL);
}

/** Adds some images. */
export function add(...names: readonly string[]): Action {
  return { _tag: "Add", images: names.map((name) => image(name)) };
}

/** The task of a card was submitted. */
export function submitted(id: number): Action {
  return { _tag: "Submitted", id, task: TASK };
}

/** The detection of a card has a status. */
export function detected(id: number, status: TaskStatus): Action {
  const reply: Reply = E.right(status);
  return { _tag: "Detected", id, reply };
}

/** The recognition of a card has a status. */
export function recognized(id: number, status: TaskStatus<TextsOutput>): Action {
  const reply: Reply<TextsOutput> = E.right(status);
  return { _tag: "Recognized", id, reply };
}

/** The detection of a card has found {@linkcode LINES}. */
export function found(id: number, regions = LINES): Action {
  return detected(id, { _tag: "Completed", id: "1", regions, notices: [] });
}

/** The recognition of a card has read texts. */
export function read(id: number, ...texts: readonly string[]): Action {
  return recognized(id, { _tag: "Completed", id: "2", texts, notices: [] });
}
