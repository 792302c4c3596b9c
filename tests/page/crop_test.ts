import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { cropRectangle } from "../../src/page/crop.ts";
import { region } from "../support/arbitrary.ts";

const SIZE = { width: 100, height: 50 };
const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });

Deno.test("cropRectangle() rounds outward to whole pixels", () => {
  deepEqual(cropRectangle(box(10, 3, 90, 20)), { left: 10, top: 3, width: 80, height: 17 });
  deepEqual(cropRectangle(box(10.5, 3.9, 89.1, 19.5)), { left: 10, top: 3, width: 80, height: 17 });
});

Deno.test("cropRectangle() adds the padding, and stays within the image", () => {
  const region = box(10, 3, 90, 20);
  deepEqual(cropRectangle(region, { padding: 5 }), { left: 5, top: 0, width: 90, height: 25 });
  deepEqual(cropRectangle(region, { padding: 20, size: SIZE }), { left: 0, top: 0, width: 100, height: 40 });
  deepEqual(cropRectangle(region, { padding: { x: 20, y: 0 }, size: { width: 95.9, height: 18.5 } }), {
    left: 0,
    top: 3,
    width: 95,
    height: 15,
  });
});

Deno.test("cropRectangle() returns at least one pixel, or null for regions outside the image", () => {
  deepEqual(cropRectangle(box(10, 3, 10, 3), { size: SIZE }), { left: 10, top: 3, width: 1, height: 1 });
  deepEqual(cropRectangle(box(10, 3, 20, 13), { padding: -9, size: SIZE }), { left: 15, top: 8, width: 1, height: 1 });
  for (const outside of [box(100, 0, 120, 20), box(-20, 0, 0, 20), box(0, 50, 20, 70), box(0, -20, 20, 0)]) {
    equal(cropRectangle(outside, { size: SIZE }), null);
  }
  equal(cropRectangle(box(0, 0, 10, 10), { size: { width: 0.5, height: 50 } }), null);
});

Deno.test("cropRectangle() covers the part of the region that is in the image", () => {
  const padding = fc.integer({ min: 0, max: 30 }), length = fc.integer({ min: 1, max: 9000 });
  fc.assert(fc.property(region, padding, length, length, (region, padding, width, height) => {
    const crop = cropRectangle(region, { padding, size: { width, height } });
    if (crop === null) {
      ok(region.left >= width || region.top >= height || region.right <= 0 || region.bottom <= 0);
      return;
    }
    ok(Object.values(crop).every(Number.isSafeInteger));
    ok(crop.left >= 0 && crop.width >= 1 && crop.left + crop.width <= width);
    ok(crop.top >= 0 && crop.height >= 1 && crop.top + crop.height <= height);
    ok(crop.left <= Math.max(0, region.left) && crop.left + crop.width >= Math.min(width, region.right));
    ok(crop.top <= Math.max(0, region.top) && crop.top + crop.height >= Math.min(height, region.bottom));
  }));
});

Deno.test("cropRectangle() throws a RangeError for sizes and paddings that are not numbers", () => {
  throws(() => cropRectangle(box(0, 0, 1, 1), { size: { width: NaN, height: 1 } }), {
    name: "RangeError",
    message: "Cannot crop as size.width must be a number of 0 or more: current value is NaN",
  });
  throws(() => cropRectangle(box(0, 0, 1, 1), { padding: NaN }), {
    name: "RangeError",
    message: "Cannot pad as padding must be finite: current value is NaN",
  });
});
