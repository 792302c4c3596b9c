import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  RECOGNIZE_IMAGE,
  RECOGNIZE_IMAGE_TO_PDF,
  RECOGNIZE_REGIONS,
  RECOGNIZE_TABLE,
  RECOGNIZE_TABLE_TO_EXCEL,
  type RegionsInput,
} from "../../src/model/recognition.ts";
import type { Region } from "../../src/model/region.ts";
import { region } from "../support/arbitrary.ts";
import { IMAGE } from "../support/kinds.ts";
import { REGION } from "../support/statuses.ts";

/** The settings on the wire that every recognition sends. */
const WIRE = {
  language: "English",
  makeSkewCorrect: true,
  Rotate: 0,
  makeBinarization: false,
  makeContrastCorrection: true,
  makeUpsampling: false,
  makeSpellCheck: false,
  dsrMode: "Regions",
  dsrConfidence: "Default",
};

const RECT = { rect: { topLeftX: 0, topLeftY: 8, bottomRightX: 697, bottomRightY: 441 }, order: 0 };

const regions = [REGION];

/** Every kind that recognizes text, the fields that it adds to the settings, and how it encodes settings. */
const KINDS: readonly (readonly [name: string, more: object, encode: (settings?: object) => unknown])[] = [
  [
    "RecognizeRegions",
    { resultType: "Text", regions: [RECT] },
    (settings) => RECOGNIZE_REGIONS.encode({ image: IMAGE, regions, settings }),
  ],
  ["RecognizeImage", { resultType: "Text" }, (settings) => RECOGNIZE_IMAGE.encode({ image: IMAGE, settings })],
  [
    "RecognizeImageToPdf",
    { resultType: "Pdf" },
    (settings) => RECOGNIZE_IMAGE_TO_PDF.encode({ image: IMAGE, settings }),
  ],
  ["RecognizeTable", { resultTypeTable: "Csv" }, (settings) => RECOGNIZE_TABLE.encode({ image: IMAGE, settings })],
  [
    "RecognizeTableToExcel",
    { resultTypeTable: "Excel" },
    (settings) => RECOGNIZE_TABLE_TO_EXCEL.encode({ image: IMAGE, settings }),
  ],
];

for (const [name, more, encode] of KINDS) {
  Deno.test(`${name} sends the image and every setting, in the service's spelling`, () => {
    deepEqual(encode(), { image: IMAGE, settings: { ...WIRE, ...more } });
    deepEqual(encode({}), encode());
    const given = {
      language: "German",
      rotate: 90,
      makeSpellCheck: true,
      makeSkewCorrect: false,
      dsrMode: "LineDetector",
    };
    const { rotate: Rotate, ...others } = given;
    deepEqual(encode(given), { image: IMAGE, settings: { ...WIRE, ...others, Rotate, ...more } });
  });

  Deno.test(`${name} sends no setting that it does not have, and leaves the caller's as they are`, () => {
    const settings = Object.freeze({ Rotate: 5, regions: [], resultTypeTable: "CsvAndExcel", more: 1 });
    deepEqual(encode(settings), { image: IMAGE, settings: { ...WIRE, ...more } });
  });

  Deno.test(`${name} throws a RangeError for settings that the service does not support`, () => {
    const cases: [unknown, string][] = [
      [null, "RecognitionSettings: expected an object, got null"],
      ["German", 'RecognitionSettings: expected an object, got "German"'],
      [{ rotate: 0.5 }, "RecognitionSettings/rotate: expected an integer number of degrees or null, got 0.5"],
      [{ makeSpellCheck: 1 }, "RecognitionSettings/makeSpellCheck: expected boolean or null, got 1"],
    ];
    for (const [settings, fault] of cases) {
      throws(() => encode(settings as object), {
        name: "RangeError",
        message: `Cannot submit a task as its settings must be supported by the service: ${fault}`,
      });
    }
  });
}

Deno.test("RecognizeRegions and RecognizeImage accept the formats whose results are texts", () => {
  for (const resultType of ["Text", "Hocr"] as const) {
    const { settings } = RECOGNIZE_REGIONS.encode({ image: IMAGE, regions, settings: { resultType } });
    deepEqual(settings, { ...WIRE, resultType, regions: [RECT] });
  }
  for (const resultType of ["Text", "Hocr", "JSON"] as const) {
    const { settings } = RECOGNIZE_IMAGE.encode({ image: IMAGE, settings: { resultType } });
    deepEqual(settings, { ...WIRE, resultType });
  }
  const message = (formats: string, shown: string): string =>
    `Cannot submit a task as resultType must be one of ${formats}: current value is ${shown}`;
  for (
    const [resultType, shown] of [["Pdf", '"Pdf"'], ["TextAndHocr", '"TextAndHocr"'], ["text", '"text"'], [5, "5"]]
  ) {
    const settings = { resultType: resultType as "Text" };
    throws(() => RECOGNIZE_IMAGE.encode({ image: IMAGE, settings }), {
      name: "RangeError",
      message: message("Text, Hocr, JSON", String(shown)),
    });
    throws(() => RECOGNIZE_REGIONS.encode({ image: IMAGE, regions, settings }), {
      name: "RangeError",
      message: message("Text, Hocr", String(shown)),
    });
  }
  throws(() => RECOGNIZE_REGIONS.encode({ image: IMAGE, regions, settings: { resultType: "JSON" as "Text" } }), {
    message: message("Text, Hocr", '"JSON"'),
  });
});

