import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { detect, startDetector } from "../../src/emulator/detector.ts";
import type { Region } from "../../src/model/region.ts";
import type { DsrMode } from "../../src/model/settings.ts";
import {
  ascii,
  blank,
  draw,
  gif,
  grayAlphaPng,
  join,
  palettePng,
  pbm,
  pgm,
  type Picture,
  png,
  ppm,
  TEXT,
  tiff,
  TRANSPARENT_WEBP,
  turn,
  u16,
  u32,
  withOrientation,
} from "../support/images.ts";
import { run, strict, wasm, watchWorkers, withImports } from "../support/workers.ts";

const PAGES = {
  "lucasta.047.jpg": [1065, 1879],
  "cavalerie.29.jpg": [929, 1252],
  "patent.png": [2320, 3408],
  "zanotti-78.jpg": [1052, 1524],
} as const;

type PageName = keyof typeof PAGES;

const readPage = (name: PageName): Promise<Uint8Array> =>
  readFile(new URL(`../../examples/pages/${name}`, import.meta.url));

const found = new Map<string, Promise<readonly Region[]>>();

/** Caches the results per page and mode, since each detection takes a quarter of a second. */
function regionsOf(name: PageName, mode: DsrMode): Promise<readonly Region[]> {
  const key = `${name} ${mode}`;
  const regions = found.get(key) ?? readPage(name).then((page) => detect(page, mode));
  found.set(key, regions);
  return regions;
}

function isNear(a: Region, b: Region, tolerance: number): boolean {
  return Math.abs(a.left - b.left) <= tolerance && Math.abs(a.top - b.top) <= tolerance &&
    Math.abs(a.right - b.right) <= tolerance && Math.abs(a.bottom - b.bottom) <= tolerance;
}

function assertInside(regions: readonly Region[], width: number, height: number): void {
  for (const { left, top, right, bottom } of regions) {
    ok(0 <= left && left < right && right <= width, `${left} to ${right} of ${width}`);
    ok(0 <= top && top < bottom && bottom <= height, `${top} to ${bottom} of ${height}`);
    ok([left, top, right, bottom].every(Number.isInteger));
  }
}

const isWithin = (inner: Region, outer: Region, tolerance: number): boolean =>
  inner.left >= outer.left - tolerance && inner.top >= outer.top - tolerance &&
  inner.right <= outer.right + tolerance && inner.bottom <= outer.bottom + tolerance;

Deno.test("detect() finds the running head of a page, then its text column", strict, async () => {
  const regions = await regionsOf("lucasta.047.jpg", "Regions");
  equal(regions.length, 2);
  const [head, column] = regions;
  ok(isNear(head, { left: 187, top: 110, right: 894, bottom: 140 }, 20), JSON.stringify(head));
  ok(isNear(column, { left: 32, top: 178, right: 894, bottom: 1702 }, 20), JSON.stringify(column));
});

Deno.test("detect() finds the blocks in both columns of a form", strict, async () => {
  const regions = await regionsOf("patent.png", "Regions");
  ok(regions.length >= 12 && regions.length <= 24, `${regions.length} blocks`);
  const isAny = (box: Region): boolean => regions.some((region) => isNear(region, box, 40));
  ok(isAny({ left: 250, top: 241, right: 994, bottom: 353 }), "the title");
  ok(isAny({ left: 250, top: 500, right: 935, bottom: 536 }), "the first entry of the left column");
  ok(isAny({ left: 1222, top: 699, right: 2122, bottom: 1904 }), "the abstract in the right column");
});

Deno.test("detect() ignores rules and bar codes", strict, async () => {
  const rule = { left: 249, top: 387, right: 2120, bottom: 391 };
  const bars = { left: 1160, top: 70, right: 2120, bottom: 155 };
  for (const mode of ["Regions", "LineDetector", "TextDetector"] as const) {
    for (const region of await regionsOf("patent.png", mode)) {
      const isOver = (box: Region): boolean =>
        region.left < box.right && box.left < region.right && region.top < box.bottom && box.top < region.bottom;
      ok(!isOver(rule) && !isOver(bars), `${mode}: ${JSON.stringify(region)}`);
    }
  }
});

