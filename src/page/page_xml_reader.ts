/**
 * Reads PAGE XML.
 *
 * @module
 */
import type * as E from "../internal/either.ts";
import { preview } from "../internal/text.ts";
import type { Region } from "../model/region.ts";
import type { PageContent } from "./content.ts";
import { idsOf, joinTexts, type Level, type Part, readOrder, toPageRegions, toPart } from "./parts.ts";
import {
  type ReaderOptions,
  readFile,
  readSide,
  type Report,
  toNumber,
  toPage,
  toPoints,
  toRegion,
  type Unreadable,
} from "./reading.ts";
import { attributeOf, childrenNamed, childrenOf, textOf, type XmlElement } from "./xml_tree.ts";

/** The namespaces of all versions, from 2009-03-16 to 2019-07-15. */
const NAMESPACE = /^http:\/\/schema\.primaresearch\.org\/PAGE\/gts\/pagecontent\/\d{4}-\d\d-\d\d$/;

/**
 * Reads PAGE XML of any version from 2009 to 2019 as an array of pages, of which there is one. The regions are in the
 * declared reading order; those that it does not contain come last.
 *
 * The text of a region is that of its first `TextEquiv`, which is the one with the lowest `index`. If there is none, or
 * if it is empty, the text consists of those of the lines. Images, tables and other regions are left out, but not the
 * text regions in them.
 *
 * @param xml The file, decoded.
 *
 * @throws {TypeError} If `xml` is not a string.
 * @throws {RangeError} If `options.level` is not one of its values.
 *
 * @example
 * ```ts
 * import { toPageXml } from "@ocr-cloud/regions/page";
 * import { readPageXml } from "@ocr-cloud/regions/page-reader";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const page = { regions, size: { width: 1065, height: 1879 }, imageName: "lucasta.047.jpg" };
 * deepEqual(readPageXml(toPageXml(page)), right([page]));
 * ```
 *
 * @category Page
 */
export function readPageXml(
  xml: string,
  options: ReaderOptions = {},
): E.Either<Unreadable, readonly PageContent[]> {
  return readFile("PAGE XML", xml, options, (root, report) => {
    if (root.name !== "PcGts" || !NAMESPACE.test(root.uri)) {
      report(root, `expected the element PcGts of PAGE XML, got the namespace ${preview(root.uri)}`);
      return [];
    }
    const pages = childrenNamed(root, "Page");
    if (pages.length === 0) report(root, "expected the element Page, got none");
    return pages.map((page) => readPage(page, options.level ?? "block", report));
  });
}

function readPage(page: XmlElement, level: Level, report: Report): PageContent {
  const [order] = childrenNamed(page, "ReadingOrder");
  return toPage(
    toPageRegions(readRegions(page, [], report), level, readOrder(order), report),
    readSide(page, "imageWidth", report),
    readSide(page, "imageHeight", report),
    attributeOf(page, "imageFilename"),
  );
}

/** Reads the text regions in an element, each followed by those in it. */
function readRegions(element: XmlElement, around: readonly string[], report: Report): readonly Part[] {
  return childrenOf(element).filter(({ name }) => name.endsWith("Region")).flatMap((region) => {
    const inner = readRegions(region, idsOf(region, around), report);
    return region.name === "TextRegion" ? [readPart(region, "block", around, report), ...inner] : inner;
  });
}

function readPart(element: XmlElement, level: Level, around: readonly string[], report: Report): Part {
  const ids = idsOf(element, around);
  const read = (name: string, level: Level): readonly Part[] =>
    childrenNamed(element, name).map((child) => readPart(child, level, ids, report));
  const parts = level === "block" ? read("TextLine", "line") : level === "line" ? read("Word", "word") : [];
  return toPart({
    level,
    element,
    ids,
    outline: () => readCoords(element, report),
    text: () => {
      const stated = readText(element);
      return stated === undefined || stated === ""
        ? joinTexts(parts, level === "block" ? "\n" : " ") ?? stated
        : stated;
    },
    parts,
  });
}

/** Reads the text that is stated for an element. */
function readText(element: XmlElement): string | undefined {
  const indexOf = (text: XmlElement): number => toNumber(attributeOf(text, "index") ?? "") ?? 0;
  const [first] = [...childrenNamed(element, "TextEquiv")].sort((a, b) => indexOf(a) - indexOf(b));
  if (first === undefined) return undefined;
  const [text] = [...childrenNamed(first, "Unicode"), ...childrenNamed(first, "PlainText")];
  return text === undefined ? undefined : textOf(text);
}

/** Reads `Coords`, in which versions before 2013 have elements for the points. */
function readCoords(element: XmlElement, report: Report): Region | null | undefined {
  const [coords] = childrenNamed(element, "Coords");
  if (coords === undefined) return null;
  const text = attributeOf(coords, "points") ??
    childrenNamed(coords, "Point").map((point) => `${attributeOf(point, "x")},${attributeOf(point, "y")}`).join(" ");
  const points = toPoints(text);
  if (points === null) report(element, `expected pairs of numbers in Coords, got ${preview(text)}`);
  return points === null ? undefined : toRegion(points);
}
