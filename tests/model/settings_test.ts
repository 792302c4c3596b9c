import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { explain } from "../../src/model/codec.ts";
import { Language, LANGUAGES } from "../../src/model/language.ts";
import {
  type CompleteSettings,
  DetectionSettings,
  DSR_MODES,
  DsrConfidence,
  DsrMode,
  toWireSettings,
  type WireSettings,
} from "../../src/model/settings.ts";
import { json, junk, settings, withProtoAccessor } from "../support/arbitrary.ts";

/** The defaults on the service's page about sending an image. */
const DEFAULTS: CompleteSettings = {
  language: "English",
  makeSkewCorrect: true,
  rotate: 0,
  makeBinarization: false,
  makeContrastCorrection: true,
  makeUpsampling: false,
  dsrMode: "Regions",
  dsrConfidence: "Default",
};

/** The same settings on the wire, where the angle is spelled differently. */
const onTheWire = ({ rotate, ...others }: CompleteSettings): WireSettings => ({ ...others, Rotate: rotate });

const MODES = [
  "Regions",
  "DsrNoFilter",
  "DsrAndFilter",
  "NoDsrNoFilter",
  "TextDetector",
  "DsrPlusDetector",
  "PolygonalTextDetector",
  "LineDetector",
];
const CONFIDENCES = ["Default", "Low", "LowMid", "Mid", "MidHigh", "High", "Ultra", "All"];

Deno.test("toWireSettings() returns every setting with the service's defaults", () => {
  deepEqual(toWireSettings(), onTheWire(DEFAULTS));
  deepEqual(toWireSettings({}), onTheWire(DEFAULTS));
});

Deno.test("toWireSettings() returns exactly the settings in the service's API description", () => {
  // The schema does not allow additional properties, and spells the angle with a capital letter.
  const known = [
    "Rotate",
    "dsrConfidence",
    "dsrMode",
    "language",
    "makeBinarization",
    "makeContrastCorrection",
    "makeSkewCorrect",
    "makeUpsampling",
  ];
  deepEqual(Object.keys(toWireSettings({ rotate: 1 })).toSorted(), known);
  const settings: object = { rotate: 1, Rotate: 2, more: 3 };
  deepEqual(toWireSettings(settings), onTheWire({ ...DEFAULTS, rotate: 1 }));
});

Deno.test("toWireSettings() keeps every setting that is passed", () => {
  const others: CompleteSettings = {
    language: "German",
    makeSkewCorrect: false,
    rotate: -90,
    makeBinarization: true,
    makeContrastCorrection: false,
    makeUpsampling: true,
    dsrMode: "LineDetector",
    dsrConfidence: "Ultra",
  };
  deepEqual(toWireSettings(others), onTheWire(others));
  for (const [key, value] of Object.entries(others)) {
    deepEqual(toWireSettings({ [key]: value }), onTheWire({ ...DEFAULTS, [key]: value }));
    deepEqual(
      DetectionSettings.decode({ ...others, [key]: null }),
      E.right({ ...others, [key]: DEFAULTS[key as never] }),
    );
    deepEqual(
      DetectionSettings.decode({ ...others, [key]: undefined }),
      E.right({ ...others, [key]: DEFAULTS[key as never] }),
    );
  }
});

Deno.test("toWireSettings() throws a RangeError for values that the service does not support", () => {
  const modes = `expected one of ${MODES.join(", ")} or null, got`;
  const languages = "expected one of the service's languages (see LANGUAGES) or null";
  const confidences = `expected one of ${CONFIDENCES.join(", ")} or null, got`;
  const cases: [unknown, string][] = [
    [null, "DetectionSettings: expected an object, got null"],
    ["English", 'DetectionSettings: expected an object, got "English"'],
    [[], "DetectionSettings: expected an object, got an array of 0"],
    ...[5, "Klingon", "english", "Low German", ""].map((language): [unknown, string] => [
      { language },
      `DetectionSettings/language: ${languages}, got ${JSON.stringify(language)}`,
    ]),
    [{ makeSkewCorrect: "true" }, 'DetectionSettings/makeSkewCorrect: expected boolean or null, got "true"'],
    [{ makeBinarization: 1 }, "DetectionSettings/makeBinarization: expected boolean or null, got 1"],
    [{ makeContrastCorrection: 0 }, "DetectionSettings/makeContrastCorrection: expected boolean or null, got 0"],
    [{ makeUpsampling: {} }, "DetectionSettings/makeUpsampling: expected boolean or null, got an object"],
    // The service's API description says int32.
    ...[0.5, NaN, Infinity, 2 ** 31].map((rotate): [unknown, string] => [
      { rotate },
      `DetectionSettings/rotate: expected an integer number of degrees or null, got ${rotate}`,
    ]),
    [{ rotate: "90" }, 'DetectionSettings/rotate: expected an integer number of degrees or null, got "90"'],
    [{ dsrMode: "regions" }, `DetectionSettings/dsrMode: ${modes} "regions"`],
    [{ dsrMode: "All" }, `DetectionSettings/dsrMode: ${modes} "All"`],
    [{ dsrConfidence: 0.9 }, `DetectionSettings/dsrConfidence: ${confidences} 0.9`],
    [
      { rotate: 0.5, language: true },
      `DetectionSettings/language: ${languages}, got true; ` +
      "DetectionSettings/rotate: expected an integer number of degrees or null, got 0.5",
    ],
  ];
  for (const [given, fault] of cases) {
    throws(() => toWireSettings(given as DetectionSettings), {
      name: "RangeError",
      message: `Cannot submit a task as its settings must be supported by the service: ${fault}`,
    });
    const result = DetectionSettings.decode(given);
    ok(E.isLeft(result));
    equal(explain(result.left).join("; "), fault);
  }
});

