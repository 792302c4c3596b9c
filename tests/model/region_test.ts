import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import type * as t from "io-ts";
import { explain } from "../../src/model/codec.ts";
import { Payload, readPayload, Region, Regions, toRecognitionRegions } from "../../src/model/region.ts";
import { json, MAX_COORDINATE, nested, payload, region, regions, rowOf } from "../support/arbitrary.ts";
import { SPELLINGS } from "../support/responses.ts";

const ROW = [0, 8, 697, 441];
const REGION: Region = { left: 0, top: 8, right: 697, bottom: 441 };

/** Returns the errors of `codec` for `u`. */
function linesOf(codec: t.Mixed, u: unknown): readonly string[] {
  const result = codec.decode(u);
  ok(E.isLeft(result), "expected a refusal");
  return explain(result.left);
}

const NOT_A_ROW = "expected 4 numbers, or 6 or more in pairs, got";
const TOO_LARGE = "expected a number of at most 2^53 in size, got";

Deno.test("Region decodes four numbers as two corners, and six or more as the points of a polygon", () => {
  const cases: [readonly number[], Region][] = [
    [ROW, REGION],
    [[0, 0, 0, 0], { left: 0, top: 0, right: 0, bottom: 0 }],
    [[-5, -4, -3, -2], { left: -5, top: -4, right: -3, bottom: -2 }],
    [[0.25, 0.5, 0.75, 10], { left: 0.25, top: 0.5, right: 0.75, bottom: 10 }],
    [[-MAX_COORDINATE, -1, MAX_COORDINATE, MAX_COORDINATE], {
      left: -MAX_COORDINATE,
      top: -1,
      right: MAX_COORDINATE,
      bottom: MAX_COORDINATE,
    }],
    [[3, 9, 1, 5, 2, 7], {
      left: 1,
      top: 5,
      right: 3,
      bottom: 9,
      polygon: [{ x: 3, y: 9 }, { x: 1, y: 5 }, { x: 2, y: 7 }],
    }],
    [[0, 0, 9, 1, 8, 7, -1, 6], {
      left: -1,
      top: 0,
      right: 9,
      bottom: 7,
      polygon: [{ x: 0, y: 0 }, { x: 9, y: 1 }, { x: 8, y: 7 }, { x: -1, y: 6 }],
    }],
  ];
  for (const [row, expected] of cases) {
    deepEqual(Region.decode(row), E.right(expected));
    ok(Region.is(expected));
    deepEqual(Region.encode(expected), row);
  }
});

Deno.test("Region explains what is wrong with other rows", () => {
  const cases: [unknown, readonly string[]][] = [
    [null, [`Region: ${NOT_A_ROW} null`]],
    [undefined, [`Region: ${NOT_A_ROW} nothing`]],
    ["0,8,697,441", [`Region: ${NOT_A_ROW} "0,8,697,441"`]],
    [{ ...ROW, length: 4 }, [`Region: ${NOT_A_ROW} an object`]],
    [REGION, [`Region: ${NOT_A_ROW} an object`]],
    [new Float64Array(4), [`Region: ${NOT_A_ROW} an object`]],
    ...[0, 1, 2, 3, 5, 7, 9].map((n): [unknown, readonly string[]] => [
      new Array(n).fill(1),
      [`Region: ${NOT_A_ROW} an array of ${n}`],
    ]),
    [new Array(4), [0, 1, 2, 3].map((i) => `Region/${i}: expected number, got nothing`)],
    [[0, "8", 697, null], ['Region/1: expected number, got "8"', "Region/3: expected number, got null"]],
    [[0, 8, 697, "x".repeat(999)], [`Region/3: expected number, got "${"x".repeat(40)}…"`]],
    [[0, 8, [697], 441], ["Region/2: expected number, got an array of 1"]],
    [[1n, 8, true, 441], ["Region/0: expected number, got a bigint", "Region/2: expected number, got true"]],
    [[0, NaN, 1e400, 441], [`Region/1: ${TOO_LARGE} NaN`, `Region/2: ${TOO_LARGE} Infinity`]],
    [[-1e400, 0, 2 ** 53 + 2, 441], [
      `Region/0: ${TOO_LARGE} -Infinity`,
      `Region/2: ${TOO_LARGE} 9007199254740994`,
    ]],
    [[2, 0, 1, 1], ['Region: expected the top-left corner before the bottom-right one, got "[2, 0, 1, 1]"']],
    [[0, 2, 1, 1], ['Region: expected the top-left corner before the bottom-right one, got "[0, 2, 1, 1]"']],
    [[0, 0, 1, 1, 2, "2"], ['Region/5: expected number, got "2"']],
    [[0, 0, 1, -1e300, 2, 2], [`Region/3: ${TOO_LARGE} -1e+300`]],
    [[undefined, 0, 1, 1, 2, 2, 3, 3], ["Region/0: expected number, got nothing"]],
  ];
  for (const [row, lines] of cases) deepEqual(linesOf(Region, row), lines);
});

