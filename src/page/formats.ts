/**
 * All file formats, for programs that let their users choose one.
 *
 * @module
 */
import { toAlto } from "./alto.ts";
import { toCoco } from "./coco.ts";
import { checkSize, type PageContent, type SizedPageContent } from "./content.ts";
import { toCsv } from "./csv.ts";
import { toHocr } from "./hocr.ts";
import { toMarkdown } from "./markdown.ts";
import { toPageXml } from "./page_xml.ts";
import { toText } from "./plain_text.ts";
import { toSvg } from "./svg.ts";
import { toWebAnnotation } from "./web_annotation.ts";

/**
 * A file format.
 *
 * @category Page
 */
export interface PageFormat {
  /** The name for options and addresses, of lowercase letters and hyphens: `page-xml`. */
  readonly name: string;
  /** The name for people: `PAGE XML`. */
  readonly title: string;
  /** The usual end of file names, with its dots: `.page.xml`. */
  readonly extension: string;
  /** The MIME type of the file, which is always UTF-8. */
  readonly mediaType: string;
  /**
   * Without what content a file is useless: the `size` of the page, without which `write` throws, or the `text` of a
   * region, without which the file is empty.
   */
  readonly needs: readonly ("size" | "text")[];
  /**
   * Writes a page.
   *
   * @throws {RangeError} If the format needs the size and it is unknown, or if the width or height is not a whole number
   * from 1 to 2^31 - 1.
   * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
   */
  readonly write: (page: PageContent) => string;
}

/**
 * The file formats of this library, with one function that writes each: PAGE XML, ALTO, hOCR, plain text, Markdown, CSV,
 * COCO, Web Annotations and SVG. Programs offer the same list by using this one. If you need only one format, import its
 * function instead, which makes a smaller bundle and has options.
 *
 * @example
 * ```ts
 * import { PAGE_FORMATS } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const page = { regions: [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }] };
 * const possible = PAGE_FORMATS.filter(({ needs }) => !needs.includes("size"));
 * deepEqual(possible.map(({ name }) => name), ["text", "markdown", "csv", "web-annotation", "svg"]);
 * for (const { title, extension, write } of possible) console.log(`${title}, page${extension}:\n${write(page)}`);
 * ```
 *
 * @category Page
 */
export const PAGE_FORMATS: readonly PageFormat[] = [
  {
    name: "page-xml",
    title: "PAGE XML",
    extension: ".page.xml",
    mediaType: "application/xml",
    needs: ["size"],
    write: (page) => toPageXml(withSize("PAGE XML", page)),
  },
  {
    name: "alto",
    title: "ALTO",
    extension: ".alto.xml",
    mediaType: "application/xml",
    needs: ["size"],
    write: (page) => toAlto(withSize("ALTO", page)),
  },
  {
    name: "hocr",
    title: "hOCR",
    extension: ".hocr",
    mediaType: "application/xhtml+xml",
    needs: ["size"],
    write: (page) => toHocr(withSize("hOCR", page)),
  },
  {
    name: "text",
    title: "Plain text",
    extension: ".txt",
    mediaType: "text/plain",
    needs: ["text"],
    write: (page) => toText(page),
  },
  {
    name: "markdown",
    title: "Markdown",
    extension: ".md",
    mediaType: "text/markdown",
    needs: ["text"],
    write: (page) => toMarkdown(page),
  },
  {
    name: "csv",
    title: "CSV",
    extension: ".csv",
    mediaType: "text/csv",
    needs: [],
    write: (page) => toCsv(page),
  },
  {
    name: "coco",
    title: "COCO",
    extension: ".coco.json",
    mediaType: "application/json",
    needs: ["size"],
    write: (page) => writeJson(toCoco([withSize("COCO", page)])),
  },
  {
    name: "web-annotation",
    title: "Web Annotation",
    extension: ".annotations.json",
    mediaType: "application/ld+json",
    needs: [],
    // Relative to the address of the file, in which its own name is not known.
    write: (page) => writeJson(toWebAnnotation(page, { id: "" })),
  },
  {
    name: "svg",
    title: "SVG",
    extension: ".svg",
    mediaType: "image/svg+xml",
    needs: [],
    write: writeSvg,
  },
];

function withSize(format: string, page: PageContent): SizedPageContent {
  return { ...page, size: checkSize(format, page.size) };
}

function writeJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Draws the outlines, without the image, and the texts if there are any. */
function writeSvg({ regions, size }: PageContent): string {
  const texts = regions.map(({ text }) => text ?? "");
  return toSvg(regions.map(({ region }) => region), {
    ...size,
    texts: texts.some((text) => text !== "") ? texts : undefined,
  });
}
