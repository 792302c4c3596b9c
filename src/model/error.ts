/**
 * The errors of the library, as a union of plain values. A failed detection that the service reports is a status, not
 * an error.
 *
 * @module
 */
import type * as t from "io-ts";
import type { Interruption } from "../internal/abort.ts";
import { quote } from "../internal/text.ts";
import { boolean, byTag, type Case, explain, fields, guarded, list, literal, oneOf, orNull, string } from "./codec.ts";
import { PollState } from "./poll_state.ts";

/**
 * A kind of request: for an access token, to submit an image, to fetch a task's status, to cancel a task.
 *
 * @category Errors
 */
export type Call = "token" | "submit" | "fetch" | "cancel";

/**
 * The connection could not be established, or broke before the complete response arrived.
 *
 * @category Errors
 */
export interface Network {
  /** Discriminates the union. */
  readonly _tag: "Network";
  /** The request that failed. */
  readonly call: Call;
  /** The runtime's own message, at most 300 characters. */
  readonly cause: string;
  /**
   * Whether the request was certainly never sent: the host name was not resolved, or the connection or TLS handshake
   * was refused. False if that is uncertain, as it always is in browsers.
   */
  readonly neverSent: boolean;
}

/**
 * The runtime denies the program access to the network, so the request was not sent. For example, Deno runs without
 * `--allow-net`, or Node.js with `--permission`.
 *
 * @category Errors
 */
export interface PermissionDenied {
  /** Discriminates the union. */
  readonly _tag: "PermissionDenied";
  /** The request that failed. */
  readonly call: Call;
  /** The runtime's own message, at most 300 characters. It names the permission. */
  readonly cause: string;
}

/**
 * The complete response did not arrive in time.
 *
 * @category Errors
 */
export interface Timeout {
  /** Discriminates the union. */
  readonly _tag: "Timeout";
  /** The request that failed. */
  readonly call: Call;
  /** The time limit in milliseconds; 0 if no time was left to send the request. */
  readonly after: number;
}

/**
 * The service, or a gateway in front of it, responded with an HTTP status other than 2xx. Redirects are not followed.
 *
 * @category Errors
 */
export interface Http {
  /** Discriminates the union. */
  readonly _tag: "Http";
  /** The request that failed. */
  readonly call: Call;
  /** The HTTP status, or 0 for a redirect in a browser, which hides the status. */
  readonly status: number;
  /** The delay before the next request that `Retry-After` demands, in milliseconds, or null. */
  readonly retryAfter: number | null;
  /** The title and detail of an RFC 7807 problem, or the first 300 characters of any other body. */
  readonly detail: string;
}

/**
 * The credentials or the access token were rejected: the token endpoint rejected them in the format of RFC 6749,
 * another request received HTTP 401 even with a new token, or the token is not valid in a header.
 *
 * @category Errors
 */
export interface Unauthorized {
  /** Discriminates the union. */
  readonly _tag: "Unauthorized";
  /** The request that failed. */
  readonly call: Call;
  /** The reason that the service gave, or what is wrong with the token. */
  readonly detail: string;
}

/**
 * The response does not match the service's API description: a gateway's page, an unknown status, missing results.
 *
 * @category Errors
 */
export interface Malformed {
  /** Discriminates the union. */
  readonly _tag: "Malformed";
  /** What is wrong with the response, in at most 100 lines: `Response/taskStatus: expected …, got "Paused"`. */
  readonly errors: readonly string[];
}

/**
 * The response exceeds `maxResponseBytes`, or the image exceeds 256 MiB.
 *
 * @category Errors
 */
export interface TooLarge {
  /** Discriminates the union. */
  readonly _tag: "TooLarge";
  /** The request that failed. */
  readonly call: Call;
  /** What is too large: the response, or the image, which was not sent. */
  readonly what: "answer" | "image";
  /** The limit in bytes. */
  readonly limit: number;
}

/**
 * The image could not be read, or the service does not support its format. Nothing was sent.
 *
 * @category Errors
 */
export interface Unreadable {
  /** Discriminates the union. */
  readonly _tag: "Unreadable";
  /** The reason, at most 300 characters. */
  readonly cause: string;
}

/**
 * The image was sent, but no response confirms that it was accepted. A task may exist under an unknown id.
 *
 * @category Errors
 */
export interface Unconfirmed {
  /** Discriminates the union. */
  readonly _tag: "Unconfirmed";
  /** Why there is no confirmation. */
  readonly cause: RegionsError;
}

/**
 * The watch or the call ended before the task was finished. To continue, resume from `state`.
 *
 * @category Errors
 */
export interface GaveUp {
  /** Discriminates the union. */
  readonly _tag: "GaveUp";
  /** Why it ended: `deadline` or `maxPolls` was reached, the signal aborted, or the schedule returned `none`. */
  readonly reason: "deadline" | "maxPolls" | "aborted" | "schedule";
  /** The state for the option `resume`. Null for a single call, and if no image was submitted. */
  readonly state: PollState | null;
}

/**
 * The reason why a call or a watch failed. Plain JSON with evidence, and without the token and the client secret.
 *
 * @category Errors
 */
export type RegionsError =
  | Network
  | PermissionDenied
  | Timeout
  | Http
  | Unauthorized
  | Malformed
  | TooLarge
  | Unreadable
  | Unconfirmed
  | GaveUp;

