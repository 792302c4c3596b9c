/**
 * What the rejection of `fetch` tells about the request: whether any of it can have reached the server.
 *
 * @module
 */

import { isObject } from "../internal/json.ts";

/** Causes nest: `fetch` wraps the system's error, and an `AggregateError` holds one for each address of the host. */
const MAX_DEPTH = 5;

/** System calls that come before there is a connection. */
const BEFORE_CONNECTION: ReadonlySet<unknown> = new Set(["connect", "getaddrinfo"]);

/** Codes of failures before the first byte of a request, and of certificates that the client refused. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  // undici
  "UND_ERR_CONNECT_TIMEOUT",
  // Bun until 1.3
  "ConnectionRefused",
  // OpenSSL's and BoringSSL's verdicts on a certificate, in Node's names
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

/** Alerts that end a handshake and nothing else (RFC 8446, section 6.2), as `ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE`. */
const HANDSHAKE_ALERT = /^ERR_SSL_.*ALERT_(?:HANDSHAKE_FAILURE|PROTOCOL_VERSION)$/;

/**
 * Messages of errors without a code. Deno says "(Connect)" for all that fails until TLS is established; of a request on
 * a connection, it says "(SendRequest)", or "from" which address it was sent.
 */
const NEVER_SENT_MESSAGE =
  /^error sending request for url \(\S*\): client error \(Connect\)|^Client network socket disconnected before secure TLS connection was established$/;

/**
 * Whether the request certainly never left: the host's name was not resolved, the connection was refused, or TLS was.
 * What is not known to mean that, such as everything that browsers report, does not.
 *
 * @param error What `fetch` rejected with.
 */
export function isNeverSent(error: unknown): boolean {
  return isBeforeConnection(error, MAX_DEPTH);
}

/**
 * Whether the runtime denied the program access to the network: Deno's flag `--allow-net` or Node's `--allow-net` under
 * `--permission`. Nothing was sent, and trying again cannot help. Deno 1 called a `NotCapable` a `PermissionDenied`.
 *
 * @param error What `fetch` rejected with.
 */
export function isDenied(error: unknown): boolean {
  if (!isObject(error)) return false;
  const { name, code, cause } = error;
  return name === "NotCapable" || name === "PermissionDenied" || code === "ERR_ACCESS_DENIED" ||
    isObject(cause) && cause.code === "ERR_ACCESS_DENIED";
}

function isBeforeConnection(error: unknown, depth: number): boolean {
  if (depth === 0 || !isObject(error)) return false;
  // node-fetch has a name of its own for the system call.
  const { code, syscall, erroredSysCall = syscall, message, errors, cause } = error;
  // An established connection can report ECONNREFUSED as well, as the failure of a read or a write.
  if (erroredSysCall !== undefined) return BEFORE_CONNECTION.has(erroredSysCall);
  if (NEVER_SENT.has(code) || matches(HANDSHAKE_ALERT, code) || matches(NEVER_SENT_MESSAGE, message)) return true;
  const parts = Array.isArray(errors) && errors.length > 0 ? errors : [cause];
  return parts.every((part) => isBeforeConnection(part, depth - 1));
}

function matches(pattern: RegExp, u: unknown): boolean {
  return typeof u === "string" && pattern.test(u);
}