Deno.test("detect() finds the text in photographs with shadows", strict, async () => {
  const cavalerie = await regionsOf("cavalerie.29.jpg", "Regions");
  assertInside(cavalerie, ...PAGES["cavalerie.29.jpg"]);
  ok(cavalerie.length >= 5 && cavalerie.length <= 8, `${cavalerie.length} blocks`);
  ok(
    cavalerie.some((region) => isNear(region, { left: 205, top: 686, right: 688, bottom: 1038 }, 20)),
    "the last block",
  );
  const zanotti = await regionsOf("zanotti-78.jpg", "Regions");
  ok(zanotti.length >= 1 && zanotti.length <= 6, `${zanotti.length} blocks`);
  ok(zanotti.some((region) => isNear(region, { left: 217, top: 179, right: 956, bottom: 1324 }, 20)), "the column");
});

Deno.test("detect() ignores the strip of the facing page at the edge of a photograph", strict, async () => {
  for (const mode of ["Regions", "LineDetector", "TextDetector"] as const) {
    const regions = await regionsOf("cavalerie.29.jpg", mode);
    ok(regions.every(({ left }) => left > 180), `${mode}: ${JSON.stringify(regions)}`);
  }
});

const recolor = ({ width, height, pixels }: Picture, toGray: (pixel: number) => number): Picture => ({
  width,
  height,
  pixels: pixels.map(toGray),
});

/** The regions of {@linkcode TEXT}, and its lines. */
const ALL = { left: 40, top: 40, right: 396, bottom: 148 };
const LINES = [396, 396, 372].map((right, row) => ({ left: 40, top: 40 + row * 40, right, bottom: 68 + row * 40 }));

Deno.test("detect() finds pale print", strict, async () => {
  for (const ink of [0, 130, 170]) {
    const pale = recolor(TEXT, (pixel) => pixel === 0 ? ink : 240);
    deepEqual(await detect(pgm(pale), "LineDetector"), LINES, `${ink}`);
  }
});

Deno.test("detect() finds the same in black and white, in shades of gray, and in color", strict, async () => {
  for (const file of [pbm(TEXT), pgm(TEXT), ppm(TEXT), await png(TEXT, 1), tiff(TEXT, 1)]) {
    deepEqual(await detect(file, "LineDetector"), LINES, String.fromCharCode(...file.subarray(0, 4)));
  }
});

/** Reduces the size of a picture, blurs it twice, and makes its ink gray. */
function reduce({ width, height, pixels }: Picture, factor: number): Picture {
  const small = { width: Math.floor(width / factor), height: Math.floor(height / factor) };
  const sharp = Float64Array.from({ length: small.width * small.height }, (_, i) => {
    const left = i % small.width * factor, top = Math.floor(i / small.width) * factor;
    let sum = 0;
    for (let y = top; y < top + factor; y++) for (let x = left; x < left + factor; x++) sum += pixels[y * width + x];
    return sum / factor ** 2;
  });
  const average = (values: Float64Array<ArrayBuffer>, step: number): Float64Array<ArrayBuffer> =>
    values.map((value, i) => (2 * value + (values[i - step] ?? 255) + (values[i + step] ?? 255)) / 4);
  let blurred = sharp;
  for (const step of [1, small.width, 1, small.width]) blurred = average(blurred, step);
  return { ...small, pixels: Uint8Array.from(blurred, (value) => 130 + value * 125 / 255) };
}

Deno.test("detect() finds small letters of an image with a low resolution", strict, async () => {
  const words = ["HELLO", "NOTE", "TOLL", "HOTEL", "NET", "ONE", "THE", "TO", "NO", "TELL"];
  const rows = Array.from({ length: 16 }, (_, row) => words.map((_, i) => words[(row * 3 + i * i) % 10]).join(" "));
  const lines = await detect(pgm(reduce(draw(rows.map((row) => row.slice(0, 32)), 80), 4)), "LineDetector");
  ok(lines.length >= 8, `${lines.length} lines`);
});

Deno.test("detect() finds ink of any color on a transparent background", strict, async () => {
  for (const [ink, opacity] of [[0, 1], [100, 1], [255, 1], [255, 0.4], [0, 0.4]]) {
    const file = await grayAlphaPng(TEXT, (pixel) => [ink, Math.round((255 - pixel) * opacity)]);
    deepEqual(await detect(file, "Regions"), [ALL], `${ink}, ${opacity}`);
  }
  deepEqual(await detect(await palettePng(TEXT, [0, 0, 0, 0], [255, 255, 255, 255]), "Regions"), [ALL]);
  deepEqual(await detect(await palettePng(TEXT, [255, 255, 255, 0], [0, 0, 0, 255]), "Regions"), [ALL]);
  deepEqual(await detect(await palettePng(TEXT, [255, 255, 255, 0], [255, 255, 128, 200]), "Regions"), [ALL]);
  deepEqual(await detect(TRANSPARENT_WEBP, "LineDetector"), [
    { left: 20, top: 20, right: 136, bottom: 48 },
    { left: 20, top: 60, right: 136, bottom: 88 },
  ]);
});