/**
 * The codec of {@linkcode RegionsError}, which is plain JSON. Returns the value unchanged.
 *
 * @example
 * ```ts
 * import { RegionsError } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const error: RegionsError = { _tag: "Timeout", call: "fetch", after: 30_000 };
 * deepEqual(RegionsError.decode(JSON.parse(JSON.stringify(error))), right(error));
 * ```
 *
 * @category Errors
 */
export const RegionsError: t.Type<RegionsError, unknown, unknown> = /* @__PURE__ */ errorCodec();

function errorCodec(): t.Type<RegionsError, unknown, unknown> {
  const call = oneOf<Call>(["token", "submit", "fetch", "cancel"]);
  const number = guarded("number", (u): u is number => typeof u === "number");
  const cause = {
    Network: fields<Network>({ _tag: literal("Network"), call, cause: string, neverSent: boolean }, "Network"),
    PermissionDenied: fields<PermissionDenied>(
      { _tag: literal("PermissionDenied"), call, cause: string },
      "PermissionDenied",
    ),
    Timeout: fields<Timeout>({ _tag: literal("Timeout"), call, after: number }, "Timeout"),
    Http: fields<Http>(
      { _tag: literal("Http"), call, status: number, retryAfter: orNull(number), detail: string },
      "Http",
    ),
    Unauthorized: fields<Unauthorized>({ _tag: literal("Unauthorized"), call, detail: string }, "Unauthorized"),
    Malformed: fields<Malformed>({ _tag: literal("Malformed"), errors: list(string, "Errors") }, "Malformed"),
    TooLarge: fields<TooLarge>(
      { _tag: literal("TooLarge"), call, what: oneOf<TooLarge["what"]>(["answer", "image"]), limit: number },
      "TooLarge",
    ),
    Unreadable: fields<Unreadable>({ _tag: literal("Unreadable"), cause: string }, "Unreadable"),
    GaveUp: fields<GaveUp>({
      _tag: literal("GaveUp"),
      reason: oneOf<GaveUp["reason"]>(["deadline", "maxPolls", "aborted", "schedule"]),
      state: orNull(PollState),
    }, "GaveUp"),
  };
  // The cause of an `Unconfirmed` is never one itself, so the depth is bounded, even of a hostile value.
  const codecs: Readonly<Record<RegionsError["_tag"], Case<RegionsError>>> = {
    ...cause,
    Unconfirmed: fields<Unconfirmed>(
      { _tag: literal("Unconfirmed"), cause: byTag<Unconfirmed["cause"]>(cause, "the cause of an Unconfirmed") },
      "Unconfirmed",
    ),
  };
  return byTag<RegionsError>(codecs, "RegionsError");
}

/** Makes a `Network`. */
export function network(call: Call, cause: string, neverSent = false): Network {
  return { _tag: "Network", call, cause, neverSent };
}

/** Makes a `PermissionDenied`. */
export function permissionDenied(call: Call, cause: string): PermissionDenied {
  return { _tag: "PermissionDenied", call, cause };
}

/** Makes a `Timeout`. */
export function timeout(call: Call, after: number): Timeout {
  return { _tag: "Timeout", call, after };
}

/** Converts the interruption of a call to an error. `ms` is the time limit in milliseconds. */
export function interrupted(call: Call, interruption: Interruption, ms: number): RegionsError {
  return interruption === "timeout" ? timeout(call, ms) : gaveUp("aborted", null);
}

/** Makes an `Http`. */
export function http(call: Call, status: number, retryAfter: number | null, detail: string): Http {
  return { _tag: "Http", call, status, retryAfter, detail };
}

/** Makes an `Unauthorized`. */
export function unauthorized(call: Call, detail: string): Unauthorized {
  return { _tag: "Unauthorized", call, detail };
}

/** Makes a `Malformed`. */
export function malformed(errors: readonly string[]): Malformed {
  return { _tag: "Malformed", errors };
}

/** Makes a `Malformed` from io-ts's errors. */
export function fromCodec(errors: t.Errors): Malformed {
  return malformed(explain(errors));
}

/** Makes a `TooLarge`. */
export function tooLarge(call: Call, limit: number, what: TooLarge["what"] = "answer"): TooLarge {
  return { _tag: "TooLarge", call, what, limit };
}

/** Makes an `Unreadable`. */
export function unreadable(cause: string): Unreadable {
  return { _tag: "Unreadable", cause };
}

/** Makes an `Unconfirmed`. */
export function unconfirmed(cause: RegionsError): Unconfirmed {
  return { _tag: "Unconfirmed", cause };
}

/** Makes a `GaveUp`. */
export function gaveUp(reason: GaveUp["reason"], state: PollState | null): GaveUp {
  return { _tag: "GaveUp", reason, state };
}

/** Whether the same request may succeed later: 408, 425, 429 and 5xx. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Describes an error in a few printable words, for a stored state: `Http 503`, `Network: connection refused`. */
export function brief(error: RegionsError): string {
  switch (error._tag) {
    case "Http":
      return `Http ${error.status}`;
    case "Network":
      return `Network: ${quote(error.cause)}`;
    case "Malformed":
      return `Malformed: ${quote(error.errors[0] ?? "no reason given")}`;
    default:
      return error._tag;
  }
}
