/**
 * Decodes images with Leptonica, which is part of Tesseract, and changes their pixels.
 *
 * @module
 */
import type { Pix, TessBaseApi, Tesseract } from "./tesseract_api.ts";

const OPAQUE = 255, WHITE = 255, BLACK = 0;

/** Ink that is more transparent does not count. */
const MIN_ALPHA = 64;

/** How much more of an image must be visible on black than on white for black to be its background. */
const MIN_GAIN = 100;

/**
 * Decodes an image file and passes it to `use`. If it has transparent parts, they are replaced by white, or by black if
 * almost nothing would be visible on white. Returns null if Leptonica cannot decode the file.
 */
export function withPix<A>(tesseract: Tesseract, image: Uint8Array, use: (pix: Pix) => A): A | null {
  const file = tesseract._malloc(image.length + 3);
  for (let i = 0; i < image.length; i += 4) {
    // Past the end, undefined counts as 0.
    tesseract.setValue(file + i, image[i] | image[i + 1] << 8 | image[i + 2] << 16 | image[i + 3] << 24, "i32");
  }
  const pointer = tesseract._pixReadMem(file, image.length);
  tesseract._free(file);
  if (pointer === 0) return null;
  const pix = tesseract.wrapPointer(pointer, tesseract.Pix);
  if (pix.get_spp() === 4) flatten(tesseract, pix);
  const result = use(pix);
  const reference = tesseract._malloc(4);
  tesseract.setValue(reference, pointer, "i32");
  tesseract._pixDestroy(reference);
  tesseract._free(reference);
  return result;
}

/** Makes all pixels of an RGBA image opaque. */
function flatten({ getValue, setValue }: Tesseract, pix: Pix): void {
  const start = pix.get_data(), end = start + 4 * pix.get_wpl() * pix.get_h();
  let onWhite = 0, onBlack = 0;
  for (let at = start; at < end; at += 4) {
    const pixel = getValue(at, "i32");
    const alpha = pixel & 255, gray = toGray(pixel);
    if (alpha < MIN_ALPHA) continue;
    if (WHITE - gray > 128) onWhite++;
    if (gray - BLACK > 128) onBlack++;
  }
  const background = onWhite * MIN_GAIN < onBlack ? BLACK : WHITE;
  for (let at = start; at < end; at += 4) {
    const pixel = getValue(at, "i32");
    const alpha = pixel & 255;
    const blend = (shift: number): number =>
      Math.round(((pixel >>> shift & 255) * alpha + background * (OPAQUE - alpha)) / OPAQUE) << shift;
    setValue(at, blend(24) | blend(16) | blend(8) | OPAQUE, "i32");
  }
}

/**
 * Replaces the image that Tesseract is to process by one of twice its width and height, in shades of gray. Between the
 * centers of pixels, the image is interpolated linearly.
 */
export function enlarge(tesseract: Tesseract, api: TessBaseApi): void {
  const { width, height, pixels } = readGray(tesseract, api.GetInputImage());
  const head = new TextEncoder().encode(`P5\n${2 * width} ${2 * height}\n255\n`);
  const file = new Uint8Array(head.length + 4 * width * height);
  file.set(head);
  let at = head.length;
  for (let y = 0; y < 2 * height; y++) {
    const near = (y >> 1) * width;
    const far = Math.min(height - 1, Math.max(0, (y >> 1) + (y & 1 ? 1 : -1))) * width;
    for (let x = 0; x < 2 * width; x++) {
      const left = x >> 1;
      const right = Math.min(width - 1, Math.max(0, left + (x & 1 ? 1 : -1)));
      file[at++] = 9 * pixels[near + left] + 3 * (pixels[near + right] + pixels[far + left]) + pixels[far + right] >> 4;
    }
  }
  withPix(tesseract, file, (pix) => api.SetImage(pix));
}

/** Reads the pixels of an image as Tesseract processes it: in black and white, in shades of gray, or in color. */
function readGray({ getValue }: Tesseract, pix: Pix) {
  const width = pix.get_w(), height = pix.get_h(), depth = pix.get_d();
  const start = pix.get_data(), bytesPerRow = 4 * pix.get_wpl();
  const perWord = 32 / depth;
  const pixels = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    let word = 0;
    for (let x = 0; x < width; x++) {
      const shift = x % perWord * depth;
      if (shift === 0) word = getValue(start + y * bytesPerRow + x * depth / 8, "i32");
      const isBlack = word << shift < 0;
      pixels[at++] = depth === 32 ? toGray(word) : depth === 1 ? (isBlack ? BLACK : WHITE) : word << shift >>> 24;
    }
  }
  return { width, height, pixels };
}

/** Converts red, green and blue in the upper 24 bits with the weights of Leptonica. */
function toGray(pixel: number): number {
  return 0.3 * (pixel >>> 24) + 0.5 * (pixel >>> 16 & 255) + 0.2 * (pixel >>> 8 & 255);
}
