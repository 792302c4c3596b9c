/**
 * Hashes bytes.
 *
 * @module
 */

/** Returns the SHA-256 of bytes in hexadecimal digits. Source: FIPS 180-4. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // A copy, since the bytes may be shared with other threads, which the hash does not accept.
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
