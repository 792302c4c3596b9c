/**
 * Regions as a page: reading order, geometry, drawings and file formats. Pure functions that need neither RxJS nor a service.
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
export { toAlto } from "./alto.ts";
export { type CocoAnnotation, type CocoCategory, type CocoDataset, type CocoImage, toCoco } from "./coco.ts";
export type { PageContent, PageRegion, SizedPageContent } from "./content.ts";
export { type CropOptions, type CropRectangle, cropRectangle } from "./crop.ts";
export { type CropFailure, cropImage, type CropImageOptions } from "./crop_image.ts";
export { toCsv } from "./csv.ts";
export { type FilterOptions, filterRegions } from "./filter.ts";
export { PAGE_FORMATS, type PageFormat } from "./formats.ts";
export {
  clampRegion,
  containsRegion,
  intersectionOverUnion,
  intersectRegions,
  padRegion,
  rotateRegion,
  scaleRegion,
  type Size,
  translateRegion,
  uniteRegions,
} from "./geometry.ts";
export { toHocr } from "./hocr.ts";
export { imageSize } from "./image_size.ts";
export { toMarkdown } from "./markdown.ts";
export { type MergeOptions, mergeRegions } from "./merge.ts";
export { type PageXmlOptions, toPageXml } from "./page_xml.ts";
export { type TextOptions, toText } from "./plain_text.ts";
export { containsPoint, fromPolygon, regionArea, toPolygon } from "./polygon.ts";
export { inReadingOrder, type ReadingDirection, type ReadingOrderOptions } from "./reading_order.ts";
export { type SvgOptions, svgWarnings, toSvg } from "./svg.ts";
export {
  type AnnotationPage,
  toWebAnnotation,
  type WebAnnotation,
  type WebAnnotationBody,
  type WebAnnotationOptions,
  type WebAnnotationSelector,
  type WebAnnotationTarget,
} from "./web_annotation.ts";
