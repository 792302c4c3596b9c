/**
 * The detection of text regions, as far as its results are concerned.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { Payload, readPayload, type Region, Regions } from "./region.ts";
import { explainResult, type Result } from "./response.ts";
import { DETECT_REGIONS_NAME, type ResultKind } from "./task_kind.ts";
import { createCodec, failures } from "./type.ts";

/**
 * The output of a detection.
 *
 * @category Detect
 */
export interface Detection {
  /** The regions, in the order of the response. Empty if no text was found. */
  readonly regions: readonly Region[];
}

/**
 * The codec of {@linkcode Detection}: any number of results, whose data is a {@linkcode Payload}.
 *
 * @example
 * ```ts
 * import { Detection } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const detection = Detection.decode([{ type: "Other", data: "W1swLCA4LCA2OTcsIDQ0MV1d" }]);
 * deepEqual(detection, right({ regions: [{ left: 0, top: 8, right: 697, bottom: 441 }] }));
 * ```
 *
 * @category Detect
 */
export const Detection: t.Type<Detection, readonly Result[], readonly Result[]> = /* @__PURE__ */ createCodec<
  Detection,
  readonly Result[],
  readonly Result[]
>(
  "Detection",
  (u): u is Detection => isObject(u) && Regions.is(u.regions),
  validate,
  ({ regions }) => regions.length === 0 ? [] : [{ type: "Other", data: Payload.encode(regions) }],
);

/** The decoder of {@linkcode Detection} alone, for programs that do not encode. */
export const DETECTION_OUTPUT: t.Decoder<readonly Result[], Detection> = {
  name: "Detection",
  validate,
  decode: (results) => validate(results, []),
};

/** The kind of a detection, without what a program that only watches does not need: settings and encoders. */
export const DETECTION: ResultKind<Detection> = {
  name: DETECT_REGIONS_NAME,
  path: "/v5.0/ocr/DetectRegions",
  output: DETECTION_OUTPUT,
};

/** Reads the regions of all results as one list. Results without data are skipped. */
function validate(results: readonly Result[], context: t.Context): t.Validation<Detection> {
  let regions: Region[] = [];
  for (let i = 0; i < results.length; i++) {
    const { data } = results[i];
    if (data === null || data === undefined) continue;
    const read = readPayload(data);
    if (E.isLeft(read)) return failures(explainResult(read.left, results, i, context));
    // There is usually a single list. Copying it would take as long as parsing a small response.
    if (regions.length === 0) regions = read.right;
    else for (const region of read.right) regions.push(region);
  }
  return E.right({ regions });
}
