/**
 * Finds out in which image coordinates are, from the known words of a page and the boxes that the service found.
 *
 * @module
 */
import { boundingBox, type Point, type Region } from "../../model/region.ts";
import { PAGE, WORDS } from "./page.ts";

/** An image that coordinates may refer to: the upright page, turned clockwise around its center and scaled. */
export interface Frame {
  readonly name: string;
  readonly degrees: number;
  readonly scale: number;
}

/** A frame that fits. */
export interface Fit {
  readonly frame: Frame;
  /** The number of words that were found where they must be. */
  readonly words: number;
  /** How far the coordinates are shifted, in pixels, such as by a larger canvas. */
  readonly shift: Point;
}

/** Fewer words may be where they must be by chance. */
const MIN_WORDS = 4;

/** The most boxes that are compared. The page has seven words. */
const MAX_BOXES = 60;

// How far the center and the size of a box may be off, in pixels of the page, and in parts of its size.
const CENTER = 14, SIZE = 14, SIZE_PART = 0.15;

/** Returns the frame in which most words are where they must be; null if there is none, or if two fit equally well. */
export function findFrame(boxes: readonly Region[], frames: readonly Frame[]): Fit | null {
  const fits = frames.map((frame) => fit(boxes.slice(0, MAX_BOXES), frame)).sort((a, b) => b.words - a.words);
  const [best, second] = fits;
  if (best === undefined || best.words < MIN_WORDS) return null;
  return second !== undefined && second.words === best.words ? null : best;
}

/** Returns the word of the page that a box in the frame of the upright page is about; null if there is none. */
export function wordAt({ left, top, right, bottom }: Region): string | null {
  const x = (left + right) / 2, y = (top + bottom) / 2;
  const word = WORDS.find(({ box }) => x > box.left && x < box.right && y > box.top - SIZE && y < box.bottom + SIZE);
  return word?.text ?? null;
}

/** Returns the box of a word in a frame. */
export function boxIn({ degrees, scale }: Frame, { left, top, right, bottom }: Region): Region {
  const angle = degrees * Math.PI / 180;
  const sin = Math.sin(angle), cos = Math.cos(angle);
  const toFrame = (x: number, y: number): Point => {
    const dx = x - PAGE.width / 2, dy = y - PAGE.height / 2;
    return {
      x: scale * (PAGE.width / 2 + cos * dx - sin * dy),
      y: scale * (PAGE.height / 2 + sin * dx + cos * dy),
    };
  };
  return boundingBox([toFrame(left, top), toFrame(right, top), toFrame(right, bottom), toFrame(left, bottom)]);
}

/** Fits a frame: tries every shift that brings a box to a word, and the smallest one of those that fit best. */
function fit(boxes: readonly Region[], frame: Frame): Fit {
  const words = WORDS.map(({ box }) => boxIn(frame, box));
  let best: Fit = { frame, words: 0, shift: { x: 0, y: 0 } };
  const shifts = words.flatMap((word) => boxes.map((box) => between(centerOf(word), centerOf(box))));
  for (const shift of [{ x: 0, y: 0 }, ...shifts]) {
    const found = words.filter((word) => boxes.some((box) => isAt(box, word, shift, frame.scale))).length;
    if (found > best.words || found === best.words && lengthOf(shift) < lengthOf(best.shift)) {
      best = { frame, words: found, shift };
    }
  }
  return best;
}

function isAt(box: Region, word: Region, shift: Point, scale: number): boolean {
  const { x, y } = between(centerOf(word), centerOf(box));
  return Math.abs(x - shift.x) <= CENTER * scale && Math.abs(y - shift.y) <= CENTER * scale &&
    isLike(box.right - box.left, word.right - word.left, scale) &&
    isLike(box.bottom - box.top, word.bottom - word.top, scale);
}

function isLike(actual: number, expected: number, scale: number): boolean {
  return Math.abs(actual - expected) <= SIZE * scale + SIZE_PART * expected;
}

function centerOf({ left, top, right, bottom }: Region): Point {
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}

function between(a: Point, b: Point): Point {
  return { x: b.x - a.x, y: b.y - a.y };
}

function lengthOf({ x, y }: Point): number {
  return Math.hypot(x, y);
}
