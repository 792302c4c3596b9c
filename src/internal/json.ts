/**
 * Parsed JSON from outside, of which nothing is known yet.
 *
 * @module
 */

/** Whether the value is what JSON calls an object: neither null nor an array. */
export function isObject(u: unknown): u is Readonly<Record<string, unknown>> {
  return typeof u === "object" && u !== null && !Array.isArray(u);
}

/** Parses a text. Returns undefined, which no JSON is, if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
