import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { readImageHeader } from "../../src/internal/image_header.ts";
import { LANGUAGES } from "../../src/model/language.ts";
import type { Region } from "../../src/model/region.ts";
import { recognizeText } from "../../src/emulator/recognition.ts";
import { type RecognitionRequest, recognize, startRecognizer } from "../../src/emulator/recognizer.ts";
import type { Tesseract } from "../../src/emulator/tesseract_api.ts";
import { editDistance, errorRate } from "../support/edit_distance.ts";
import { ascii, blank, draw, gif, pgm, type Picture, png, TEXT, tiff, turn } from "../support/images.ts";
import { run, strict, wasm, watchWorkers, withImports } from "../support/workers.ts";

const read = (path: string): Promise<Uint8Array> => readFile(new URL(path, import.meta.url));
const page = await read("../../examples/pages/lucasta.047.jpg");
const [PAGE_WIDTH, PAGE_HEIGHT] = [1065, 1879];

const english = (regions: readonly Region[] | null): RecognitionRequest => ({
  language: "English",
  format: "Text",
  regions,
});
const WHOLE = english(null);

const TITLE = { left: 187, top: 105, right: 760, bottom: 145 };
const LINE = { left: 30, top: 178, right: 894, bottom: 218 };
const WORD = { left: 183, top: 175, right: 280, bottom: 210 };
const REGIONS = [TITLE, LINE, WORD];
const TEXTS = ["BIOGRAPHICAL NOTICE.", "graceful, which drew respect from all men and women.", "which"];

/** The first word of {@linkcode TEXT}. */
const HELLO = { left: 30, top: 30, right: 170, bottom: 74 };

Deno.test(
  "recognize() reads a page with less than 5 % errors against a transcription made by hand",
  strict,
  async () => {
    const transcription = new TextDecoder().decode(await read("./lucasta.047.txt"));
    const [text, ...others] = await recognize(page, WHOLE);
    deepEqual(others, []);
    const rate = errorRate(text, transcription);
    ok(rate < 0.05, `${rate}`);
    equal(text.split("\n\n")[0], "BIOGRAPHICAL NOTICE. XxV");
    equal(text, text.trim());
  },
);

Deno.test("editDistance() counts insertions, deletions and replacements", () => {
  deepEqual([["", ""], ["", "abc"], ["kitten", "sitting"], ["flaw", "lawn"]].map(([a, b]) => editDistance(a, b)), [
    ...[0, 3, 3, 2],
  ]);
  equal(errorRate("a  b\n", "a b c d"), 4 / 7);
});

Deno.test("recognize() returns one text per region, in the order of the regions", strict, async () => {
  deepEqual(await recognize(page, english(REGIONS)), TEXTS);
  deepEqual(await recognize(page, english([...REGIONS, TITLE].toReversed())), [...TEXTS, TEXTS[0]].toReversed());
  deepEqual(await recognize(page, english([])), []);
});

Deno.test("recognize() cuts regions off at the edges of the image, and ignores those outside", strict, async () => {
  const empty = [
    { left: 2000, top: 0, right: 3000, bottom: 100 },
    { left: 0, top: -500, right: 500, bottom: -1 },
    { left: 0, top: 1879, right: 1065, bottom: 2000 },
    { left: 187, top: 105, right: 187, bottom: 145 },
    { left: 760, top: 105, right: 187, bottom: 145 },
    { left: NaN, top: 105, right: 760, bottom: 145 },
  ];
  deepEqual(await recognize(page, english([...empty, TITLE])), [...empty.map(() => ""), TEXTS[0]]);
  const { width, height } = TEXT;
  const beyond = { left: -1e9, top: -0.5, right: 2 ** 53, bottom: height + 0.5 };
  const [cut, whole] = await recognize(pgm(TEXT), english([beyond, { left: 0, top: 0, right: width, bottom: height }]));
  match(cut, /^HELLO .*\n.*\nHOTEL /);
  equal(cut, whole);
});

Deno.test("recognize() finds no text in regions that are blank, or too small for a letter", strict, async () => {
  const small = [[0, 0, 1, 1], [100, 200, 102, 202], [5, 5, 6, 40], [5, 5, 40, 6], [1064, 1878, 1065, 1879]];
  const regions = small.map(([left, top, right, bottom]) => ({ left, top, right, bottom }));
  deepEqual(await recognize(page, english(regions)), regions.map(() => ""));
  for (const format of ["Text", "Hocr"] as const) {
    const request = { ...WHOLE, format };
    for (const picture of [blank(1, 1), blank(3, 200), blank(32_767, 2)]) {
      deepEqual(await recognize(pgm(picture), request), [""]);
    }
  }
  deepEqual(await recognize(pgm(blank(600, 400)), WHOLE), [""]);
});

