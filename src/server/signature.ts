/**
 * Signed texts that clients keep, such as the ids of tasks. Only their author can make them.
 *
 * @module
 */
import { fromBase64, fromUtf8, toBase64, toByteArray } from "../internal/base64.ts";
import { preview } from "../internal/text.ts";

/**
 * Signs texts, and opens what it has signed.
 *
 * The context states what a text is for, and for whom: a text that was signed in one context cannot be opened in
 * another.
 */
export interface Signer {
  /** Returns the text with its signature: letters, digits, `-`, `_` and one dot. */
  readonly seal: (context: readonly string[], text: string) => Promise<string>;
  /** Returns the text, or null if it was not signed in this context. */
  readonly open: (context: readonly string[], sealed: string) => Promise<string | null>;
  /** Returns a name that only the owner of the secret can derive from the context. */
  readonly derive: (context: readonly string[]) => Promise<string>;
}

/** The minimum length of a secret. RFC 2104 advises against keys that are shorter than the hash, which has 32 bytes. */
const MIN_SECRET = 32;

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/**
 * Creates a signer.
 *
 * @throws {RangeError} If the secret has fewer than 32 characters.
 */
export function createSigner(secret: string): Signer {
  if (typeof secret !== "string" || secret.length < MIN_SECRET) {
    const found = typeof secret === "string" ? `has ${secret.length}` : `is ${preview(secret)}`;
    throw new RangeError(
      `Cannot sign ids as secret must be a string of ${MIN_SECRET} characters or more: current value ${found}`,
    );
  }
  // The key itself is kept, not its promise, which requests must not share on Workers.
  let key: CryptoKey | null = null;
  const importKey = async (): Promise<CryptoKey> =>
    key ??= await crypto.subtle.importKey("raw", encode(secret), ALGORITHM, false, ["sign", "verify"]);
  const sign = async (parts: readonly string[]): Promise<string> => {
    const signature = await crypto.subtle.sign(ALGORITHM, await importKey(), encode(JSON.stringify(parts)));
    return toBase64Url(new Uint8Array(signature));
  };
  return {
    seal: async (context, text) => `${toBase64Url(encode(text))}.${await sign([...context, text])}`,
    open: async (context, sealed) => {
      const [body = "", code = "", ...rest] = sealed.split(".");
      const text = fromBase64Url(body), signature = fromBase64Url(code);
      const content = text === null ? null : fromUtf8(text);
      if (content === null || signature === null || rest.length > 0) return null;
      const signed = encode(JSON.stringify([...context, content]));
      const isValid = await crypto.subtle.verify(ALGORITHM, await importKey(), toByteArray(signature), signed);
      return isValid ? content : null;
    },
    derive: sign,
  };
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Base64 for URLs, without padding (RFC 4648, section 5). */
function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Decodes to a string with one character per byte. Returns null unless `toBase64Url` could have written the text. */
function fromBase64Url(text: string): string | null {
  if (!/^[\w-]*$/.test(text)) return null;
  const binary = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  return binary !== null && toBase64Url(toByteArray(binary)) === text ? binary : null;
}
