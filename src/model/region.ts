/**
 * Regions, and the payload that contains them: Base64 of a JSON array of rows of numbers.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { appendName, type Explain, fail, guarded, MAX_ERRORS, mismatch, type Read } from "./codec.ts";
import { fromBase64, isAscii, toByteArray } from "../internal/base64.ts";
import { isObject, parseJson } from "../internal/json.ts";
import { appendContext, createCodec, failures, identity, success } from "./type.ts";

/**
 * A point of an image, in pixels. The origin is the top left corner.
 *
 * @category Detect
 */
export interface Point {
  /** Pixels from the left edge. */
  readonly x: number;
  /** Pixels from the top edge. */
  readonly y: number;
}

/**
 * A rectangle of an image that contains text, in pixels. The origin is the top left corner of the image, `left <=
 * right` and `top <= bottom`. Coordinates are finite numbers from -2^53 to 2^53, and usually integers.
 *
 * This library means the image as displayed, after its EXIF orientation has been applied: `imageSize`, `toSvg`,
 * `cropRectangle`, the file formats of `./page` and the emulator do. The service does not document whether it applies
 * the EXIF orientation, nor to which image coordinates refer if it deskews (which it does by default), rotates or
 * upsamples the image. To be sure, submit images that are upright, with `makeSkewCorrect: false` and without `rotate` and
 * `makeUpsampling`.
 *
 * @category Detect
 */
export interface Region {
  /** Pixels from the image's left edge to the region's. */
  readonly left: number;
  /** Pixels from the image's top edge to the region's. */
  readonly top: number;
  /** Pixels from the image's left edge to the region's right edge. */
  readonly right: number;
  /** Pixels from the image's top edge to the region's bottom edge. */
  readonly bottom: number;
  /** The outline, if the service sent more than two corners. The rectangle is then its bounding box. */
  readonly polygon?: readonly Point[];
}

type Row = readonly number[];

const MAX_COORDINATE = 2 ** 53;

const isCoordinate = (u: unknown): u is number => typeof u === "number" && u >= -MAX_COORDINATE && u <= MAX_COORDINATE;

const Coordinate: t.Type<number, number, unknown> = /* @__PURE__ */ createCodec<number, number, unknown>(
  "number",
  isCoordinate,
  (u, context) =>
    isCoordinate(u)
      ? success(u)
      : fail(u, context, typeof u === "number" ? "expected a number of at most 2^53 in size" : undefined),
  identity,
);

/**
 * The codec of a region, which is a row of numbers on the wire. Four numbers are the top-left and bottom-right corners.
 * Six or more numbers, in pairs, are the points of a polygon, whose bounding box is the region.
 *
 * @example
 * ```ts
 * import { Region } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(Region.decode([0, 8, 697, 441]), right({ left: 0, top: 8, right: 697, bottom: 441 }));
 * ```
 *
 * @category Detect
 */
export const Region: t.Type<Region, readonly number[], unknown> = /* @__PURE__ */ createCodec<Region, Row, unknown>(
  "Region",
  isRegion,
  (u, context) => {
    const region = readRow(u);
    return region === null ? failures(explainRow(u, context)) : success(region);
  },
  (region) =>
    region.polygon === undefined
      ? [region.left, region.top, region.right, region.bottom]
      : region.polygon.flatMap(({ x, y }) => [x, y]),
);

/**
 * The codec of a list of regions, which are rows of numbers on the wire. Paths are built only for invalid input, and at
 * most 100 errors are reported.
 *
 * @example
 * ```ts
 * import { Regions } from "@ocr-cloud/regions";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(Regions.encode([{ left: 0, top: 8, right: 697, bottom: 441 }]), [[0, 8, 697, 441]]);
 * ```
 *
 * @category Detect
 */
export const Regions: t.Type<readonly Region[], readonly (readonly number[])[], unknown> = /* @__PURE__ */ createCodec<
  readonly Region[],
  readonly Row[],
  unknown
>(
  "Regions",
  (u): u is readonly Region[] => Array.isArray(u) && u.every(isRegion),
  (u, context) => {
    const regions = readRows(u);
    return regions === null ? failures(explainRows(u, context)) : success(regions);
  },
  (regions) => regions.map(Region.encode),
);