Deno.test("recognize() returns hOCR with positions in the image", strict, async () => {
  const [line, outside, title] = await recognize(page, {
    ...english([LINE, { left: 5000, top: 0, right: 6000, bottom: 9 }, TITLE]),
    format: "Hocr",
  });
  equal(outside, "");
  match(line, /^\s*<div class='ocr_page' id='page_1' title='image "unknown"; bbox 30 178 894 218; ppageno 0'>/);
  match(title, /^\s*<div class='ocr_page' id='page_1' title='image "unknown"; bbox 187 105 760 145; ppageno 0'>/);
  const [, ...box] = /title='bbox (\d+) (\d+) (\d+) (\d+); x_wconf \d+'>which<\/span>/.exec(line) ?? [];
  const [left, top, right, bottom] = box.map(Number);
  ok(WORD.left < left && left < right && right < WORD.right, box.join());
  ok(WORD.top < top && top < bottom && bottom < WORD.bottom, box.join());
  const [whole] = await recognize(page, { ...WHOLE, format: "Hocr" });
  match(whole, /^\s*<div class='ocr_page' id='page_1' title='image "unknown"; bbox 0 0 1065 1879; ppageno 0'>/);
  ok(whole.match(/<span class='ocr_line'/g)?.length === 32);
  match(whole, />which<\/span>/);
});

/** Stores a picture such that a viewer that applies the orientation shows it as it was. */
function store(shown: Picture, orientation: number): Picture {
  const isTurned = orientation >= 5;
  const width = isTurned ? shown.height : shown.width, height = isTurned ? shown.width : shown.height;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { left, top } = turn({ left: x, top: y, right: x + 1, bottom: y + 1 }, orientation, width, height);
      pixels[y * width + x] = shown.pixels[top * shown.width + left];
    }
  }
  return { width, height, pixels };
}

Deno.test(
  "recognize() reads images, and places regions, with each EXIF or TIFF orientation applied",
  strict,
  async () => {
    const [all] = await recognize(pgm(TEXT), WHOLE);
    match(all, /^HELLO .*\n.*\nHOTEL /);
    for (let orientation = 1; orientation <= 8; orientation++) {
      const stored = store(TEXT, orientation);
      for (const file of [await png(stored, orientation), tiff(stored, orientation)]) {
        deepEqual(await recognize(file, WHOLE), [all], `${orientation}`);
        deepEqual(await recognize(file, english([HELLO])), ["HELLO"], `${orientation}`);
      }
    }
  },
);

Deno.test("recognize() returns the same after other formats, modes and files", strict, async () => {
  const [first] = await recognize(pgm(TEXT), WHOLE);
  await recognize(page, english([TITLE]));
  await recognize(gif(TEXT), { ...WHOLE, format: "Hocr" });
  await recognize(pgm(TEXT).subarray(0, 2000), WHOLE).catch(() => {});
  deepEqual(await recognize(pgm(TEXT), WHOLE), [first]);
});

