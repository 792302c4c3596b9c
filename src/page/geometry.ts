/**
 * The geometry of regions on their page.
 *
 * @module
 */
import { atLeast } from "../internal/check.ts";
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
  const width = atLeast("clamp the region", "size.width", size.width, 0);
  const height = atLeast("clamp the region", "size.height", size.height, 0);
  const x = (n: number): number => Math.max(0, Math.min(n, width));
  const y = (n: number): number => Math.max(0, Math.min(n, height));
  return mapRegion(region, (point) => ({ x: x(point.x), y: y(point.y) }));
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
  return region.polygon === undefined ? { ...region, ...edges } : {
    ...region,
    ...edges,
    polygon: region.polygon.map(map),
  };
}