Deno.test("RecognizeRegions sends the regions in the order given, rounded outward", () => {
  const given: Region[] = [
    { left: 5.5, top: -0.5, right: 9.01, bottom: 9 },
    { left: 0, top: 0, right: 1, bottom: 2, polygon: [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 0, y: 2 }] },
    { left: -(2 ** 31) + 1, top: 0, right: 2 ** 31 - 1, bottom: 0 },
  ];
  const request = RECOGNIZE_REGIONS.encode({ image: IMAGE, regions: given });
  deepEqual(request.settings, {
    ...WIRE,
    resultType: "Text",
    regions: [
      { rect: { topLeftX: 5, topLeftY: -1, bottomRightX: 10, bottomRightY: 9 }, order: 0 },
      { rect: { topLeftX: 0, topLeftY: 0, bottomRightX: 1, bottomRightY: 2 }, order: 1 },
      { rect: { topLeftX: -(2 ** 31) + 1, topLeftY: 0, bottomRightX: 2 ** 31 - 1, bottomRightY: 0 }, order: 2 },
    ],
  });
  equal(RECOGNIZE_REGIONS.count?.({ image: IMAGE, regions: given }), 3);
});

Deno.test("RecognizeRegions throws for regions that the service cannot recognize", () => {
  const encode = (regions: unknown) => (): unknown =>
    RECOGNIZE_REGIONS.encode({ image: IMAGE, regions: regions as RegionsInput["regions"] });
  for (const [none, shown] of [[[], "an array of 0"], [null, "null"], [undefined, "nothing"], [REGION, "an object"]]) {
    throws(encode(none), {
      name: "RangeError",
      message: `Cannot recognize regions as there must be at least one: current value is ${shown}`,
    });
  }
  const invalid: [unknown, string][] = [
    [null, "null"],
    [undefined, "nothing"],
    [[0, 8, 697, 441], "an array of 4"],
    [{ ...REGION, left: 698 }, "an object"],
    [{ ...REGION, top: NaN }, "an object"],
    [{ ...REGION, right: Infinity }, "an object"],
    [{ ...REGION, bottom: "441" }, "an object"],
  ];
  for (const [value, shown] of invalid) {
    throws(encode([REGION, value]), {
      name: "TypeError",
      message: "Cannot recognize region 2 as it must be a Region with finite coordinates, left <= right and " +
        `top <= bottom: current value is ${shown}`,
    });
  }
  // A hole is not a region, and would be sent as null.
  throws(encode([, REGION]), { name: "TypeError", message: /^Cannot recognize region 1 as/ });
  for (const key of ["left", "top", "right", "bottom"]) {
    const sign = key === "left" || key === "top" ? -1 : 1;
    for (const size of [2 ** 31, 2 ** 31 - 0.5, 2 ** 53]) {
      throws(encode([REGION, REGION, { ...REGION, [key]: sign * size }]), {
        name: "RangeError",
        message: "Cannot recognize region 3 as its coordinates must be 32-bit integers",
      });
    }
  }
});

Deno.test("RecognizeRegions sends 32-bit integers that contain the region, or throws a RangeError", () => {
  fc.assert(fc.property(fc.array(region, { minLength: 1, maxLength: 5 }), (regions) => {
    const fits = regions.every((region) =>
      [region.left, region.top, region.right, region.bottom].every((pixel) => Math.abs(pixel) < 2 ** 31 - 1)
    );
    if (!fits) return;
    const sent = (RECOGNIZE_REGIONS.encode({ image: IMAGE, regions }).settings as { regions: typeof RECT[] }).regions;
    deepEqual(sent.map(({ order }) => order), regions.map((_, i) => i));
    for (const [i, { rect }] of sent.entries()) {
      ok(Object.values(rect).every((pixel) => pixel === (pixel | 0) && !Object.is(pixel, -0)));
      ok(rect.topLeftX <= regions[i].left && regions[i].left - rect.topLeftX <= 1);
      ok(rect.bottomRightY >= regions[i].bottom && rect.bottomRightY - regions[i].bottom <= 1);
    }
  }));
});
