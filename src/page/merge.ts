/**
 * Merges regions that are near each other.
 *
 * @module
 */
import { atLeast } from "../internal/check.ts";
import type { Region } from "../model/region.ts";
import { unite } from "./geometry.ts";

/**
 * Options of {@linkcode mergeRegions}.
 *
 * @category Page
 */
export interface MergeOptions {
  /**
   * The distance up to which regions are merged, in pixels, both horizontally and vertically. Must be 0 or more. To
   * merge the lines of paragraphs, choose a distance between that of the lines and that of the columns.
   *
   * @default {0} regions are merged if they overlap or touch
   */
  readonly distance?: number | undefined;
}

/**
 * Merges regions that overlap, touch, or are at most `distance` apart; for example, lines into blocks. Each result is the
 * smallest rectangle around the regions merged, and no two results could be merged any further.
 *
 * @returns The merged rectangles from top to bottom, and from left to right if they start at the same height. They do not
 * depend on the order of `regions`.
 *
 * @throws {RangeError} If `distance` is not a number of 0 or more.
 *
 * @example Lines into paragraphs
 * ```ts
 * import { mergeRegions } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const lines = [
 *   { left: 30, top: 0, right: 300, bottom: 20 },
 *   { left: 10, top: 25, right: 200, bottom: 45 },
 *   { left: 10, top: 90, right: 300, bottom: 110 },
 * ];
 * deepEqual(mergeRegions(lines, { distance: 10 }), [{ left: 10, top: 0, right: 300, bottom: 45 }, lines[2]]);
 * ```
 *
 * @category Page
 */
export function mergeRegions(regions: readonly Region[], options: MergeOptions = {}): readonly Region[] {
  const distance = atLeast("merge regions", "distance", options.distance ?? 0, 0);
  let merged = regions.map(({ left, top, right, bottom }): Region => ({ left, top, right, bottom }));
  // A rectangle that grows may come near one that it has been compared with already.
  for (let length = Infinity; merged.length < length;) {
    length = merged.length;
    merged = mergeOnce(merged.sort((a, b) => a.top - b.top || a.left - b.left), distance);
  }
  return merged.sort((a, b) => a.top - b.top || a.left - b.left);
}

/** Merges regions from top to bottom. Only those that have not ended yet are compared with the next one. */
function mergeOnce(regions: readonly Region[], distance: number): Region[] {
  const ended: Region[] = [], open: Region[] = [];
  const take = (i: number): Region => {
    const region = open[i], last = open.pop();
    if (last !== undefined && i < open.length) open[i] = last;
    return region;
  };
  for (const region of regions) {
    let grown = region;
    for (let i = 0; i < open.length;) {
      if (region.top - open[i].bottom > distance) ended.push(take(i));
      else if (gapBetween(open[i], grown) <= distance) grown = unite(take(i), grown);
      else i++;
    }
    open.push(grown);
  }
  return [...ended, ...open];
}

function gapBetween(a: Region, b: Region): number {
  return Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
}
