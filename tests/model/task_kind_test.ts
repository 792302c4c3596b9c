import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import { RECOGNIZE_IMAGE, RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import { isGuid, taskRef } from "../../src/model/task_kind.ts";
import { GUID } from "../support/arbitrary.ts";
import { IMAGE, SAMPLES } from "../support/kinds.ts";
import { REGION } from "../support/statuses.ts";

Deno.test("every kind has its own name and a path of the service", () => {
  const paths = SAMPLES.map(({ kind: { name, path } }) => [name, path]);
  deepEqual(paths, [
    ["DetectRegions", "/v5.0/ocr/DetectRegions"],
    ["RecognizeRegions", "/v5.0/ocr/RecognizeRegions"],
    ["RecognizeImage", "/v5.0/ocr/RecognizeImage"],
    ["RecognizeImageToPdf", "/v5.0/ocr/RecognizeImage"],
    ["RecognizeTable", "/v5.0/ocr/RecognizeTable"],
    ["RecognizeTableToExcel", "/v5.0/ocr/RecognizeTable"],
    ["BinarizeImage", "/v5.0/ocr/BinarizeImage"],
    ["DeskewImage", "/v5.0/ocr/DeskewImage"],
    ["DewarpImage", "/v5.0/ocr/DewarpImage"],
    ["UpscaleImage", "/v5.0/ocr/UpscaleImage"],
  ]);
});

Deno.test("every kind decodes its own results and accepts ids of the service only", () => {
  for (const { kind, results, output } of SAMPLES) {
    deepEqual(kind.output.decode(results), E.right(output));
    equal(kind.isId?.(GUID), true);
    equal(kind.isId?.("Maintenance"), false);
  }
});

Deno.test("isGuid() accepts the service's ids, including those of speech, and nothing else", () => {
  for (const id of [GUID, GUID.toUpperCase(), "TTS01232-9d40-4f2d-8eda-f1fc0b12bce6"]) equal(isGuid(id), true);
  const others = [
    "",
    "Maintenance",
    GUID.slice(1),
    GUID.slice(0, -1),
    `${GUID}0`,
    `${GUID}\n`,
    ` ${GUID}`,
    `{${GUID}}`,
    GUID.replaceAll("-", ""),
    GUID.replaceAll("-", "_"),
    GUID.replace("a", "é"),
    `${GUID}${GUID}`,
  ];
  for (const id of others) equal(isGuid(id), false, JSON.stringify(id));
});

Deno.test("taskRef() states the number of results if it is known from the input", () => {
  const ref = (results: number | null) => ({ kind: "RecognizeRegions", id: "1", results });
  deepEqual(taskRef(RECOGNIZE_REGIONS, "1"), ref(null));
  for (const count of [1, 2, 1000]) {
    const regions = Array.from({ length: count }, () => REGION);
    deepEqual(taskRef(RECOGNIZE_REGIONS, "1", { image: IMAGE, regions }), ref(count));
  }
  deepEqual(taskRef(RECOGNIZE_IMAGE, "1", { image: IMAGE }), { kind: "RecognizeImage", id: "1", results: null });
});
