import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { enlarge, withPix } from "../../src/emulator/pixels.ts";
import { loadTesseract } from "../../src/emulator/tesseract.ts";
import type { Pix, TessBaseApi } from "../../src/emulator/tesseract_api.ts";
import { ascii, grayAlphaPng, join, pbm, pgm, type Picture } from "../support/images.ts";

const tesseract = await loadTesseract("detector");

/** The pixels of an image with 8 bits per pixel, by row. */
function readRows(pix: Pix): readonly (readonly number[])[] {
  equal(pix.get_d(), 8);
  return Array.from({ length: pix.get_h() }, (_, y) =>
    Array.from({ length: pix.get_w() }, (_, x) => {
      const word = tesseract.getValue(pix.get_data() + 4 * (y * pix.get_wpl() + (x >> 2)), "i32");
      return word >>> 24 - 8 * (x & 3) & 255;
    }));
}

function enlarged(file: Uint8Array): readonly (readonly number[])[] | null {
  const api: TessBaseApi = new tesseract.TessBaseAPI();
  api.InitForAnalysePage();
  const rows = withPix(tesseract, file, (pix) => {
    api.SetImage(pix);
    enlarge(tesseract, api);
    return readRows(api.GetInputImage());
  });
  api.End();
  tesseract.destroy(api);
  return rows;
}

const picture = (width: number, pixels: readonly number[]): Picture => ({
  width,
  height: pixels.length / width,
  pixels: Uint8Array.from(pixels),
});

Deno.test("enlarge() doubles the width and height, and interpolates between the centers of pixels", () => {
  deepEqual(
    enlarged(pgm(picture(2, [0, 64, 128, 255]))),
    [
      [0, 16, 48, 64],
      [32, 51, 91, 111],
      [96, 123, 179, 207],
      [128, 159, 223, 255],
    ],
  );
  deepEqual(enlarged(pgm(picture(1, [77]))), [[77, 77], [77, 77]]);
});

Deno.test("enlarge() reads pixels in black and white, in color, and over several words", () => {
  const bits = Array.from({ length: 70 }, (_, x) => x % 3 === 0 ? 0 : 255);
  const centers = (rows: ReturnType<typeof enlarged>): unknown => rows?.[0].filter((_, x) => x === 0 || x === 139);
  deepEqual(enlarged(pbm(picture(70, bits))), enlarged(pgm(picture(70, bits))));
  deepEqual(centers(enlarged(pbm(picture(70, bits)))), [0, 0]);
  const orange = join(ascii("P6\n1 1\n255\n"), [250, 100, 50]);
  deepEqual(enlarged(orange)?.[0], [135, 135]);
});

Deno.test("withPix() puts white behind transparent pixels, or black if almost nothing would be visible", async () => {
  const flattened = async (...pixels: readonly (readonly [gray: number, alpha: number])[]): Promise<unknown> => {
    const file = await grayAlphaPng(picture(pixels.length, pixels.map((_, i) => i)), (i) => pixels[i]);
    return withPix(
      tesseract,
      file,
      (pix) => pixels.map((_, x) => (tesseract.getValue(pix.get_data() + 4 * x, "i32") >>> 0).toString(16)),
    );
  };
  deepEqual(await flattened([0, 255], [0, 0], [9, 128]), ["ff", "ffffffff", "848484ff"]);
  deepEqual(await flattened([255, 255], [255, 0], [255, 128]), ["ffffffff", "ff", "808080ff"]);
  deepEqual(await flattened([255, 255], [255, 255], [255, 0], [0, 255]), ["ffffffff", "ffffffff", "ffffffff", "ff"]);
  deepEqual(await flattened([200, 0], [0, 0]), ["ffffffff", "ffffffff"]);
});

Deno.test("withPix() returns null if the file cannot be decoded, and frees the image otherwise", () => {
  equal(withPix(tesseract, ascii("no image"), () => 0), null);
  const addresses = Array.from(
    { length: 3 },
    () => withPix(tesseract, pgm(picture(1000, Array(1_000_000).fill(9))), (pix) => pix.get_data()),
  );
  equal(new Set(addresses).size, 1);
});
