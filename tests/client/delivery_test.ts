import { strictEqual as equal } from "node:assert/strict";
import { isNeverSent } from "../../src/client/delivery.ts";

/** Creates an error like those of runtimes. */
function failure(message: string, fields: Record<string, unknown> = {}, cause?: unknown): Error {
  const error = new TypeError(message, { cause });
  return Object.assign(error, fields);
}

const inFetch = (cause: unknown): Error => failure("fetch failed", {}, cause);
const system = (syscall: string, code: string): Error => failure(`${syscall} ${code} 127.0.0.1:2`, { syscall, code });
const deno = (message: string): Error =>
  inFetch(new Error(`error sending request for url (https://localhost:2/v5.0/ocr/DetectRegions?id=1): ${message}`));

/**
 * The rejections of each runtime, observed in 2026-11, for a closed port, an unknown host and a self-signed
 * certificate.
 */
const NEVER_SENT: readonly (readonly [runtime: string, error: unknown])[] = [
  ["Node 20 to 24, closed port", inFetch(system("connect", "ECONNREFUSED"))],
  ["Node 20 to 24, unknown host", inFetch(system("getaddrinfo", "ENOTFOUND"))],
  ["Node 20 to 24, name server out of reach", inFetch(system("getaddrinfo", "EAI_AGAIN"))],
  ["Node 20 to 24, network out of reach", inFetch(system("connect", "ENETUNREACH"))],
  ["Node 20 to 24, untrusted certificate", inFetch(failure("self-signed", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }))],
  ["Node 20 to 24, another host's certificate", inFetch(failure("no", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }))],
  ["Node 20, TLS refused", inFetch(failure("no", { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" }))],
  ["Node 22, TLS refused", inFetch(failure("no", { code: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE" }))],
  [
    "Node 20 to 24, closed in the handshake",
    inFetch(
      failure("Client network socket disconnected before secure TLS connection was established", {
        code: "ECONNRESET",
      }),
    ),
  ],
  [
    "Node 20 to 24, each address of the host",
    inFetch(Object.assign(new AggregateError([system("connect", "ECONNREFUSED"), system("connect", "ETIMEDOUT")]), {
      code: "ECONNREFUSED",
    })),
  ],
  ["Node 20 to 24, a port that is blocked", inFetch(new Error("bad port"))],
  ["Deno 2.9, a port that is blocked", failure("Fetch failed: Requests to port 6000 are blocked")],
  ["undici 6 and 7", inFetch(failure("Connect Timeout Error", { code: "UND_ERR_CONNECT_TIMEOUT" }))],
  ["node-fetch 3", failure("request failed", { code: "ECONNREFUSED", erroredSysCall: "connect" })],
  ["node-fetch 3, untrusted certificate", failure("request failed", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })],
  ["Deno 2.9, closed port", deno("client error (Connect): tcp connect error: Connection refused (os error 111)")],
  ["Deno 2.9, unknown host", deno("client error (Connect): dns error: failed to lookup address information")],
  ["Deno 2.9, untrusted certificate", deno("client error (Connect): invalid peer certificate: UnknownIssuer")],
  ["Bun 1.4, closed port", failure("ECONNREFUSED: Unable to connect.", { code: "ECONNREFUSED" })],
  ["Bun 1.4, unknown host", failure("getaddrinfo", { code: "ENOTFOUND", syscall: "getaddrinfo" })],
  ["Bun 1.4, untrusted certificate", failure("self signed", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })],
  ["Bun 1.3, closed port or unknown host", failure("Unable to connect.", { code: "ConnectionRefused" })],
  ["an error of another realm", { message: "fetch failed", cause: { code: "ECONNREFUSED", syscall: "connect" } }],
];

const loop = failure("loop");
loop.cause = loop;

const UNCERTAIN: readonly (readonly [runtime: string, error: unknown])[] = [
  ["Node, reset", inFetch(system("read", "ECONNRESET"))],
  ["Node, broken pipe", inFetch(system("write", "EPIPE"))],
  ["Node, closed", inFetch(failure("other side closed", { code: "UND_ERR_SOCKET" }))],
  ["Node, no headers in time", inFetch(failure("Headers Timeout Error", { code: "UND_ERR_HEADERS_TIMEOUT" }))],
  ["Linux reports it for an established connection, too", inFetch(system("read", "ECONNREFUSED"))],
  ["Linux reports it for an established connection, too", inFetch(system("write", "EHOSTUNREACH"))],
  ["Node, a record of TLS that is broken", inFetch(failure("no", { code: "ERR_SSL_WRONG_VERSION_NUMBER" }))],
  ["Node, some addresses of the host", inFetch(new AggregateError([system("connect", "ECONNREFUSED"), loop]))],
  ["Node, no address of the host", inFetch(new AggregateError([]))],
  ["node-fetch 3, reset", failure("request failed", { code: "ECONNRESET", erroredSysCall: "read" })],
  ["Deno 2.9, reset", inFetch(new Error("Connection reset by peer (os error 104)"))],
  ["Deno 2.9, closed", deno("client error (SendRequest): connection closed before message completed")],
  [
    "Deno 2.9, on a connection",
    inFetch(new Error("error sending request from 127.0.0.1:3 for http://x/: client error (Connect)")),
  ],
  ["Bun, reset", failure("The socket connection was closed unexpectedly.", { code: "ECONNRESET" })],
  ["Chromium", failure("Failed to fetch")],
  ["Firefox", failure("NetworkError when attempting to fetch resource.")],
  ["Safari", failure("Load failed")],
  ["workerd", new Error("Network connection lost.")],
  ["its own cause", loop],
  ["no error", "ECONNREFUSED"],
  ["nothing", undefined],
];

for (const [expected, errors] of [[true, NEVER_SENT], [false, UNCERTAIN]] as const) {
  for (const [runtime, error] of errors) {
    Deno.test(`isNeverSent() returns ${expected} for ${runtime}: ${error instanceof Error ? error.message : "other"}`, () => {
      equal(isNeverSent(error), expected);
    });
  }
}
