/**
 * What `readRegions` emits: the statuses of its steps, and the result.
 *
 * @module
 */
import type * as t from "io-ts";
import type * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { guarded } from "./codec.ts";
import type { RegionsError } from "./error.ts";
import type { FileOutput, TextsOutput } from "./output.ts";
import { READ_STEPS, type ReadStep } from "./read_state.ts";
import { Region } from "./region.ts";
import { isTaskStatus, isTexts, type NotExist, type TaskError, type TaskStatus } from "./task_status.ts";

/**
 * A region and its text.
 *
 * @category Recognize
 */
export interface RegionText {
  /** The region. */
  readonly region: Region;
  /** Its text, in the requested format. Empty if none was recognized. */
  readonly text: string;
}

/**
 * The result of {@linkcode readRegions}.
 *
 * @category Recognize
 */
export interface Reading {
  /** Discriminates the union. */
  readonly step: "done";
  /** The regions and their texts, in reading order. Empty if no text was found. */
  readonly regions: readonly RegionText[];
  /** The preprocessed image, in which the regions lie: a PNG file. Null if the image was used as it is. */
  readonly image: Uint8Array | null;
  /** The service's messages and warnings about non-fatal problems, of all steps. */
  readonly notices: readonly string[];
}

/**
 * A status of a step, or the result.
 *
 * @category Recognize
 */
export type ReadStatus =
  | { readonly step: "preprocess"; readonly status: TaskStatus<FileOutput> }
  | { readonly step: "detect"; readonly status: TaskStatus }
  | { readonly step: "recognize"; readonly status: TaskStatus<TextsOutput> }
  | Reading;

/**
 * An element of the stream of {@linkcode readRegions}: a status, or the reason why it could not be determined.
 *
 * @category Recognize
 */
export type ReadReply = E.Either<RegionsError, ReadStatus>;

/**
 * A value that ends the stream of `readRegions`: the result, or the status of the step that failed.
 *
 * @category Recognize
 */
export type FinalReadStatus = Reading | { readonly step: ReadStep; readonly status: TaskError | NotExist };

/**
 * The codec of {@linkcode FinalReadStatus}.
 *
 * @example
 * ```ts
 * import { FinalReadStatus } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const status = { _tag: "Error", id: "1", messages: ["Blank page."] };
 * equal(FinalReadStatus.is({ step: "detect", status }), true);
 * equal(FinalReadStatus.is({ step: "detect", status: { _tag: "Pending", id: "1" } }), false);
 * ```
 *
 * @category Recognize
 */
export const FinalReadStatus: t.Type<FinalReadStatus, FinalReadStatus, unknown> = /* @__PURE__ */ guarded(
  "a final status of a reading",
  (u): u is FinalReadStatus => isReading(u) || isFailedStep(u),
);

function isReading(u: unknown): u is Reading {
  return isObject(u) && u.step === "done" && Array.isArray(u.regions) && u.regions.every(isRegionText) &&
    (u.image === null || u.image instanceof Uint8Array) && isTexts(u.notices);
}

const isRegionText = (u: unknown): u is RegionText => isObject(u) && Region.is(u.region) && typeof u.text === "string";

function isFailedStep(u: unknown): boolean {
  return isObject(u) && READ_STEPS.some((step) => step === u.step) && isTaskStatus(u.status) &&
    (u.status._tag === "Error" || u.status._tag === "NotExist");
}
