import { deepStrictEqual as deepEqual, match } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import type { RecognitionRequest } from "../../src/emulator/emulator.ts";
import { LANGUAGES } from "../../src/model/language.ts";
import { RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import { decodeTask } from "../../src/model/task_status.ts";
import { failed, openEmulator } from "../support/emulator.ts";
import { base64, IMAGE } from "../support/kinds.ts";

/** A recognizer that returns the sizes of the regions, and records what it is asked for. */
function recognizer() {
  const requests: RecognitionRequest[] = [];
  const recognize = (image: Uint8Array, request: RecognitionRequest): Promise<readonly string[]> => {
    deepEqual(image, IMAGE);
    requests.push(request);
    return Promise.resolve((request.regions ?? [null]).map((region) => region === null ? "all" : `${region.right} px`));
  };
  return { requests, recognize };
}

const rect = (right: number, order?: number): unknown => ({
  rect: { topLeftX: 1, topLeftY: 2, bottomRightX: right, bottomRightY: 9 },
  order,
});

const regionOf = (right: number) => ({ left: 1, top: 2, right, bottom: 9 });

Deno.test("emulate() recognizes regions in their order, however they are sent", async () => {
  const { requests, recognize } = recognizer();
  const { run } = await openEmulator({ recognize });
  const settings = { language: "German", resultType: "Hocr" };
  const cases: [readonly unknown[], readonly number[]][] = [
    [[rect(3, 0), rect(5, 1), rect(4, 2)], [3, 5, 4]],
    [[rect(3, 2), rect(5, 0), rect(4, 1)], [5, 4, 3]],
    [[rect(3, -1), rect(5, -2)], [5, 3]],
    // Equal or missing orders leave the regions in the order sent.
    [[rect(3, 7), rect(5, 7), rect(4, 7)], [3, 5, 4]],
    [[rect(3), rect(5), rect(4)], [3, 5, 4]],
    [[rect(3, 1), rect(5)], [5, 3]],
  ];
  for (const [regions, order] of cases) {
    const { results } = await run("RecognizeRegions", { ...settings, regions });
    deepEqual(results, order.map((right) => ({ type: "Hocr", data: base64(`${right} px`) })));
    deepEqual(requests.pop(), { language: "German", format: "Hocr", regions: order.map(regionOf) });
  }
});

Deno.test("emulate() puts swapped corners right and takes missing coordinates for 0", async () => {
  const { requests, recognize } = recognizer();
  const { run } = await openEmulator({ recognize });
  const swapped = { rect: { topLeftX: 9, topLeftY: 8, bottomRightX: 1, bottomRightY: 2 } };
  await run("RecognizeRegions", { regions: [swapped, { rect: {} }] });
  deepEqual(requests[0].regions, [{ left: 1, top: 2, right: 9, bottom: 8 }, { left: 0, top: 0, right: 0, bottom: 0 }]);
});

Deno.test("emulate() recognizes the whole image without regions", async () => {
  const { requests, recognize } = recognizer();
  const { run } = await openEmulator({ recognize });
  const whole = { language: "English", format: "Text", regions: null };
  const settings: [string, unknown][] = [
    ["RecognizeImage", {}],
    ["RecognizeImage", { resultType: null }],
    ["RecognizeImage", { regions: [rect(3)] }],
    ["RecognizeRegions", {}],
    ["RecognizeRegions", { regions: null }],
    ["RecognizeRegions", { regions: [] }],
  ];
  for (const [name, given] of settings) {
    const { results } = await run(name, given);
    deepEqual(results, [{ type: "Text", data: base64("all") }]);
    deepEqual(requests.pop(), whole);
  }
});

Deno.test("emulate() recognizes in every language and encodes texts as UTF-8", async () => {
  const languages: string[] = [];
  const { run } = await openEmulator({
    recognize: (_, { language }) => {
      languages.push(language);
      return Promise.resolve([`${language} é 😀 \ud800`]);
    },
  });
  for (const language of LANGUAGES) {
    const { results } = await run("RecognizeImage", { language });
    deepEqual(results, [{ type: "Text", data: base64(`${language} é 😀 \ufffd`) }]);
  }
  deepEqual(languages, LANGUAGES);
});

Deno.test("emulate() returns an empty text per region without a recognizer", async () => {
  const { read, submit } = await openEmulator();
  const id = await submit("RecognizeRegions", { regions: [rect(3, 0), rect(4, 1)] });
  deepEqual(
    decodeTask(RECOGNIZE_REGIONS, await read("RecognizeRegions", id), id, 2),
    E.right({ _tag: "Completed", id, texts: ["", ""], notices: [] }),
  );
});

Deno.test("emulate() ends a recognition with Error for a format that it does not support", async () => {
  const { requests, recognize } = recognizer();
  const { submit, read } = await openEmulator({ recognize });
  for (
    const resultType of ["Pdf", "TextAndPdf", "TextAndHocr", "PdfAndHocr", "TextAndPdfAndHocr", "ImagePNG", "JSON"]
  ) {
    for (const name of ["RecognizeImage", "RecognizeRegions"]) {
      const id = await submit(name, { resultType });
      const message = `The emulator does not support the resultType ${resultType}. It supports Text and Hocr.`;
      deepEqual(await read(name, id), failed(id, message));
    }
  }
  deepEqual(requests, []);
});

Deno.test("emulate() ends a recognition with Error for anything but one text per region", async () => {
  const message = "The recognizer returned something other than an array of 2 texts.";
  for (
    const texts of [[], ["a"], ["a", "b", "c"], ["a", 5], ["a", null], ["a", ,], null, "ab", { length: 2 }, [
      ["a"],
      "b",
    ]]
  ) {
    const { submit, read } = await openEmulator({ recognize: () => Promise.resolve(texts as string[]) });
    const id = await submit("RecognizeRegions", { regions: [rect(3), rect(4)] });
    deepEqual(await read("RecognizeRegions", id), failed(id, message), JSON.stringify(texts));
  }
});

Deno.test("emulate() names the path of each invalid setting of a recognition", async () => {
  const { refuse } = await openEmulator(recognizer());
  const cases: [unknown, RegExp][] = [
    [undefined, /^Request\/settings\/RecognitionSettings: expected an object, got nothing$/],
    [null, /^Request\/settings\/RecognitionSettings: expected an object, got null$/],
    [{ language: "Klingon" }, /^Request\/settings\/RecognitionSettings\/language: .*, got "Klingon"$/],
    [{ Rotate: 0.5 }, /^Request\/settings\/RecognitionSettings\/rotate: .*got 0.5$/],
    [{ makeSpellCheck: 1 }, /^Request\/settings\/RecognitionSettings\/makeSpellCheck: .*got 1$/],
    [{ resultType: "text" }, /^Request\/settings\/Settings\/resultType: expected one of Text, .*, got "text"$/],
    [{ regions: {} }, /^Request\/settings\/Settings\/regions: expected an array, got an object$/],
    [{ regions: [rect(3), null] }, /^Request\/settings\/Settings\/regions\/1: expected a region: .*, got null$/],
    [{ regions: [{}] }, /\/regions\/0: expected a region/],
    [{ regions: [{ rect: null }] }, /\/regions\/0: expected a region/],
    [{ regions: [{ rect: [1, 2, 3, 4] }] }, /\/regions\/0: expected a region/],
    [{ regions: [rect(0.5)] }, /\/regions\/0: expected a region/],
    [{ regions: [rect(2 ** 31)] }, /\/regions\/0: expected a region/],
    [{ regions: [rect(3, 0.5)] }, /\/regions\/0: expected a region/],
    [{ regions: [rect(3), rect(4), { rect: { topLeftX: "1" } }] }, /\/regions\/2: expected a region/],
  ];
  for (const name of ["RecognizeImage", "RecognizeRegions"]) {
    for (const [settings, detail] of cases) match(await refuse(name, { image: "AQID", settings }), detail);
    match(await refuse(name, { settings: {} }), /^Request\/image: expected an image in Base64, got nothing$/);
  }
});
