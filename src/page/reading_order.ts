/**
 * Puts regions in reading order.
 *
 * @module
 */
import type { Point, Region } from "../model/region.ts";
import { type Box, heightOf, type ReadingDirection, toBoxes } from "./boxes.ts";
import { clampRegion, type Size } from "./geometry.ts";

export type { ReadingDirection } from "./boxes.ts";

/**
 * Options of {@linkcode inReadingOrder}.
 *
 * @category Page
 */
export interface ReadingOrderOptions {
  /**
   * The direction in which the page is read.
   *
   * @default {"ltr"}
   */
  readonly direction?: ReadingDirection | undefined;
  /**
   * The size of the page, in pixels. If given, a region that extends beyond the page is ordered by the part of it that
   * is on the page.
   *
   * @default {undefined} regions may be anywhere
   */
  readonly size?: Size | undefined;
}

/** Boxes that are connected horizontally or vertically, and the interval that they cover, without the slack. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly boxes: readonly Box[];
}

/** Boxes that are read one below the other, and the notes on their left and right. */
interface Column extends Part {
  readonly before: readonly Box[];
  readonly after: readonly Box[];
}

/** Columns beside each other, from left to right. */
type Row = readonly Column[];

type Interval = Pick<Part, "start" | "end">;

/** Rows that have their columns in common. */
interface Group {
  readonly rows: Row[];
  /** The intervals of the columns, from left to right. They do not overlap. */
  readonly columns: Interval[];
  /** The number of rows up to the last one that is not merely notes. */
  length: number;
}

/** How far boxes in different rows may overlap on each side, in heights of a line: detected boxes are not exact. */
const ROW_SLACK = 0.125;

/** The same for boxes in different columns. It is larger, since columns of a tilted page lean over each other. */
const COLUMN_SLACK = 0.25;

/** Text that is narrower than this part of the text beside it or above it is a note, such as a page number. */
const NOTE = 0.25;

/** How often a page is divided into rows and columns, and these again. It bounds the running time. */
const MAX_DEPTH = 16;

/**
 * Puts regions in the order in which a person reads them. Headings come before the columns below them, columns are read
 * one after the other, tables row by row, and notes in the margin together with the text beside them. Regions may be
 * words, lines or blocks. They may overlap, and the page may be tilted by about a degree.
 *
 * The order depends only on the outlines of the regions, relative to each other, and not on their order in the array.
 * Regions with the same outline stay in the order given.
 *
 * The algorithm is the recursive XY cut (G. Nagy and S. Seth, "Hierarchical representation of optically scanned
 * documents", ICPR 1984). Like J.-L. Meunier ("Optimized XY-cut for determining a page reading order", ICDAR 2005), it
 * keeps rows together while they have their columns in common. Regions that overlap too much to be cut apart are
 * ordered by their centers, so that a drop capital precedes its paragraph. It takes about O(n log n) time for n regions.
 *
 * @param regions The regions of a page. They may have further properties, such as their text.
 *
 * @returns The same objects in a new array.
 *
 * @throws {RangeError} If `direction` is not one of its values, or if the width or height of `size` is not a number of 0
 * or more.
 *
 * @example Two columns below a heading
 * ```ts
 * import { inReadingOrder } from "@ocr-cloud/regions/page";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [
 *   { left: 520, top: 110, right: 900, bottom: 800, text: "right column" },
 *   { left: 100, top: 120, right: 480, bottom: 420, text: "left column" },
 *   { left: 100, top: 440, right: 480, bottom: 800, text: "left column, continued" },
 *   { left: 100, top: 20, right: 900, bottom: 80, text: "heading" },
 * ];
 *
 * deepEqual(inReadingOrder(regions).map(({ text }) => text), [
 *   "heading",
 *   "left column",
 *   "left column, continued",
 *   "right column",
 * ]);
 * deepEqual(inReadingOrder(regions, { direction: "rtl" }).map(({ text }) => text), [
 *   "heading",
 *   "right column",
 *   "left column",
 *   "left column, continued",
 * ]);
 * ```
 *
 * @category Page
 */
