/**
 * Writes W3C Web Annotations.
 *
 * @module
 */
import { type Block, type PageContent, toBlocks, writePoints } from "./content.ts";
import { toAllowed } from "./xml.ts";

/**
 * A list of annotations, as of the W3C and IIIF.
 *
 * @category Page
 */
export interface AnnotationPage {
  /** The JSON-LD context, which defines the names of all properties. */
  readonly "@context": "http://iiif.io/api/presentation/3/context.json";
  /** The IRI of this list. */
  readonly id: string;
  /** The type of the list. */
  readonly type: "AnnotationPage";
  /** One annotation for each region, in reading order. */
  readonly items: readonly WebAnnotation[];
}

/**
 * An annotation of a region.
 *
 * @category Page
 */
export interface WebAnnotation {
  /** The IRI of the annotation. */
  readonly id: string;
  /** The type of the annotation. */
  readonly type: "Annotation";
  /** `supplementing` is the motivation that IIIF defines for texts that are transcribed from an image. */
  readonly motivation: "supplementing";
  /** The text, if it is known. */
  readonly body?: WebAnnotationBody;
  /** The region. */
  readonly target: WebAnnotationTarget;
}

/**
 * The text of a {@linkcode WebAnnotation}.
 *
 * @category Page
 */
export interface WebAnnotationBody {
  /** The type of the body. */
  readonly type: "TextualBody";
  /** The text, with line feeds between its lines. */
  readonly value: string;
  /** The format of the text. */
  readonly format: "text/plain";
}

/**
 * The region of a {@linkcode WebAnnotation}.
 *
 * @category Page
 */
export interface WebAnnotationTarget {
  /** The type of the target. */
  readonly type: "SpecificResource";
  /** The IRI of the image or IIIF canvas. */
  readonly source: string;
  /** The part of it. */
  readonly selector: WebAnnotationSelector;
}

/**
 * The outline of a region: a media fragment for a rectangle, and an SVG for a polygon.
 *
 * @category Page
 */
export type WebAnnotationSelector = {
  readonly type: "FragmentSelector";
  readonly conformsTo: "http://www.w3.org/TR/media-frags/";
  /** `xywh=` followed by left, top, width and height in pixels. */
  readonly value: string;
} | {
  readonly type: "SvgSelector";
  /** An `<svg>` element with a `<polygon>`, whose coordinates are in pixels. */
  readonly value: string;
};

/**
 * Options of {@linkcode toWebAnnotation}.
 *
 * @category Page
 */
export interface WebAnnotationOptions {
  /** The IRI of the list of annotations, which those of the annotations start with: `https://example.org/p1.json`. */
  readonly id: string;
  /**
   * The IRI of the image, or of a IIIF canvas with the same width and height as the image.
   *
   * @default {page.imageName}
   */
  readonly source?: string | undefined;
}

/**
 * Converts a page to W3C Web Annotations, as a list that is valid in IIIF Presentation 3. Write it with
 * `JSON.stringify`. Programs that take an array of annotations, such as Annotorious, take its `items`.
 *
 * Source: the [Web Annotation Data Model](https://www.w3.org/TR/annotation-model/) and the
 * [IIIF Presentation API 3.0](https://iiif.io/api/presentation/3.0/).
 *
 * @throws {RangeError} If the width or height of `page.size` is not a whole number from 1 to 2^31 - 1.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toWebAnnotation } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const page = { regions, imageName: "https://example.org/lucasta.jpg" };
 * deepEqual(toWebAnnotation(page, { id: "https://example.org/lucasta.json" }).items, [{
 *   id: "https://example.org/lucasta.json#region-1",
 *   type: "Annotation",
 *   motivation: "supplementing",
 *   body: { type: "TextualBody", value: "To Lucasta", format: "text/plain" },
 *   target: {
 *     type: "SpecificResource",
 *     source: "https://example.org/lucasta.jpg",
 *     selector: {
 *       type: "FragmentSelector",
 *       conformsTo: "http://www.w3.org/TR/media-frags/",
 *       value: "xywh=187,110,707,30",
 *     },
 *   },
 * }]);
 * ```
 *
 * @category Page
 */
export function toWebAnnotation(page: PageContent, options: WebAnnotationOptions): AnnotationPage {
  const id = toAllowed(options.id), source = toAllowed(options.source ?? page.imageName ?? "");
  const toItem = (block: Block, i: number): WebAnnotation => ({
    id: `${id}#region-${i + 1}`,
    type: "Annotation",
    motivation: "supplementing",
    ...block.lines === null
      ? {}
      : { body: { type: "TextualBody", value: block.lines.join("\n"), format: "text/plain" } },
    target: { type: "SpecificResource", source, selector: toSelector(block) },
  });
  return {
    "@context": "http://iiif.io/api/presentation/3/context.json",
    id,
    type: "AnnotationPage",
    items: toBlocks("annotations", page).map(toItem),
  };
}

function toSelector({ outline, points }: Block): WebAnnotationSelector {
  const { left, top, right, bottom, polygon } = outline;
  if (polygon === undefined) {
    const value = `xywh=${left},${top},${right - left},${bottom - top}`;
    return { type: "FragmentSelector", conformsTo: "http://www.w3.org/TR/media-frags/", value };
  }
  const value = `<svg xmlns="http://www.w3.org/2000/svg"><polygon points="${writePoints(points)}"/></svg>`;
  return { type: "SvgSelector", value };
}
