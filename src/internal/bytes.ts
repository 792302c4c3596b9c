/**
 * Binary data in any of the forms that JavaScript has for it.
 *
 * `instanceof` is of no use here: a `Buffer` under jsdom, or an `ArrayBuffer` from an iframe or a `vm` context, is an
 * instance of another realm's class. The engine's own checks of internal slots work across realms.
 *
 * @module
 */

/**
 * The bytes of a view or buffer of any realm, without copying them: a view of any element type gives the bytes that it
 * covers.
 *
 * @returns null if `value` is neither a view nor a buffer, or if its buffer was transferred and its bytes are gone
 */
export function toBytes(value: unknown): Uint8Array | null {
  try {
    // The constructors throw for everything but a buffer, and for one that was transferred.
    const view: ArrayBufferView = ArrayBuffer.isView(value) ? value : Reflect.construct(DataView, [value]);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  } catch {
    return null;
  }
}

/** Whether `value` is a `Blob` or `File` of any realm or library. A `Response` is not: it has no size. */
export function isBlob(value: unknown): value is Blob {
  return typeof value === "object" && value !== null && "size" in value && typeof value.size === "number" &&
    "arrayBuffer" in value && typeof value.arrayBuffer === "function";
}
