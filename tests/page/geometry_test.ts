import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { Region } from "../../src/model/region.ts";
import {
  clampRegion,
  containsRegion,
  intersectionOverUnion,
  intersectRegions,
  padRegion,
  rotateRegion,
  scaleRegion,
  translateRegion,
  uniteRegions,
} from "../../src/page/geometry.ts";
import { region } from "../support/arbitrary.ts";

const box = (left: number, top: number, right: number, bottom: number): Region => ({ left, top, right, bottom });

/** A triangle with its bounding box, and a property that the library does not know. */
const TRIANGLE = {
  ...box(0, 10, 40, 30),
  polygon: [{ x: 20, y: 10 }, { x: 40, y: 30 }, { x: 0, y: 30 }],
  text: "Total",
};

/** Regions with integer coordinates, for which arithmetic is exact. */
const integers: fc.Arbitrary<Region> = fc.tuple(fc.nat(100), fc.nat(100), fc.nat(50), fc.nat(50))
  .map(([left, top, width, height]) => box(left, top, left + width, top + height));

Deno.test("uniteRegions() returns the bounding rectangle, or null without regions", () => {
  equal(uniteRegions([]), null);
  deepEqual(uniteRegions([TRIANGLE]), box(0, 10, 40, 30));
  deepEqual(uniteRegions([box(5, 5, 10, 10), box(-5, 7, 8, 20), box(6, 0, 7, 1)]), box(-5, 0, 10, 20));
  deepEqual(uniteRegions(new Array<Region>(200_000).fill(TRIANGLE)), box(0, 10, 40, 30));
});

Deno.test("intersectRegions() returns the common rectangle, which is empty if the regions touch", () => {
  deepEqual(intersectRegions(box(0, 0, 20, 20), box(10, 15, 30, 40)), box(10, 15, 20, 20));
  deepEqual(intersectRegions(box(0, 0, 20, 20), box(20, 0, 40, 20)), box(20, 0, 20, 20));
  equal(intersectRegions(box(0, 0, 20, 20), box(21, 0, 40, 20)), null);
  equal(intersectRegions(box(0, 0, 20, 20), box(0, 21, 20, 40)), null);
});

Deno.test("intersectRegions() and uniteRegions() are the greatest rectangle within and the smallest around both", () => {
  fc.assert(fc.property(region, region, (a, b) => {
    const common = intersectRegions(a, b), both = uniteRegions([a, b]);
    deepEqual(intersectRegions(b, a), common);
    ok(both !== null && containsRegion(both, a) && containsRegion(both, b));
    ok(common === null || containsRegion(a, common) && containsRegion(b, common));
    if (containsRegion(a, b)) deepEqual([common, both], [uniteRegions([b]), uniteRegions([a])]);
  }));
});

Deno.test("intersectionOverUnion() is 1 for equal rectangles, and 0 without a common area", () => {
  equal(intersectionOverUnion(box(0, 0, 20, 10), box(0, 0, 20, 40)), 0.25);
  equal(intersectionOverUnion(box(0, 0, 10, 10), box(5, 5, 15, 15)), 25 / 175);
  equal(intersectionOverUnion(box(5, 5, 5, 5), box(5, 5, 5, 5)), 1);
  equal(intersectionOverUnion(box(5, 5, 5, 5), box(5, 5, 5, 9)), 0);
  equal(intersectionOverUnion(box(0, 0, 10, 10), box(10, 0, 20, 10)), 0);
  fc.assert(fc.property(region, region, (a, b) => {
    const value = intersectionOverUnion(a, b);
    ok(value >= 0 && value <= 1);
    equal(intersectionOverUnion(b, a), value);
    equal(intersectionOverUnion(a, a), 1);
  }));
});

Deno.test("containsRegion() includes the edges", () => {
  ok(containsRegion(box(0, 0, 10, 10), box(0, 0, 10, 10)));
  ok(containsRegion(box(0, 0, 10, 10), box(10, 10, 10, 10)));
  for (const inner of [box(-1, 0, 9, 9), box(0, -1, 9, 9), box(1, 1, 11, 9), box(1, 1, 9, 11)]) {
    equal(containsRegion(box(0, 0, 10, 10), inner), false);
  }
});

