/**
 * Bytes as Base64 text, as JSON and data: URLs want them.
 *
 * @module
 */

// A multiple of 3, so that only the last chunk is padded, and far below what engines take as arguments of one call:
// `String.fromCharCode(...bytes)` overflows the stack from some 65,000 bytes on.
const CHUNK = 12_288;

/**
 * Base64 of bytes: the standard alphabet (RFC 4648, section 4), padded, without line breaks. Uses the runtime's own
 * `Uint8Array.prototype.toBase64` where there is one; Node.js 24 and older have none.
 */
export function toBase64(bytes: Uint8Array): string {
  const native = bytes as Uint8Array & { readonly toBase64?: () => string };
  if (typeof native.toBase64 === "function") return native.toBase64();
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += btoa(String.fromCharCode(...bytes.subarray(i, i + CHUNK)));
  return text;
}
