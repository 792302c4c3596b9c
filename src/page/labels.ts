/**
 * Places the numbers of regions on a page so that they overlap neither text nor each other.
 *
 * @module
 */
import type { Point, Region } from "../model/region.ts";
import type { Size } from "./geometry.ts";

/** The width and height of a label in cells. A page of extreme proportions has fewer cells per label. */
const CELLS = 8;
const MAX_CELLS_A_SIDE = 20_000;

/** The number of places that are tried for all labels together, which bounds the running time. */
const MAX_TRIES = 200_000;

/** The number of positions to try beside a region, each half a label's width further out. */
const STEPS = 7;

const TEXT = 1, LABEL = 2, TAKEN = TEXT | LABEL; // the possible contents of a cell, as bit flags

interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly cell: Size;
  /** The cells, row by row. */
  readonly cells: Uint8Array;
}

/** The top left cell of a label. */
interface Place {
  readonly column: number;
  readonly row: number;
}

/**
 * Places a label next to each region. All labels have the same size. The preferred place is to the left of the region,
 * level with its top left corner, then to its right, then above it. On the left and right, a label moves outward if
 * another label is in the way, but never past text, since it would then seem to belong to that text.
 *
 * The page is divided into a grid of cells. The running time is linear in the number of regions and cells: each place
 * that is tried covers at most 64 cells, and at most 200,000 places are tried.
 *
 * @param mode `auto` omits a label (null) if it would overlap text or another label. `always` places it at the nearest
 * position that no other label occupies or, if there is none, at the region's corner.
 *
 * @returns The top left corner of each label, in pixels, within the page.
 */
export function placeLabels(
  regions: readonly Region[],
  page: Size,
  label: Size,
  mode: "auto" | "always",
): readonly (Point | null)[] {
  const grid = createGrid(regions, page, label);
  const { columns, rows, cell, cells } = grid;
  const width = Math.ceil(label.width / cell.width), height = Math.ceil(label.height / cell.height);
  const moves = mode === "auto" ? [] : movesUpTo(Math.min(30, Math.ceil(Math.sqrt(regions.length))), width, height);
  let tries = 0;

  /** The contents of the cells that a label would cover, or `TAKEN` outside the page and once all tries are used up. */
  const read = ({ column, row }: Place): number => {
    if (++tries > MAX_TRIES || column < 0 || row < 0 || column + width > columns || row + height > rows) return TAKEN;
    let contents = 0;
    for (let y = row; y < row + height; y++) {
      for (let x = column; x < column + width; x++) contents |= cells[y * columns + x];
    }
    return contents;
  };
  const moveOutward = ({ column, row }: Place, direction: number, steps: number): Place | null => {
    for (let step = 0; step < steps; step++) {
      const place = { column: column + Math.round(direction * step * width / 2), row };
      const contents = read(place);
      if (contents === 0) return place;
      if (contents & TEXT) return null;
    }
    return null;
  };
  const findNear = (y: number, { left, top, right, bottom }: Region): Place | null => {
    // A label that is taller than its region is centered on it vertically.
    const row = (y: number): number =>
      clamp(Math.floor(Math.min(y, y + (bottom - top - label.height) / 2) / cell.height), 0, rows - height);
    const column = clamp(Math.floor(left / cell.width), 0, columns - width);
    return moveOutward({ column: Math.floor(left / cell.width) - width, row: row(y) }, -1, STEPS) ??
      moveOutward({ column: Math.ceil(right / cell.width), row: row(top) }, 1, STEPS) ??
      moveOutward({ column, row: Math.floor(top / cell.height) - height }, 0, 1);
  };
  const findFar = (start: Place): Place | null => {
    for (const move of moves) {
      const place = { column: start.column + move.column, row: start.row + move.row };
      if ((read(place) & LABEL) === 0) return place;
      if (tries > MAX_TRIES) return null;
    }
    return null;
  };

  return regions.map((region) => {
    const corner = cornerOf(region);
    const start = {
      column: clamp(Math.floor(corner.x / cell.width) - width, 0, columns - width),
      row: clamp(Math.floor(corner.y / cell.height), 0, rows - height),
    };
    const place = findNear(corner.y, region) ?? findFar(start);
    if (place === null) return mode === "auto" ? null : toPoint(start, cell);
    for (let y = place.row; y < place.row + height; y++) {
      cells.fill(LABEL, y * columns + place.column, y * columns + place.column + width);
    }
    return toPoint(place, cell);
  });
}

/**
 * Creates the grid and marks the cells that regions cover. Each region updates only four counters, at its corners; a
 * two-dimensional prefix sum over the counters then yields the number of regions that cover each cell.
 */
function createGrid(regions: readonly Region[], page: Size, label: Size): Grid {
  const columns = Math.min(MAX_CELLS_A_SIDE, Math.floor(CELLS * page.width / label.width));
  const rows = Math.min(MAX_CELLS_A_SIDE, Math.floor(CELLS * page.height / label.height));
  const cell = { width: page.width / columns, height: page.height / rows };
  const stride = columns + 1;
  const counts = new Int32Array(stride * (rows + 1));
  for (const { left, top, right, bottom } of regions) {
    const x1 = clamp(Math.floor(left / cell.width), 0, columns), x2 = clamp(Math.ceil(right / cell.width), 0, columns);
    const y1 = clamp(Math.floor(top / cell.height), 0, rows), y2 = clamp(Math.ceil(bottom / cell.height), 0, rows);
    counts[y1 * stride + x1]++;
    counts[y1 * stride + x2]--;
    counts[y2 * stride + x1]--;
    counts[y2 * stride + x2]++;
  }
  const cells = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = y * stride + x;
      const left = x > 0 ? counts[at - 1] : 0;
      const above = y > 0 ? counts[at - stride] : 0;
      const both = x > 0 && y > 0 ? counts[at - stride - 1] : 0;
      counts[at] += left + above - both;
      if (counts[at] > 0) cells[y * columns + x] = TEXT;
    }
  }
  return { columns, rows, cell, cells };
}

/**
 * Returns the moves of up to `reach` label widths or heights in each direction, nearest first. Of equally near moves,
 * those to the left come first, then those down.
 */
function movesUpTo(reach: number, width: number, height: number): readonly Place[] {
  const moves: { readonly place: Place; readonly distance: number }[] = [];
  for (let x = -reach; x <= reach; x++) {
    for (let y = reach; y >= -reach; y--) {
      const place = { column: Math.round(x * width), row: Math.round(y * height) };
      moves.push({ place, distance: Math.hypot(x, y) });
    }
  }
  return moves.sort((a, b) => a.distance - b.distance).map(({ place }) => place);
}

/** Returns the top left corner of the rectangle, or the point of the polygon with the least sum of `x` and `y`. */
function cornerOf({ left, top, polygon = [] }: Region): Point {
  return polygon.reduce((a, b) => b.x + b.y < a.x + a.y ? b : a, polygon[0] ?? { x: left, y: top });
}

function toPoint({ column, row }: Place, cell: Size): Point {
  return { x: column * cell.width, y: row * cell.height };
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
