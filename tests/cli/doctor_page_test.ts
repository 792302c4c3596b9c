import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { toPng } from "../../src/cli/doctor/png.ts";
import { drawPage, PAGE, WORDS } from "../../src/cli/doctor/page.ts";
import { boxIn, findFrame, type Frame, wordAt } from "../../src/cli/doctor/frames.ts";
import { detect } from "../../src/emulator/detector.ts";

/** The rows of a PNG file, one string of 0 and 1 each, where 1 is white. */
function readPng(png: Uint8Array): readonly string[] {
  const view = new DataView(png.buffer);
  const width = view.getUint32(16), height = view.getUint32(20);
  const length = view.getUint32(33);
  equal(new TextDecoder().decode(png.subarray(37, 41)), "IDAT");
  const bytes = inflateSync(png.subarray(41, 41 + length));
  const stride = 1 + Math.ceil(width / 8);
  return Array.from({ length: height }, (_, y) => {
    const row = bytes.subarray(y * stride, (y + 1) * stride);
    equal(row[0], 0);
    return Array.from(row.subarray(1), (byte) => byte.toString(2).padStart(8, "0")).join("").slice(0, width);
  });
}

Deno.test("toPng() writes every pixel of an image of any size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.func(fc.boolean()), (w, h, f) => {
      const isBlack = (x: number, y: number): boolean => f(x, y);
      const rows = readPng(toPng({ width: w, height: h, isBlack }));
      deepEqual(
        rows,
        Array.from({ length: h }, (_, y) => Array.from({ length: w }, (_, x) => isBlack(x, y) ? "0" : "1").join("")),
      );
    }),
    { numRuns: 30 },
  );
});

Deno.test("toPng() writes images that need several blocks", () => {
  const rows = readPng(toPng({ width: 8 * 70_000, height: 2, isBlack: (x) => x === 8 * 65_535 }));
  deepEqual(rows.map((row) => row.indexOf("0")), [8 * 65_535, 8 * 65_535]);
});

Deno.test("the doctor's pages are the same bytes on every runtime", () => {
  const hashes = [false, true].map((isTurned) => createHash("sha256").update(drawPage(isTurned)).digest("hex"));
  deepEqual(hashes, [
    "b23fa740be0b36ef09c723fcc69816226a0d27447978dcdda858d14baac2535b",
    "f64e83f6c78bc560408bd831723d045b8c533fa76306e8efd8c5f2b0b6fcefbd",
  ]);
});

Deno.test("a detector finds the words of the doctor's pages where they are", async () => {
  const upright = await detect(drawPage(false), "LineDetector");
  deepEqual(new Set(upright.map(wordAt)), new Set(WORDS.map(({ text }) => text)));
  deepEqual(upright.find((region) => wordAt(region) === "PRINT"), { left: 520, top: 590, right: 665, bottom: 625 });

  const frames = [frame(0), frame(5.72), frame(-5.72)];
  const fit = findFrame(await detect(drawPage(true), "LineDetector"), frames);
  deepEqual([fit?.frame.degrees, fit?.words], [5.72, 7]);
});

function frame(degrees: number, scale = 1): Frame {
  return { name: `${degrees}° ${scale}`, degrees, scale };
}

Deno.test("findFrame() finds the frame of boxes that are shifted, inexact, in any order, and with others among them", () => {
  const frames = [frame(0), frame(10), frame(-10), frame(5.72), frame(0, 2), frame(0, 1.5)];
  const noise = fc.integer({ min: -4, max: 4 });
  fc.assert(
    fc.property(
      fc.constantFrom(...frames),
      fc.tuple(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -300, max: 300 })),
      fc.array(fc.tuple(noise, noise, noise, noise), { minLength: 7, maxLength: 7 }),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 5 }),
      (expected, [x, y], noises, indices) => {
        const boxes = indices.map((i) => {
          const { left, top, right, bottom } = boxIn(expected, WORDS[i].box);
          const [a, b, c, d] = noises[i];
          return { left: left + x + a, top: top + y + b, right: right + x + c, bottom: bottom + y + d };
        });
        const page = { left: 0, top: 0, ...{ right: PAGE.width, bottom: PAGE.height } };
        equal(findFrame([page, ...boxes], frames)?.frame.name, expected.name);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("findFrame() finds nothing in boxes that are anywhere, in too few, and if two frames fit", () => {
  const box = fc.tuple(fc.nat(900), fc.nat(1200), fc.nat(300), fc.nat(100)).map(([left, top, width, height]) => ({
    left,
    top,
    right: left + width,
    bottom: top + height,
  }));
  let found = 0;
  fc.assert(
    fc.property(fc.array(box, { maxLength: 20 }), (boxes) => {
      if (findFrame(boxes, [frame(0), frame(10), frame(-10)]) !== null) found++;
    }),
    { numRuns: 200, seed: 1 },
  );
  ok(found <= 2, `${found} of 200`);
  const few = WORDS.slice(0, 3).map(({ box }) => box);
  equal(findFrame(few, [frame(0)]), null);
  const all = WORDS.map(({ box }) => box);
  equal(findFrame(all, [frame(0), frame(0)]), null);
  equal(findFrame([], [frame(0)]), null);
  // The centers of the words, but not their sizes.
  const large = all.map(({ left, top, right, bottom }) => ({
    left: left - 40,
    top: top - 40,
    right: right + 40,
    bottom: bottom + 40,
  }));
  equal(findFrame(large, [frame(0)]), null);
});