/**
 * The codec of a result's `data`, which is Base64 of the JSON of {@linkcode Regions}.
 *
 * @example
 * ```ts
 * import { Payload } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = Payload.decode("W1swLCA4LCA2OTcsIDQ0MV1d");
 * deepEqual(regions, right([{ left: 0, top: 8, right: 697, bottom: 441 }]));
 * ```
 *
 * @category Detect
 */
export const Payload: t.Type<readonly Region[], string, unknown> = /* @__PURE__ */ createCodec<
  readonly Region[],
  string,
  unknown
>(
  "Payload",
  // Passing `Regions.is` itself would count as a side effect, and keep Regions in every bundle.
  (u): u is readonly Region[] => Regions.is(u),
  (u, context) => {
    const regions = readPayload(u);
    return E.isLeft(regions) ? failures(regions.left(context)) : regions;
  },
  (regions) => btoa(JSON.stringify(Regions.encode(regions))),
);

/** Stand-ins for the codecs in the paths of errors. The codecs would bring their encoders into every bundle. */
const NAMED = { regions: guarded("Regions", isNever), region: guarded("Region", isNever) };

/**
 * A region as the service's text recognition expects it: an element of `settings.regions` of `RecognizeRegions`.
 *
 * @category Detect
 */
export interface RecognitionRegion {
  /** The rectangle, in integer pixels. */
  readonly rect: {
    readonly topLeftX: number;
    readonly topLeftY: number;
    readonly bottomRightX: number;
    readonly bottomRightY: number;
  };
  /** The position of the region's text in the recognized text. Higher numbers come later. */
  readonly order: number;
}

/**
 * Converts regions to the input of the service's text recognition, in the order given. Fractions are rounded outward,
 * so that no text is cut off.
 *
 * @example
 * ```ts
 * import { toRecognitionRegions } from "@ocr-cloud/regions";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(toRecognitionRegions([{ left: 0, top: 8, right: 697, bottom: 441 }]), [
 *   { rect: { topLeftX: 0, topLeftY: 8, bottomRightX: 697, bottomRightY: 441 }, order: 0 },
 * ]);
 * ```
 *
 * @category Detect
 */
export function toRecognitionRegions(regions: readonly Region[]): readonly RecognitionRegion[] {
  return regions.map(({ left, top, right, bottom }, order) => ({
    rect: {
      topLeftX: Math.floor(left) + 0,
      topLeftY: Math.floor(top) + 0,
      bottomRightX: Math.ceil(right) + 0,
      bottomRightY: Math.ceil(bottom) + 0,
    },
    order,
  }));
}

/** Reads a payload as a new list. Parses it only once, even if it is invalid. */
export function readPayload(u: unknown): Read<Region[]> {
  const binary = typeof u === "string" ? fromBase64(u) : null;
  if (binary === null) return E.left((context) => mismatch(u, context, "expected Base64 text"));
  const rows = parseRows(binary);
  if (!Array.isArray(rows)) return E.left(explainPayload(binary, rows, 0));
  // Replaces each row by its region in place, since creating a second array would take longer than all checks.
  for (let i = 0; i < rows.length; i++) {
    const region = readRow(rows[i]);
    if (region === null) return E.left(explainPayload(binary, rows, i));
    rows[i] = region;
  }
  return E.right(rows);
}

function isNever(_: unknown): _ is never {
  return false;
}

/** Same as `Region.is`, without the codec. */
export function isRegion(u: unknown): u is Region {
  if (!isObject(u)) return false;
  const { left, top, right, bottom, polygon } = u;
  if (!(isCoordinate(left) && isCoordinate(top) && isCoordinate(right) && isCoordinate(bottom))) return false;
  if (polygon === undefined) return left <= right && top <= bottom;
  if (!Array.isArray(polygon) || polygon.length < 3 || !polygon.every(isPoint)) return false;
  const box = boundingBox(polygon);
  return left === box.left && top === box.top && right === box.right && bottom === box.bottom;
}

function isPoint(u: unknown): u is Point {
  return isObject(u) && isCoordinate(u.x) && isCoordinate(u.y);
}

