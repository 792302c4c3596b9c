/**
 * The geometry of regions on their page.
 *
 * @module
 */
import { atLeast } from "../internal/check.ts";
import { preview } from "../internal/text.ts";
import type { Point, Region } from "../model/region.ts";

/**
 * The size of a page or image as displayed, in pixels.
 *
 * @category Page
 */
export interface Size {
  /** The width, in pixels. */
  readonly width: number;
  /** The height, in pixels. */
  readonly height: number;
}

/**
 * Returns the smallest rectangle that contains all regions, or null if there are none.
 *
 * @example
 * ```ts
 * import { uniteRegions } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const lines = [{ left: 10, top: 10, right: 300, bottom: 40 }, { left: 10, top: 50, right: 120, bottom: 80 }];
 * deepEqual(uniteRegions(lines), { left: 10, top: 10, right: 300, bottom: 80 });
 * ```
 *
 * @category Page
 */
export function uniteRegions(regions: readonly Region[]): Region | null {
  return regions.length === 0 ? null : regions.reduce(unite, regions[0]);
}

/** Returns the smallest rectangle that contains two regions. */
export function unite(a: Region, b: Region): Region {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/**
 * Returns the rectangle that the rectangles of two regions have in common, or null if they do not meet. If they only
 * touch, its width or height is 0.
 *
 * @example
 * ```ts
 * import { intersectRegions } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const a = { left: 0, top: 0, right: 20, bottom: 20 }, b = { left: 10, top: 15, right: 30, bottom: 40 };
 * deepEqual(intersectRegions(a, b), { left: 10, top: 15, right: 20, bottom: 20 });
 * ```
 *
 * @category Page
 */
export function intersectRegions(a: Region, b: Region): Region | null {
  const left = Math.max(a.left, b.left), right = Math.min(a.right, b.right);
  const top = Math.max(a.top, b.top), bottom = Math.min(a.bottom, b.bottom);
  return left <= right && top <= bottom ? { left, top, right, bottom } : null;
}

/**
 * Returns how well the rectangles of two regions match: the area of their intersection divided by that of their union,
 * from 0 if they do not overlap to 1 if they are equal.
 *
 * @example
 * ```ts
 * import { intersectionOverUnion } from "@ocr-cloud/regions/page";
 * import { equal } from "node:assert/strict";
 *
 * const a = { left: 0, top: 0, right: 20, bottom: 10 }, b = { left: 0, top: 0, right: 20, bottom: 40 };
 * equal(intersectionOverUnion(a, b), 0.25);
 * ```
 *
 * @category Page
 */
export function intersectionOverUnion(a: Region, b: Region): number {
  if (a.left === b.left && a.top === b.top && a.right === b.right && a.bottom === b.bottom) return 1;
  const common = intersectRegions(a, b);
  const intersection = common === null ? 0 : areaOf(common);
  // The areas are 0 if the regions are lines or points.
  return intersection === 0 ? 0 : Math.min(1, intersection / (areaOf(a) + areaOf(b) - intersection));
}

/**
 * Returns whether the rectangle of `outer` contains that of `inner`. They may have edges in common, or be equal.
 *
 * @example The lines of a block
 * ```ts
 * import { containsRegion } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const block = { left: 0, top: 0, right: 90, bottom: 90 };
 * const lines = [{ left: 0, top: 10, right: 90, bottom: 30 }, { left: 0, top: 95, right: 90, bottom: 110 }];
 * deepEqual(lines.filter((line) => containsRegion(block, line)), [lines[0]]);
 * ```
 *
 * @category Page
 */
export function containsRegion(outer: Region, inner: Region): boolean {
  return outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right &&
    outer.bottom >= inner.bottom;
}

/**
 * Scales a region, as when its image is scaled. Other properties of the region are kept.
 *
 * @param factor The factor, or one for each axis. Must be finite and greater than 0.
 *
 * @throws {RangeError} If a factor is not finite or not greater than 0.
 *
 * @example Back to the size of the original
 * ```ts
 * import { scaleRegion } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const original = { width: 3000, height: 4000 }, sent = { width: 1500, height: 1000 };
 * const factor = { x: original.width / sent.width, y: original.height / sent.height };
 * const region = { left: 10, top: 20, right: 30, bottom: 40, text: "Total" };
 * deepEqual(scaleRegion(region, factor), { left: 20, top: 80, right: 60, bottom: 160, text: "Total" });
 * ```
 *
 * @category Page
 */
export function scaleRegion<R extends Region>(region: R, factor: number | Point): R {
  const { x, y } = typeof factor === "number" ? { x: factor, y: factor } : factor;
  for (const n of [x, y]) {
    if (Number.isFinite(n) && n > 0) continue;
    throw new RangeError(`Cannot scale as factor must be finite and greater than 0: current value is ${preview(n)}`);
  }
  return mapRegion(region, (point) => ({ x: point.x * x, y: point.y * y }));
}

/**
 * Moves a region, as from the coordinates of a crop to those of the image. Other properties of the region are kept.
 *
 * @param offset The distance, in pixels to the right and down. Must be finite.
 *
 * @throws {RangeError} If `offset` is not finite.
 *
 * @example
 * ```ts
 * import { translateRegion } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const region = { left: 10, top: 20, right: 30, bottom: 40 };
 * deepEqual(translateRegion(region, { x: 100, y: -20 }), { left: 110, top: 0, right: 130, bottom: 20 });
 * ```
 *
 * @category Page
 */
export function translateRegion<R extends Region>(region: R, offset: Point): R {
  const { x, y } = offset;
  for (const n of [x, y]) {
    if (!Number.isFinite(n)) {
      throw new RangeError(`Cannot move as offset must be finite: current value is ${preview(n)}`);
    }
  }
  return mapRegion(region, (point) => ({ x: point.x + x, y: point.y + y }));
}

/**
 * Rotates a region together with its page. Other properties of the region are kept.
 *
 * @param degrees The angle, clockwise. Must be a multiple of 90; negative angles rotate counterclockwise.
 * @param size The size of the page before the rotation. A quarter turn exchanges its width and height.
 *
 * @throws {RangeError} If `degrees` is not a multiple of 90, or if the width or height of `size` is not a number of 0 or
 * more.
 *
 * @example
 * ```ts
 * import { rotateRegion } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const region = { left: 10, top: 20, right: 30, bottom: 25 };
 * deepEqual(rotateRegion(region, 90, { width: 100, height: 200 }), { left: 175, top: 10, right: 180, bottom: 30 });
 * ```
 *
 * @category Page
 */
export function rotateRegion<R extends Region>(region: R, degrees: number, size: Size): R {
  const { width, height } = checkSize("rotate", size);
  switch ((degrees % 360 + 360) % 360) {
    case 0:
      return region;
    case 90:
      return mapRegion(region, ({ x, y }) => ({ x: height - y, y: x }));
    case 180:
      return mapRegion(region, ({ x, y }) => ({ x: width - x, y: height - y }));
    case 270:
      return mapRegion(region, ({ x, y }) => ({ x: y, y: width - x }));
    default:
      throw new RangeError(`Cannot rotate as degrees must be a multiple of 90: current value is ${preview(degrees)}`);
  }
}

/**
 * Moves whatever of a region lies outside the page to the nearest edge of the page. Other properties are kept.
 *
 * @param size The size of the page.
 *
 * @throws {RangeError} If the width or height of `size` is not a number of 0 or more.
 *
 * @example
 * ```ts
 * import { clampRegion } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const region = { left: -5, top: 20, right: 90, bottom: 130 };
 * deepEqual(clampRegion(region, { width: 80, height: 120 }), { left: 0, top: 20, right: 80, bottom: 120 });
 * ```
 *
 * @category Page
 */
export function clampRegion<R extends Region>(region: R, size: Size): R {
  const { width, height } = checkSize("clamp", size);
  return mapRegion(region, ({ x, y }) => ({ x: clamp(x, width), y: clamp(y, height) }));
}

/**
 * Returns the rectangle of a region with a margin on each side. The result may extend beyond the page; pass it to
 * {@linkcode clampRegion} if necessary.
 *
 * @param padding The width of the margin, in pixels, or one for each axis. If it is negative, the rectangle shrinks, at
 * most to its center.
 *
 * @throws {RangeError} If `padding` is not finite.
 *
 * @example
 * ```ts
 * import { padRegion } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const region = { left: 10, top: 20, right: 90, bottom: 40 };
 * deepEqual(padRegion(region, 5), { left: 5, top: 15, right: 95, bottom: 45 });
 * deepEqual(padRegion(region, { x: 0, y: -15 }), { left: 10, top: 30, right: 90, bottom: 30 });
 * ```
 *
 * @category Page
 */
export function padRegion(region: Region, padding: number | Point): Region {
  const { x, y } = typeof padding === "number" ? { x: padding, y: padding } : padding;
  const [left, right] = padInterval(region.left, region.right, x);
  const [top, bottom] = padInterval(region.top, region.bottom, y);
  return { left, top, right, bottom };
}

function clamp(n: number, max: number): number {
  return Math.max(0, Math.min(n, max));
}

function padInterval(start: number, end: number, padding: number): readonly [start: number, end: number] {
  if (!Number.isFinite(padding)) {
    throw new RangeError(`Cannot pad as padding must be finite: current value is ${preview(padding)}`);
  }
  const center = start + (end - start) / 2;
  return 2 * padding < start - end ? [center, center] : [start - padding, end + padding];
}

function checkSize(action: string, { width, height }: Size): Size {
  return { width: atLeast(action, "size.width", width, 0), height: atLeast(action, "size.height", height, 0) };
}

function areaOf({ left, top, right, bottom }: Region): number {
  return (right - left) * (bottom - top);
}

/** Maps the outline of a region by a function that keeps its sides parallel to those of the page. */
function mapRegion<R extends Region>(region: R, map: (point: Point) => Point): R {
  const a = map({ x: region.left, y: region.top }), b = map({ x: region.right, y: region.bottom });
  const edges = {
    left: Math.min(a.x, b.x),
    top: Math.min(a.y, b.y),
    right: Math.max(a.x, b.x),
    bottom: Math.max(a.y, b.y),
  };
  return region.polygon === undefined
    ? { ...region, ...edges }
    : { ...region, ...edges, polygon: region.polygon.map(map) };
}
