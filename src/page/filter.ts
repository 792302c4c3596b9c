/**
 * Filters regions by size and confidence.
 *
 * @module
 */
import { atLeast } from "../internal/check.ts";
import type { Region } from "../model/region.ts";

/**
 * Options of {@linkcode filterRegions}. Lengths are in pixels; all must be numbers of 0 or more.
 *
 * @category Page
 */
export interface FilterOptions {
  /**
   * The width from which on regions are kept.
   *
   * @default {0}
   */
  readonly minWidth?: number | undefined;
  /**
   * The height from which on regions are kept.
   *
   * @default {0}
   */
  readonly minHeight?: number | undefined;
  /**
   * The width up to which regions are kept.
   *
   * @default {Infinity}
   */
  readonly maxWidth?: number | undefined;
  /**
   * The height up to which regions are kept.
   *
   * @default {Infinity}
   */
  readonly maxHeight?: number | undefined;
  /**
   * The confidence from which on regions are kept, in the unit of the regions' `confidence`. Regions without one are
   * kept.
   *
   * @default {0}
   */
  readonly minConfidence?: number | undefined;
}

/**
 * Returns the regions that have a certain size and, if it is known, confidence; for example, to leave out specks.
 *
 * @param regions The regions. They may have a `confidence`, and further properties.
 *
 * @throws {RangeError} If an option is not a number of 0 or more.
 *
 * @example
 * ```ts
 * import { filterRegions } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const line = { left: 10, top: 20, right: 300, bottom: 45, confidence: 0.93 };
 * const speck = { left: 400, top: 20, right: 403, bottom: 24 };
 * const stain = { left: 10, top: 500, right: 90, bottom: 560, confidence: 0.12 };
 * deepEqual(filterRegions([line, speck, stain], { minHeight: 8, minConfidence: 0.5 }), [line]);
 * ```
 *
 * @category Page
 */
export function filterRegions<R extends Region & { readonly confidence?: number | undefined }>(
  regions: readonly R[],
  options: FilterOptions = {},
): readonly R[] {
  const { minWidth = 0, minHeight = 0, maxWidth = Infinity, maxHeight = Infinity, minConfidence = 0 } = options;
  const limits = { minWidth, minHeight, maxWidth, maxHeight, minConfidence };
  for (const [name, value] of Object.entries(limits)) atLeast("filter regions", name, value, 0);
  return regions.filter(({ left, top, right, bottom, confidence = Infinity }) => {
    const width = right - left, height = bottom - top;
    return width >= minWidth && width <= maxWidth && height >= minHeight && height <= maxHeight &&
      confidence >= minConfidence;
  });
}
