/**
 * Rectangles to cut regions out of their image.
 *
 * @module
 */
import { atLeast } from "../internal/check.ts";
import type { Point, Region } from "../model/region.ts";
import { padRegion, type Size } from "./geometry.ts";

/**
 * A rectangle of an image, in whole pixels. It is at least one pixel wide and high.
 *
 * @category Page
 */
export interface CropRectangle {
  /** Pixels from the left edge of the image. */
  readonly left: number;
  /** Pixels from the top edge of the image. */
  readonly top: number;
  /** The width, in pixels. */
  readonly width: number;
  /** The height, in pixels. */
  readonly height: number;
}

/**
 * Options of {@linkcode cropRectangle}.
 *
 * @category Page
 */
export interface CropOptions {
  /**
   * The width of the margin around the region, in pixels, or one for each axis. A few pixels improve the recognition of
   * text. Must be finite.
   *
   * @default {0}
   */
  readonly padding?: number | Point | undefined;
  /**
   * The size of the image as displayed, in pixels. Most tools refuse rectangles that extend beyond the image.
   *
   * @default {undefined} the rectangle may extend beyond the right and bottom edges
   */
  readonly size?: Size | undefined;
}

/**
 * Returns the rectangle that cuts a region out of its image, or null if no pixel of the region is in the image.
 * Fractions are rounded outward, so that no text is cut off.
 *
 * Regions refer to the image as displayed. Before you cut a photograph, rotate it according to its EXIF orientation; for
 * example, with `sharp(file).autoOrient()`.
 *
 * | tool                  | call                                                                               |
 * | --------------------- | ---------------------------------------------------------------------------------- |
 * | sharp                 | `image.extract(crop)`                                                              |
 * | canvas                | `context.drawImage(image, left, top, width, height, 0, 0, width, height)`          |
 * | `createImageBitmap()` | `createImageBitmap(image, left, top, width, height)`                               |
 * | ImageMagick           | `-crop ${width}x${height}+${left}+${top} +repage`                                  |
 *
 * @throws {RangeError} If `padding` is not finite, or if the width or height of `size` is not a number of 0 or more.
 *
 * @example
 * ```ts
 * import { cropRectangle } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const region = { left: 10.5, top: 3, right: 90, bottom: 20 };
 * deepEqual(cropRectangle(region, { padding: 5, size: { width: 92, height: 120 } }), {
 *   left: 5,
 *   top: 0,
 *   width: 87,
 *   height: 25,
 * });
 * ```
 *
 * @category Page
 */
export function cropRectangle(region: Region, options: CropOptions = {}): CropRectangle | null {
  const { padding = 0, size = { width: Infinity, height: Infinity } } = options;
  const padded = padRegion(region, padding);
  const x = toPixels(padded.left, padded.right, atLeast("crop", "size.width", size.width, 0));
  const y = toPixels(padded.top, padded.bottom, atLeast("crop", "size.height", size.height, 0));
  return x === null || y === null ? null : { left: x.start, top: y.start, width: x.length, height: y.length };
}

/** Returns the pixels of an interval that are within the image. An interval without length is within one pixel. */
function toPixels(from: number, to: number, max: number): { readonly start: number; readonly length: number } | null {
  const start = Math.floor(from), end = Math.max(Math.ceil(to), start + 1);
  const first = Math.max(0, start), length = Math.min(end, Math.floor(max)) - first;
  return length > 0 ? { start: first, length } : null;
}
