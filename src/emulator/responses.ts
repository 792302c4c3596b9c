/**
 * Builds the emulator's responses.
 *
 * @module
 */

const TITLES: ReadonlyMap<number, string> = new Map([
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [413, "Content Too Large"],
  [429, "Too Many Requests"],
  [500, "Internal Server Error"],
]);

/** An error response of the token endpoint. Source: RFC 6749, section 5.2. */
export function tokenError(error: string, description: string): Response {
  return json({ error, error_description: description }, { "Cache-Control": "no-store" }, 400);
}

/** A problem response (RFC 7807), with the content type that the service's own tools expect. */
export function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  const body = { type: "about:blank", title: TITLES.get(status) ?? null, status, detail, instance: null };
  return text(JSON.stringify(body), status, headers);
}

/** A plain-text response. */
export function text(body: string, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { "Content-Type": "text/plain; charset=utf-8", ...headers } });
}

/** A JSON response. */
export function json(body: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
  });
}

/** A response to a request that would be accepted later: 429 with `Retry-After`. */
export function busy(detail: string): Response {
  return problem(429, detail, { "Retry-After": "1" });
}
