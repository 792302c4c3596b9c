/**
 * Outlines of regions as polygons.
 *
 * @module
 */
import { boundingBox, type Point, type Region } from "../model/region.ts";

/**
 * Returns the outline of a region as points in clockwise order, as displayed. These are the points of its polygon or, if
 * it has none, its four corners from the top left one on. The first point of a polygon stays the first.
 *
 * @example
 * ```ts
 * import { toPolygon } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(toPolygon({ left: 0, top: 0, right: 20, bottom: 10 }), [
 *   { x: 0, y: 0 },
 *   { x: 20, y: 0 },
 *   { x: 20, y: 10 },
 *   { x: 0, y: 10 },
 * ]);
 * ```
 *
 * @category Page
 */
export function toPolygon({ left, top, right, bottom, polygon }: Region): readonly Point[] {
  if (polygon !== undefined) return signedArea(polygon) < 0 ? [polygon[0], ...polygon.slice(1).reverse()] : polygon;
  return [{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }];
}

/**
 * Returns the region whose outline is a polygon. Its rectangle is the polygon's bounding box.
 *
 * @param polygon The points in either direction. There must be at least three.
 *
 * @throws {RangeError} If `polygon` has fewer than three points.
 *
 * @example
 * ```ts
 * import { fromPolygon } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const polygon = [{ x: 10, y: 0 }, { x: 20, y: 30 }, { x: 0, y: 30 }];
 * deepEqual(fromPolygon(polygon), { left: 0, top: 0, right: 20, bottom: 30, polygon });
 * ```
 *
 * @category Page
 */
export function fromPolygon(polygon: readonly Point[]): Region {
  if (polygon.length < 3) {
    throw new RangeError(
      `Cannot make a region as polygon must have at least 3 points: current number is ${polygon.length}`,
    );
  }
  return { ...boundingBox(polygon), polygon };
}

/**
 * Returns the area of a region's outline, in square pixels. This is the area of its polygon or, if it has none, of its
 * rectangle. Where a polygon intersects itself, areas that it surrounds in opposite directions cancel each other out.
 *
 * @example
 * ```ts
 * import { fromPolygon, regionArea } from "@ocr-cloud/regions/page";
 * import { equal } from "node:assert/strict";
 *
 * equal(regionArea({ left: 0, top: 0, right: 20, bottom: 30 }), 600);
 * equal(regionArea(fromPolygon([{ x: 10, y: 0 }, { x: 20, y: 30 }, { x: 0, y: 30 }])), 300);
 * ```
 *
 * @category Page
 */
export function regionArea({ left, top, right, bottom, polygon }: Region): number {
  return polygon === undefined ? (right - left) * (bottom - top) : Math.abs(signedArea(polygon));
}

/**
 * Returns whether a point lies within a region's outline, which is its polygon or, if it has none, its rectangle. Points
 * on the left and top edges are inside and those on the right and bottom edges are outside, so that a point is in only
 * one of two regions that share an edge.
 *
 * @example The region that was clicked
 * ```ts
 * import { containsPoint } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [{ left: 0, top: 0, right: 20, bottom: 10 }, { left: 0, top: 10, right: 20, bottom: 20 }];
 * const click = { x: 15, y: 10 };
 * deepEqual(regions.find((region) => containsPoint(region, click)), regions[1]);
 * ```
 *
 * @category Page
 */
export function containsPoint(region: Region, { x, y }: Point): boolean {
  const polygon = toPolygon(region);
  let isInside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const a = polygon[i], b = polygon[j];
    // A ray from the point to the left leaves the polygon at each edge that it crosses, or enters it again.
    if (a.y <= y !== b.y <= y && x >= a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)) isInside = !isInside;
  }
  return isInside;
}

/** Returns the area by the shoelace formula. It is positive if the points are in clockwise order, as `y` points down. */
function signedArea(polygon: readonly Point[]): number {
  // Relative to one of the points, the terms are smaller, and so are their rounding errors.
  const [origin] = polygon;
  let area = 0;
  for (let i = 0; i < polygon.length; i++) {
    const a = polygon[i], b = polygon[(i + 1) % polygon.length];
    area += (a.x - origin.x) * (b.y - origin.y) - (b.x - origin.x) * (a.y - origin.y);
  }
  return area / 2;
}
