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
export const ReadState: t.Type<ReadState, unknown, unknown> = /* @__PURE__ */ createCodec();

/** Creates the codec in a function, so that a bundle which does not use it does not contain it. */
function createCodec(): t.Type<ReadState, unknown, unknown> {
  const current: t.Type<ReadState, unknown, unknown> = fields<ReadState>({
    version: guarded("version 1", (u): u is 1 => u === 1),
    step: oneOf<ReadStep>(["preprocess", "detect", "recognize"]),
    submitting: t.boolean,
    task: guarded("a PollState or null", (u): u is PollState | null => u === null || PollState.is(u)),
    preprocessed: guarded("string or null", (u): u is string | null => u === null || typeof u === "string"),
    regions: list(guarded("Region", Region.is), "Regions"),
    notices: list(t.string, "Notices"),
  }, "ReadState");
  return new t.Type<ReadState, unknown, unknown>(
    current.name,
    current.is,
    (u, context) => current.validate(withCurrentTask(u), context),
    t.identity,
  );
}

/** Upgrades the state of polling, which may be of an earlier version. */
function withCurrentTask(u: unknown): unknown {
  if (!isObject(u)) return u;
  return pipe(PollState.decode(u.task), E.match(() => u, (task) => ({ ...u, task })));
}
