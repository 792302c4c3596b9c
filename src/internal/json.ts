/**
 * Helpers for JSON from outside.
 *
 * @module
 */

/** Whether the value is an object in the sense of JSON, which is neither null nor an array. */
export function isObject(u: unknown): u is Readonly<Record<string, unknown>> {
  return typeof u === "object" && u !== null && !Array.isArray(u);
}

/** Parses a text. Returns undefined, which JSON cannot represent, if the text is not valid JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
