/**
 * Classifies rejections of `fetch` by whether any part of the request can have reached the server.
 *
 * @module
 */

import { isObject } from "../internal/json.ts";

/**
 * Causes are nested: `fetch` wraps the system's error, and an `AggregateError` contains one per address of the host.
 */
const MAX_DEPTH = 5;

/** System calls before a connection is established. */
const BEFORE_CONNECTION: ReadonlySet<unknown> = new Set(["connect", "getaddrinfo"]);

/** Codes of failures before the first byte of a request is sent, including certificates that the client rejects. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  // undici
  "UND_ERR_CONNECT_TIMEOUT",
  // Bun until 1.3
  "ConnectionRefused",
  // OpenSSL's and BoringSSL's errors for certificates, as named by Node.js
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Alerts that occur only in a handshake (RFC 8446, section 6.2), such as `ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE`. */
const HANDSHAKE_ALERT = /^ERR_SSL_.*ALERT_(?:HANDSHAKE_FAILURE|PROTOCOL_VERSION)$/;

/**
 * Messages of errors without a code. Deno's message contains "(Connect)" if the failure occurred before TLS was
 * established. For a request on a connection, it contains "(SendRequest)", or "from" with the local address. The last two
 * are those of Node.js and Deno for ports that the Fetch standard blocks, such as 6000.
 */
const NEVER_SENT_MESSAGE =
  /^error sending request for url \(\S*\): client error \(Connect\)|^Client network socket disconnected before secure TLS connection was established$|^bad port$|^Fetch failed: Requests to port \d+ are blocked$/;

/**
 * Whether the request was certainly never sent: the host name was not resolved, or the connection or TLS handshake was
 * refused. False for all unknown errors, including all errors of browsers.
 *
 * @param error The reason of the rejection of `fetch`.
 */
export function isNeverSent(error: unknown): boolean {
  return isBeforeConnection(error, MAX_DEPTH);
}

/**
 * Whether the runtime denied the program access to the network: `--allow-net` is missing in Deno, or in Node.js with
 * `--permission`. Nothing was sent, and a retry cannot succeed. The name is `NotCapable` in Deno 2, and
 * `PermissionDenied` in Deno 1.
 *
 * @param error The reason of the rejection of `fetch`.
 */
export function isDenied(error: unknown): boolean {
  if (!isObject(error)) return false;
  const { name, code, cause } = error;
  return name === "NotCapable" || name === "PermissionDenied" || code === "ERR_ACCESS_DENIED" ||
    isObject(cause) && cause.code === "ERR_ACCESS_DENIED";
}

function isBeforeConnection(error: unknown, depth: number): boolean {
  if (depth === 0 || !isObject(error)) return false;
  // node-fetch has its own name for `syscall`.
  const { code, syscall, erroredSysCall = syscall, message, errors, cause } = error;
  // ECONNREFUSED can also be the failure of a read or write on an established connection.
  if (erroredSysCall !== undefined) return BEFORE_CONNECTION.has(erroredSysCall);
  if (NEVER_SENT.has(code) || matches(HANDSHAKE_ALERT, code) || matches(NEVER_SENT_MESSAGE, message)) return true;
  const parts = Array.isArray(errors) && errors.length > 0 ? errors : [cause];
  return parts.every((part) => isBeforeConnection(part, depth - 1));
}

function matches(pattern: RegExp, u: unknown): boolean {
  return typeof u === "string" && pattern.test(u);
}