Deno.test("recognizeText() decodes the image and loads the language once, and passes on no empty region", () => {
  const calls: string[] = [];
  const log = <A>(name: string, result: A) => (...args: readonly unknown[]): A => {
    calls.push([name, ...args.filter((arg) => typeof arg === "number")].join(" "));
    return result;
  };
  class TessBaseAPI {
    InitForAnalysePage = log("InitForAnalysePage", undefined);
    Init = log("Init", 0);
    SetVariable = (name: string, value: string): boolean => name !== "tessedit_pageseg_mode" || !!calls.push(value);
    SetImage = log("SetImage", undefined);
    GetInputImage = (): never => {
      throw new Error("not expected");
    };
    AnalyseLayout = (): never => {
      throw new Error("not expected");
    };
    SetRectangle = log("SetRectangle", undefined);
    Recognize = log("Recognize", 0);
    GetUTF8Text = (): string => "text\n";
    GetHOCRText = (): string => "";
    End = log("End", undefined);
  }
  const none = (): number => 0;
  class Pix {
    get_w = none;
    get_h = none;
    get_d = none;
    get_wpl = none;
    get_spp = (): number => 1;
    get_data = none;
  }
  const fake: Tesseract = {
    TessBaseAPI,
    FS: { writeFile: () => {}, unlink: () => {} },
    _malloc: none,
    _free: none,
    _pixReadMem: () => 1,
    _pixDestroy: log("_pixDestroy", undefined),
    Pix,
    wrapPointer: () => new Pix(),
    getValue: none,
    setValue: none,
    getPointer: none,
    destroy: none,
  };
  const file = pgm(blank(50, 30));
  const header = readImageHeader(file);
  ok(header !== null);
  const data = { code: "eng", bytes: new Uint8Array() };
  const regions = [
    { left: 1, top: 2, right: 11, bottom: 22 },
    { left: 5, top: 5, right: 5, bottom: 10 },
    { left: 60, top: 5, right: 50, bottom: 10 },
    { left: 3, top: 4, right: 50, bottom: 30 },
  ];
  deepEqual(recognizeText(fake, file, header, data, "Text", regions), ["text", "", "", "text"]);
  deepEqual(calls.splice(0), [
    ...[
      "Init 1",
      "6",
      "SetImage 1",
      "SetRectangle 1 2 10 20",
      "Recognize",
      "SetRectangle 3 4 47 26",
      "Recognize",
      "_pixDestroy 0",
    ],
    "End",
  ]);
  deepEqual(recognizeText(fake, file, header, data, "Text", null), ["text"]);
  deepEqual(calls, ["Init 1", "3", "SetImage 1", "SetRectangle 0 0 50 30", "Recognize", "_pixDestroy 0", "End"]);
});

const missingLanguage = (name: string, code: string): RegExp =>
  new RegExp(
    `^Cannot recognize ${name}: the package @tesseract\\.js-data/${code} could not be loaded\\. ` +
      `Install it with \`npm install @tesseract\\.js-data/${code}\` \\(.+\\)$`,
  );

Deno.test(
  "recognize() names the missing package of a language, or that Tesseract does not support it",
  strict,
  async () => {
    const unsupported: string[] = [];
    for (const language of LANGUAGES) {
      if (language === "English") continue;
      const { message } = await recognize(pgm(TEXT), { ...WHOLE, language }).catch((error) => error);
      if (message === `Cannot recognize ${language}: Tesseract does not support this language`) {
        unsupported.push(
          language,
        );
      } else match(message, missingLanguage(language, "[a-z]{3}(_sim)?"));
    }
    equal(LANGUAGES.length - unsupported.length, 69);
    ok(unsupported.includes("HWT_ENG") && unsupported.includes("Low_German") && !unsupported.includes("Kazah"));
    const french = await recognize(pgm(TEXT), { ...WHOLE, language: "French" }).catch((error) => error);
    match(french.message, missingLanguage("French", "fra"));
    // A name that is not one of the service's, even one of a property of every object, is not supported either.
    const language = JSON.parse(`"constructor"`);
    await rejects(recognize(pgm(TEXT), { ...WHOLE, language }), {
      message: /^Cannot recognize constructor: Tesseract does/,
    });
    deepEqual(await recognize(pgm(TEXT), english([HELLO])), ["HELLO"]);
  },
);

Deno.test("recognize() explains why it cannot read a file and then reads the next one", strict, async () => {
  const file = pgm(TEXT);
  const damaged = (type: string): RegExp =>
    new RegExp(`^Cannot read the image: the image/${type} data is damaged, truncated or in an unsupported format$`);
  const faults: readonly (readonly [name: string, bytes: Uint8Array, message: RegExp])[] = [
    ["empty", new Uint8Array(), /^Cannot read the image: the file is empty$/],
    ["text", ascii("Dear Sir"), /^Cannot read the image: it is not a PNG, JPEG, GIF, WebP, TIFF or PNM file, /],
    ["PDF", ascii("%PDF-1.7\n"), /^Cannot read the image: it is a PDF, which the recognizer does not support\. /],
    ["JPEG, cut in the middle", page.subarray(0, 120_000), damaged("jpeg")],
    ["PNM, cut in the middle", file.subarray(0, 2000), damaged("x-portable-graymap")],
    ["10001 x 10000 pixels", ascii("P4\n10001 10000\n"), /: 10001 x 10000 pixels exceed the limit of 100 megapixels$/],
    ["side of 32768 pixels", pgm(blank(32_768, 2)), /: 32768 x 2 pixels exceed the limit of 32767 pixels per side$/],
  ];
  for (const [name, bytes, message] of faults) {
    const error = await recognize(bytes, WHOLE).catch((error) => error);
    equal(error.constructor, Error, name);
    match(error.message, message, name);
    deepEqual(await recognize(file, english([HELLO])), ["HELLO"], `after: ${name}`);
  }
});