Deno.test("detect() finds nothing in an image that is transparent everywhere", strict, async () => {
  deepEqual(await detect(await grayAlphaPng(blank(200, 100), () => [0, 0]), "Regions"), []);
});

for (const name of ["lucasta.047.jpg", "patent.png", "zanotti-78.jpg"] as const) {
  Deno.test(`detect() finds more lines than blocks and more words than lines in ${name}`, strict, async () => {
    const [width, height] = PAGES[name];
    const blocks = await regionsOf(name, "Regions");
    const lines = await regionsOf(name, "LineDetector");
    const words = await regionsOf(name, "TextDetector");
    ok(blocks.length > 0);
    ok(lines.length > 2 * blocks.length, `${lines.length} lines, ${blocks.length} blocks`);
    ok(words.length > 4 * lines.length, `${words.length} words, ${lines.length} lines`);
    for (const regions of [blocks, lines, words]) assertInside(regions, width, height);
    for (const region of [...lines, ...words]) {
      ok(blocks.some((block) => isWithin(region, block, 20)), `outside all blocks: ${JSON.stringify(region)}`);
    }
  });
}

Deno.test("detect() returns blocks in all modes except LineDetector and TextDetector", strict, async () => {
  const file = pgm(TEXT);
  const all = { left: 40, top: 40, right: 396, bottom: 148 };
  const line = (row: number, right: number): Region => ({ left: 40, top: 40 + row * 40, right, bottom: 68 + row * 40 });
  deepEqual(await detect(file, "LineDetector"), [line(0, 396), line(1, 396), line(2, 372)]);
  const words = await detect(file, "TextDetector");
  equal(words.length, 11);
  deepEqual(words.slice(0, 2), [
    { left: 40, top: 40, right: 156, bottom: 68 },
    { left: 184, top: 40, right: 228, bottom: 68 },
  ]);
  const modes = ["Regions", "DsrNoFilter", "DsrAndFilter", "NoDsrNoFilter", "DsrPlusDetector", "PolygonalTextDetector"];
  for (const mode of modes) deepEqual(await detect(file, mode as DsrMode), [all], mode);
});

Deno.test("detect() returns the same result after other modes and pages", strict, async () => {
  const first = await regionsOf("lucasta.047.jpg", "Regions");
  const page = await readPage("lucasta.047.jpg");
  await detect(page, "TextDetector");
  await detect(pgm(TEXT), "LineDetector");
  deepEqual(await detect(page, "Regions"), first);
});

Deno.test("detect() measures the resolution and ignores what the file states", strict, async () => {
  const page = Uint8Array.from(await readPage("lucasta.047.jpg"));
  equal(String.fromCharCode(...page.subarray(6, 10)), "JFIF");
  page.set([1, ...u16(1200), ...u16(1200)], 13);
  deepEqual(await detect(page, "Regions"), await regionsOf("lucasta.047.jpg", "Regions"));
});

Deno.test("detect() drops words without symbols, which cover the whole page", strict, async () => {
  const [width, height] = PAGES["patent.png"];
  const words = await regionsOf("patent.png", "TextDetector");
  ok(words.every(({ right, bottom, left, top }) => (right - left) * (bottom - top) < width * height / 4));
});

Deno.test("detect() keeps a line or word that fills the whole image", strict, async () => {
  const word = draw(["HEHEOONELOLHH"], 0);
  const all = [{ left: 0, top: 0, right: word.width, bottom: word.height }];
  deepEqual(await detect(pgm(word), "LineDetector"), all);
  deepEqual(await detect(pgm(word), "TextDetector"), all);
});

Deno.test("detect() finds nothing on blank pages, however small", strict, async () => {
  for (const picture of [blank(600, 400), blank(1, 1), blank(3, 200), blank(32_767, 2)]) {
    for (const mode of ["Regions", "LineDetector", "TextDetector"] as const) {
      deepEqual(await detect(pgm(picture), mode), []);
    }
  }
  deepEqual(await detect(await png(blank(600, 400), 1), "Regions"), []);
  deepEqual(await detect(tiff(blank(600, 400), 1), "Regions"), []);
  deepEqual(await detect(gif(blank(60, 40)), "Regions"), []);
});