Deno.test("Region turns -0 into 0, so that equal regions compare as equal", () => {
  const zero = { left: 0, top: 0, right: 0, bottom: 0 };
  deepEqual(Region.decode([-0, -0, -0, -0]), E.right(zero));
  deepEqual(Region.decode([0, -0, -0, 0]), E.right(zero));
  deepEqual(
    Region.decode([-0, -0, -0, -0, -0, -0]),
    E.right({ ...zero, polygon: [{ x: 0, y: 0 }, { x: 0, y: 0 }, { x: 0, y: 0 }] }),
  );
});

Deno.test("Region.is() rejects values that only resemble a region", () => {
  const polygon = [{ x: 0, y: 8 }, { x: 697, y: 8 }, { x: 697, y: 441 }];
  const regions: unknown[] = [REGION, { ...REGION, polygon }, { ...REGION, polygon: undefined }, {
    ...REGION,
    more: 1,
  }];
  for (const u of regions) equal(Region.is(u), true);
  const others: unknown[] = [
    undefined,
    null,
    ROW,
    "",
    ...["left", "top", "right", "bottom"].flatMap((key) => [
      { ...REGION, [key]: undefined },
      { ...REGION, [key]: "8" },
      { ...REGION, [key]: NaN },
      { ...REGION, [key]: Infinity },
    ]),
    { ...REGION, left: 698 },
    { ...REGION, top: 442 },
    { ...REGION, polygon: null },
    { ...REGION, polygon: {} },
    { ...REGION, polygon: [null, ...polygon] },
    { ...REGION, polygon: [[0, 8], ...polygon] },
    { ...REGION, polygon: [{ x: 0 }, ...polygon] },
    { ...REGION, polygon: [{ x: 0, y: "8" }, ...polygon] },
    { ...REGION, polygon: [...polygon, "x"] },
  ];
  for (const u of others) equal(Region.is(u), false);
  equal(Regions.is([REGION, REGION]), true);
  equal(Regions.is([]), true);
  equal(Regions.is([REGION, ROW]), false);
  equal(Regions.is({ length: 0 }), false);
  equal(Payload.is([REGION]), true);
  equal(Payload.is(payload([ROW])), false);
});

Deno.test("Regions decodes a list and states which row is invalid", () => {
  deepEqual(Regions.decode([]), E.right([]));
  deepEqual(Regions.decode([ROW, ROW]), E.right([REGION, REGION]));
  const cases: [unknown, readonly string[]][] = [
    [null, ["Regions: expected an array of rows of numbers, got null"]],
    [{ 0: ROW, length: 1 }, ["Regions: expected an array of rows of numbers, got an object"]],
    [ROW, [0, 8, 697, 441].map((n, i) => `Regions/${i}/Region: ${NOT_A_ROW} ${n}`)],
    [[ROW, [...ROW, 1], ROW, [0, 8, null, 441]], [
      `Regions/1/Region: ${NOT_A_ROW} an array of 5`,
      "Regions/3/Region/2: expected number, got null",
    ]],
  ];
  for (const [rows, lines] of cases) deepEqual(linesOf(Regions, rows), lines);
});

Deno.test("Payload decodes the service's own example", () => {
  deepEqual(Payload.decode("W1swLCA4LCA2OTcsIDQ0MV1d"), E.right([REGION]));
  deepEqual(readPayload("W1swLCA4LCA2OTcsIDQ0MV1d"), E.right([REGION]));
  equal(Payload.encode([REGION]), "W1swLDgsNjk3LDQ0MV1d");
});

Deno.test("Payload accepts Base64 with whitespace, without padding, and of text with a byte order mark", () => {
  fc.assert(fc.property(regions, fc.constantFrom(...Object.values(SPELLINGS)), (regions, spell) => {
    const text = spell(JSON.stringify(regions.map(rowOf)));
    deepEqual(Payload.decode(text), E.right(regions));
    deepEqual(readPayload(text), E.right(regions));
  }));
});