Deno.test("recognize() bounds the number of regions, and the sum of their areas within the image", strict, async () => {
  const whole = { left: 0, top: 0, right: PAGE_WIDTH, bottom: PAGE_HEIGHT };
  await rejects(recognize(page, english(Array(10_001).fill(HELLO))), {
    message: "Cannot recognize the regions: 10001 regions exceed the limit of 10000",
  });
  const none = { left: NaN, top: 0, right: NaN, bottom: 1 };
  await rejects(recognize(page, english([none, ...Array(50).fill(whole)])), {
    message: "Cannot recognize the regions: 100056750 pixels in all regions exceed the limit of 100 megapixels",
  });
  const outside = { left: 5000, top: 0, right: 1e15, bottom: 1e15 };
  deepEqual(await recognize(page, english(Array(10_000).fill(outside))), Array(10_000).fill(""));
});

Deno.test("recognize() recreates the WebAssembly instance only after an abort", strict, async () => {
  const request = english([HELLO]);
  await recognize(pgm(TEXT), request);
  const before = wasm.instances;
  for (let i = 0; i < 2; i++) {
    wasm.isAborting = true;
    const outcomes = await Promise.allSettled([1, 2].map(() => recognize(pgm(TEXT), request)));
    deepEqual(outcomes, [
      { status: "rejected", reason: new Error("Cannot read the image: the recognition crashed (Aborted())") },
      { status: "fulfilled", value: ["HELLO"] },
    ]);
    deepEqual(await recognize(pgm(TEXT), request), ["HELLO"]);
  }
  equal(wasm.instances - before, 2);
});

Deno.test("recognize() returns texts or a documented error for mutated images", strict, async () => {
  const small = draw(["HELLO", "HOTEL"], 20);
  const files = [pgm(small), tiff(small, 3), await png(small, 6), gif(small)];
  const mutation = fc.record({
    file: fc.constantFrom(...files),
    length: fc.double({ min: 0.2, max: 1.2, noNaN: true }),
    changes: fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ file, length, changes }) => {
      const mutant = file.slice(0, Math.ceil(file.length * length));
      for (const [at, byte] of changes) mutant[at % mutant.length] = byte;
      const outcome = await recognize(mutant, english([{ left: 0, top: 0, right: 90, bottom: 60 }])).catch((e) => e);
      return Array.isArray(outcome) || outcome.message.startsWith("Cannot read the image: ");
    }),
    { numRuns: 50 },
  );
  deepEqual(await recognize(pgm(TEXT), english([HELLO])), ["HELLO"]);
});

const closed = /^Error: Cannot read the image: the recognizer is closed$/;

Deno.test(
  "startRecognizer() with one worker returns the same as recognize(), in order, without blocking the caller",
  strict,
  () =>
    watchWorkers(async (workers) => {
      const recognizer = startRecognizer({ workers: 1 });
      await recognizer.ready();
      const image = pgm(TEXT);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      const order: number[] = [];
      const jobs = [
        recognizer.recognize(page, english(REGIONS)),
        recognizer.recognize(image, { ...WHOLE, format: "Hocr" }),
        recognizer.recognize(page, { ...WHOLE, language: "Low_German" }),
        recognizer.recognize(image.subarray(0, 2000), WHOLE),
        recognizer.recognize(image, english([HELLO])),
      ];
      image.fill(0); // the image is copied before the call returns
      jobs.forEach((job, i) => void job.finally(() => order.push(i)).catch(() => {}));
      const outcomes = (await Promise.allSettled(jobs)).map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : outcome.reason
      );
      clearInterval(timer);
      deepEqual(outcomes, [
        TEXTS,
        await recognize(pgm(TEXT), { ...WHOLE, format: "Hocr" }),
        new Error("Cannot recognize Low_German: Tesseract does not support this language"),
        new Error(
          "Cannot read the image: the image/x-portable-graymap data is damaged, truncated or in an unsupported format",
        ),
        ["HELLO"],
      ]);
      deepEqual(order, [0, 1, 2, 3, 4]);
      // The jobs take at least a quarter of a second. In this thread, they would allow five ticks at most.
      ok(ticks >= 8, `${ticks} ticks`);
      equal(workers.size, 1);
      await recognizer.close();
    }),
);

