/**
 * Regions as a page: reading order, geometry and drawings. Pure functions that need neither RxJS nor a service.
 *
 * @example
 * ```ts
 * import { inReadingOrder, toSvg } from "@ocr-cloud/regions/page";
 *
 * const regions = [
 *   { left: 520, top: 100, right: 900, bottom: 800 },
 *   { left: 100, top: 100, right: 480, bottom: 800 },
 * ];
 * console.log(toSvg(inReadingOrder(regions), { width: 1000, height: 900 }));
 * ```
 *
 * @module
 */
export type { Point, Region } from "../model/region.ts";
export { clampRegion, type Size } from "./geometry.ts";
export { inReadingOrder, type ReadingDirection, type ReadingOrderOptions } from "./reading_order.ts";
export { type SvgOptions, svgWarnings, toSvg } from "./svg.ts";
