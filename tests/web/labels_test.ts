import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { placeLabels, widthOf } from "../../examples/web/labels.ts";
import type { Region } from "../../src/model/region.ts";
import { rectangle } from "../support/arbitrary.ts";

const PAGE = { width: 650, height: 650 };

function overlap(a: Region, b: Region): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

Deno.test("a number is beside its region, on the left if there is room", () => {
  const right = { left: 0, top: 100, right: 300, bottom: 110 };
  const { em, places } = placeLabels([{ left: 300, top: 300, right: 600, bottom: 310 }, right], PAGE);
  equal(em, 10);
  deepEqual(places, [{ x: 300, y: 299 }, { x: 300 + widthOf(1, em), y: 99 }]);
});

Deno.test("numbers cover neither regions nor each other, and are on the page", () => {
  fc.assert(fc.property(fc.array(rectangle, { maxLength: 20 }), (regions) => {
    const { em, places } = placeLabels(regions, PAGE);
    equal(places.length, regions.length);
    const boxes = places.flatMap((place, i): readonly Region[] =>
      place === null
        ? []
        : [{ left: place.x - widthOf(i, em), top: place.y, right: place.x, bottom: place.y + 1.2 * em }]
    );
    for (const [i, box] of boxes.entries()) {
      ok(box.left > -1e-6 && box.top > -1e-6 && box.right < 650.000001 && box.bottom < 650.000001);
      ok(!regions.some((region) => overlap(region, shrink(box))));
      ok(!boxes.slice(0, i).some((other) => overlap(other, shrink(box))));
    }
  }));
});

Deno.test("the numbers of thousands of regions are left out", () => {
  const region = { left: 300, top: 300, right: 310, bottom: 310 };
  deepEqual(new Set(placeLabels(Array(2000).fill(region), PAGE).places), new Set([null]));
});

/** Less than rounding errors. */
function shrink({ left, top, right, bottom }: Region): Region {
  return { left: left + 1e-6, top: top + 1e-6, right: right - 1e-6, bottom: bottom - 1e-6 };
}