Deno.test("DsrMode and DsrConfidence accept the values of the service", () => {
  deepEqual(DSR_MODES, MODES);
  for (const mode of MODES) deepEqual(DsrMode.decode(mode), E.right(mode));
  for (const confidence of CONFIDENCES) deepEqual(DsrConfidence.decode(confidence), E.right(confidence));
  for (const word of ["", "default", "Regions ", null, 0, ["All"]]) {
    equal(DsrMode.is(word), false);
    equal(DsrConfidence.is(word), false);
  }
});

Deno.test("Language accepts the 154 languages of the service in its spelling", () => {
  equal(LANGUAGES.length, 154);
  equal(new Set(LANGUAGES).size, 154);
  for (const language of ["English", "Ukrainan", "Kazah", "Low_German", "HWT_ENG", "Devanagari"]) {
    deepEqual(Language.decode(language), E.right(language));
  }
  for (const language of ["english", "Ukrainian", "HWT_eng", "", null, 0]) equal(Language.is(language), false);
});

Deno.test("DetectionSettings is unchanged by a round trip", () => {
  fc.assert(fc.property(settings, (given) => {
    const complete = DetectionSettings.decode(given);
    ok(E.isRight(complete));
    deepEqual(complete.right, { ...DEFAULTS, ...given });
    ok(DetectionSettings.is(complete.right));
    deepEqual(DetectionSettings.decode(json(DetectionSettings.encode(complete.right))), complete);
    deepEqual(toWireSettings(given), onTheWire(complete.right));
  }));
});

Deno.test("DetectionSettings.is() requires every setting", () => {
  equal(DetectionSettings.is(DEFAULTS), true);
  equal(DetectionSettings.is({ ...DEFAULTS, more: 1 }), true);
  for (const key of Object.keys(DEFAULTS)) {
    const { [key as keyof typeof DEFAULTS]: _, ...others } = DEFAULTS;
    equal(DetectionSettings.is(others), false);
    equal(DetectionSettings.is({ ...DEFAULTS, [key]: [] }), false);
  }
  for (const u of [null, undefined, [], "English"]) equal(DetectionSettings.is(u), false);
});

Deno.test("DetectionSettings.is() rejects settings that are null or undefined", () => {
  for (const key of Object.keys(DEFAULTS)) {
    equal(DetectionSettings.is({ ...DEFAULTS, [key]: null }), false);
    equal(DetectionSettings.is({ ...DEFAULTS, [key]: undefined }), false);
  }
});

Deno.test("DetectionSettings neither uses nor returns an own __proto__ key", () => {
  withProtoAccessor(() => {
    const given: unknown = JSON.parse('{"__proto__": {"language": "German", "rotate": "x"}, "rotate": 90}');
    const result = DetectionSettings.decode(given);
    deepEqual(result, E.right({ ...DEFAULTS, rotate: 90 }));
    ok(E.isRight(result));
    equal(Object.hasOwn(result.right, "__proto__"), false);
  });
});

Deno.test("DetectionSettings never throws on arbitrary values", () => {
  fc.assert(
    fc.property(junk, (u) => {
      const result = DetectionSettings.decode(u);
      ok(E.isRight(result) ? DetectionSettings.is(result.right) : explain(result.left).length > 0);
    }),
    { numRuns: 1000 },
  );
});
