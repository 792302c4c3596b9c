/**
 * Where the numbers of regions are drawn. Pure.
 *
 * @module
 */
import type { Point, Region, Size } from "@ocr-cloud/regions/page";

/** The numbers of the regions of a page: their font size, and the top right corner of each, or null if it has no room. */
export interface Labels {
  readonly em: number;
  readonly places: readonly (Point | null)[];
}

/** Beyond this number of regions, numbers would be too small to read, and placing them would take too long. */
const MAX_REGIONS = 1500;

/** Places a number to the left of each region, to its right, or above it, where it covers no other region or number. */
export function placeLabels(regions: readonly Region[], page: Size): Labels {
  const em = Math.sqrt(page.width * page.height) / 65;
  const places: (Point | null)[] = [];
  const taken: Region[] = regions.length > MAX_REGIONS ? [] : [...regions];
  for (const [i, region] of regions.entries()) {
    const box = regions.length > MAX_REGIONS
      ? undefined
      : candidates(region, widthOf(i, em), em).find((box) => isOn(page, box) && !taken.some((it) => overlaps(it, box)));
    if (box !== undefined) taken.push(box);
    places.push(box === undefined ? null : { x: box.right, y: box.top });
  }
  return { em, places };
}

/** The width of a number, with a narrow margin on both sides. */
export function widthOf(index: number, em: number): number {
  return (String(index + 1).length * 0.6 + 0.3) * em;
}

function candidates({ left, top, right, bottom }: Region, width: number, em: number): readonly Region[] {
  const height = 1.2 * em;
  // A number that is taller than its region is level with its center.
  const y = Math.min(top, (top + bottom - height) / 2);
  return [
    { left: left - width, top: y, right: left, bottom: y + height },
    { left: right, top: y, right: right + width, bottom: y + height },
    { left, top: top - height, right: left + width, bottom: top },
  ];
}

function isOn({ width, height }: Size, { left, top, right, bottom }: Region): boolean {
  return left >= 0 && top >= 0 && right <= width && bottom <= height;
}

function overlaps(a: Region, b: Region): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