function readRows(u: unknown): readonly Region[] | null {
  if (!Array.isArray(u)) return null;
  const regions: Region[] = [];
  for (let i = 0; i < u.length; i++) {
    const region = readRow(u[i]);
    if (region === null) return null;
    regions.push(region);
  }
  return regions;
}

function readRow(u: unknown): Region | null {
  if (!Array.isArray(u)) return null;
  if (u.length !== 4) return readPolygon(u);
  const left: unknown = u[0], top: unknown = u[1], right: unknown = u[2], bottom: unknown = u[3];
  // Adding 0 turns -0 into 0, so that equal regions are printed and compared alike.
  return typeof left === "number" && typeof top === "number" && typeof right === "number" &&
      typeof bottom === "number" && left <= right && top <= bottom && areCoordinates(left, top, right, bottom)
    ? { left: left + 0, top: top + 0, right: right + 0, bottom: bottom + 0 }
    : null;
}

/** Whether all numbers are coordinates, given that `left <= right` and `top <= bottom`. */
function areCoordinates(left: number, top: number, right: number, bottom: number): boolean {
  // Engines compare small integers faster than they compare with 2^53.
  return left >= 0 && top >= 0 && right <= 1e6 && bottom <= 1e6 ||
    left >= -MAX_COORDINATE && top >= -MAX_COORDINATE && right <= MAX_COORDINATE && bottom <= MAX_COORDINATE;
}

function readPolygon(row: readonly unknown[]): Region | null {
  if (row.length < 6 || row.length % 2 !== 0) return null;
  const polygon: Point[] = [];
  for (let i = 0; i < row.length; i += 2) {
    const x = row[i], y = row[i + 1];
    if (!isCoordinate(x) || !isCoordinate(y)) return null;
    polygon.push({ x: x + 0, y: y + 0 });
  }
  return { ...boundingBox(polygon), polygon };
}

/** Returns the smallest rectangle that contains all points. */
export function boundingBox(polygon: readonly Point[]): Region {
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  for (const { x, y } of polygon) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { left, top, right, bottom };
}

/** Explains an invalid payload. Its first invalid row is at `first`. */
function explainPayload(binary: string, rows: unknown, first: number): Explain {
  return (context) =>
    rows === undefined
      ? mismatch(binary, appendName(context, NAMED.regions, binary), "expected JSON behind the Base64")
      : explainRows(rows, appendName(context, NAMED.regions, rows), first);
}

/** Explains invalid rows. The first invalid one is at `first`. */
function explainRows(u: unknown, context: t.Context, first = 0): t.Errors {
  if (!Array.isArray(u)) return mismatch(u, context, "expected an array of rows of numbers");
  const errors: t.ValidationError[] = [];
  for (let i = first; i < u.length && errors.length < MAX_ERRORS; i++) {
    if (readRow(u[i]) !== null) continue;
    const place = appendContext(context, String(i), NAMED.region, u[i]);
    errors.push(...explainRow(u[i], appendName(place, NAMED.region, u[i])));
  }
  return errors;
}

function explainRow(u: unknown, context: t.Context): t.Errors {
  if (!Array.isArray(u) || u.length < 4 || u.length % 2 !== 0) {
    return mismatch(u, context, "expected 4 numbers, or 6 or more in pairs");
  }
  const errors: t.ValidationError[] = [];
  for (let i = 0; i < u.length && errors.length < MAX_ERRORS; i++) {
    const number = Coordinate.validate(u[i], appendContext(context, String(i), Coordinate, u[i]));
    if (number._tag === "Left") errors.push(...number.left);
  }
  if (errors.length > 0) return errors;
  const corners = `[${u.join(", ")}]`;
  return mismatch(corners, context, "expected the top-left corner before the bottom-right one");
}

/**
 * Parses the JSON of a payload; undefined if it is none. Rows of numbers are ASCII, so `binary` is parsed as it is. Text with
 * bytes over 0x7f, such as a byte order mark, is decoded as UTF-8 and parsed again.
 */
function parseRows(binary: string): unknown {
  const rows = parseJson(binary);
  return rows !== undefined || isAscii(binary) ? rows : parseJson(new TextDecoder().decode(toByteArray(binary)));
}