Deno.test("Payload accepts any JSON number within the limits", () => {
  deepEqual(
    Payload.decode(payload("[[-0, 0e9, 12E1, 1.5e+2]]")),
    E.right([{ left: 0, top: 0, right: 120, bottom: 150 }]),
  );
  deepEqual(linesOf(Payload, payload("[[0, 0, 1e400, 1]]")), [`Payload/Regions/0/Region/2: ${TOO_LARGE} Infinity`]);
});

Deno.test("Payload states whether the Base64, its JSON or a row is invalid", () => {
  const base64 = "Payload: expected Base64 text, got";
  const behind = "Payload/Regions: expected JSON behind the Base64, got";
  const cases: [unknown, string][] = [
    [null, `${base64} null`],
    [undefined, `${base64} nothing`],
    [5, `${base64} 5`],
    [["W10="], `${base64} an array of 1`],
    ["[]", `${base64} "[]"`],
    ["W10=W10=", `${base64} "W10=W10="`],
    ["W", `${base64} "W"`],
    ["W10==", `${base64} "W10=="`],
    // Base64url. The standard alphabet has + and / instead.
    ["W1s-Pz9dXQ", `${base64} "W1s-Pz9dXQ"`],
    ["W1s_XV0", `${base64} "W1s_XV0"`],
    ["W10\u00a0", `${base64} "W10\u00a0"`],
    ["", `${behind} ""`],
    ["    ", `${behind} ""`],
    [payload("nonsense"), `${behind} "nonsense"`],
    [payload("[[0, 8, 697, 441]"), `${behind} "[[0, 8, 697, 441]"`],
    [payload("[[0, 8, 697, 441],]"), `${behind} "[[0, 8, 697, 441],]"`],
    [payload("[[0, 8, 697, 0x1]]"), `${behind} "[[0, 8, 697, 0x1]]"`],
    [payload("[[0, 8, 697, NaN]]"), `${behind} "[[0, 8, 697, NaN]]"`],
    [payload("\xff\xfe[]"), `${behind} "\xff\xfe[]"`],
    [payload("[]\xa0"), `${behind} "[]\xa0"`],
    [payload("<html>".repeat(99)), `${behind} "${"<html>".repeat(7).slice(0, 40)}…"`],
    [payload("null"), "Payload/Regions: expected an array of rows of numbers, got null"],
    [payload('"[]"'), 'Payload/Regions: expected an array of rows of numbers, got "[]"'],
    [
      payload('{"__proto__": [[0, 8, 697, 441]]}'),
      "Payload/Regions: expected an array of rows of numbers, got an object",
    ],
    [payload('[{"__proto__": [0, 8, 697, 441]}]'), `Payload/Regions/0/Region: ${NOT_A_ROW} an object`],
    [payload('[[0, 8, 697, {"__proto__": 441}]]'), "Payload/Regions/0/Region/3: expected number, got an object"],
    [payload("[[0, 8, 697, 441, 5]]"), `Payload/Regions/0/Region: ${NOT_A_ROW} an array of 5`],
    // The UTF-8 bytes of a byte order mark and é.
    [payload('["\xc3\xa9"]'), `Payload/Regions/0/Region: ${NOT_A_ROW} "\xc3\xa9"`],
    [payload('\xef\xbb\xbf["\xc3\xa9"]'), `Payload/Regions/0/Region: ${NOT_A_ROW} "é"`],
  ];
  for (const [text, line] of cases) {
    deepEqual(linesOf(Payload, text), [line]);
    ok(E.isLeft(readPayload(text)));
  }
});

Deno.test("Region, Regions and Payload are unchanged by a round trip", () => {
  fc.assert(fc.property(region, regions, (region, regions) => {
    deepEqual(Region.decode(json(Region.encode(region))), E.right(region));
    deepEqual(Region.encode(region), rowOf(region));
    deepEqual(Regions.decode(json(Regions.encode(regions))), E.right(regions));
    deepEqual(Payload.decode(Payload.encode(regions)), E.right(regions));
    ok(Region.is(region));
    ok(Regions.is(regions));
  }));
});