Deno.test("detect() does not modify the image and accepts a view of a larger buffer", strict, async () => {
  const file = pgm(TEXT);
  const larger = join([1, 2, 3], file, [4, 5]);
  const copy = larger.slice();
  deepEqual(await detect(larger.subarray(3, -2), "TextDetector"), await detect(file, "TextDetector"));
  deepEqual(larger, copy);
});

Deno.test("detect() returns coordinates in the displayed JPEG for each EXIF orientation", strict, async () => {
  const [width, height] = PAGES["lucasta.047.jpg"];
  const stored = await regionsOf("lucasta.047.jpg", "Regions");
  const page = await readPage("lucasta.047.jpg");
  for (let orientation = 1; orientation <= 8; orientation++) {
    const shown = await detect(withOrientation(page, orientation), "Regions");
    const text = `${orientation}: ${JSON.stringify(shown)}`;
    equal(shown.length, stored.length, text);
    for (const region of stored) {
      const expected = turn(region, orientation, width, height);
      // The other way up, the edges of the letters are found up to a few pixels elsewhere, and specks join in.
      ok(shown.some((other) => isNear(other, expected, 10)), `${text}, expected ${JSON.stringify(expected)}`);
    }
  }
});

Deno.test("detect() returns coordinates in the displayed PNG or TIFF", strict, async () => {
  const { width, height } = TEXT;
  const [stored] = await detect(pgm(TEXT), "Regions");
  for (let orientation = 1; orientation <= 8; orientation++) {
    const expected = [turn(stored, orientation, width, height)];
    deepEqual(await detect(await png(TEXT, orientation), "Regions"), expected, `PNG, ${orientation}`);
    deepEqual(await detect(tiff(TEXT, orientation), "Regions"), expected, `TIFF, ${orientation}`);
  }
});

Deno.test("detect() explains why it cannot read a file and then reads the next one", strict, async () => {
  const jpeg = await readPage("lucasta.047.jpg");
  const form = await readPage("patent.png");
  const file = pgm(TEXT);
  const unknown =
    /^Cannot read the image: it is not a PNG, JPEG, GIF, WebP, TIFF or PNM file, or its header is incomplete$/;
  const damaged = (type: string): RegExp =>
    new RegExp(`^Cannot read the image: the image/${type} data is damaged, truncated or in an unsupported format$`);
  const faults: readonly (readonly [name: string, bytes: Uint8Array, message: RegExp])[] = [
    ["empty", new Uint8Array(), /^Cannot read the image: the file is empty$/],
    ["text", ascii("Dear Sir, please find enclosed"), unknown],
    ["zeros", new Uint8Array(5000), unknown],
    ["JPEG, cut in its header", jpeg.subarray(0, 20), unknown],
    ["JPEG, cut before its pixels", jpeg.subarray(0, 700), damaged("jpeg")],
    ["JPEG, cut in the middle", jpeg.subarray(0, 120_000), damaged("jpeg")],
    ["JPEG, without its end", jpeg.subarray(0, -2), damaged("jpeg")],
    ["PNG, cut in the middle", form.subarray(0, 40_000), damaged("png")],
    ["PNM, cut in the middle", file.subarray(0, 2000), damaged("x-portable-graymap")],
    ["GIF, cut in the middle", gif(TEXT).subarray(0, 500), damaged("gif")],
    ["TIFF, cut in the middle", tiff(TEXT, 1).subarray(0, 500), damaged("tiff")],
  ];
  const expected = await detect(file, "Regions");
  for (const [name, bytes, message] of faults) {
    const error = await detect(bytes, "Regions").catch((error) => error);
    equal(error.constructor, Error, name);
    match(error.message, message, name);
    deepEqual(await detect(file, "Regions"), expected, `after: ${name}`);
  }
});

