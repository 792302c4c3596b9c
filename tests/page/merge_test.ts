import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import type { Region } from "../../src/model/region.ts";
import { containsRegion, padRegion, uniteRegions } from "../../src/page/geometry.ts";
import { mergeRegions } from "../../src/page/merge.ts";

const box = (left: number, top: number, right: number, bottom: number): Region => ({ left, top, right, bottom });

Deno.test("mergeRegions() merges regions that overlap or touch", () => {
  deepEqual(mergeRegions([]), []);
  const regions = [box(0, 0, 10, 10), box(10, 10, 20, 20), box(21, 0, 30, 9)];
  deepEqual(mergeRegions(regions), [box(0, 0, 20, 20), regions[2]]);
  deepEqual(mergeRegions([box(0, 0, 10, 10), box(0, 10.5, 10, 20)]).length, 2);
});

Deno.test("mergeRegions() merges the lines of paragraphs, but not columns", () => {
  const lines = [0, 1, 2, 5, 6].flatMap((i) => [box(0, i * 44, 400, i * 44 + 30), box(440, i * 44, 840, i * 44 + 30)]);
  deepEqual(mergeRegions(lines, { distance: 20 }), [
    box(0, 0, 400, 118),
    box(440, 0, 840, 118),
    box(0, 220, 400, 294),
    box(440, 220, 840, 294),
  ]);
});

Deno.test("mergeRegions() merges a region with one that ends above it, once a third connects them", () => {
  deepEqual(mergeRegions([box(0, 0, 10, 10), box(50, 0, 60, 40), box(8, 30, 55, 40)]), [box(0, 0, 60, 40)]);
});

Deno.test("mergeRegions() returns the outlines of groups that are too far apart to be merged, in any order", () => {
  const crowded = fc.array(
    fc.tuple(fc.nat(60), fc.nat(60), fc.nat(9), fc.nat(9)).map(([x, y, width, height]) =>
      box(x, y, x + width, y + height)
    ),
    { maxLength: 40 },
  );
  fc.assert(fc.property(crowded, fc.nat(4), (regions, distance) => {
    const merged = mergeRegions(regions, { distance });
    deepEqual(mergeRegions([...regions].reverse(), { distance }), merged);
    deepEqual(mergeRegions(merged, { distance }), merged);
    // No result could be smaller, as each is the outline of the regions within it.
    for (const block of merged) {
      deepEqual(uniteRegions(regions.filter((region) => containsRegion(block, region))), block);
    }
    for (const region of regions) ok(merged.filter((block) => containsRegion(block, region)).length === 1);
    for (const [i, block] of merged.entries()) {
      const { left, top, right, bottom } = padRegion(block, distance);
      for (const other of merged.slice(i + 1)) {
        ok(other.left > right || other.right < left || other.top > bottom || other.bottom < top);
      }
    }
  }));
});

Deno.test("mergeRegions() returns rectangles without the polygons and other properties of the regions", () => {
  const polygon = [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 10 }];
  deepEqual(mergeRegions([Object.assign({ polygon, text: "" }, box(0, 0, 10, 10))]), [box(0, 0, 10, 10)]);
});

Deno.test("mergeRegions() throws a RangeError for a negative distance", () => {
  throws(() => mergeRegions([], { distance: -1 }), {
    name: "RangeError",
    message: "Cannot merge regions as distance must be a number of 0 or more: current value is -1",
  });
});