Deno.test("Region, Regions and Payload never throw on arbitrary JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (u) => {
      for (const codec of [Region, Regions, Payload] as t.Mixed[]) {
        const result = codec.decode(u);
        ok(E.isRight(result) ? codec.is(result.right) : explain(result.left).length > 0);
      }
      ok(E.isRight(Regions.decode(u)) === E.isRight(Payload.decode(payload(JSON.stringify(u)))));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("Payload rejects deeply nested JSON without overflowing the stack", () => {
  const deep = payload("[".repeat(100_000) + "]".repeat(100_000));
  deepEqual(linesOf(Payload, deep), [`Payload/Regions/0/Region: ${NOT_A_ROW} an array of 1`]);
  deepEqual(linesOf(Region, [0, 8, nested(100_000), 441]), ["Region/2: expected number, got an array of 1"]);
});

Deno.test("Region decodes a row of any length or explains it with at most 100 errors", () => {
  const long = new Array(100_000).fill(1);
  const result = Region.decode(long);
  ok(E.isRight(result));
  equal(result.right.polygon?.length, 50_000);
  equal(linesOf(Region, long.fill("x")).length, 100);
  equal(linesOf(Regions, new Array(9).fill(long)).length, 100);

  // No more errors are built.
  for (const faults of [Region.decode(long), Regions.decode(new Array(9).fill(long)), Regions.decode(long)]) {
    ok(E.isLeft(faults) && faults.left.length <= 200);
  }
});

Deno.test("Payload reports 100,000 invalid rows with 100 short errors, about as fast as it decodes valid ones", () => {
  const right = payload(new Array(100_000).fill(ROW));
  const wrong = payload(new Array(100_000).fill([0, 8, "x", 441]));
  const last = payload([...new Array(99_999).fill(ROW), [0, 8, 697]]);

  const lines = linesOf(Payload, wrong);
  equal(lines.length, 100);
  equal(lines[99], `Payload/Regions/99/Region/2: expected number, got "x"`);
  deepEqual(linesOf(Payload, last), [`Payload/Regions/99999/Region: ${NOT_A_ROW} an array of 3`]);

  // The shortest of several runs, since other tests run concurrently.
  const shortest = (text: string): number =>
    Math.min(...[1, 2, 3, 4, 5].map(() => {
      const start = performance.now();
      Payload.decode(text);
      return performance.now() - start;
    }));
  const allowed = 8 * shortest(right);
  ok(shortest(wrong) < allowed, "every row wrong");
  ok(shortest(last) < allowed, "the last row wrong");
});

Deno.test("toRecognitionRegions() keeps the order and rounds outward", () => {
  deepEqual(toRecognitionRegions([]), []);
  deepEqual(toRecognitionRegions([REGION, { left: 0.9, top: -0.1, right: 1.1, bottom: 2.5 }]), [
    { rect: { topLeftX: 0, topLeftY: 8, bottomRightX: 697, bottomRightY: 441 }, order: 0 },
    { rect: { topLeftX: 0, topLeftY: -1, bottomRightX: 2, bottomRightY: 3 }, order: 1 },
  ]);
  fc.assert(fc.property(regions, (regions) => {
    const recognised = toRecognitionRegions(regions);
    deepEqual(recognised.map(({ order }) => order), [...regions.keys()]);
    recognised.forEach(({ rect }, i) => {
      const { left, top, right, bottom } = regions[i];
      ok(Object.values(rect).every(Number.isInteger));
      ok(left - rect.topLeftX >= 0 && left - rect.topLeftX <= 1);
      ok(top - rect.topLeftY >= 0 && top - rect.topLeftY <= 1);
      ok(rect.bottomRightX - right >= 0 && rect.bottomRightX - right <= 1);
      ok(rect.bottomRightY - bottom >= 0 && rect.bottomRightY - bottom <= 1);
    });
  }));
});

Deno.test("toRecognitionRegions() turns -0 into 0", () => {
  const [{ rect }] = toRecognitionRegions([{ left: -0.5, top: -0.5, right: -0.5, bottom: -0.5 }]);
  deepEqual(rect, { topLeftX: -1, topLeftY: -1, bottomRightX: 0, bottomRightY: 0 });
});

Deno.test("Region.is() accepts exactly the values that a round trip leaves unchanged", () => {
  const point = { x: 0, y: 8 };
  for (const polygon of [[], [point], [point, { x: 697, y: 441 }], [point, point, point]]) {
    const u = { ...REGION, polygon };
    equal(Region.is(u), false, JSON.stringify(polygon));
  }
  equal(Region.is({ left: 0, top: 8, right: 0, bottom: 8, polygon: [point, point, point] }), true);
  const triangle = [point, { x: 697, y: 441 }, point];
  equal(Region.is({ ...REGION, polygon: triangle }), true);
  for (const key of ["left", "top", "right", "bottom"] as const) {
    equal(Region.is({ ...REGION, polygon: triangle, [key]: REGION[key] + 0.5 }), false, key);
  }
});
