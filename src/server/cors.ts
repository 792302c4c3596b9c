/**
 * Requests from web pages of other origins (Fetch Standard, "CORS protocol").
 *
 * @module
 */
import { problem } from "./problem.ts";

/**
 * Checks the origins in `origins`, which are allowed in addition to the handler's own.
 *
 * @throws {TypeError} If one of them is not an origin, such as `https://example.com`.
 */
export function checkOrigins(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    if (!isOrigin(origin)) {
      throw new TypeError(
        `Cannot handle requests as origins must be origins such as https://example.com: current value is ${
          JSON.stringify(origin)
        }`,
      );
    }
  }
  return new Set(origins);
}

/**
 * Returns the response to a request that must not be processed: a preflight request, or one from a page of an origin that
 * is not allowed. Otherwise returns null.
 *
 * A form of a foreign page can send an image with the cookies of its visitor, without a preflight request. Therefore, the
 * origin itself is checked, and not only whether the page may read the response.
 */
export function checkOrigin(request: Request, origins: ReadonlySet<string>): Response | null {
  const origin = request.headers.get("Origin");
  if (origin === null || isOwn(request, origin)) return null;
  if (!origins.has(origin)) return problem(403, "Requests from pages of this origin are not allowed.");
  const isPreflight = request.method === "OPTIONS" && request.headers.has("Access-Control-Request-Method");
  if (!isPreflight) return null;
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": "GET, POST, DELETE",
      "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers") ?? "",
      "Access-Control-Max-Age": "600",
    },
  });
}

/** Adds the headers that let a page of an allowed origin read a response. */
export function allowOrigin(request: Request, origins: ReadonlySet<string>, headers: Headers): void {
  if (origins.size === 0) return;
  headers.append("Vary", "Origin");
  const origin = request.headers.get("Origin");
  if (origin === null || !origins.has(origin)) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Allow-Credentials", "true");
  headers.set("Access-Control-Expose-Headers", "ETag, Location, Retry-After");
}

/**
 * Whether a request comes from a page of the handler's own origin. Behind a proxy that ends TLS or renames the host, the
 * handler does not know its own origin, but browsers state whether it is the same. They do so in requests to secure origins
 * and to `localhost`. In others, the hosts are compared.
 */
function isOwn({ headers, url }: Request, origin: string): boolean {
  const site = headers.get("Sec-Fetch-Site");
  if (site !== null) return site === "same-origin";
  try {
    return new URL(origin).host === new URL(url).host;
  } catch {
    // Pages without an origin send `null`.
    return false;
  }
}

function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
