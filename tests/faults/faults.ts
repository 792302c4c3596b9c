/**
 * The faults that the tests know, by name. What answers wrongly sends back whatever it was sent, secrets included.
 *
 * @module
 */
import { type Answer, echoOf, type Fault, type Received } from "./fault_server.ts";

const DEEP = "[".repeat(100_000) + "]".repeat(100_000);

export const FAULTS = {
  "connection refused": { _tag: "Refuse" },
  "reset before the headers": { _tag: "Reset", at: "before" },
  "reset inside the headers": { _tag: "Reset", at: "inside" },
  "reset after the headers": { _tag: "Reset", at: "after" },
  "body cut short": { _tag: "Cut" },
  "`Content-Length` too long": { _tag: "Length", announced: "more" },
  "gzip that is not": { _tag: "NotGzip" },
  "silence": { _tag: "Stall", at: "before" },
  "silence after the headers": { _tag: "Stall", at: "after" },
  "one byte a second": { _tag: "Drip" },
  "408": problem(408),
  "429": problem(429),
  "429, `Retry-After: -5`": problem(429, () => "-5"),
  "429, `Retry-After: 1`": problem(429, () => "1"),
  // A date has no milliseconds: one that is 0.1 to 1.1 s ahead.
  "429, `Retry-After` as a date": problem(
    429,
    () => new Date(1000 * Math.ceil(Date.now() / 1000 + 0.1)).toUTCString(),
  ),
  "429, `Retry-After: 1e12`": problem(429, () => "1e12"),
  "500": problem(500),
  "502": problem(502),
  "503": problem(503),
  "504": problem(504),
  "200 with HTML": { _tag: "Answer", answer: page },
  "200 with `{}`": { _tag: "Answer", answer: () => ({ status: 200, body: "{}" }) },
  "200, empty": { _tag: "Answer", answer: () => ({ status: 200 }) },
  "204": { _tag: "Answer", answer: () => ({ status: 204 }) },
  "`Content-Length` too short": { _tag: "Length", announced: "less" },
  "the wrong id": { _tag: "Rewrite", fields: { id: "00000000-0000-0000-0000-000000000000" } },
  "an unknown status": { _tag: "Rewrite", fields: { taskStatus: "Paused" } },
  "JSON 100,000 deep": {
    _tag: "Answer",
    answer: () => ({
      status: 200,
      body: `{"access_token":${DEEP},"responseStatusCode":"Ok","taskStatus":"Completed","results":${DEEP}}`,
    }),
  },
  "back to `Pending`": { _tag: "Rewrite", fields: { taskStatus: "Pending", results: null } },
  "30 MB": { _tag: "Flood", status: 200, bytes: 30_000_000, base64: false },
  "30 MB in 30 KB of gzip": { _tag: "Bomb", bytes: 30_000_000 },
  "100 MB of Base64": { _tag: "Flood", status: 200, bytes: 100_000_000, base64: true },
  "301 to another origin": {
    _tag: "Answer",
    answer: (request) => ({ ...page(request), status: 301, headers: { Location: request.elsewhere + request.path } }),
  },
  "400": problem(400),
  "401": problem(401),
  "403": problem(403),
  "404": problem(404),
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** An RFC 7807 problem, in the JSON of .NET and PHP, which write `+` and `/` as escapes. */
function problem(status: number, retryAfter?: () => string): Fault {
  return {
    _tag: "Answer",
    answer: (request) => ({
      status,
      headers: { ...retryAfter === undefined ? null : { "Retry-After": retryAfter() } },
      body: JSON.stringify({ type: "about:blank", title: `Status ${status}`, status, detail: echoOf(request) })
        .replaceAll("+", "\\u002B").replaceAll("/", "\\/"),
    }),
  };
}

function page(request: Received): Answer {
  return {
    status: 200,
    headers: { "Content-Type": "text/html" },
    body: `<html>${echoOf(request)}<h1>Please sign in`,
  };
}
