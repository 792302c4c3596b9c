/**
 * Questions about the results of tasks: their form and their order.
 *
 * @module
 */
import { isObject, parseJson } from "../../internal/json.ts";
import { Region } from "../../model/region.ts";
import { editDistance } from "../edit_distance.ts";
import { count } from "../words.ts";
import { cannotTell, explainMissing, type Finding, joined, type Question, quoted, told, word } from "./answer.ts";
import { boxesOf } from "./frame_questions.ts";
import { wordAt } from "./frames.ts";
import { type Envelope, type Log, rowsOf, type StepName, taskOf, textOfResult } from "./log.ts";
import { WORDS } from "./page.ts";
import { ORDERED } from "./plan.ts";

export const RESULT_QUESTIONS: readonly Question[] = [
  {
    name: "results",
    title: "Are the regions of an image in one result or in several?",
    sent: "The upright page.",
    find: findResults,
  },
  {
    name: "polygon-rows",
    title: "Do rows ever have more than four numbers?",
    sent: "The turned page with dsrMode: PolygonalTextDetector.",
    find: findRows,
  },
  {
    name: "region-order",
    title: "In which order do the regions come?",
    sent: "The upright page, whose words are in two columns at alternating heights.",
    find: findRegionOrder,
  },
  {
    name: "text-order",
    title: "In which order do the texts of RecognizeRegions come?",
    sent: `Three regions, in this order: ${
      ORDERED.map(({ word, order }) => `${word.text} with order ${order}`).join(", ")
    }.`,
    find: findTextOrder,
  },
  {
    name: "combined-format",
    title: "How do the results of a combined resultType come?",
    sent: "The upright page with resultType: TextAndHocr.",
    find: findCombined,
  },
  {
    name: "hocr",
    title: "What does hOCR contain?",
    sent: "The upright page with resultType: TextAndHocr.",
    find: findHocr,
  },
  {
    name: "json",
    title: "Which fields does the JSON have?",
    sent: "The upright page with resultType: JSON.",
    find: findJson,
  },
];

const MAX_LENGTHS = 8;
const MAX_KEYS = 12;
const MAX_DEPTH = 3;

/** Returns the response of a task that is completed and has results. */
function completed(log: Log, step: StepName): Envelope & { readonly results: NonNullable<Envelope["results"]> } | null {
  const { final } = taskOf(log, step);
  if (final === null || final.status !== "Completed") return null;
  const { results } = final;
  return results === null || results.length === 0 ? null : { ...final, results };
}

function findResults(log: Log): Finding {
  const results = completed(log, "plain")?.results ?? [];
  if (results.length === 0) return explainMissing(log, ["plain"]);
  const rows = results.slice(0, MAX_LENGTHS).map((result) => rowsOf(result)?.length ?? null);
  const types = [...new Set(results.map(({ type }) => word(type)))].slice(0, MAX_LENGTHS);
  const lengths = rows.map((n) => n === null ? "no array" : count(n, "row"));
  const seen = `${count(results.length, "result")} of the type ${joined(types)}: ${joined(lengths)}.`;
  if (rows.includes(null)) return cannotTell(seen, "A result is not Base64 of a JSON array.");
  return told(
    seen,
    results.length === 1 ? "In one result." : `In ${results.length} results.`,
    "Nothing. The library joins the rows of all results.",
  );
}

function findRows(log: Log): Finding {
  const rows = (completed(log, "polygon")?.results ?? []).flatMap((result) => rowsOf(result) ?? []);
  if (rows.length === 0) return explainMissing(log, ["polygon"]);
  const lists = rows.filter((row) => Array.isArray(row));
  const lengths = [...new Set(lists.map((row) => row.length))].sort((a, b) => a - b);
  const shown = lengths.slice(0, MAX_LENGTHS).map((n) => `${n} numbers`);
  const others = lists.length < rows.length ? `; ${count(rows.length - lists.length, "row")} of another form` : "";
  const seen = `${count(rows.length, "row")}: ${lists.length === 0 ? "none of them a list" : joined(shown)}${others}.`;
  if (lists.length === 0) return cannotTell(seen, "Rows of another form are not known.");
  const unread = rows.filter((row) => Region.decode(row)._tag === "Left").length;
  const isExtended = lengths.some((n) => n > 4);
  const meaning = unread > 0
    ? `The library does not accept ${count(unread, "row")} of them (Malformed). Please report this with the recording.`
    : isExtended
    ? "The library reads the numbers as the points of a polygon, whose bounding box is the region."
    : "Regions are rectangles in this mode as well.";
  return told(seen, isExtended ? "Yes." : "Not for this page.", meaning);
}

function findRegionOrder(log: Log): Finding {
  const boxes = boxesOf(log, ["plain"]) ?? [];
  if (boxes.length === 0) return explainMissing(log, ["plain"]);
  const found = [...new Set(boxes.map(wordAt).filter((text) => text !== null))];
  const seen = `${count(boxes.length, "region")}: ${
    found.length === 0 ? "none at a word of the page" : found.join(", ")
  }.`;
  if (found.length < 4) return cannotTell(seen, "Too few regions are at a word of the page.");
  const byHeight = orderOf(found, (a, b) => a.box.top - b.box.top);
  const byColumn = orderOf(found, (a, b) => a.box.left - b.box.left || a.box.top - b.box.top);
  const meaning = "Sort regions with inReadingOrder, which does not depend on the service's order.";
  if (isSame(found, byHeight)) return told(seen, "From top to bottom, across the columns.", meaning);
  if (isSame(found, byColumn)) return told(seen, "Column by column, each from top to bottom.", meaning);
  return told(seen, "Neither from top to bottom nor column by column.", meaning);
}

