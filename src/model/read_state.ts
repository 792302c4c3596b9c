/**
 * The state of reading an image: of detecting its regions, then recognizing their texts.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { pipe } from "fp-ts/lib/function.js";
import * as t from "io-ts";
import { isObject } from "../internal/json.ts";
import { fields, guarded, list, oneOf } from "./codec.ts";
import { PollState } from "./poll_state.ts";
import { Region } from "./region.ts";

/**
 * A step of reading an image.
 *
 * @category Recognize
 */
export type ReadStep = "preprocess" | "detect" | "recognize";

/**
 * The state of reading an image: plain JSON, without the image.
 *
 * @category Recognize
 */
export interface ReadState {
  /** The version of this format. Other versions are rejected. */
  readonly version: 1;
  /** The current step. */
  readonly step: ReadStep;
  /** Whether the step's task is being submitted. If the process ends meanwhile, it is unknown whether the task exists. */
  readonly submitting: boolean;
  /** The state of polling the step's task, or null if it has not been submitted. */
  readonly task: PollState | null;
  /** The id of the finished preprocessing task, or null if there is none. */
  readonly preprocessed: string | null;
  /** The regions. Empty until they have been detected. */
  readonly regions: readonly Region[];
  /** The notices of the finished steps. */
  readonly notices: readonly string[];
}

const nullOr = <A>(name: string, is: (u: unknown) => u is A): t.Type<A | null> =>
  guarded(`${name} or null`, (u): u is A | null => u === null || is(u));

const Current: t.Type<ReadState, unknown, unknown> = fields<ReadState>({
  version: guarded("version 1", (u): u is 1 => u === 1),
  step: oneOf<ReadStep>(["preprocess", "detect", "recognize"]),
  submitting: t.boolean,
  task: nullOr("a PollState", PollState.is),
  preprocessed: nullOr("string", t.string.is),
  regions: list(guarded("Region", Region.is), "Regions"),
  notices: list(t.string, "Notices"),
}, "ReadState");

/**
 * The codec of {@linkcode ReadState}.
 *
 * @example
 * ```ts
 * import { ReadState } from "@ocr-cloud/regions";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const stored = '{"version":1,"step":"detect","submitting":false,"task":null,"preprocessed":null,"regions":[],' +
 *   '"notices":[]}';
 * ok(isRight(ReadState.decode(JSON.parse(stored))));
 * ```
 *
 * @category Recognize
 */
export const ReadState: t.Type<ReadState, unknown, unknown> = new t.Type<ReadState, unknown, unknown>(
  Current.name,
  Current.is,
  (u, context) => Current.validate(withCurrentTask(u), context),
  t.identity,
);

/** Upgrades the state of polling, which may be of an earlier version. */
function withCurrentTask(u: unknown): unknown {
  if (!isObject(u)) return u;
  return pipe(PollState.decode(u.task), E.match(() => u, (task) => ({ ...u, task })));
}