Deno.test("scaleRegion(), translateRegion(), rotateRegion() and clampRegion() map polygons and keep other properties", () => {
  deepEqual(scaleRegion(TRIANGLE, { x: 2, y: 0.5 }), {
    ...box(0, 5, 80, 15),
    polygon: [{ x: 40, y: 5 }, { x: 80, y: 15 }, { x: 0, y: 15 }],
    text: "Total",
  });
  deepEqual(translateRegion(TRIANGLE, { x: -1, y: 5 }), {
    ...box(-1, 15, 39, 35),
    polygon: [{ x: 19, y: 15 }, { x: 39, y: 35 }, { x: -1, y: 35 }],
    text: "Total",
  });
  deepEqual(rotateRegion(TRIANGLE, 90, { width: 100, height: 50 }), {
    ...box(20, 0, 40, 40),
    polygon: [{ x: 40, y: 20 }, { x: 20, y: 40 }, { x: 20, y: 0 }],
    text: "Total",
  });
  deepEqual(clampRegion(TRIANGLE, { width: 30, height: 20 }), {
    ...box(0, 10, 30, 20),
    polygon: [{ x: 20, y: 10 }, { x: 30, y: 20 }, { x: 0, y: 20 }],
    text: "Total",
  });
});

Deno.test("scaleRegion(), translateRegion(), rotateRegion() and clampRegion() return regions", () => {
  const size = fc.record({ width: fc.nat(9000), height: fc.nat(9000) });
  const factor = fc.double({ min: 0.001, max: 1, noNaN: true }), degrees = fc.integer({ min: -5, max: 5 });
  fc.assert(fc.property(region, factor, degrees, size, (region, factor, turns, size) => {
    const halved = scaleRegion(region, 0.5);
    const mapped = [
      scaleRegion(region, factor),
      translateRegion(halved, { x: factor, y: -turns }),
      rotateRegion(halved, 90 * turns, size),
      clampRegion(region, size),
    ];
    for (const result of mapped) ok(Region.is(result), JSON.stringify(result));
    ok(containsRegion(box(0, 0, size.width, size.height), clampRegion(region, size)));
  }));
});

Deno.test("rotateRegion() rotates clockwise for positive angles", () => {
  const size = { width: 100, height: 200 }, region = box(10, 20, 30, 25);
  const rotated = [region, box(175, 10, 180, 30), box(70, 175, 90, 180), box(20, 70, 25, 90)];
  for (let turns = -8; turns <= 8; turns++) deepEqual(rotateRegion(region, 90 * turns, size), rotated[(turns + 8) % 4]);
  fc.assert(fc.property(integers, (region) => {
    const turned = rotateRegion(region, 90, size);
    deepEqual(rotateRegion(turned, -90, { width: size.height, height: size.width }), region);
  }));
});

Deno.test("padRegion() grows the rectangle, or shrinks it to its center at most", () => {
  deepEqual(padRegion(TRIANGLE, 5), box(-5, 5, 45, 35));
  deepEqual(padRegion(TRIANGLE, { x: -5, y: 0 }), box(5, 10, 35, 30));
  deepEqual(padRegion(TRIANGLE, -10), box(10, 20, 30, 20));
  deepEqual(padRegion(TRIANGLE, -15), box(15, 20, 25, 20));
  deepEqual(padRegion(TRIANGLE, -1000), box(20, 20, 20, 20));
});

Deno.test("The functions of geometry throw a RangeError for numbers out of range", () => {
  const region = box(0, 0, 10, 10);
  const calls: readonly (readonly [call: () => unknown, message: string])[] = [
    [() => scaleRegion(region, 0), "Cannot scale as factor must be finite and greater than 0: current value is 0"],
    [
      () => scaleRegion(region, { x: 1, y: Infinity }),
      "Cannot scale as factor must be finite and greater than 0: current value is Infinity",
    ],
    [
      () => translateRegion(region, { x: 0, y: NaN }),
      "Cannot move as offset must be finite: current value is NaN",
    ],
    [
      () => rotateRegion(region, 45, { width: 10, height: 10 }),
      "Cannot rotate as degrees must be a multiple of 90: current value is 45",
    ],
    [
      () => rotateRegion(region, NaN, { width: 10, height: 10 }),
      "Cannot rotate as degrees must be a multiple of 90: current value is NaN",
    ],
    [
      () => rotateRegion(region, 90, { width: -1, height: 10 }),
      "Cannot rotate as size.width must be a number of 0 or more: current value is -1",
    ],
    [
      () => clampRegion(region, { width: 10, height: NaN }),
      "Cannot clamp as size.height must be a number of 0 or more: current value is NaN",
    ],
    [() => padRegion(region, Infinity), "Cannot pad as padding must be finite: current value is Infinity"],
  ];
  for (const [call, message] of calls) throws(call, { name: "RangeError", message });
});
