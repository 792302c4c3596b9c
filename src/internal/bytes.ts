/**
 * Recognizes binary data in all forms that JavaScript has for it.
 *
 * `instanceof` does not work here: a `Buffer` under jsdom, or an `ArrayBuffer` from an iframe or a `vm` context, is an
 * instance of another realm's class. Checks of internal slots, such as `ArrayBuffer.isView`, work across realms.
 *
 * @module
 */

/**
 * Returns the bytes of a view or buffer from any realm without copying them. For a view of any element type, these are
 * the bytes that it covers.
 *
 * @returns null if `value` is neither a view nor a buffer, or if its buffer is detached
 */
export function toBytes(value: unknown): Uint8Array | null {
  try {
    // The constructors throw for anything but a buffer, and for a detached buffer.
    const view: ArrayBufferView = ArrayBuffer.isView(value) ? value : Reflect.construct(DataView, [value]);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  } catch {
    return null;
  }
}

/** Whether `value` is a `Blob` or `File` from any realm or library. A `Response` is not, since it has no `size`. */
export function isBlob(value: unknown): value is Blob {
  return typeof value === "object" && value !== null && "size" in value && typeof value.size === "number" &&
    "arrayBuffer" in value && typeof value.arrayBuffer === "function";
}

/** Joins bytes. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
