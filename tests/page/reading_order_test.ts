import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import type { Region } from "../../src/model/region.ts";
import { inReadingOrder, type ReadingDirection } from "../../src/page/reading_order.ts";
import { regions as arbitraryRegions } from "../support/arbitrary.ts";

interface Named extends Region {
  readonly name: string;
}

/** Regions as `[name, left, top, right, bottom]`, listed in the right order. */
type Layout = readonly (readonly [name: string, left: number, top: number, right: number, bottom: number])[];

const toRegions = (layout: Layout): readonly Named[] =>
  layout.map(([name, left, top, right, bottom]) => ({ name, left, top, right, bottom }));

const namesOf = (regions: readonly Named[]): readonly string[] => regions.map(({ name }) => name);

/** Every layout is passed in reverse, so that no order given is accidentally right. */
function assertOrder(layout: Layout, direction: ReadingDirection = "ltr"): void {
  const regions = toRegions(layout);
  deepEqual(namesOf(inReadingOrder([...regions].reverse(), { direction })), namesOf(regions));
}

/** The bounding boxes of regions that are rotated clockwise around the origin. */
function tilt<R extends Region>(regions: readonly R[], degrees: number): readonly R[] {
  const sin = Math.sin(degrees * Math.PI / 180), cos = Math.cos(degrees * Math.PI / 180);
  return regions.map((region) => {
    const corners = [region.left, region.right].flatMap((x) =>
      [region.top, region.bottom].map((y) => ({ x: x * cos - y * sin, y: x * sin + y * cos }))
    );
    const xs = corners.map(({ x }) => x), ys = corners.map(({ y }) => y);
    return { ...region, left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  });
}

/** Lines of 30 pixels in steps of 44 pixels, in paragraphs that start with an indent and end with a short line. */
function linesOf(
  name: string,
  left: number,
  top: number,
  width: number,
  count: number,
  paragraph = 5,
): readonly Named[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${name}${i}`,
    left: left + (i % paragraph === 0 ? 40 : 0),
    top: top + 44 * i,
    right: left + (i % paragraph === paragraph - 1 ? width / 6 : width),
    bottom: top + 44 * i + 30,
  }));
}

/** Divides a line into words of various widths, with gaps of 10 pixels. */
function wordsOf(line: Named): readonly Named[] {
  const words: Named[] = [];
  for (let left = line.left, i = 0; left < line.right - 10; i++) {
    const right = Math.min(line.right, left + 30 + (left * 7 + line.top * 3) % 110);
    // Words without ascenders are lower.
    words.push({ ...line, name: `${line.name}.${i}`, left, right, top: line.top + (i % 3 === 0 ? 8 : 0) });
    left = right + 10;
  }
  return words;
}

Deno.test("inReadingOrder() reads columns one after the other, between headings that extend over them", () => {
  assertOrder([
    ["title", 100, 50, 900, 110],
    ["left 1", 100, 150, 480, 300],
    ["left 2", 100, 310, 480, 460],
    ["right 1", 520, 150, 900, 300],
    ["right 2", 520, 310, 900, 460],
    ["subtitle", 300, 500, 700, 540],
    ["left 3", 100, 580, 480, 700],
    ["left 4", 100, 710, 480, 900],
    ["right 3", 520, 580, 900, 800],
    ["right 4", 520, 810, 900, 900],
  ]);
});

Deno.test("inReadingOrder() reads a column to its end, even if the columns beside it are shorter", () => {
  deepEqual(
    namesOf(inReadingOrder([...linesOf("right", 520, 100, 380, 9), ...linesOf("left", 100, 100, 380, 14)])),
    namesOf([...linesOf("left", 100, 100, 380, 14), ...linesOf("right", 520, 100, 380, 9)]),
  );
});

Deno.test("inReadingOrder() reads tables row by row", () => {
  assertOrder([
    ["1 item", 100, 100, 190, 130],
    ["1 amount", 400, 100, 440, 130],
    ["1 price", 700, 100, 760, 130],
    ["2 item", 100, 150, 210, 180],
    ["2 amount", 400, 150, 430, 180],
    ["2 price", 700, 150, 750, 180],
    ["3 item", 100, 200, 180, 230],
    ["3 amount", 400, 200, 450, 230],
    ["3 price", 700, 200, 760, 230],
  ]);
});

Deno.test("inReadingOrder() reads the label of a list item before its text", () => {
  assertOrder([
    ["1.", 100, 102, 130, 130],
    ["first", 150, 100, 900, 180],
    ["2.", 100, 202, 130, 230],
    ["second", 150, 200, 900, 280],
  ]);
});

Deno.test("inReadingOrder() reads notes in the margin with the text beside them", () => {
  assertOrder([
    ["left note 1", 20, 102, 140, 160],
    ["text 1", 160, 100, 800, 400],
    ["left note 2", 20, 250, 140, 310],
    ["text 2", 160, 410, 800, 700],
    ["right note 1", 820, 415, 940, 470],
    ["text 3", 160, 710, 800, 800],
    ["right note 2", 820, 715, 940, 840],
    ["text 4", 160, 805, 800, 900],
  ]);
});

Deno.test("inReadingOrder() reads page numbers first or last, and not as part of a column", () => {
  assertOrder([
    ["page number", 100, 50, 150, 80],
    ["header", 300, 48, 700, 85],
    ["left", 100, 100, 480, 900],
    ["right", 520, 100, 900, 900],
    ["signature mark", 200, 910, 240, 940],
    ["catchword", 820, 912, 900, 940],
  ]);
  assertOrder([
    ["left 1", 100, 100, 480, 500],
    ["left 2", 100, 510, 480, 900],
    ["right 1", 520, 100, 900, 500],
    ["right 2", 520, 510, 900, 900],
    ["page number", 485, 930, 515, 960],
  ]);
});

Deno.test("inReadingOrder() reads a drop capital before its paragraph", () => {
  assertOrder([
    ["heading", 300, 100, 700, 150],
    ["drop capital", 98, 160, 250, 320],
    ["paragraph", 100, 158, 900, 600],
    ["last", 100, 605, 900, 700],
  ]);
});

Deno.test("inReadingOrder() tolerates regions that overlap slightly", () => {
  assertOrder([
    ["header", 300, 50, 700, 100],
    ["left 1", 100, 95, 505, 400],
    ["left 2", 90, 396, 498, 900],
    ["right 1", 500, 96, 900, 300],
    ["right 2", 495, 297, 905, 900],
  ]);
});

Deno.test("inReadingOrder() tolerates an overlap relative to the height of lines, not of blocks", () => {
  assertOrder([
    ["title", 100, 20, 900, 50],
    ["author", 100, 60, 900, 90],
    ["left", 100, 340, 480, 640],
    ["right 1", 520, 100, 900, 400],
    ["right 2", 520, 405, 900, 700],
  ]);
});

Deno.test("inReadingOrder() reads columns whose lines are not level with each other", () => {
  for (const offset of [8, 17, 22, 30]) {
    const left = linesOf("left", 200, 200, 640, 18), right = linesOf("right", 900, 200 + offset, 640, 18, 4);
    deepEqual(namesOf(inReadingOrder([...right, ...left])), namesOf([...left, ...right]), `${offset} pixels`);
  }
});

Deno.test("inReadingOrder() orders regions without width or height", () => {
  assertOrder([
    ["left 1", 100, 100, 480, 130],
    ["left 2", 100, 200, 480, 230],
    ["right 1", 520, 100, 900, 130],
    ["right 2", 520, 200, 900, 230],
    ["vertical", 950, 150, 950, 180],
  ]);
  assertOrder([["point", 50, 50, 50, 50], ["horizontal", 60, 50, 100, 50], ["below", 50, 60, 50, 60]]);
});

Deno.test("inReadingOrder() reads the lines of two columns on a tilted page", () => {
  const left = linesOf("left", 200, 200, 640, 28), right = linesOf("right", 900, 200, 640, 28, 4);
  const heading = { name: "heading", left: 400, top: 100, right: 1340, bottom: 160 };
  const number = { name: "number", left: 850, top: 1560, right: 890, bottom: 1590 };
  const page = [heading, ...left, ...right, number];
  for (const degrees of [-1, -0.5, 0, 0.5, 1]) {
    deepEqual(namesOf(inReadingOrder(tilt([...page].reverse(), degrees))), namesOf(page), `${degrees}°`);
  }
});

Deno.test("inReadingOrder() reads the words of a line from left to right, and of each column line by line", () => {
  const page = [...linesOf("left", 200, 200, 640, 25), ...linesOf("right", 900, 200, 640, 25, 4)].flatMap(wordsOf);
  ok(page.length > 250);
  for (const degrees of [-1, 0, 1]) {
    deepEqual(namesOf(inReadingOrder(tilt([...page].reverse(), degrees))), namesOf(page), `${degrees}°`);
  }
});

Deno.test("inReadingOrder() reads rtl pages from right to left", () => {
  assertOrder([
    ["page number", 850, 50, 900, 80],
    ["header", 300, 48, 700, 85],
    ["right 1", 520, 100, 900, 400],
    ["right 2", 520, 410, 900, 900],
    ["left 1", 100, 100, 480, 400],
    ["left 2", 100, 410, 480, 900],
  ], "rtl");
});

Deno.test("inReadingOrder() reads the lines of vertical-rl pages from right to left, tier by tier", () => {
  assertOrder([
    ["heading", 860, 100, 900, 900],
    ["upper 1", 800, 100, 840, 480],
    ["upper 2", 750, 100, 790, 480],
    ["upper 3", 700, 100, 740, 300],
    ["lower 1", 800, 520, 840, 900],
    ["lower 2", 750, 520, 790, 900],
    ["lower 3", 700, 520, 740, 900],
  ], "vertical-rl");
});

Deno.test("inReadingOrder() orders a region that extends beyond the page by the part on the page", () => {
  const inner = { left: 0, top: 0, right: 100, bottom: 100 }, outer = { left: 0, top: -300, right: 100, bottom: 150 };
  deepEqual(inReadingOrder([inner, outer]), [outer, inner]);
  deepEqual(inReadingOrder([inner, outer], { size: { width: 100, height: 200 } }), [inner, outer]);
});

Deno.test("inReadingOrder() throws a RangeError for an unknown direction", () => {
  throws(() => inReadingOrder([], { direction: JSON.parse('"ttb"') }), {
    name: "RangeError",
    message: 'Cannot order regions as direction must be ltr, rtl or vertical-rl: current value is "ttb"',
  });
});

Deno.test("inReadingOrder() orders regions with the same top left corner by their other corner", () => {
  const regions = [[10, 10], [20, 10], [10, 20], [20, 20]].map(([right, bottom]) => ({
    left: 0,
    top: 0,
    right,
    bottom,
  }));
  for (const given of [regions, [...regions].reverse()]) deepEqual(inReadingOrder(given), regions);
});

Deno.test("inReadingOrder() orders polygons with the same bounding box by their points", () => {
  const box = { left: 0, top: 0, right: 10, bottom: 10 };
  const corners = [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 10 }, { x: 0, y: 10 }];
  const regions: readonly Region[] = [
    box,
    { ...box, polygon: corners.slice(0, 3) },
    { ...box, polygon: corners },
    { ...box, polygon: corners.slice(1) },
  ];
  deepEqual(inReadingOrder([...regions].reverse()), regions);
});

const DIRECTIONS: readonly ReadingDirection[] = ["ltr", "rtl", "vertical-rl"];
const direction = fc.constantFrom(...DIRECTIONS);

/** Regions on a small page, so that many are equal, empty, level with each other, or touch or overlap. */
const crowded: fc.Arbitrary<readonly Region[]> = fc.array(
  fc.tuple(fc.nat(20), fc.nat(20), fc.nat(8), fc.nat(8)).map(([left, top, width, height]) => ({
    left,
    top,
    right: left + width,
    bottom: top + height,
  })),
  { maxLength: 40 },
);

/** A list, and the same list in another order. */
const permuted = (
  regions: fc.Arbitrary<readonly Region[]>,
): fc.Arbitrary<readonly [readonly Region[], readonly Region[]]> =>
  regions.chain((regions) =>
    fc.array(fc.nat(), { minLength: regions.length, maxLength: regions.length }).map((keys) => [
      regions,
      regions.map((region, i) => ({ region, key: keys[i] })).sort((a, b) => a.key - b.key).map(({ region }) => region),
    ])
  );

Deno.test("inReadingOrder() returns each region once", () => {
  fc.assert(fc.property(fc.oneof(crowded, arbitraryRegions), direction, (regions, direction) => {
    const ordered = inReadingOrder(regions, { direction });
    equal(ordered.length, regions.length);
    deepEqual(new Set(ordered), new Set(regions));
  }));
});

Deno.test("inReadingOrder() does not depend on the order in which regions are given", () => {
  fc.assert(
    fc.property(permuted(fc.oneof(crowded, arbitraryRegions)), direction, ([regions, shuffled], direction) => {
      deepEqual(inReadingOrder(shuffled, { direction }), inReadingOrder(regions, { direction }));
    }),
    { numRuns: 500 },
  );
});

Deno.test("inReadingOrder() does not depend on the scale and the position of the page", () => {
  const scale = fc.constantFrom(0.1, 1 / 3, 0.9, 1.7, 2, 1000), offset = fc.integer({ min: -10_000, max: 10_000 });
  fc.assert(
    fc.property(crowded, direction, scale, offset, offset, (regions, direction, scale, x, y) => {
      const moved = regions.map((region, i) => ({
        i,
        left: region.left * scale + x,
        top: region.top * scale + y,
        right: region.right * scale + x,
        bottom: region.bottom * scale + y,
      }));
      const expected = inReadingOrder(regions, { direction });
      deepEqual(inReadingOrder(moved, { direction }).map(({ i }) => regions[i]), expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("inReadingOrder() returns even if cuts separate only one region at a time", () => {
  const regions: Region[] = [];
  let left = 0, top = 0, right = 1e6, bottom = 1e6;
  while (regions.length < 10_000) {
    regions.push({ left, top, right, bottom: top + 40 });
    top += 90;
    regions.push({ left: right - 40, top, right, bottom });
    right -= 90;
    regions.push({ left, top: bottom - 40, right, bottom });
    bottom -= 90;
    regions.push({ left, top, right: left + 40, bottom });
    left += 90;
  }
  equal(new Set(inReadingOrder(regions)).size, regions.length);
});

type Place = (i: number) => readonly [left: number, top: number, width: number, height: number];

Deno.test("inReadingOrder() orders 10,000 regions in less than the time of 20 sorts, which is about 50 ms", () => {
  const random = (i: number): number => Math.imul(i + 1, 0x9e3779b1) ** 2 % 999_983;
  const heap: Place = (i) => [random(i) % 2000, random(-i) % 3000, i % 100, i % 40];
  const pages: Readonly<Record<string, Place>> = {
    "a heap": heap,
    "words": (i) => [i % 20 * 100, Math.floor(i / 20) * 40, 80 + i * 7 % 15, 30],
    "two columns": (i) => [i % 2 * 400, Math.floor(i / 2) * 20, 300, 15],
    "a grid": (i) => [i % 100 * 20, Math.floor(i / 100) * 20, 20, 20],
    "a line": (i) => [i * 20, 0, 15, 15],
    "nested": (i) => [i, i, 2 * (10_000 - i), 2 * (10_000 - i)],
    "equal": () => [0, 0, 10, 10],
  };
  const make = (place: Place): readonly Region[] =>
    Array.from({ length: 10_000 }, (_, i) => {
      const [left, top, width, height] = place(i);
      return { left, top, right: left + width, bottom: top + height };
    });
  const time = (action: () => void): number => {
    const start = performance.now();
    action();
    return performance.now() - start;
  };
  const unordered = make(heap);
  for (const [name, place] of Object.entries(pages)) {
    const regions = make(place);
    // Compared with sorts, since a busy machine slows down both. The best of many runs counts.
    let best = Infinity, sorts = Infinity;
    for (let run = 0; run < 3 || run < 50 && best > sorts; run++) {
      best = Math.min(best, time(() => inReadingOrder(regions)));
      sorts = Math.min(
        sorts,
        time(() => {
          for (let i = 0; i < 20; i++) [...unordered].sort((a, b) => a.top - b.top || a.left - b.left);
        }),
      );
    }
    ok(best < sorts, `${name}: ${best} ms, and 20 sorts ${sorts} ms`);
  }
});
