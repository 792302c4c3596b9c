/**
 * Regions as a reader sees them: boxes on a page whose lines run from left to right, whatever the script.
 *
 * @module
 */
import { preview } from "../internal/text.ts";
import type { Region } from "../model/region.ts";

/**
 * The direction in which a page is read:
 *
 * - `ltr`: lines run from left to right, and so do columns, as in English.
 * - `rtl`: lines run from right to left, and so do columns, as in Arabic and Hebrew.
 * - `vertical-rl`: lines run from top to bottom and follow each other from right to left, as in traditional Chinese and
 *   Japanese. Tiers of such lines are read from top to bottom.
 *
 * @category Page
 */
export type ReadingDirection = "ltr" | "rtl" | "vertical-rl";

/** A region or, if regions are words, a line of them. Lines run from left to right and are read from top to bottom. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** The indices of the regions. */
  readonly regions: readonly number[];
}

/**
 * The number of units of a page's longer side. Rounding to whole units removes the errors of floating-point arithmetic,
 * so that the boxes of a page do not depend on its scale or position.
 */
const GRID = 0x1_0000_0000;

/** Regions are taken to be words if there are at least this many on a line on average. */
const WORDS_PER_LINE = 3;

/**
 * Returns the boxes of regions, and the height of a line of text.
 *
 * @throws {RangeError} If `direction` is not one of its values.
 */
export function toBoxes(
  regions: readonly Region[],
  direction: ReadingDirection,
): { readonly boxes: readonly Box[]; readonly line: number } {
  const boxes = placeOnGrid(regions, turnOf(direction));
  // The lower quartile, since most regions are one or several lines high.
  const line = Float64Array.from(boxes, heightOf).sort()[Math.floor(boxes.length / 4)];
  const lines = findLines(boxes, line);
  return { boxes: lines.length * WORDS_PER_LINE <= boxes.length ? lines.map(joinBoxes) : boxes, line };
}

export function heightOf({ top, bottom }: Box): number {
  return bottom - top;
}

/** Returns a function that turns a box so that its text runs from left to right. */
function turnOf(direction: ReadingDirection): (box: Box) => Box {
  switch (direction) {
    case "ltr":
      return (box) => box;
    case "rtl":
      return ({ left, right, ...rest }) => ({ ...rest, left: -right, right: -left });
    case "vertical-rl":
      return ({ left, top, right, bottom, regions }) => ({
        left: top,
        top: -right,
        right: bottom,
        bottom: -left,
        regions,
      });
    default:
      throw new RangeError(
        `Cannot order regions as direction must be ltr, rtl or vertical-rl: current value is ${preview(direction)}`,
      );
  }
}

function placeOnGrid(regions: readonly Region[], turn: (box: Box) => Box): readonly Box[] {
  let x = Infinity, y = Infinity, right = -Infinity, bottom = -Infinity;
  for (const region of regions) {
    x = Math.min(x, region.left);
    y = Math.min(y, region.top);
    right = Math.max(right, region.right);
    bottom = Math.max(bottom, region.bottom);
  }
  const unit = Math.max(right - x, bottom - y) / GRID || 1;
  return regions.map((region, i) => {
    const left = Math.round((region.left - x) / unit), top = Math.round((region.top - y) / unit);
    return turn({
      left,
      top,
      right: Math.max(left + 1, Math.round((region.right - x) / unit)),
      bottom: Math.max(top + 1, Math.round((region.bottom - y) / unit)),
      regions: [i],
    });
  });
}

/** Finds lines of boxes that are level with each other and less than the height of a line apart. */
function findLines(boxes: readonly Box[], line: number): readonly (readonly Box[])[] {
  const lines: Box[][] = [];
  // The latest line at each height, which is counted in lines.
  const latest = new Map<number, Box[]>();
  for (const word of [...boxes].sort((a, b) => a.left - b.left)) {
    const height = Math.floor((word.top + word.bottom) / 2 / line);
    const words = [height, height - 1, height + 1].map((height) => latest.get(height)).find((words) =>
      words !== undefined && areNeighbors(words[words.length - 1], word, line)
    );
    if (words === undefined) lines.push([word]);
    else words.push(word);
    latest.set(height, words ?? lines[lines.length - 1]);
  }
  return lines;
}

function areNeighbors(a: Box, b: Box, line: number): boolean {
  return Math.abs(b.left - a.right) < line &&
    Math.abs(a.top + a.bottom - b.top - b.bottom) < Math.min(heightOf(a), heightOf(b));
}

function joinBoxes(boxes: readonly Box[]): Box {
  let { left, top, right, bottom } = boxes[0];
  for (const box of boxes) {
    left = Math.min(left, box.left);
    top = Math.min(top, box.top);
    right = Math.max(right, box.right);
    bottom = Math.max(bottom, box.bottom);
  }
  return { left, top, right, bottom, regions: boxes.flatMap(({ regions }) => regions) };
}
