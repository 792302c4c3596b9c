/**
 * What the readers of all formats share: options, errors, and values.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { cut, preview, printable } from "../internal/text.ts";
import { MAX_ERRORS } from "../model/codec.ts";
import { boundingBox, type Point, Region } from "../model/region.ts";
import { MAX_SIZE, type PageContent } from "./content.ts";
import { regionArea } from "./polygon.ts";
import { attributeOf, parseXml, type XmlElement } from "./xml_tree.ts";

/**
 * Options of the readers.
 *
 * @category Page
 */
export interface ReaderOptions {
  /**
   * What becomes a region:
   *
   * | level   | PAGE XML     | ALTO        | hOCR                                                |
   * | ------- | ------------ | ----------- | --------------------------------------------------- |
   * | `block` | `TextRegion` | `TextBlock` | `ocr_carea`, `ocr_par`                              |
   * | `line`  | `TextLine`   | `TextLine`  | `ocr_line`, `ocrx_line`, and headers, captions etc. |
   * | `word`  | `Word`       | `String`    | `ocrx_word`                                         |
   *
   * Nothing is left out: a block is one region if it has no lines, or if the coordinates of one are not known. The same
   * holds for a line and its words, and a line outside of any block is a region at the level `block` as well.
   *
   * @default {"block"}
   */
  readonly level?: "block" | "line" | "word" | undefined;
}

/**
 * A file that cannot be read.
 *
 * @category Page
 */
export interface Unreadable {
  /** Discriminates it from other errors. */
  readonly _tag: "Unreadable";
  /** The format that was expected. */
  readonly format: "PAGE XML" | "ALTO" | "hOCR";
  /** What is wrong with the file, in at most 100 lines: `line 12: TextBlock b7: expected coordinates, got none`. */
  readonly errors: readonly string[];
}

/** Reports what is wrong with an element. */
export type Report = (element: XmlElement, fault: string) => void;

/** The maximum length of a file, in UTF-16 units. */
const MAX_LENGTH = 2 ** 26;

/** Numbers as XML Schema and JSON write them, without the names of infinity and NaN. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

const MAX_COORDINATE = 2 ** 53;

/**
 * Parses a file, and reads its pages. If anything was reported, the result is a Left.
 *
 * @throws {TypeError} If `file` is not a string.
 * @throws {RangeError} If `options.level` is not one of its values.
 */
export function readFile(
  format: Unreadable["format"],
  file: string,
  { level }: ReaderOptions,
  read: (root: XmlElement, report: Report) => readonly PageContent[],
  toXml: (file: string) => string = (file) => file,
): E.Either<Unreadable, readonly PageContent[]> {
  if (typeof file !== "string") {
    throw new TypeError(`Cannot read ${format} as the file must be a string: current value is ${preview(file)}`);
  }
  if (level !== undefined && level !== "block" && level !== "line" && level !== "word") {
    throw new RangeError(
      `Cannot read ${format} as level must be block, line or word: current value is ${preview(level)}`,
    );
  }
  const unreadable = (errors: readonly string[]): E.Either<Unreadable, never> =>
    E.left({ _tag: "Unreadable", format, errors });
  if (file.length > MAX_LENGTH) {
    return unreadable([`expected at most ${MAX_LENGTH} characters, got ${file.length}`]);
  }
  const root = parseXml(toXml(file));
  if (E.isLeft(root)) return unreadable([root.left]);
  const errors: string[] = [];
  const pages = read(root.right, (element, fault) => {
    if (errors.length < MAX_ERRORS) errors.push(`line ${element.line}: ${nameOf(element)}: ${fault}`);
  });
  return errors.length === 0 ? E.right(pages) : unreadable(errors);
}

/** Reads a number of at most 2^53 in size. Returns null if it is none. */
export function toNumber(text: string, factor = 1): number | null {
  const value = NUMBER.test(text) ? Number(text) * factor + 0 : NaN;
  return Math.abs(value) <= MAX_COORDINATE ? value : null;
}

/** Reads the points of an outline: pairs of numbers, separated by commas and spaces. Returns null if they are none. */
export function toPoints(text: string, factor = 1): readonly Point[] | null {
  const numbers = text.split(/[\s,]+/).filter((part) => part !== "").map((part) => toNumber(part, factor));
  if (numbers.length === 0 || numbers.length % 2 !== 0) return null;
  const points: Point[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const x = numbers[i], y = numbers[i + 1];
    if (x === null || y === null) return null;
    points.push({ x, y });
  }
  return points;
}

/** Returns the region around one or more points. It has no polygon if they are the corners of an upright rectangle. */
export function toRegion(points: readonly Point[]): Region {
  const box = boundingBox(points);
  return points.length < 3 || isRectangle(points, box) ? box : { ...box, polygon: points };
}

/** Returns a rectangle. Null if its corners are not coordinates, or in the wrong order. */
export function toBox(left: number, top: number, right: number, bottom: number): Region | null {
  const box = { left, top, right, bottom };
  return Region.is(box) ? box : null;
}

/** Reads a side of a page, in pixels. Reports one that is not from 1 to 2^31 - 1 when rounded. */
export function readSide(element: XmlElement, name: string, report: Report, factor = 1): number | undefined {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  const length = toSide(toNumber(text, factor));
  if (length === null) report(element, `expected a size in pixels in ${name}, got ${preview(text)}`);
  return length ?? undefined;
}

/** Rounds a side of a page to whole pixels. Returns null if that is not from 1 to 2^31 - 1. */
export function toSide(length: number | null): number | null {
  const rounded = Math.round(length ?? 0);
  return rounded >= 1 && rounded <= MAX_SIZE ? rounded : null;
}

/** Returns a page without what is not known. */
export function toPage(
  regions: PageContent["regions"],
  width: number | undefined,
  height: number | undefined,
  imageName: string | undefined,
): PageContent {
  return {
    regions,
    ...width === undefined || height === undefined ? {} : { size: { width, height } },
    ...imageName === undefined || imageName === "" ? {} : { imageName },
  };
}

/** Names an element, for errors: `TextBlock b7`. */
function nameOf(element: XmlElement): string {
  const id = attributeOf(element, "id") ?? attributeOf(element, "ID");
  return printable(id === undefined ? cut(element.name, 40) : `${cut(element.name, 40)} ${cut(id, 40)}`);
}

function isRectangle(points: readonly Point[], box: Region): boolean {
  const isCorner = ({ x, y }: Point): boolean =>
    (x === box.left || x === box.right) && (y === box.top || y === box.bottom);
  return points.length === 4 && points.every(isCorner) && regionArea({ ...box, polygon: points }) === regionArea(box);
}