function orderOf(found: readonly string[], compare: (a: typeof WORDS[number], b: typeof WORDS[number]) => number) {
  return [...WORDS].sort(compare).map(({ text }) => text).filter((text) => found.includes(text));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.join() === b.join();
}

function findTextOrder(log: Log): Finding {
  const results = completed(log, "ordered")?.results ?? [];
  if (results.length === 0) return explainMissing(log, ["ordered"]);
  const texts = results.slice(0, MAX_LENGTHS).map((result) => textOfResult(result) ?? "");
  const seen = `${count(results.length, "result")}: ${texts.map((text) => quoted(text.trim())).join(", ")}.`;
  const words = ORDERED.map(({ word }) => word.text);
  const found = texts.map((text) => nearest(text, words));
  if (results.length !== words.length) {
    return cannotTell(seen, "There is not one result for each region, so the library reports Malformed.");
  }
  if (found.includes(null) || new Set(found).size < words.length) {
    return cannotTell(seen, "The words are not recognized well enough to tell them apart.");
  }
  const byOrder = [...ORDERED].sort((a, b) => a.order - b.order).map(({ word }) => word.text);
  const order = found.map(String);
  if (isSame(order, words)) {
    return told(seen, "In the order in which the regions were sent.", "The library relies on this, and may.");
  }
  return isSame(order, byOrder)
    ? told(seen, "By the field order.", "The same for the library, which numbers regions in the order they are sent.")
    : told(
      seen,
      "In another order.",
      "Texts of readRegions may be assigned to the wrong regions. Please report this with the recording.",
    );
}

/** Returns the only word that a text may be, with some letters wrong; null if there is none. */
function nearest(text: string, words: readonly string[]): string | null {
  const letters = text.toUpperCase().replace(/[^A-Z]/g, "").slice(0, 40);
  const close = words.filter((word) => editDistance(letters, word) <= word.length / 2);
  return close.length === 1 ? close[0] : null;
}

function findCombined(log: Log): Finding {
  const results = completed(log, "hocr")?.results ?? [];
  if (results.length === 0) return explainMissing(log, ["hocr"]);
  const types = results.slice(0, MAX_LENGTHS).map(({ type }) => word(type));
  const seen = `${count(results.length, "result")} of the type ${joined(types)}.`;
  return told(
    seen,
    results.length === 1 ? "In one result." : `As ${results.length} results, in this order: ${types.join(", ")}.`,
    "The library asks for one format at a time. For several, define a kind of task with its own output.",
  );
}

function findHocr(log: Log): Finding {
  const results = completed(log, "hocr")?.results ?? [];
  const text = results.map((result) => textOfResult(result) ?? "").find((text) => /ocrx?_|<html/i.test(text));
  if (text === undefined) return explainMissing(log, ["hocr"]);
  const classes = [...new Set(text.match(/\bocrx?_\w{1,20}/g) ?? [])].slice(0, MAX_KEYS);
  const hasBoxes = /bbox \d+ \d+ \d+ \d+/.test(text), hasConfidence = /x_w?confs? \d/.test(text);
  const seen = `${count(text.length, "character")}, with the classes ${
    classes.length === 0 ? "of none" : joined(classes)
  }.`;
  return told(
    seen,
    `${hasBoxes ? "Boxes" : "No boxes"}, ${classes.includes("ocrx_word") ? "words" : "no words"} and ${
      hasConfidence ? "confidences" : "no confidences"
    }.`,
    hasBoxes
      ? "The page with the positions of its words can be read with readHocr of ./page-reader."
      : "Positions must come from a detection.",
  );
}

function findJson(log: Log): Finding {
  const results = completed(log, "json")?.results ?? [];
  const text = results.length === 0 ? null : textOfResult(results[0]);
  if (text === null) return explainMissing(log, ["json"]);
  const json = parseJson(text);
  if (json === undefined) return cannotTell(`${quoted(text)}.`, "The result is not JSON.");
  return told(
    `${count(text.length, "character")}.`,
    `${shapeOf(json, MAX_DEPTH)}.`,
    "The library returns this JSON as text. Check the fields before you rely on them.",
  );
}

/** Describes the form of JSON: `[{ text: string, x: number }]`. */
function shapeOf(json: unknown, depth: number): string {
  if (Array.isArray(json)) return json.length === 0 ? "[]" : `[${depth === 0 ? "…" : shapeOf(json[0], depth - 1)}]`;
  if (!isObject(json)) return json === null ? "null" : typeof json;
  if (depth === 0) return "{…}";
  const keys = Object.keys(json);
  const shown = keys.slice(0, MAX_KEYS).map((key) => `${word(key)}: ${shapeOf(json[key], depth - 1)}`);
  return `{ ${[...shown, ...keys.length > MAX_KEYS ? ["…"] : []].join(", ")} }`;
}
