/**
 * What the detector and the recognizer have in common: which images they accept, and how they get an instance of
 * Tesseract.
 *
 * @module
 */
import { type ImageHeader, readImageHeader } from "../internal/image_header.ts";
import { firstSentence, loadTesseract, MAX_SIDE } from "./tesseract.ts";
import type { Tesseract } from "./tesseract_api.ts";
import { nameUnsupported } from "./unsupported.ts";

/**
 * Passes an instance of Tesseract to `use`, which returns null if the image cannot be decoded. Rejects with an `Error`
 * that says so, or that `use` threw.
 */
export type Engine = <A>(header: ImageHeader, use: (tesseract: Tesseract) => A | null) => Promise<A>;

/** The maximum number of pixels. At this size, the heap of the WebAssembly grows to 1.9 GB, and it never shrinks. */
export const MAX_PIXELS = 100_000_000;

/**
 * Creates an engine, which loads Tesseract on first use, and again after a crash.
 *
 * @param name What the engine belongs to, such as `detector`.
 * @param activity What it does, such as `layout analysis`.
 */
export function createEngine(name: string, activity: string): Engine {
  let loading: Promise<Tesseract> | null = null;
  const engine: Engine = async (header, use) => {
    const started = loading ??= loadTesseract(name);
    let tesseract: Tesseract;
    try {
      tesseract = await started;
    } catch (error) {
      if (loading === started) loading = null;
      throw error;
    }
    // Another call may have crashed the instance while this one was waiting for it.
    if (loading !== started) return engine(header, use);
    let result;
    try {
      result = use(tesseract);
    } catch (error) {
      // After an abort, the state of the instance is undefined, and even cleaning up is unsafe. The next call creates a
      // new one.
      loading = null;
      throw new Error(`Cannot read the image: the ${activity} crashed (${firstSentence(error)})`);
    }
    if (result !== null) return result;
    throw new Error(`Cannot read the image: the ${header.type} data is damaged, truncated or in an unsupported format`);
  };
  return engine;
}

/**
 * Reads the header of an image. Throws an `Error` if the image is not supported or too large.
 *
 * @param name What the image is for, such as `detector`.
 */
export function checkHeader(image: Uint8Array, name: string): ImageHeader {
  if (image.length === 0) throw new Error("Cannot read the image: the file is empty");
  const header = readImageHeader(image);
  const unsupported = nameUnsupported(image, header);
  if (unsupported !== null) {
    throw new Error(
      `Cannot read the image: it is ${unsupported}, which the ${name} does not support. Convert it to PNG or JPEG`,
    );
  }
  if (header === null) {
    throw new Error(
      "Cannot read the image: it is not a PNG, JPEG, GIF, WebP, TIFF or PNM file, or its header is incomplete",
    );
  }
  const { width, height, pixels } = header;
  if (pixels > MAX_PIXELS) {
    const size = pixels > width * height ? `${pixels} pixels in all frames` : `${width} x ${height} pixels`;
    throw new Error(`Cannot read the image: ${size} exceed the limit of ${MAX_PIXELS / 1_000_000} megapixels`);
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new Error(
      `Cannot read the image: ${width} x ${height} pixels exceed the limit of ${MAX_SIDE} pixels per side`,
    );
  }
  return header;
}
