/**
 * The size of an image from its file.
 *
 * @module
 */
import { isBlob, toBytes } from "../internal/bytes.ts";
import { displaySize, readImageHeader } from "../internal/image_header.ts";
import { preview } from "../internal/text.ts";
import type { Size } from "./geometry.ts";

/**
 * Returns the size of an image as displayed, in whole pixels: if the EXIF orientation of a photograph turns it on its
 * side, width and height are swapped. This is the frame to which regions refer, and the size that file formats state.
 *
 * Reads only the header of the file, so that its first kilobytes are usually enough. For a GIF and for a PNG or WebP with
 * EXIF data, pass the whole file.
 *
 * @param image The file, as a typed array, `DataView`, Node.js `Buffer`, `ArrayBuffer` or `SharedArrayBuffer`.
 *
 * @returns null if the file is not a PNG, JPEG, GIF, WebP, TIFF, BMP or PNM, or if its header is incomplete. An AVIF,
 * HEIC or PDF may well be an image that the service accepts: null means only that its size is not known.
 *
 * @throws {TypeError} If `image` is not one of these types.
 *
 * @example
 * ```ts
 * import { imageSize } from "@ocr-cloud/regions/page";
 * import { deepEqual, equal } from "node:assert/strict";
 * import { readFile } from "node:fs/promises";
 *
 * deepEqual(imageSize(await readFile("examples/pages/lucasta.047.jpg")), { width: 1065, height: 1879 });
 * equal(imageSize(new TextEncoder().encode("%PDF-1.7")), null);
 * ```
 *
 * @category Page
 */
export function imageSize(image: ArrayBufferView | ArrayBufferLike): Size | null {
  const bytes = toBytes(image);
  if (bytes === null) {
    throw new TypeError(
      "Cannot read the size of the image as it must be a typed array, DataView or ArrayBuffer: " +
        `current value is ${isBlob(image) ? "a Blob, which `await blob.arrayBuffer()` reads" : preview(image)}`,
    );
  }
  const header = readImageHeader(bytes);
  return header === null ? null : displaySize(header);
}