Deno.test("detect() rejects images over 100 megapixels by their header", strict, async () => {
  // Only a header can say so: the files have no pixels.
  const tooLarge = /^Error: Cannot read the image: 10001 x 10000 pixels exceed the limit of 100 megapixels$/;
  await rejects(detect(ascii("P4\n10001 10000\n"), "Regions"), tooLarge);
  const header = join([0x89], ascii("PNG\r\n\x1a\n\0\0\0\rIHDR"), u32(2 ** 31 - 1), u32(2 ** 31 - 1), [8, 0, 0, 0, 0]);
  await rejects(detect(header, "Regions"), /: 2147483647 x 2147483647 pixels exceed the limit of 100 megapixels$/);
  await rejects(detect(ascii("P4\n10000 10000\n"), "Regions"), /data is damaged, truncated/);
});

Deno.test("detect() rejects sides over 32,767 pixels, which make Tesseract abort", strict, async () => {
  const tooLong = /^Error: Cannot read the image: \d+ x \d+ pixels exceed the limit of 32767 pixels per side$/;
  await rejects(detect(pgm(blank(32_768, 2)), "Regions"), tooLong);
  await rejects(detect(pgm(blank(2, 32_768)), "Regions"), tooLong);
});

Deno.test("detect() recreates the WebAssembly instance only after an abort", strict, async () => {
  const file = pgm(TEXT);
  const expected = await detect(file, "TextDetector");
  const before = wasm.instances;
  for (let i = 0; i < 3; i++) {
    wasm.isAborting = true;
    const error = await detect(file, "Regions").catch((error) => error);
    equal(error.message, "Cannot read the image: the layout analysis crashed (Aborted())");
    deepEqual(await detect(file, "TextDetector"), expected);
    deepEqual(await detect(file, "TextDetector"), expected);
  }
  equal(wasm.instances - before, 3);
});

Deno.test("detect() completes a call that was waiting while another one aborted", strict, async () => {
  const file = pgm(TEXT);
  const expected = await detect(file, "TextDetector");
  const before = wasm.instances;
  wasm.isAborting = true;
  const outcomes = await Promise.allSettled([
    detect(file, "Regions"),
    detect(file, "TextDetector"),
    detect(file, "TextDetector"),
  ]);
  const values = outcomes.map((outcome) => outcome.status === "fulfilled" ? outcome.value : null);
  deepEqual(values, [null, expected, expected]);
  equal(wasm.instances - before, 1);
});

Deno.test("detect() finds all regions of a GIF whose frame is larger than its logical screen", strict, async () => {
  deepEqual(await detect(gif(TEXT), "TextDetector"), await detect(pgm(TEXT), "TextDetector"));
  const larger = gif(TEXT, { width: 200, height: 100 });
  deepEqual(await detect(larger, "TextDetector"), await detect(pgm(TEXT), "TextDetector"));
});

Deno.test("detect() adds up the pixels of all frames of a GIF to check its size", strict, async () => {
  const huge = gif(blank(4, 4), { width: 1, height: 1 }, [{ width: 32_000, height: 32_000 }]);
  await rejects(detect(huge, "Regions"), {
    message: "Cannot read the image: 32000 x 32000 pixels exceed the limit of 100 megapixels",
  });
  const many = gif(blank(4, 4), undefined, [{ width: 4, height: 4 }, ...Array(11).fill({ width: 3000, height: 3100 })]);
  await rejects(detect(many, "Regions"), {
    message: "Cannot read the image: 102300016 pixels in all frames exceed the limit of 100 megapixels",
  });
});

Deno.test("detect() returns regions or a documented error for mutated images", strict, async () => {
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
      const outcome = await detect(mutant, "TextDetector").catch((error) => error);
      return Array.isArray(outcome) || outcome.message.startsWith("Cannot read the image: ");
    }),
    { numRuns: 100 },
  );
  deepEqual(await detect(pgm(TEXT), "Regions"), [{ left: 40, top: 40, right: 396, bottom: 148 }]);
});

const closed = /^Error: Cannot read the image: the detector is closed$/;

Deno.test(
  "startDetector() with one worker returns the same as detect(), in order",
  strict,
  () =>
    watchWorkers(async (workers) => {
      const detector = startDetector({ workers: 1 });
      const order: number[] = [];
      const page = await readPage("lucasta.047.jpg");
      const jobs = [
        detector.detect(page, "LineDetector"),
        detector.detect(pgm(TEXT), "TextDetector"),
        detector.detect(page, "Regions"),
      ];
      jobs.forEach((job, i) => void job.then(() => order.push(i)));
      deepEqual(await Promise.all(jobs), [
        await regionsOf("lucasta.047.jpg", "LineDetector"),
        await detect(pgm(TEXT), "TextDetector"),
        await regionsOf("lucasta.047.jpg", "Regions"),
      ]);
      deepEqual(order, [0, 1, 2]);
      deepEqual(await detector.detect(pgm(blank(60, 40)), "Regions"), []);
      equal(workers.size, 1);
      await detector.close();
    }),
);

