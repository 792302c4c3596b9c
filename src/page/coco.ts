/**
 * Writes COCO annotations.
 *
 * @module
 */
import { type Block, checkSize, type SizedPageContent, toBlocks } from "./content.ts";
import { regionArea } from "./polygon.ts";
import { toAllowed } from "./xml.ts";

/**
 * A data set in the format of COCO. Its property names are those of the format.
 *
 * @category Page
 */
export interface CocoDataset {
  /** One image for each page. */
  readonly images: readonly CocoImage[];
  /** One annotation for each region, in reading order. */
  readonly annotations: readonly CocoAnnotation[];
  /** The only category, which is text. */
  readonly categories: readonly CocoCategory[];
}

/**
 * An image of a {@linkcode CocoDataset}.
 *
 * @category Page
 */
export interface CocoImage {
  /** The number of the page, from 1. */
  readonly id: number;
  /** The name of the image. */
  readonly file_name: string;
  /** The width, in pixels. */
  readonly width: number;
  /** The height, in pixels. */
  readonly height: number;
}

/**
 * A region of a {@linkcode CocoDataset}.
 *
 * @category Page
 */
export interface CocoAnnotation {
  /** The number of the region in the data set, from 1. */
  readonly id: number;
  /** The image that the region belongs to. */
  readonly image_id: number;
  /** The category of the region. */
  readonly category_id: number;
  /** The rectangle: left, top, width and height, in pixels. */
  readonly bbox: readonly [left: number, top: number, width: number, height: number];
  /** The outline as one polygon: x and y of each corner in turn, clockwise, in pixels. */
  readonly segmentation: readonly [readonly number[]];
  /** The area of the outline, in square pixels. */
  readonly area: number;
  /** Always 0: the region is a single object. */
  readonly iscrowd: 0;
  /** The text, if it is known. The name is that of COCO-Text. */
  readonly utf8_string?: string;
}

/**
 * A category of a {@linkcode CocoDataset}.
 *
 * @category Page
 */
export interface CocoCategory {
  /** The number of the category. */
  readonly id: number;
  /** The name of the category. */
  readonly name: string;
  /** The name of the category that contains it. */
  readonly supercategory: string;
}

/**
 * Converts pages to a data set in the format of COCO, for object detection. Write it with `JSON.stringify`.
 *
 * Source: the [data format of COCO](https://cocodataset.org/#format-data). `utf8_string` is from
 * [COCO-Text](https://github.com/andreasveit/coco-text). Other programs ignore it.
 *
 * @param pages The pages. Each must have an image name, so that programs find the image.
 *
 * @throws {RangeError} If the width or height of a page's `size` is not a whole number from 1 to 2^31 - 1.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toCoco } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const page = { regions, size: { width: 1065, height: 1879 }, imageName: "lucasta.047.jpg" };
 * deepEqual(toCoco([page]).annotations, [{
 *   id: 1,
 *   image_id: 1,
 *   category_id: 1,
 *   bbox: [187, 110, 707, 30],
 *   segmentation: [[187, 110, 894, 110, 894, 140, 187, 140]],
 *   area: 21210,
 *   iscrowd: 0,
 *   utf8_string: "To Lucasta",
 * }]);
 * ```
 *
 * @category Page
 */
export function toCoco(pages: readonly SizedPageContent[]): CocoDataset {
  const images = pages.map((page, i): CocoImage => {
    const { width, height } = checkSize("COCO", page.size);
    return { id: i + 1, file_name: toAllowed(page.imageName ?? ""), width, height };
  });
  const annotations = pages
    .flatMap((page, i) => toBlocks("COCO", page).map((block) => ({ block, image: i + 1 })))
    .map(({ block, image }, i) => toAnnotation(block, i + 1, image));
  return { images, annotations, categories: [{ id: 1, name: "text", supercategory: "" }] };
}

function toAnnotation({ outline, points, lines }: Block, id: number, image: number): CocoAnnotation {
  const { left, top, right, bottom } = outline;
  return {
    id,
    image_id: image,
    category_id: 1,
    bbox: [left, top, right - left, bottom - top],
    segmentation: [points.flatMap(({ x, y }) => [x, y])],
    area: regionArea(outline),
    iscrowd: 0,
    ...lines === null ? {} : { utf8_string: lines.join("\n") },
  };
}
