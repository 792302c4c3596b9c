/**
 * The page that the doctor sends: words at known positions, upright or turned by a known angle.
 *
 * @module
 */
import type { Region } from "../../model/region.ts";
import { GLYPH, hasDot } from "./glyphs.ts";
import { toPng } from "./png.ts";

/** A word of the page and its rectangle, in pixels of the upright page. */
export interface Word {
  readonly text: string;
  readonly box: Region;
}

/** The size of the page in pixels. */
export const PAGE = { width: 900, height: 1200 };

/** The size of a dot of a letter in pixels: capitals are 35 pixels high, as in 12-point type at 300 dpi. */
const DOT = 5;

/**
 * The turned page is turned clockwise by this angle. Its sine and cosine are fractions, so that the page is drawn alike
 * on every runtime: 40² + 399² = 401².
 */
export const TURN = { sin: 40 / 401, cos: 399 / 401, degrees: 5.72 };

/**
 * Single words, so that a detector of blocks, of lines and of words finds the same rectangles. Each has its own length.
 * They are in two columns at alternating heights, so that an order by columns differs from one by heights. They are not
 * symmetrical, so that a turned or mirrored page is recognized.
 */
export const WORDS: readonly Word[] = [
  place("LETTER", 90, 110),
  place("DICTIONARY", 90, 430),
  place("PAGE", 90, 750),
  place("GRAMMAR", 90, 1040),
  place("PARAGRAPH", 520, 260),
  place("PRINT", 520, 590),
  place("ALPHABET", 520, 890),
];

/** Draws the page as a PNG file: upright, or turned by {@linkcode TURN}. */
export function drawPage(isTurned: boolean): Uint8Array {
  const { width, height } = PAGE;
  const { sin, cos } = isTurned ? TURN : { sin: 0, cos: 1 };
  const isBlack = (x: number, y: number): boolean => {
    // The center of the pixel, turned back around the center of the page.
    const dx = x + 0.5 - width / 2, dy = y + 0.5 - height / 2;
    return hasInk(width / 2 + cos * dx + sin * dy, height / 2 + cos * dy - sin * dx);
  };
  return toPng({ width, height, isBlack });
}

function place(text: string, left: number, top: number): Word {
  const right = left + DOT * (text.length * (GLYPH.width + 1) - 1);
  return { text, box: { left, top, right, bottom: top + DOT * GLYPH.height } };
}

function hasInk(x: number, y: number): boolean {
  const word = WORDS.find(({ box }) => x >= box.left && x < box.right && y >= box.top && y < box.bottom);
  if (word === undefined) return false;
  const column = Math.floor((x - word.box.left) / DOT), row = Math.floor((y - word.box.top) / DOT);
  return hasDot(word.text[Math.floor(column / (GLYPH.width + 1))], column % (GLYPH.width + 1), row);
}