Deno.test("startDetector() sends one image at a time to a worker", strict, async () => {
  let posted = 0;
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (...message) {
    posted++;
    return postMessage.apply(this, message);
  };
  const detector = startDetector({ workers: 1 });
  try {
    const jobs = [1, 2, 3].map(() => detector.detect(pgm(TEXT), "Regions"));
    equal(posted, 1);
    await jobs[0];
    equal(posted, 2);
    await Promise.all(jobs);
    equal(posted, 3);
  } finally {
    Worker.prototype.postMessage = postMessage;
    await detector.close();
  }
});

Deno.test("startDetector() does not block the calling thread", strict, async () => {
  const detector = startDetector();
  await detector.detect(pgm(TEXT), "Regions");
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await detector.detect(await readPage("patent.png"), "TextDetector");
  clearInterval(timer);
  await detector.close();
  // Detection takes at least a quarter of a second. In this thread, it would allow two ticks at most.
  ok(ticks >= 8, `${ticks} ticks`);
});

Deno.test("startDetector() copies the image before detect() returns", strict, async () => {
  const detector = startDetector();
  const first = pgm(TEXT), second = join([1, 2, 3], pgm(TEXT)).subarray(3);
  const jobs = [detector.detect(first, "Regions"), detector.detect(second, "Regions")];
  first.fill(0);
  second.fill(0);
  deepEqual((await Promise.all(jobs)).map((regions) => regions.length), [1, 1]);
  await detector.close();
});

Deno.test(
  "startDetector() rejects with the same errors as detect() and continues to work",
  strict,
  () =>
    watchWorkers(async (workers) => {
      const detector = startDetector({ workers: 1 });
      for (const bytes of [new Uint8Array(), ascii("text"), pgm(TEXT).subarray(0, 2000)]) {
        const here = await detect(bytes, "Regions").catch((error) => error);
        const there = await detector.detect(bytes, "Regions").catch((error) => error);
        equal(there.constructor, Error);
        equal(there.message, here.message);
        equal((await detector.detect(pgm(TEXT), "Regions")).length, 1);
      }
      equal(workers.size, 1);
      await detector.close();
    }),
);

Deno.test(
  "startDetector() replaces a worker that exits and loses only the current image",
  strict,
  () =>
    watchWorkers(async (workers) => {
      const detector = startDetector({ workers: 1 });
      const page = await readPage("lucasta.047.jpg");
      for (const delay of [0, 150]) {
        const held = detector.detect(page, "Regions");
        const waiting = detector.detect(page, "LineDetector");
        const task = delay === 0 ? "start the detector: its" : "read the image: the detector's";
        const outcome = rejects(
          held,
          RegExp(`^Error: Cannot ${task} worker exited unexpectedly \\(exit code \\d+\\)$`),
        );
        if (delay > 0) await sleep(delay);
        void [...workers].at(-1)?.terminate();
        await outcome;
        deepEqual(await waiting, await regionsOf("lucasta.047.jpg", "LineDetector"));
      }
      equal(workers.size, 3);
      await detector.close();
    }),
);

Deno.test(
  "startDetector() replaces a worker that exited while idle",
  strict,
  () =>
    watchWorkers(async (workers) => {
      const detector = startDetector();
      await detector.detect(pgm(TEXT), "Regions");
      const [idle] = workers;
      const exit = once(idle, "exit");
      await idle.terminate();
      await exit;
      equal((await detector.detect(pgm(TEXT), "Regions")).length, 1);
      equal(workers.size, 2);
      await detector.close();
    }),
);

for (const delay of [0, 20, 60, 200]) {
  Deno.test(
    `startDetector() rejects pending calls when it is closed after ${delay} ms`,
    strict,
    () =>
      watchWorkers(async () => {
        const detector = startDetector();
        const page = await readPage("patent.png");
        const jobs = (["Regions", "LineDetector", "TextDetector"] as const).map((mode) => detector.detect(page, mode));
        const outcomes = jobs.map((job) => rejects(job, closed));
        if (delay > 0) await sleep(delay);
        await Promise.all([detector.close(), detector.close()]);
        await Promise.all(outcomes);
        await rejects(detector.detect(page, "Regions"), closed);
        await detector.close();
      }),
  );
}

