/**
 * Tells by the header whether Tesseract can read an image.
 *
 * @module
 */
import { type ImageHeader, readGifFrames, readTiffTags } from "../internal/image_header.ts";
import { readImageKind } from "../internal/image_kind.ts";

const COMPRESSION = 0x103, TILE_WIDTH = 0x142; // TIFF tags

/** TIFF compression schemes that `tesseract.js-core` was built without. Source: LibTIFF's `tiff.h`. */
const COMPRESSIONS: ReadonlyMap<number, string> = new Map([
  [6, "JPEG"],
  [7, "JPEG"],
  [8, "Deflate"],
  [32909, "PixarLog"],
  [32946, "Deflate"],
  [34661, "JBIG"],
  [34712, "JPEG 2000"],
  [34887, "LERC"],
  [34925, "LZMA"],
  [50000, "Zstandard"],
  [50001, "WebP"],
]);

/**
 * Names the format of an image that Tesseract cannot read, with its article, such as `a BMP`.
 *
 * @param header The image's header, or null if `readImageHeader` found none.
 *
 * @returns null if Tesseract supports the format, or if the format is unknown
 */
export function nameUnsupported(image: Uint8Array, header: ImageHeader | null): string | null {
  switch (header?.type) {
    case undefined:
      return readImageKind(image)?.name ?? null;
    case "image/bmp":
      return "a BMP";
    case "image/tiff": {
      const tags = readTiffTags(image);
      const compression = COMPRESSIONS.get(tags.get(COMPRESSION) ?? 1);
      if (compression !== undefined) return `a TIFF with ${compression} compression`;
      return tags.has(TILE_WIDTH) ? "a tiled TIFF" : null;
    }
    case "image/gif": {
      // The decoder returns the first frame without its position, so regions of an offset frame would be misplaced.
      const [{ left, top }] = [...readGifFrames(image), { left: 0, top: 0 }];
      return left > 0 || top > 0 ? "a GIF whose first frame does not start in the top left corner" : null;
    }
    case "image/webp":
      return isAnimatedWebp(image) ? "an animated WebP" : null;
    default:
      return null;
  }
}

/** Source: RFC 9649, section 2.7. */
function isAnimatedWebp(image: Uint8Array): boolean {
  const isExtended = String.fromCharCode(...image.subarray(12, 16)) === "VP8X";
  return isExtended && (image[20] & 0x02) !== 0;
}