export function inReadingOrder<R extends Region>(
  regions: readonly R[],
  options: ReadingOrderOptions = {},
): readonly R[] {
  const { direction = "ltr", size } = options;
  // All sorting below is stable, so that the result does not depend on the order given.
  const sorted = [...regions].sort(compareOutlines);
  const { boxes, line } = toBoxes(size === undefined ? sorted : sorted.map((r) => clampRegion(r, size)), direction);
  return orderBoxes([...boxes].sort(compareCorners), line, 0).flatMap(({ regions }) => regions.map((i) => sorted[i]));
}

function compareOutlines(a: Region, b: Region): number {
  return compareCorners(a, b) || a.bottom - b.bottom || a.right - b.right ||
    comparePolygons(a.polygon ?? [], b.polygon ?? []);
}

function compareCorners(a: Region | Box, b: Region | Box): number {
  return a.top - b.top || a.left - b.left;
}

function comparePolygons(a: readonly Point[], b: readonly Point[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = a[i].y - b[i].y || a[i].x - b[i].x;
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function orderBoxes(boxes: readonly Box[], line: number, depth: number): readonly Box[] {
  if (boxes.length < 2) return boxes;
  const order = (boxes: readonly Box[]): readonly Box[] => orderBoxes(boxes, line, depth + 1);
  const rows = cut(boxes, "top", "bottom", line * ROW_SLACK)
    .map(({ boxes }) => cut(boxes, "left", "right", line * COLUMN_SLACK));
  if (depth === MAX_DEPTH || rows.length === 1 && rows[0].length === 1) return [...boxes].sort(compareCenters);
  return groupRows(rows).flatMap((row) =>
    row.length > 1 ? row.flatMap((column) => order(allOf(column))) : orderColumn(row[0], order)
  );
}

function compareCenters(a: Box, b: Box): number {
  return a.top + a.bottom - b.top - b.bottom || a.left - b.left;
}

/** Cuts boxes apart wherever a line can pass between them. Each box is first shrunk by the slack, or less if small. */
function cut(
  boxes: readonly Box[],
  from: "left" | "top",
  to: "right" | "bottom",
  slack: number,
): readonly Part[] {
  const shrunk = boxes.map((box) => {
    const margin = Math.min(slack, (box[to] - box[from]) / 4);
    return { box, start: box[from] + margin, end: box[to] - margin };
  });
  const parts: { readonly start: number; end: number; readonly boxes: Box[] }[] = [];
  for (const { box, start, end } of shrunk.sort((a, b) => a.start - b.start)) {
    const part = parts[parts.length - 1];
    if (part === undefined || start >= part.end) parts.push({ start, end, boxes: [box] });
    else {
      part.end = Math.max(part.end, end);
      part.boxes.push(box);
    }
  }
  return parts;
}

/** Joins rows whose columns continue each other. */
function groupRows(rows: readonly (readonly Part[])[]): readonly Row[] {
  const groups: Group[] = [];
  for (const parts of rows) {
    const last = groups[groups.length - 1];
    if (last === undefined || last.columns.length === 1 || !continueGroup(last, attachNotes(parts, last.columns))) {
      const row = attachNotes(parts, []);
      groups.push({ rows: [row], columns: [...row], length: 1 });
    }
  }
  return groups.flatMap(joinColumns);
}

/** Turns narrow parts into notes on the parts beside them, unless they continue a column as a short line does. */
function attachNotes(parts: readonly Part[], columns: readonly Interval[]): Row {
  const isNote = (part: Part, other: Part | undefined): boolean =>
    other !== undefined && lengthOf(part) < lengthOf(other) * NOTE && overlapOf(columns, part) === 0;
  const row: Column[] = [];
  let before: readonly Box[] = [];
  parts.forEach((part, i) => {
    const previous = row[row.length - 1];
    const column = { start: part.start, end: part.end, boxes: part.boxes, before, after: [] };
    before = [];
    if (isNote(part, previous)) row[row.length - 1] = { ...previous, after: [...previous.after, ...allOf(column)] };
    else if (isNote(part, parts[i + 1])) before = allOf(column);
    else row.push(column);
  });
  return row;
}

/** Adds a row to a group, unless the row has text, such as a heading, that extends over several columns. */
function continueGroup(group: Group, row: Row): boolean {
  const { rows, columns } = group;
  if (row.some((cell) => overlapOf(columns, cell) > 1)) return false;
  const width = row.reduce((width, cell) => Math.max(width, lengthOf(cell)), 0);
  rows.push(row);
  if (columns.some((column) => width >= lengthOf(column) * NOTE)) group.length = rows.length;
  for (const { start, end } of row) {
    const i = findColumn(columns, start);
    if (overlapOf(columns, { start, end }) === 0) columns.splice(i, 0, { start, end });
    else columns[i] = { start: Math.min(start, columns[i].start), end: Math.max(end, columns[i].end) };
  }
  return true;
}

/** Returns the index of the first column that ends after `x`. */
function findColumn(columns: readonly Interval[], x: number): number {
  let low = 0, high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns[middle].end > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Returns how many columns an interval overlaps: 0, 1, or 2 for two or more. */
function overlapOf(columns: readonly Interval[], { start, end }: Interval): number {
  const i = findColumn(columns, start);
  if (i === columns.length || columns[i].start >= end) return 0;
  return i + 1 === columns.length || columns[i + 1].start >= end ? 1 : 2;
}

/**
 * Joins the columns of a group. Notes in its last rows, such as page numbers and catchwords, belong to the page rather
 * than to a column. A group whose columns cover less than half of its width is a table, which is read row by row.
 */
function joinColumns({ rows, columns, length }: Group): readonly Row[] {
  const width = columns[columns.length - 1].end - columns[0].start;
  const isTable = columns.reduce((sum, column) => sum + lengthOf(column), 0) < width / 2;
  if (rows.length === 1 || isTable) return rows;
  const joined = columns.map(({ start, end }) => ({ start, end, boxes: new Array<Box>(), before: [], after: [] }));
  for (const column of rows.slice(0, length).flat()) {
    const { boxes } = joined[findColumn(joined, column.start)];
    for (const box of allOf(column)) boxes.push(box);
  }
  return [joined.filter(({ boxes }) => boxes.length > 0), ...rows.slice(length)];
}

/**
 * Orders a column and its notes. A note on the left precedes the text that it is level with, even if that starts up to
 * two of the note's heights above it. A note on the right follows all text that starts above its center.
 */
function orderColumn(column: Column, order: (boxes: readonly Box[]) => readonly Box[]): readonly Box[] {
  const boxes = insertNotes(
    order(column.boxes),
    order(column.before),
    (note, box) => box.top > note.top - 2 * heightOf(note),
  );
  return insertNotes(boxes, order(column.after), (note, box) => 2 * box.top >= note.top + note.bottom);
}

/** Inserts each note before the first box that it precedes. The notes keep their order. */
function insertNotes(
  boxes: readonly Box[],
  notes: readonly Box[],
  precedes: (note: Box, box: Box) => boolean,
): readonly Box[] {
  if (notes.length === 0) return boxes;
  const result: Box[] = [];
  let next = 0;
  for (const note of notes) {
    while (next < boxes.length && !precedes(note, boxes[next])) result.push(boxes[next++]);
    result.push(note);
  }
  return result.concat(boxes.slice(next));
}

function allOf({ before, boxes, after }: Column): readonly Box[] {
  return before.length + after.length === 0 ? boxes : [...before, ...boxes, ...after];
}

function lengthOf({ start, end }: Interval): number {
  return end - start;
}