Deno.test(
  "startRecognizer() replaces a worker that exits and loses only the current image",
  strict,
  () =>
    watchWorkers(async (workers) => {
      const recognizer = startRecognizer({ workers: 1 });
      await recognizer.ready();
      const held = recognizer.recognize(page, WHOLE);
      const waiting = recognizer.recognize(pgm(TEXT), english([HELLO]));
      const outcome = rejects(
        held,
        /^Error: Cannot read the image: the recognizer's worker exited unexpectedly \(exit code \d+\)$/,
      );
      void [...workers].at(-1)?.terminate();
      await outcome;
      deepEqual(await waiting, ["HELLO"]);
      equal(workers.size, 2);
      await recognizer.close();
    }),
);

Deno.test(
  "startRecognizer() rejects pending and later calls when it is closed",
  strict,
  () =>
    watchWorkers(async () => {
      const recognizer = startRecognizer();
      const jobs = [
        recognizer.recognize(page, WHOLE),
        recognizer.recognize(page, english([TITLE])),
        recognizer.ready(),
      ];
      const outcomes = jobs.map((job) => rejects(job, closed));
      await sleep(50);
      await Promise.all([recognizer.close(), recognizer.close()]);
      await Promise.all(outcomes);
      await rejects(recognizer.recognize(page, WHOLE), closed);
      await rejects(recognizer.ready(), closed);
    }),
);

/** A program that prints what `ready` says for these languages. */
const sayReady = (...languages: readonly string[]): string => `
  import { startRecognizer } from "RECOGNIZER";
  const recognizer = startRecognizer();
  for (const language of ${JSON.stringify(languages)}) {
    console.log(await recognizer.ready(language).then(() => language, (error) => error.message));
  }
  await recognizer.close();
`;

Deno.test("ready() names a missing package and the command that installs it", () =>
  withImports({ "tesseract.js-core/": "./missing/", "@tesseract.js-data/fra": "./missing.js" }, async (option) => {
    const { out, code } = await run(sayReady("English", "French"), "--allow-read", option);
    equal(code, 0, out);
    const [english, french] = out.trimEnd().split("\n");
    match(
      english,
      /^Cannot start the recognizer: the package tesseract\.js-core could not be loaded\. Install it with /,
    );
    match(french, missingLanguage("French", "fra"));
  }));

Deno.test("ready() names the permission that is missing to read the data of a language", async () => {
  const { out } = await run(
    `
    import { recognize } from "RECOGNIZER";
    const image = new TextEncoder().encode("P1\\n2 2\\n0 0\\n0 0\\n");
    await recognize(image, { language: "English", format: "Text", regions: null })
      .catch((error) => console.log(error.message));
  `,
  );
  match(
    out,
    /^Cannot recognize English: the data in the package @tesseract\.js-data\/eng could not be read \(.*--allow-read/,
  );
});

Deno.test("recognize() supports the languages whose packages are installed", async () => {
  const folder = await Deno.makeTempDir();
  const eng = fileURLToPath(import.meta.resolve("@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz"));
  await Deno.mkdir(`${folder}/4.0.0_best_int`);
  // The network of English stands for that of French, and a truncated one for that of Italian.
  await copyFile(eng, `${folder}/4.0.0_best_int/fra.traineddata.gz`);
  const truncated = gzipSync(gunzipSync(await readFile(eng)).subarray(0, 100_000));
  await writeFile(`${folder}/4.0.0_best_int/ita.traineddata.gz`, truncated);
  await writeFile(`${folder}/4.0.0_best_int/deu.traineddata.gz`, "junk");
  await writeFile(`${folder}/index.js`, `export default { langPath: ${JSON.stringify(`${folder}/4.0.0`)} };`);
  const packages = ["fra", "ita", "deu"].map((code) => [`@tesseract.js-data/${code}`, `${folder}/index.js`]);
  try {
    await withImports(Object.fromEntries(packages), async (option) => {
      const { out, code } = await run(sayReady("French", "Italian", "German", "English"), "--allow-read", option);
      equal(code, 0, out);
      deepEqual(out.trimEnd().split("\n"), [
        "French",
        "Cannot read the image: the recognition crashed (Tesseract does not accept the data of the language ita)",
        "Cannot recognize German: the data in the package @tesseract.js-data/deu could not be read " +
        "(incorrect header check)",
        "English",
      ]);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("startRecognizer() keeps the process alive only while it is working", async () => {
  const { out, code } = await run(
    `
    import { startRecognizer } from "RECOGNIZER";
    startRecognizer().ready().then(() => console.log("ready"));
  `,
    "--allow-read",
  );
  equal(out, "ready\n");
  equal(code, 0);
});
