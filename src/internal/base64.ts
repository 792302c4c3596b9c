/**
 * Base64 encoding, for JSON and `data:` URLs.
 *
 * @module
 */

// A multiple of 3, so that only the last chunk is padded, and well below the number of arguments that a call accepts:
// `String.fromCharCode(...bytes)` overflows the stack at about 65,000 bytes.
const CHUNK = 12_288;

/**
 * Encodes bytes as Base64: the standard alphabet (RFC 4648, section 4), padded, without line breaks. Uses
 * `Uint8Array.prototype.toBase64` if the runtime has it, which Node.js does only after version 24.
 */
export function toBase64(bytes: Uint8Array): string {
  const native = bytes as Uint8Array & { readonly toBase64?: () => string };
  if (typeof native.toBase64 === "function") return native.toBase64();
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += btoa(String.fromCharCode(...bytes.subarray(i, i + CHUNK)));
  return text;
}
