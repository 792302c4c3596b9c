/**
 * Parts of sentences.
 *
 * @module
 */

/** Joins names: `a, b or c`, or `a, b and c`. */
export function listed(names: readonly string[], conjunction: "and" | "or"): string {
  return names.length < 2
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} ${conjunction} ${names[names.length - 1]}`;
}

/** A number with its noun: `1 image`, `2 images`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
