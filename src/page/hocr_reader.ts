/**
 * Reads hOCR.
 *
 * @module
 */
import type * as E from "../internal/either.ts";
import { preview } from "../internal/text.ts";
import type { Region } from "../model/region.ts";
import type { PageContent } from "./content.ts";
import { toXml } from "./html.ts";
import { type Level, type Part, toPageRegions, toPart } from "./parts.ts";
import {
  type ReaderOptions,
  readFile,
  type Report,
  toBox,
  toNumber,
  toPage,
  toPoints,
  toRegion,
  toSide,
  type Unreadable,
} from "./reading.ts";
import { attributeOf, type XmlElement } from "./xml_tree.ts";

/** The classes of elements that become parts. Tesseract has four for lines. */
const LEVELS: ReadonlyMap<string, Level> = new Map<string, Level>([
  ["ocr_carea", "block"],
  ["ocr_par", "block"],
  ["ocr_line", "line"],
  ["ocrx_line", "line"],
  ["ocr_header", "line"],
  ["ocr_footer", "line"],
  ["ocr_caption", "line"],
  ["ocr_textfloat", "line"],
  ["ocrx_word", "word"],
]);

/** Elements of HTML before and after which browsers break the line, and how often. */
const BREAKS: ReadonlyMap<string, number> = new Map([["div", 1], ["p", 2]]);

/**
 * Reads hOCR, as Tesseract and `toHocr` write it, as an array of pages. The regions are in the order of
 * the file.
 *
 * Lines of a text are separated by line feeds, and paragraphs by blank lines. As in HTML, other white space becomes a
 * single space.
 *
 * The file must be XHTML, or HTML whose elements are all closed and whose attributes are all in quotes. Void elements
 * such as `<br>` need not be closed. The named characters of HTML 4.01 are known, and any other, such as `&foo;`, is
 * read as text.
 *
 * @param html The file, decoded.
 *
 * @throws {TypeError} If `html` is not a string.
 * @throws {RangeError} If `options.level` is not one of its values.
 *
 * @example
 * ```ts
 * import { toHocr } from "@ocr-cloud/regions/page";
 * import { readHocr } from "@ocr-cloud/regions/page-reader";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const page = { regions, size: { width: 1065, height: 1879 }, imageName: "lucasta.047.jpg" };
 * deepEqual(readHocr(toHocr(page)), right([page]));
 * ```
 *
 * @category Page
 */
export function readHocr(
  html: string,
  options: ReaderOptions = {},
): E.Either<Unreadable, readonly PageContent[]> {
  const read = (root: XmlElement, report: Report): readonly PageContent[] => {
    const pages = pagesIn(root);
    if (pages.length === 0) report(root, "expected an element of the class ocr_page, got none");
    return pages.map((page) => readPage(page, options.level ?? "block", report));
  };
  return readFile("hOCR", html, options, read, toXml);
}

function readPage(page: XmlElement, level: Level, report: Report): PageContent {
  const properties = propertiesOf(page);
  const box = readBox(page, properties, report);
  // The size of the image is known only if the page is the whole of it.
  const [width, height] = box?.left === 0 && box.top === 0 ? [toSide(box.right), toSide(box.bottom)] : [null, null];
  return toPage(
    toPageRegions(readParts(page, report), level, new Map(), report),
    width ?? undefined,
    height ?? undefined,
    properties.get("image")?.replace(/^"([^]*)"$/, "$1"),
  );
}

/** Reads the outermost parts in an element. */
function readParts(element: XmlElement, report: Report): readonly Part[] {
  return element.content.flatMap((child) => {
    if (typeof child === "string") return [];
    const level = levelOf(child);
    return level === undefined ? readParts(child, report) : [toPart({
      level,
      element: child,
      ids: [],
      outline: () => readOutline(child, report),
      text: () => readText(child),
      parts: level === "word" ? [] : readParts(child, report),
    })];
  });
}

/** Reads the text of an element as browsers show it. Undefined if there is nothing to see. */
function readText(element: XmlElement): string | undefined {
  const parts: string[] = [];
  // What comes before the next word.
  let breaks = 0, isSpaced = false;
  const visit = (child: XmlElement | string): void => {
    if (typeof child === "string") {
      for (const [i, word] of child.split(/[ \t\n\f\r]+/).entries()) {
        isSpaced ||= i > 0;
        if (word === "") continue;
        if (parts.length > 0) parts.push(breaks > 0 ? "\n".repeat(breaks) : isSpaced ? " " : "");
        parts.push(word);
        [breaks, isSpaced] = [0, false];
      }
    } else if (child.name.toLowerCase() === "br") breaks++;
    else {
      const around = levelOf(child) === "line" ? 1 : BREAKS.get(child.name.toLowerCase()) ?? 0;
      breaks = Math.max(breaks, around);
      child.content.forEach(visit);
      breaks = Math.max(breaks, around);
    }
  };
  element.content.forEach(visit);
  return parts.length === 0 ? undefined : parts.join("");
}

function readOutline(element: XmlElement, report: Report): Region | null | undefined {
  const properties = propertiesOf(element);
  const text = properties.get("poly");
  if (text === undefined) return readBox(element, properties, report);
  const points = toPoints(text);
  if (points === null) report(element, `expected pairs of numbers in poly, got ${preview(text)}`);
  return points === null ? undefined : toRegion(points);
}

function readBox(
  element: XmlElement,
  properties: ReadonlyMap<string, string>,
  report: Report,
): Region | null | undefined {
  const text = properties.get("bbox");
  if (text === undefined) return null;
  const [left, top, right, bottom, ...more] = text.split(/\s+/).map((part) => toNumber(part) ?? NaN);
  const box = more.length === 0 ? toBox(left, top, right, bottom) : null;
  if (box === null) report(element, `expected two corners in bbox, got ${preview(text)}`);
  return box ?? undefined;
}

/** Returns the properties in the title of an element: names and values, separated by semicolons that are not quoted. */
function propertiesOf(element: XmlElement): ReadonlyMap<string, string> {
  const properties: string[][] = [[]];
  for (const [token] of (attributeOf(element, "title") ?? "").matchAll(/"[^"]*"|[^";]+|[";]/g)) {
    if (token === ";") properties.push([]);
    else properties[properties.length - 1].push(token);
  }
  return new Map(properties.map((tokens) => {
    const property = tokens.join("").trim(), end = property.search(/\s/);
    return end < 0 ? [property, ""] : [property.slice(0, end), property.slice(end).trim()];
  }));
}

function levelOf(element: XmlElement): Level | undefined {
  return classesOf(element).map((name) => LEVELS.get(name)).find((level) => level !== undefined);
}

function classesOf(element: XmlElement): readonly string[] {
  return (attributeOf(element, "class") ?? "").split(/\s+/);
}

/** Returns the pages in an element. */
function pagesIn(element: XmlElement): readonly XmlElement[] {
  if (classesOf(element).includes("ocr_page")) return [element];
  return element.content.flatMap((child) => typeof child === "string" ? [] : pagesIn(child));
}
