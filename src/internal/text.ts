/**
 * Texts for people, bounded and safe to print.
 *
 * @module
 */

const MAX_PREVIEW = 40;
const MAX_QUOTE = 300;
const MAX_QUOTES = 3;

/** A value in a few characters, whatever it is: deep, endless, or with a hostile `toString`. */
export function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(cut(value, MAX_PREVIEW));
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The first `length` UTF-16 units of the text and an ellipsis, if it is longer. Never splits a surrogate pair. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/**
 * The text in a form that is safe to print on a terminal or write to a log: on one line, without control characters
 * (C0 and C1), bidirectional controls or lone surrogates. Each UTF-16 unit is replaced by one, so the length stays.
 */
export function printable(text: string): string {
  return text.replace(/[\t-\r\x85\u2028\u2029]/g, " ").replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, "\uFFFD");
}

/** A text by somebody else as a part of a sentence: {@linkcode printable}, and not more than 300 characters of it. */
export function quote(text: string): string {
  return printable(cut(text.trim(), MAX_QUOTE));
}

/** The first three of several texts, quoted, and the number of the others. */
export function quoteAll(texts: readonly string[]): string {
  const quotes = texts.slice(0, MAX_QUOTES).map(quote).join(" ");
  return texts.length <= MAX_QUOTES ? quotes : `${quotes} … and ${texts.length - MAX_QUOTES} more`;
}
