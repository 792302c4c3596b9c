import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { explain } from "../../src/model/codec.ts";
import {
  type CompleteRecognitionSettings,
  RecognitionSettings,
  RESULT_TYPES,
  TABLE_RESULT_TYPES,
} from "../../src/model/recognition_settings.ts";
import { json, junk, settings, withProtoAccessor } from "../support/arbitrary.ts";

/** The defaults on the service's pages about recognizing images and regions. */
const DEFAULTS: CompleteRecognitionSettings = {
  language: "English",
  makeSkewCorrect: true,
  rotate: 0,
  makeBinarization: false,
  makeContrastCorrection: true,
  makeUpsampling: false,
  makeSpellCheck: false,
  dsrMode: "Regions",
  dsrConfidence: "Default",
};

Deno.test("RecognitionSettings decodes every setting with the service's defaults", () => {
  deepEqual(RecognitionSettings.decode({}), E.right(DEFAULTS));
  for (const makeSpellCheck of [null, undefined, false]) {
    deepEqual(RecognitionSettings.decode({ makeSpellCheck }), E.right(DEFAULTS));
  }
  const given = { makeSpellCheck: true, language: "HWT_ENG", rotate: -90 };
  deepEqual(RecognitionSettings.decode(given), E.right({ ...DEFAULTS, ...given }));
});

Deno.test("RecognitionSettings drops what is not a setting", () => {
  const given = { resultType: "Hocr", resultTypeTable: "Csv", regions: [], Rotate: 5, more: 1 };
  deepEqual(RecognitionSettings.decode(given), E.right(DEFAULTS));
  withProtoAccessor(() => {
    const forged = JSON.parse('{"__proto__": {"makeSpellCheck": "x", "language": "German"}}');
    deepEqual(RecognitionSettings.decode(forged), E.right(DEFAULTS));
  });
});

Deno.test("RecognitionSettings explains what is wrong with a setting", () => {
  const cases: [unknown, string][] = [
    [null, "RecognitionSettings: expected an object, got null"],
    [[], "RecognitionSettings: expected an object, got an array of 0"],
    [{ makeSpellCheck: "yes" }, 'RecognitionSettings/makeSpellCheck: expected boolean or null, got "yes"'],
    [{ rotate: 0.5 }, "RecognitionSettings/rotate: expected an integer number of degrees or null, got 0.5"],
    [
      { language: "Klingon" },
      'RecognitionSettings/language: expected one of the service\'s languages (see LANGUAGES) or null, got "Klingon"',
    ],
  ];
  for (const [given, line] of cases) {
    const result = RecognitionSettings.decode(given);
    ok(E.isLeft(result));
    deepEqual(explain(result.left), [line]);
  }
});

Deno.test("RecognitionSettings is unchanged by a round trip", () => {
  fc.assert(fc.property(settings, fc.option(fc.boolean(), { nil: undefined }), (given, makeSpellCheck) => {
    const complete = RecognitionSettings.decode({ ...given, makeSpellCheck });
    deepEqual(complete, E.right({ ...DEFAULTS, ...given, makeSpellCheck: makeSpellCheck ?? false }));
    ok(E.isRight(complete) && RecognitionSettings.is(complete.right));
    deepEqual(RecognitionSettings.decode(json(RecognitionSettings.encode(complete.right))), complete);
  }));
});

Deno.test("RecognitionSettings.is() requires every setting", () => {
  equal(RecognitionSettings.is(DEFAULTS), true);
  for (const key of Object.keys(DEFAULTS)) {
    for (const value of [undefined, null, []]) equal(RecognitionSettings.is({ ...DEFAULTS, [key]: value }), false);
  }
  for (const u of [null, undefined, [], "English"]) equal(RecognitionSettings.is(u), false);
});

Deno.test("RecognitionSettings never throws on arbitrary values", () => {
  fc.assert(fc.property(junk, (u) => {
    const result = RecognitionSettings.decode(u);
    ok(E.isRight(result) ? RecognitionSettings.is(result.right) : explain(result.left).length > 0);
  }));
});

Deno.test("the types of results are those of the service's API description", () => {
  deepEqual([...RESULT_TYPES].sort(), [
    "Hocr",
    "ImagePNG",
    "JSON",
    "Pdf",
    "PdfAndHocr",
    "Text",
    "TextAndHocr",
    "TextAndPdf",
    "TextAndPdfAndHocr",
  ]);
  deepEqual([...TABLE_RESULT_TYPES].sort(), ["Csv", "CsvAndExcel", "Excel", "Text"]);
});
