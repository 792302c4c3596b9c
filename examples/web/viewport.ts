/**
 * Zooming and panning. Pure.
 *
 * @module
 */
import type { Point, Region, Size } from "@ocr-cloud/regions/page";

/** The part of a page that is shown, in fractions of its width and height. It is as wide as the page, over `zoom`. */
export interface Viewport {
  readonly left: number;
  readonly top: number;
  /** 1 or more. */
  readonly zoom: number;
}

/** The whole page. */
export const WHOLE: Viewport = { left: 0, top: 0, zoom: 1 };

/** The largest zoom. */
export const MAX_ZOOM = 16;

/** The part of the viewport that a region fills at most when it is zoomed to. */
const FILL = 0.8;

const MIN_ZOOM_TO = 2;

/** What is shown before the beginning of a region, in fractions of the page. */
const MARGIN = 0.01;

/** The center of the viewport, in fractions of it. */
export const CENTER: Point = { x: 0.5, y: 0.5 };

/** Zooms by a factor. What is at a point, in fractions of the viewport, stays there unless the page's edge is in the way. */
export function zoomAt({ left, top, zoom }: Viewport, factor: number, { x, y }: Point): Viewport {
  const next = clamp(zoom * factor, 1, MAX_ZOOM);
  const shift = 1 / zoom - 1 / next;
  return clampViewport({ left: left + x * shift, top: top + y * shift, zoom: next });
}

/** Moves the viewport, in fractions of it. */
export function panBy({ left, top, zoom }: Viewport, { x, y }: Point): Viewport {
  return clampViewport({ left: left + x / zoom, top: top + y / zoom, zoom });
}

/**
 * Shows a region as large as possible, but at least at twice its size, so that something happens. If it is then larger
 * than the viewport, shows its beginning.
 */
export function zoomTo(region: Region, page: Size): Viewport {
  const { left, top, right, bottom } = toFractions(region, page);
  const zoom = clamp(Math.min(FILL / (right - left), FILL / (bottom - top)), MIN_ZOOM_TO, MAX_ZOOM);
  const start = (from: number, to: number): number => to - from > 1 / zoom ? from - MARGIN : (from + to - 1 / zoom) / 2;
  return clampViewport({ left: start(left, right), top: start(top, bottom), zoom });
}

/** Moves the viewport to a region that it shows no part of. */
export function moveInto(viewport: Viewport, region: Region, page: Size): Viewport {
  const { left, top, right, bottom } = toFractions(region, page);
  const length = 1 / viewport.zoom;
  const isOutside = right <= viewport.left || left >= viewport.left + length || bottom <= viewport.top ||
    top >= viewport.top + length;
  return isOutside ? centerOn({ x: (left + right) / 2, y: (top + bottom) / 2 }, viewport.zoom) : viewport;
}

/** The viewport in pixels of the page, as the attribute `viewBox` of an SVG. */
export function toViewBox({ left, top, zoom }: Viewport, { width, height }: Size): string {
  return [left * width, top * height, width / zoom, height / zoom].map((n) => Math.round(n * 100) / 100).join(" ");
}

function centerOn({ x, y }: Point, zoom: number): Viewport {
  return clampViewport({ left: x - 0.5 / zoom, top: y - 0.5 / zoom, zoom });
}

/** Keeps the viewport on the page. */
function clampViewport({ left, top, zoom }: Viewport): Viewport {
  const most = 1 - 1 / zoom;
  return { left: clamp(left, 0, most), top: clamp(top, 0, most), zoom };
}

function toFractions({ left, top, right, bottom }: Region, { width, height }: Size): Region {
  return { left: left / width, top: top / height, right: right / width, bottom: bottom / height };
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
