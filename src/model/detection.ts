/**
 * The detection of text regions, as far as its results are concerned.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { isObject } from "../internal/json.ts";
import type { Read } from "./codec.ts";
import { Payload, readPayload, type Region, Regions } from "./region.ts";
import { explainResult, readEach, type Result } from "./response.ts";
import type { ResultKind } from "./task_kind.ts";

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
export const Detection: t.Type<Detection, readonly Result[], readonly Result[]> = /* @__PURE__ */ new t.Type<
  Detection,
  readonly Result[],
  readonly Result[]
>(
  "Detection",
  (u): u is Detection => isObject(u) && Regions.is(u.regions),
  (results, context) => {
    const regions = readRegions(results);
    return E.isLeft(regions) ? t.failures(regions.left(context)) : E.right({ regions: regions.right });
  },
  ({ regions }) => regions.length === 0 ? [] : [{ type: "Other", data: Payload.encode(regions) }],
);

/** The kind of a detection, without its settings, which a program that only watches does not need. */
export const DETECTION: ResultKind<Detection> = {
  name: "DetectRegions",
  path: "/v5.0/ocr/DetectRegions",
  output: Detection,
};

/** Reads the regions of all results as one list. Results without data are skipped. */
function readRegions(results: readonly Result[]): Read<readonly Region[]> {
  // There is usually a single result. The rest of this function would take as long as parsing a small response.
  if (results.length === 1) {
    const regions = readData(results[0].data);
    return E.isLeft(regions) ? E.left(explainResult(regions.left, results, 0)) : regions;
  }
  const lists = readEach(results, readData);
  return E.isLeft(lists) ? lists : E.right(lists.right.flat());
}

function readData(data: string | null | undefined): Read<readonly Region[]> {
  return data === null || data === undefined ? E.right([]) : readPayload(data);
}