Deno.test("startDetector() starts no worker before the first image", strict, () =>
  watchWorkers(async (workers) => {
    const detector = startDetector();
    await detector.close();
    equal(workers.size, 0);
    await rejects(detector.detect(pgm(TEXT), "Regions"), closed);
    equal(workers.size, 0);
  }));

const PBM = `new TextEncoder().encode("P1\\n2 2\\n0 0\\n0 0\\n")`;

Deno.test("detect() needs no permissions and loads Tesseract on the first image", async () => {
  const { out, code } = await run(`
    let loads = 0;
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (...input) => (loads++, instantiate(...input));
    const { detect } = await import("DETECTOR");
    await new Promise((resolve) => setTimeout(resolve, 300));
    await detect(new Uint8Array(), "Regions").catch(() => {});
    const before = loads;
    const regions = await detect(${PBM}, "Regions");
    await detect(${PBM}, "Regions");
    console.log(JSON.stringify([before, regions, loads]));
  `);
  equal(out, "[0,[],1]\n");
  equal(code, 0);
});

Deno.test("startDetector() rejects the first image with the name of a missing permission", async () => {
  const { out } = await run(`
    import { startDetector } from "DETECTOR";
    const detector = startDetector();
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log("started");
    for (let i = 0; i < 2; i++) console.log(await detector.detect(${PBM}, "Regions").catch((error) => error.message));
    await detector.close();
  `);
  const [first, ...others] = out.trimEnd().split("\n");
  equal(first, "started");
  equal(others.length, 2);
  for (const other of others) match(other, /^Cannot start the detector: its worker exited .*--allow-read/);
});

const WITHOUT_TESSERACT = { "tesseract.js-core/": "./missing/" };

const missing =
  /^Cannot start the detector: the package tesseract.js-core could not be loaded\. Install it with `npm install tesseract.js-core` \(Module not found .*\)$/;

Deno.test("detect() and startDetector() name a missing package and the command that installs it", () =>
  withImports(WITHOUT_TESSERACT, async (option) => {
    const { out, code } = await run(
      `
      import { detect, startDetector } from "DETECTOR";
      const detector = startDetector();
      const calls = [() => detect(${PBM}, "Regions"), () => detector.detect(${PBM}, "Regions"), detector.ready];
      for (const call of [...calls, ...calls]) await call().catch((error) => console.log(error.message));
      await detector.close();
    `,
      "--allow-read",
      option,
    );
    equal(code, 0, out);
    const lines = out.trimEnd().split("\n");
    equal(lines.length, 6);
    for (const line of lines) match(line, missing);
  }));

Deno.test("ready() loads Tesseract before the first image", strict, () =>
  watchWorkers(async (workers) => {
    const detector = startDetector();
    await detector.ready();
    equal(workers.size, 1);
    equal((await detector.detect(pgm(TEXT), "Regions")).length, 1);
    await detector.close();
    equal(workers.size, 1);
    await rejects(detector.ready(), closed);
  }));

Deno.test("startDetector() keeps the process alive only while it is working", async () => {
  const { out, code } = await run(
    `
    import { startDetector } from "DETECTOR";
    const detector = startDetector();
    detector.detect(${PBM}, "Regions").then((regions) => {
      console.log(regions.length);
      setTimeout(() => detector.detect(${PBM}, "Regions").then((regions) => console.log(regions.length)), 50);
    });
  `,
    "--allow-read",
  );
  equal(out, "0\n0\n");
  equal(code, 0);
});

Deno.test("startDetector() survives an uncaught exception in its worker", async () => {
  const { out, code } = await run(
    `
    import { startDetector } from "DETECTOR";
    import { Worker } from "node:worker_threads";
    const { postMessage } = Worker.prototype;
    let isFirst = true;
    Worker.prototype.postMessage = function (...message) {
      return postMessage.apply(this, isFirst ? [null] : message, isFirst = false);
    };
    const detector = startDetector();
    await detector.detect(${PBM}, "Regions").catch((error) => console.log(error.message));
    console.log(JSON.stringify(await detector.detect(${PBM}, "Regions")));
    await detector.close();
  `,
    "--allow-read",
  );
  match(out, /^Cannot read the image: the detector's worker exited unexpectedly \(Cannot destructure .*\)\n\[\]\n$/);
  equal(code, 0);
});
