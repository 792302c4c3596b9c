/**
 * The faults, by name. Error responses echo the request, including its secrets.
 *
 * @module
 */
import type { Fault } from "./fault_server.ts";
import { type RawResponse, realNow, type Received, toText } from "./wire.ts";

const DEEP = "[".repeat(100_000) + "]".repeat(100_000);

/** Envoy's response if it loses the connection to the service, either before or after it sent the request. */
const ENVOY = "upstream connect error or disconnect/reset before headers. reset reason: connection termination";

const HOUR = 3_600_000;

export const FAULTS = {
  "connection refused": { _tag: "Unreachable", why: "refused" },
  "host name not resolved": { _tag: "Unreachable", why: "unresolved" },
  "TLS handshake refused": { _tag: "Unreachable", why: "handshake" },
  "TLS certificate not trusted": { _tag: "Unreachable", why: "certificate" },
  "reset before the headers": { _tag: "Reset", at: "before" },
  "reset within the headers": { _tag: "Reset", at: "inside" },
  "reset after the headers": { _tag: "Reset", at: "after" },
  "closed before the body was read": { _tag: "Close", at: "head" },
  "closed after the request was read": { _tag: "Close", at: "request" },
  "truncated body": { _tag: "Cut" },
  "`Content-Length` too long": { _tag: "Length", announced: "more" },
  "invalid gzip": { _tag: "NotGzip" },
  "no response": { _tag: "Stall", at: "before" },
  "no body after the headers": { _tag: "Stall", at: "after" },
  "one byte per second": { _tag: "Drip" },
  "slow upload": { _tag: "Slow", ms: 2000 },
  "408": problem(408),
  "425": problem(425),
  "429": problem(429),
  "429, `Retry-After: -5`": problem(429, () => ({ "Retry-After": "-5" })),
  "429, `Retry-After: 1`": problem(429, () => ({ "Retry-After": "1" })),
  "429, `Retry-After` as a date": problem(429, () => inASecond(0)),
  "429, `Retry-After` as a date, clock an hour fast": problem(429, () => inASecond(HOUR)),
  "429, `Retry-After` as a date, clock an hour slow": problem(429, () => inASecond(-HOUR)),
  "429, `Retry-After: 1e12`": problem(429, () => ({ "Retry-After": "1e12" })),
  "500": problem(500),
  "500, `Retry-After: 0`": problem(500, () => ({ "Retry-After": "0" })),
  "502": problem(502),
  "503": problem(503),
  "504": problem(504),
  "408, HTML page": page(408),
  "425, HTML page": page(425),
  "429, HTML page": page(429),
  "503, HTML page": page(503),
  "503, Envoy's error text": { _tag: "Respond", respond: () => ({ status: 503, body: ENVOY }) },
  "503, problem with another status": {
    _tag: "Respond",
    respond: () => ({ status: 503, body: JSON.stringify({ status: 502 }) }),
  },
  "503, HTML page, `Retry-After: 0`": page(503, () => ({ "Retry-After": "0" })),
  "200, HTML page": page(200),
  "200, `{}`": { _tag: "Respond", respond: () => ({ status: 200, body: "{}" }) },
  "200, empty": { _tag: "Respond", respond: () => ({ status: 200 }) },
  "204": { _tag: "Respond", respond: () => ({ status: 204 }) },
  "`Content-Length` too short": { _tag: "Length", announced: "less" },
  "id of another task": { _tag: "Rewrite", fields: { id: "00000000-0000-0000-0000-000000000000" } },
  "unknown status": { _tag: "Rewrite", fields: { taskStatus: "Paused" } },
  "JSON nested 100,000 levels deep": {
    _tag: "Respond",
    respond: () => ({
      status: 200,
      body: `{"access_token":${DEEP},"responseStatusCode":"Ok","taskStatus":"Completed","results":${DEEP}}`,
    }),
  },
  "`Pending` after `Processing`": { _tag: "Rewrite", fields: { taskStatus: "Pending", results: null } },
  "`Pending`, `Cache-Control: max-age=60`": {
    _tag: "Rewrite",
    fields: { taskStatus: "Pending", results: null },
    headers: { "Cache-Control": "max-age=60" },
  },
  "`NotExist`": { _tag: "Rewrite", fields: { taskStatus: "NotExist", results: null } },
  "30 MB": { _tag: "Flood", status: 200, bytes: 30_000_000, base64: false },
  "30 MB in 30 KB of gzip": { _tag: "Bomb", bytes: 30_000_000 },
  "100 MB of Base64": { _tag: "Flood", status: 200, bytes: 100_000_000, base64: true },
  "301 to another origin": page(301, (request, elsewhere) => ({ Location: elsewhere + request.path })),
  "400": problem(400),
  "401": problem(401),
  "403": problem(403),
  "404": problem(404),
  "400, HTML page": page(400),
  "401, HTML page": page(401),
  "403, HTML page": page(403),
  "400, `invalid_client`": refusal(400),
  "401, `invalid_client`": refusal(401),
  "403, `invalid_client`": refusal(403),
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

type Headers = (request: Received, elsewhere: string) => Readonly<Record<string, string>>;

/** An RFC 7807 problem in the JSON of .NET and PHP, which escape `+` and `/`. */
function problem(status: number, headers: Headers = () => ({})): Fault {
  return {
    _tag: "Respond",
    respond: (request, elsewhere) => ({
      status,
      headers: { "Content-Type": "application/problem+json", ...headers(request, elsewhere) },
      body: JSON.stringify({ type: "about:blank", title: `Status ${status}`, status, detail: echoOf(request) })
        .replaceAll("+", "\\u002B").replaceAll("/", "\\/"),
    }),
  };
}

/** An HTML page of a gateway. */
function page(status: number, headers: Headers = () => ({})): Fault {
  return {
    _tag: "Respond",
    respond: (request, elsewhere): RawResponse => ({
      status,
      headers: { "Content-Type": "text/html", ...headers(request, elsewhere) },
      body: `<html>${echoOf(request)}<h1>Please sign in`,
    }),
  };
}

/** The token endpoint's own error response. Source: RFC 6749, section 5.2. */
function refusal(status: number): Fault {
  return {
    _tag: "Respond",
    respond: (request) => ({
      status,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ error: "invalid_client", error_description: echoOf(request) }),
    }),
  };
}

/** A date one second from now on the response's own clock. Dates in headers have no milliseconds. */
function inASecond(offset: number): Readonly<Record<string, string>> {
  const now = realNow() + offset;
  return { "Date": new Date(now).toUTCString(), "Retry-After": new Date(now + 1000).toUTCString() };
}

/** Echoes the request, including its secrets, in the encodings of several platforms. */
function echoOf({ method, path, headers, body }: Received): string {
  const form = toText(body).slice(0, 1000);
  const secret = new URLSearchParams(form).get("client_secret") ?? "";
  const lower = form.replace(/%../g, (hex) => hex.toLowerCase());
  return `${headers.get("authorization") ?? ""} ${secret} ${lower} ${form} ${method} ${path}`;
}
