/**
 * The content of a page, from which all formats are written.
 *
 * @module
 */
import { preview } from "../internal/text.ts";
import { type Point, Region } from "../model/region.ts";
import { clampRegion, type Size } from "./geometry.ts";
import { isVisible, splitLines } from "./lines.ts";
import { fromPolygon, toPolygon } from "./polygon.ts";
import { toAllowed } from "./xml.ts";

/**
 * A region and, if it is known, its text. The elements of a `readRegions` result are such regions.
 *
 * @category Page
 */
export interface PageRegion {
  /** The region. */
  readonly region: Region;
  /**
   * The text of the region. Its lines may be separated by any line break of Unicode.
   *
   * @default {undefined} the text is unknown
   */
  readonly text?: string | undefined;
}

/**
 * The content of a page, from which all formats are written.
 *
 * In every format, coordinates are whole pixels within the page. Fractions of rectangles are rounded outward, so that no
 * text is cut off, and points of polygons to the nearest pixel. What lies outside the page is moved to its edge. No
 * region is left out.
 *
 * In texts, characters that XML does not allow, such as most control characters and lone surrogates, are replaced by
 * U+FFFD, and all line breaks by line feeds.
 *
 * @category Page
 */
export interface PageContent {
  /** The regions, in reading order. */
  readonly regions: readonly PageRegion[];
  /**
   * The size of the image as displayed, in whole pixels, from 1 to 2^31 - 1. `imageSize` reads it from the file.
   *
   * @default {undefined} unknown; coordinates may be greater than those of the page
   */
  readonly size?: Size | undefined;
  /**
   * The file name of the image, or a link to it. Programs that show the image look for it under this name.
   *
   * @default {""}
   */
  readonly imageName?: string | undefined;
}

/**
 * The content of a page whose size is known, for formats that must state it.
 *
 * @category Page
 */
export interface SizedPageContent extends PageContent {
  /** The size of the image as displayed, in whole pixels, from 1 to 2^31 - 1. `imageSize` reads it from the file. */
  readonly size: Size;
}

/** A region in whole pixels within the page, with the lines of its text. */
export interface Block {
  /** The outline. Its polygon is clockwise, and undefined if the region has none. */
  readonly outline: Region;
  /** The corners of the outline, clockwise. */
  readonly points: readonly Point[];
  /** The lines of the text, or null if it is unknown. Blank lines at the start and end are left out. */
  readonly lines: readonly string[] | null;
}

/** The maximum width and height of a page. */
export const MAX_SIZE = 2 ** 31 - 1;

/**
 * Returns the regions of a page as blocks.
 *
 * @param format The format, for "Cannot write … as …".
 *
 * @throws {TypeError} If a region is not a {@linkcode Region}, or a text not a string.
 */
export function toBlocks(format: string, { regions, size }: PageContent): readonly Block[] {
  const page = size ?? { width: Infinity, height: Infinity };
  if (size !== undefined) checkSize(format, size);
  return regions.map(({ region, text }, i) => {
    if (!Region.is(region)) {
      throw new TypeError(
        `Cannot write ${format} as region ${i + 1} must be a Region: current value is ${preview(region)}`,
      );
    }
    if (text !== undefined && typeof text !== "string") {
      throw new TypeError(
        `Cannot write ${format} as text ${i + 1} must be a string: current value is ${preview(text)}`,
      );
    }
    const outline = clampRegion(round(region), page);
    const points = toPolygon(outline);
    return {
      outline: outline.polygon === undefined ? outline : { ...outline, polygon: points },
      points,
      lines: text === undefined ? null : toLines(text),
    };
  });
}

/**
 * Returns the size of a page, which a format must state.
 *
 * @throws {RangeError} If the size is unknown, or if the width or height is not a whole number from 1 to 2^31 - 1.
 */
export function checkSize(format: string, size: Size | undefined): Size {
  for (const name of ["width", "height"] as const) {
    const length = size?.[name];
    if (length !== undefined && Number.isInteger(length) && length >= 1 && length <= MAX_SIZE) continue;
    throw new RangeError(
      `Cannot write ${format} as size.${name} must be a whole number from 1 to ${MAX_SIZE}: ` +
        `current value is ${preview(length)}`,
    );
  }
  return { width: Number(size?.width), height: Number(size?.height) };
}

/** Writes points as pairs of coordinates, as several formats do: `0,0 10,0 10,10`. */
export function writePoints(points: readonly Point[]): string {
  return points.map(({ x, y }) => `${x},${y}`).join(" ");
}

function toLines(text: string): readonly string[] {
  const lines = splitLines(text).map(toAllowed);
  let start = 0, end = lines.length;
  while (start < end && !isVisible(lines[start])) start++;
  while (end > start && !isVisible(lines[end - 1])) end--;
  return lines.slice(start, end);
}

function round({ left, top, right, bottom, polygon }: Region): Region {
  return polygon === undefined
    ? { left: Math.floor(left), top: Math.floor(top), right: Math.ceil(right), bottom: Math.ceil(bottom) }
    : fromPolygon(polygon.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) })));
}
