/** Who may use the Worker: whoever has one of the keys in the secret `API_KEYS`. */

/** A key, and the subject that it stands for. A subject can have several keys. */
export interface ApiKey {
  readonly subject: string;
  /** The SHA-256 of the key. */
  readonly digest: Uint8Array;
}

/**
 * The cookie with the key of a page that uses an `EventSource`, which cannot send headers. Browsers accept a name with
 * this prefix only over HTTPS, from this host, and for all of its paths.
 */
const COOKIE = "__Host-key";

/** Pages of other sites cannot make the browser send the cookie, and scripts cannot read it. */
const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";

/** 32 characters of a hexadecimal number have 128 bits. */
const PAIR = /^([\w.@-]{1,100}):([\w-]{32,200})$/;

/**
 * Reads keys such as `alice:3f9c… alice:07d1… web:c44e…`.
 *
 * @throws {Error} If there are none, or if one of them is invalid. The message does not contain it.
 */
export async function readKeys(text: string): Promise<readonly ApiKey[]> {
  const pairs = text.split(/\s+/).filter((pair) => pair !== "");
  if (pairs.length === 0) throw new Error("API_KEYS is empty.");
  return await Promise.all(pairs.map(async (pair, index) => {
    const [, subject, key] = PAIR.exec(pair) ?? [];
    if (key === undefined) {
      throw new Error(
        `API_KEYS: expected subject:key with a key of 32 to 200 letters and digits as pair ${index + 1}.`,
      );
    }
    return { subject, digest: await hash(key) };
  }));
}

/** Returns the subject of a request: that of its bearer token or, without one, of its cookie. Null if it has no valid key. */
export async function identify({ headers }: Request, keys: readonly ApiKey[]): Promise<string | null> {
  const key = bearerOf(headers) ?? cookieOf(headers);
  if (key === null) return null;
  const digest = await hash(key);
  // All keys are compared, and all bytes of each, so the time does not tell how much of a guess is right.
  return keys.reduce((found: string | null, key) => isEqual(digest, key.digest) ? key.subject : found, null);
}

/** Signs a page in or out: a POST with a bearer token sets the cookie, and a DELETE deletes it. */
export async function respondToSession(request: Request, keys: readonly ApiKey[]): Promise<Response> {
  const { method, headers } = request;
  if (method === "DELETE") return withCookie(`${COOKIE}=; Max-Age=0; ${ATTRIBUTES}`);
  if (method !== "POST") return new Response(null, { status: 405, headers: { "Allow": "POST, DELETE" } });
  const key = bearerOf(headers);
  if (key === null || await identify(request, keys) === null) return unauthorized();
  return withCookie(`${COOKIE}=${key}; ${ATTRIBUTES}`);
}

/** A problem response (RFC 9457) to a request without a valid key. */
export function unauthorized(): Response {
  const problem = { title: "Unauthorized", status: 401, detail: "Send one of the keys as a bearer token." };
  const headers = { "Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer" };
  return new Response(JSON.stringify(problem), { status: 401, headers });
}

function withCookie(cookie: string): Response {
  return new Response(null, { status: 204, headers: { "Set-Cookie": cookie, "Cache-Control": "no-store" } });
}

function bearerOf(headers: Headers): string | null {
  return /^Bearer +([\w-]+)$/i.exec(headers.get("Authorization") ?? "")?.[1] ?? null;
}

function cookieOf(headers: Headers): string | null {
  return new RegExp(`(?:^|; *)${COOKIE}=([\\w-]+)`).exec(headers.get("Cookie") ?? "")?.[1] ?? null;
}

async function hash(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.reduce((difference, byte, index) => difference | byte ^ b[index], 0) === 0;
}
