/**
 * Short texts for users that are safe to print.
 *
 * @module
 */

const MAX_PREVIEW = 40;
const MAX_QUOTE = 300;
const MAX_QUOTES = 3;

/** Describes any value in a few characters, even if it is deeply nested, very large, or has a malicious `toString`. */
export function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(cut(value, MAX_PREVIEW));
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Truncates a text to `length` UTF-16 units and an ellipsis. Never splits a surrogate pair. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/**
 * Makes a text safe for terminals and logs: a single line without control characters (C0 and C1), bidirectional
 * controls and lone surrogates. Each UTF-16 unit is replaced by a single one, so the length does not change.
 */
export function printable(text: string): string {
  return text.replace(/[\t-\r\x85\u2028\u2029]/g, " ").replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, "\uFFFD");
}

/** Returns a text from outside for use in a sentence: {@linkcode printable}, and at most 300 characters. */
export function quote(text: string): string {
  return printable(cut(text.trim(), MAX_QUOTE));
}

/** Quotes the first three of several texts, and states the number of the others. */
export function quoteAll(texts: readonly string[]): string {
  const quotes = texts.slice(0, MAX_QUOTES).map(quote).join(" ");
  return texts.length <= MAX_QUOTES ? quotes : `${quotes} … and ${texts.length - MAX_QUOTES} more`;
}
