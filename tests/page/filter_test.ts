import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { filterRegions } from "../../src/page/filter.ts";

const box = (width: number, height: number) => ({ left: 5, top: 5, right: 5 + width, bottom: 5 + height });

Deno.test("filterRegions() keeps all regions by default", () => {
  const regions = [box(0, 0), { ...box(10, 10), confidence: 0 }];
  deepEqual(filterRegions(regions), regions);
});

Deno.test("filterRegions() includes the limits of width and height", () => {
  const regions = [box(9, 20), box(10, 20), box(15, 19), box(15, 30), box(20, 31), box(20, 30), box(21, 30)];
  const limits = { minWidth: 10, maxWidth: 20, minHeight: 20, maxHeight: 30 };
  deepEqual(filterRegions(regions, limits), [regions[1], regions[3], regions[5]]);
});

Deno.test("filterRegions() keeps regions without a confidence", () => {
  const regions = [{ ...box(1, 1), confidence: 0.49 }, { ...box(2, 1), confidence: 0.5 }, box(3, 1)];
  deepEqual(filterRegions(regions, { minConfidence: 0.5 }), regions.slice(1));
});

Deno.test("filterRegions() throws a RangeError for limits that are negative or not numbers", () => {
  for (const name of ["minWidth", "minHeight", "maxWidth", "maxHeight", "minConfidence"]) {
    for (const value of [-1, NaN]) {
      throws(() => filterRegions([], { [name]: value }), {
        name: "RangeError",
        message: `Cannot filter regions as ${name} must be a number of 0 or more: current value is ${value}`,
      });
    }
  }
});
