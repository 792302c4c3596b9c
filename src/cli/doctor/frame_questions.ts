/**
 * Questions about the image that coordinates refer to.
 *
 * @module
 */
import { boundingBox, type Region } from "../../model/region.ts";
import { count } from "../words.ts";
import { cannotTell, explainMissing, type Finding, type Question, stepIn, told } from "./answer.ts";
import { findFrame, type Fit, type Frame } from "./frames.ts";
import { type EnvelopeResult, type Log, rowsOf, type StepName, taskOf, textOfResult } from "./log.ts";
import { TURN } from "./page.ts";
import { ROTATION } from "./plan.ts";

const AS_SENT = "as sent";

/** A smaller shift, in pixels, is the detector's inaccuracy. */
const MIN_SHIFT = 15;

export const FRAME_QUESTIONS: readonly Question[] = [
  {
    name: "deskew-frame",
    title: "Which image do coordinates refer to if the service deskews?",
    sent: `A page that is turned clockwise by ${TURN.degrees}°, with makeSkewCorrect, and the same without it.`,
    find: (log) =>
      findFrameOf(log, ["deskewed", "hocr-deskewed"], ["skewed"], [
        { name: AS_SENT, degrees: TURN.degrees, scale: 1 },
        { name: "straightened", degrees: 0, scale: 1 },
      ], {
        same: "makeSkewCorrect had no visible effect: the regions are the same as without it.",
        sent: "The image as it was sent, although it was deskewed.",
        other: () => "The straightened image.",
        danger: "Regions of a skewed page do not fit the image that you have. Submit with makeSkewCorrect: false, " +
          "or deskew the image with DESKEW_IMAGE first and use that one for everything else.",
      }),
  },
  {
    name: "rotate",
    title: "What does Rotate do, and which image do coordinates refer to?",
    sent: `The upright page with Rotate: ${ROTATION}, and the same without it.`,
    find: (log) =>
      findFrameOf(log, ["rotated", "hocr-rotated"], ["plain", "hocr"], [
        { name: AS_SENT, degrees: 0, scale: 1 },
        { name: "clockwise", degrees: ROTATION, scale: 1 },
        { name: "counterclockwise", degrees: -ROTATION, scale: 1 },
      ], {
        same: "Rotate had no visible effect: the regions are the same as without it.",
        sent: "Coordinates refer to the image as it was sent, whether or not it was rotated.",
        other: (name) => `It rotates the image ${name}, and coordinates refer to the rotated image.`,
        danger: "Rotate the image yourself, and submit it without rotate: then the coordinates fit the image you have.",
      }),
  },
  {
    name: "upsampling-frame",
    title: "Which image do coordinates refer to if the service upsamples?",
    sent: "The upright page with makeUpsampling, and the same without it.",
    find: (log) =>
      findFrameOf(log, ["upsampled"], ["plain"], [
        { name: AS_SENT, degrees: 0, scale: 1 },
        ...[1.5, 2, 3, 4].map((scale) => ({ name: `${scale} times as large`, degrees: 0, scale })),
      ], {
        same: "makeUpsampling had no visible effect: the regions are the same as without it.",
        sent: "The image as it was sent.",
        other: (name) => `The upsampled image, which is ${name}.`,
        danger: "Divide coordinates by this factor, or submit without makeUpsampling.",
      }),
  },
];

/** What to say about each outcome. */
interface Sentences {
  /** The regions do not differ from those without the setting. */
  readonly same: string;
  readonly sent: string;
  readonly other: (name: string) => string;
  /** What follows if coordinates do not refer to the image as it was sent. */
  readonly danger: string;
}

function findFrameOf(
  log: Log,
  steps: readonly StepName[],
  controls: readonly StepName[],
  frames: readonly Frame[],
  sentences: Sentences,
): Finding {
  const boxes = boxesOf(log, steps);
  if (boxes === null) return explainMissing(log, steps);
  const control = boxesOf(log, controls);
  const fit = findFrame(boxes, frames);
  const seen = `${count(boxes.length, "region")}${fit === null ? "" : describeFit(fit)}.`;
  if (fit === null) {
    return cannotTell(seen, "Too few of the page's words are where they would have to be in any of these images.");
  }
  if (fit.frame.name !== AS_SENT) return told(seen, sentences.other(fit.frame.name), sentences.danger);
  const isSame = control !== null && JSON.stringify(control) === JSON.stringify(boxes);
  return told(
    seen,
    isSame ? sentences.same : sentences.sent,
    isSame ? "This page was not changed by it. Yours may be." : "Coordinates can be used with the image that you have.",
  );
}

function describeFit({ words, frame, shift }: Fit): string {
  const x = Math.round(shift.x), y = Math.round(shift.y);
  const shifted = Math.hypot(x, y) < MIN_SHIFT ? "" : `, shifted by ${x} and ${y} pixels`;
  return `; ${words} of the page's 7 words are where they are in the image ${frame.name}${shifted}`;
}

/** Returns the boxes that a task found, or null if it has no result. */
export function boxesOf(log: Log, steps: readonly StepName[]): readonly Region[] | null {
  const step = stepIn(log, steps);
  const final = step === null ? null : taskOf(log, step).final;
  if (step === null || final === null || final.status !== "Completed" || final.results === null) return null;
  const boxes = final.results.flatMap(step.startsWith("hocr") ? boxesInHocr : boxesInRows);
  return boxes.length === 0 ? null : boxes;
}

function boxesInRows(result: EnvelopeResult): readonly Region[] {
  return (rowsOf(result) ?? []).flatMap((row) => {
    const box = Array.isArray(row) ? boxOf(row) : null;
    return box === null ? [] : [box];
  });
}

/** Reads a row as two corners, or as the points of a polygon. */
export function boxOf(row: readonly unknown[]): Region | null {
  const numbers = row.filter((n): n is number => typeof n === "number" && Math.abs(n) < 1e6);
  if (numbers.length !== row.length || row.length < 4 || row.length % 2 !== 0 || row.length > 1000) return null;
  return boundingBox(numbers.flatMap((x, i) => i % 2 === 0 ? [{ x, y: numbers[i + 1] }] : []));
}

/** Reads the boxes of all elements, since which of them has the words is not documented. */
function boxesInHocr(result: EnvelopeResult): readonly Region[] {
  const text = textOfResult(result) ?? "";
  return Array.from(text.matchAll(/bbox (\d{1,6}) (\d{1,6}) (\d{1,6}) (\d{1,6})/g), ([, ...sides]) => {
    const [left, top, right, bottom] = sides.map(Number);
    return { left, top, right, bottom };
  });
}
