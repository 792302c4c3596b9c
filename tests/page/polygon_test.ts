import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { type Point, Region } from "../../src/model/region.ts";
import { containsPoint, fromPolygon, regionArea, toPolygon } from "../../src/page/polygon.ts";
import { region } from "../support/arbitrary.ts";

const points = (...pairs: readonly (readonly [x: number, y: number])[]): readonly Point[] =>
  pairs.map(([x, y]) => ({ x, y }));

const L_SHAPE = points([0, 0], [30, 0], [30, 10], [10, 10], [10, 30], [0, 30]);

Deno.test("toPolygon() returns the corners of a rectangle, or the points of a polygon, in clockwise order", () => {
  deepEqual(toPolygon({ left: 1, top: 2, right: 30, bottom: 40 }), points([1, 2], [30, 2], [30, 40], [1, 40]));
  deepEqual(toPolygon(fromPolygon(L_SHAPE)), L_SHAPE);
  deepEqual(toPolygon(fromPolygon([L_SHAPE[0], ...L_SHAPE.slice(1).reverse()])), L_SHAPE);
});

Deno.test("fromPolygon() returns the region of a polygon with its bounding box", () => {
  deepEqual(fromPolygon(L_SHAPE), { left: 0, top: 0, right: 30, bottom: 30, polygon: L_SHAPE });
  fc.assert(fc.property(region, (region) => {
    const made = fromPolygon(toPolygon(region));
    ok(Region.is(made));
    deepEqual([made.left, made.top, made.right, made.bottom], [region.left, region.top, region.right, region.bottom]);
  }));
});

Deno.test("fromPolygon() throws a RangeError for fewer than three points", () => {
  throws(() => fromPolygon(L_SHAPE.slice(0, 2)), {
    name: "RangeError",
    message: "Cannot make a region as polygon must have at least 3 points: current number is 2",
  });
});

Deno.test("regionArea() returns the area of the outline, in either direction", () => {
  equal(regionArea({ left: -10, top: 0, right: 10, bottom: 30 }), 600);
  equal(regionArea({ left: 5, top: 0, right: 5, bottom: 30 }), 0);
  equal(regionArea(fromPolygon(L_SHAPE)), 500);
  equal(regionArea(fromPolygon([...L_SHAPE].reverse())), 500);
  // Far from the origin, products of the coordinates themselves would be too large to be exact.
  equal(regionArea(fromPolygon(L_SHAPE.map(({ x, y }) => ({ x: x + 2 ** 50, y: y + 2 ** 50 })))), 500);
});

Deno.test("containsPoint() tells whether a point is within the outline", () => {
  const shape = fromPolygon(L_SHAPE);
  for (const [x, y] of [[5, 5], [25, 5], [5, 25], [0, 0], [0, 29], [29, 0]]) {
    ok(containsPoint(shape, { x, y }), `${x}, ${y}`);
  }
  for (const [x, y] of [[15, 15], [10, 20], [30, 5], [5, 30], [-1, 5], [31, 5], [5, -1]]) {
    equal(containsPoint(shape, { x, y }), false, `${x}, ${y}`);
  }
});

Deno.test("containsPoint() assigns a point on a common edge to one of two rectangles", () => {
  const tiles = [[0, 0], [10, 0], [0, 10], [10, 10]].map(([left, top]) => ({
    left,
    top,
    right: left + 10,
    bottom: top + 10,
  }));
  fc.assert(fc.property(fc.nat(19), fc.nat(19), (x, y) => {
    equal(tiles.filter((tile) => containsPoint(tile, { x, y })).length, 1);
  }));
});
