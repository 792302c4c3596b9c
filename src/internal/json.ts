/**
 * Helpers for JSON from outside.
 *
 * @module
 */
import { fromBase64, toBase64, toByteArray } from "./base64.ts";
import { toBytes } from "./bytes.ts";

/** Whether the value is an object in the sense of JSON, which is neither null nor an array. */
export function isObject(u: unknown): u is Readonly<Record<string, unknown>> {
  return typeof u === "object" && u !== null && !Array.isArray(u);
}

/** The only key of the object that stands for bytes in {@linkcode toJson}. */
const BYTES = "$base64";

/** Converts a value to JSON. Bytes, which JSON does not have, become an object: `{ "$base64": "…" }`. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key: string, part: unknown): unknown {
    // A Node.js `Buffer` has its own JSON, which is `part`.
    const bytes = ArrayBuffer.isView(this[key]) ? toBytes(this[key]) : null;
    return bytes === null ? part : { [BYTES]: toBase64(bytes) };
  });
}

/** Parses the result of {@linkcode toJson}. Returns undefined if the text is not valid JSON. */
export function fromJson(text: string): unknown {
  return parseJson(text, (_, part) => {
    const base64 = isObject(part) ? part[BYTES] : null;
    const isBytes = typeof base64 === "string" && Object.keys(part).length === 1;
    const binary = isBytes ? fromBase64(base64) : null;
    return binary === null ? part : toByteArray(binary);
  });
}

/** An object without its undefined fields, in an order that does not depend on how it was written. */
export function inOrder(object: object): Readonly<Record<string, unknown>> {
  const fields = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields.sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Parses a text. Returns undefined, which JSON cannot represent, if the text is not valid JSON.
 *
 * @param revive Replaces a part of the value by another one, as in `JSON.parse`.
 */
export function parseJson(text: string, revive?: Parameters<typeof JSON.parse>[1]): unknown {
  try {
    return JSON.parse(text, revive);
  } catch {
    return undefined;
  }
}
