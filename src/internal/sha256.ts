/**
 * Hashes bytes.
 *
 * @module
 */

/** Returns the SHA-256 of bytes in hexadecimal digits. Source: FIPS 180-4. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { buffer, byteOffset, length } = bytes;
  // Bytes that may be shared with other threads are copied, since the hash does not accept them.
  const own = buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, length) : bytes.slice();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", own));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
