/**
 * The state of reading an image: of detecting its regions, then recognizing their texts.
 *
 * @module
 */
import type * as t from "io-ts";
import { fields, guarded, list, oneOf, orNull, string } from "./codec.ts";
import { Region } from "./region.ts";
import { RUN_FIELDS, type RunState, withTask } from "./run_state.ts";

/**
 * A step of reading an image.
 *
 * @category Recognize
 */
export type ReadStep = "preprocess" | "detect" | "recognize";

/** The steps of reading an image, in their order. */
export const READ_STEPS: readonly ReadStep[] = ["preprocess", "detect", "recognize"];

/**
 * The state of reading an image: plain JSON, without the image.
 *
 * @category Recognize
 */
export interface ReadState extends RunState {
  /** The current step, to which `submitting` and `task` refer. */
  readonly step: ReadStep;
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
  return withTask(fields<ReadState>({
    ...RUN_FIELDS,
    step: oneOf(READ_STEPS),
    preprocessed: orNull(string),
    regions: list(guarded("Region", Region.is), "Regions"),
    notices: list(string, "Notices"),
  }, "ReadState"));
}
