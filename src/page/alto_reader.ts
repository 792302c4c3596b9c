/**
 * Reads ALTO.
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
  toBox,
  toNumber,
  toPage,
  toPoints,
  toRegion,
  type Unreadable,
} from "./reading.ts";
import { attributeOf, childrenNamed, textOf, type XmlElement } from "./xml_tree.ts";

/** The namespaces of versions 2 to 4. Libraries also keep files without a namespace. */
const NAMESPACE = /^(?:http:\/\/www\.loc\.gov\/standards\/alto\/ns-v[234]#)?$/;

/** The units in an inch. */
const UNITS: ReadonlyMap<string, number> = new Map([["mm10", 254], ["inch1200", 1200]]);

/** The parts of a page that contain blocks. */
const SPACES = ["TopMargin", "LeftMargin", "RightMargin", "BottomMargin", "PrintSpace"];

/**
 * Options of {@linkcode readAlto}.
 *
 * @category Page
 */
export interface AltoReaderOptions extends ReaderOptions {
  /**
   * The resolution of the image, in pixels per inch. Must be finite and greater than 0. Required for files whose
   * `MeasurementUnit` is `mm10` (tenths of a millimeter) or `inch1200`, since ALTO does not state it.
   *
   * @default {undefined} only files in pixels can be read
   */
  readonly resolution?: number | undefined;
}

/**
 * Reads ALTO, version 2, 3 or 4, as an array of pages. The regions are in the declared reading order; those that it does
 * not contain come last. Without one, they are in the order of the file, in which margins precede the print space.
 *
 * Lines of a text are separated by line feeds, and words by spaces. A hyphen at the end of a line is kept.
 *
 * @param xml The file, decoded.
 *
 * @throws {TypeError} If `xml` is not a string.
 * @throws {RangeError} If `options.level` is not one of its values, or if `options.resolution` is not finite and greater
 * than 0.
 *
 * @example
 * ```ts
 * import { toAlto } from "@ocr-cloud/regions/page";
 * import { readAlto } from "@ocr-cloud/regions/page-reader";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const page = { regions, size: { width: 1065, height: 1879 }, imageName: "lucasta.047.jpg" };
 * deepEqual(readAlto(toAlto(page)), right([page]));
 * ```
 *
 * @category Page
 */
export function readAlto(
  xml: string,
  options: AltoReaderOptions = {},
): E.Either<Unreadable, readonly PageContent[]> {
  const { resolution } = options;
  if (resolution !== undefined && !(Number.isFinite(resolution) && resolution > 0)) {
    throw new RangeError(
      `Cannot read ALTO as resolution must be finite and greater than 0: current value is ${preview(resolution)}`,
    );
  }
  return readFile("ALTO", xml, options, (root, report) => {
    if (root.name !== "alto" || !NAMESPACE.test(root.uri)) {
      report(root, `expected the element alto of ALTO 2, 3 or 4, got the namespace ${preview(root.uri)}`);
      return [];
    }
    const [description] = childrenNamed(root, "Description");
    const factor = readUnit(description, resolution, report);
    if (factor === null) return [];
    const imageName = textAt(description, "sourceImageInformation", "fileName")?.trim();
    const [readingOrder] = childrenNamed(root, "ReadingOrder");
    const order = readOrder(readingOrder);
    const pages = childrenNamed(root, "Layout").flatMap((layout) => childrenNamed(layout, "Page"));
    if (pages.length === 0) report(root, "expected the element Page, got none");
    return pages.map((page) => {
      const blocks = childrenNamed(page, ...SPACES).flatMap((space) => readBlocks(space, [], factor, report));
      return toPage(
        toPageRegions(blocks, options.level ?? "block", order, report),
        readSide(page, "WIDTH", report, factor),
        readSide(page, "HEIGHT", report, factor),
        imageName,
      );
    });
  });
}

/** Reads the number of pixels in a unit. Null if it is not known, which is reported. */
function readUnit(
  description: XmlElement | undefined,
  resolution: number | undefined,
  report: Report,
): number | null {
  const unit = textAt(description, "MeasurementUnit")?.trim() ?? "pixel";
  if (description === undefined || unit === "pixel") return 1;
  const perInch = UNITS.get(unit);
  if (perInch !== undefined && resolution !== undefined) return resolution / perInch;
  report(
    description,
    perInch === undefined
      ? `expected pixel, mm10 or inch1200 in MeasurementUnit, got ${preview(unit)}`
      : `expected pixel in MeasurementUnit, got ${preview(unit)}, which needs the option resolution`,
  );
  return null;
}

/** Reads the text blocks in an element, and those in composed blocks. */
function readBlocks(
  element: XmlElement,
  around: readonly string[],
  factor: number,
  report: Report,
): readonly Part[] {
  return childrenNamed(element, "TextBlock", "ComposedBlock").flatMap((block) =>
    block.name === "TextBlock"
      ? [readPart(block, "block", around, factor, report)]
      : readBlocks(block, idsOf(block, around), factor, report)
  );
}

function readPart(
  element: XmlElement,
  level: Level,
  around: readonly string[],
  factor: number,
  report: Report,
): Part {
  const ids = idsOf(element, around);
  const read = (name: string, level: Level): readonly Part[] =>
    childrenNamed(element, name).map((child) => readPart(child, level, ids, factor, report));
  const parts = level === "block" ? read("TextLine", "line") : level === "line" ? read("String", "word") : [];
  const text = (): string | undefined => {
    if (level === "word") return attributeOf(element, "CONTENT");
    return level === "block" ? joinTexts(parts, "\n") : readLine(element);
  };
  return toPart({ level, element, ids, outline: () => readOutline(element, factor, report), text, parts });
}

/** Reads the text of a line: words, and perhaps a hyphen at its end. The schema separates words by white space. */
function readLine(line: XmlElement): string | undefined {
  const words = childrenNamed(line, "String").flatMap((word) => attributeOf(word, "CONTENT") ?? []);
  const hyphens = childrenNamed(line, "HYP").flatMap((hyphen) => attributeOf(hyphen, "CONTENT") ?? []);
  return words.length + hyphens.length === 0 ? undefined : words.join(" ") + hyphens.join("");
}

function readOutline(element: XmlElement, factor: number, report: Report): Region | null | undefined {
  const polygon = childrenNamed(element, "Shape").flatMap((shape) => childrenNamed(shape, "Polygon"))[0];
  if (polygon !== undefined) {
    const text = attributeOf(polygon, "POINTS") ?? "";
    const points = toPoints(text, factor);
    if (points === null) report(element, `expected pairs of numbers in POINTS, got ${preview(text)}`);
    return points === null ? undefined : toRegion(points);
  }
  const places = ["HPOS", "VPOS", "WIDTH", "HEIGHT"].map((name) => attributeOf(element, name));
  if (places.every((place) => place === undefined)) return null;
  const [left, top, width, height] = places.map((place) => toNumber(place ?? "", factor) ?? NaN);
  const box = toBox(left, top, left + width, top + height);
  if (box === null) {
    report(element, `expected numbers in HPOS, VPOS, WIDTH and HEIGHT, got ${places.map(preview).join(", ")}`);
  }
  return box ?? undefined;
}

/** Returns the text at a path, or undefined. */
function textAt(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  const found = path.reduce((inner, name) => inner && childrenNamed(inner, name)[0], element);
  return found && textOf(found);
}
