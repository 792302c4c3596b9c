/**
 * Every reason why the library could not do what it was asked to, as one union of plain values. What the service reports
 * about a task, even that it failed, is a status and not an error.
 *
 * @module
 */
import type * as t from "io-ts";
import type { Interruption } from "../internal/abort.ts";
import { quote } from "../internal/text.ts";
import { explain } from "./codec.ts";
import type { PollState } from "./poll_state.ts";

/**
 * A kind of request: for an access token, to submit an image, to fetch a task's status, to cancel a task.
 *
 * @category Errors
 */
export type Call = "token" | "submit" | "fetch" | "cancel";

/**
 * The connection could not be made or broke before the whole answer arrived.
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
   * Whether the request certainly never left: the host's name was not resolved, or the connection or TLS was refused.
   * False if that is uncertain, as it always is in browsers.
   */
  readonly neverSent: boolean;
}

/**
 * The runtime denies the program access to the network, so the request was not sent: Deno runs without `--allow-net`, or
 * Node.js with `--permission`.
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
 * The whole answer did not arrive in time.
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
 * The service, or a gateway in front of it, answered with an HTTP status other than 2xx. Redirects are not followed.
 *
 * @category Errors
 */
export interface Http {
  /** Discriminates the union. */
  readonly _tag: "Http";
  /** The request that failed. */
  readonly call: Call;
  /** The HTTP status; 0 for a redirect in a browser, which hides the status. */
  readonly status: number;
  /** Milliseconds to wait before the next request, as the service asks in `Retry-After`, or null. */
  readonly retryAfter: number | null;
  /** Title and detail of an RFC 7807 problem, or the first 300 characters of any other body. */
  readonly detail: string;
}

/**
 * The credentials or the token were not accepted: the token endpoint refused them in the format of RFC 6749, another
 * request was answered with HTTP 401 even with a fresh token, or the token cannot be sent in a header.
 *
 * @category Errors
 */
export interface Unauthorized {
  /** Discriminates the union. */
  readonly _tag: "Unauthorized";
  /** The request that failed. */
  readonly call: Call;
  /** The service's reason, or what is wrong with the token. */
  readonly detail: string;
}

/**
 * The service's API description does not allow the answer: a gateway's page, an unknown status, lost results.
 *
 * @category Errors
 */
export interface Malformed {
  /** Discriminates the union. */
  readonly _tag: "Malformed";
  /** One line per fault, at most 100, with its path: `Response/taskStatus: expected …, got "Paused"`. */
  readonly errors: readonly string[];
}

/**
 * The answer was longer than `maxResponseBytes`, or the image is larger than the library sends.
 *
 * @category Errors
 */
export interface TooLarge {
  /** Discriminates the union. */
  readonly _tag: "TooLarge";
  /** The request that failed. */
  readonly call: Call;
  /** What is too large. An image was not sent. */
  readonly what: "answer" | "image";
  /** The limit in bytes. */
  readonly limit: number;
}

/**
 * The image was sent, but no answer confirms that it was taken: the task may exist under an id that is unknown.
 *
 * @category Errors
 */
export interface Unconfirmed {
  /** Discriminates the union. */
  readonly _tag: "Unconfirmed";
  /** What happened to the answer. */
  readonly cause: RegionsError;
}

/**
 * The watch, or a single call, ended before the task did. No task is lost: resume from `state`.
 *
 * @category Errors
 */
export interface GaveUp {
  /** Discriminates the union. */
  readonly _tag: "GaveUp";
  /** What ended it: `deadline`, `maxPolls`, an abort, or a schedule that returned no further delay. */
  readonly reason: "deadline" | "maxPolls" | "aborted" | "schedule";
  /** The state of the polling, for the option `resume`; null for a single call, or if no image had been sent. */
  readonly state: PollState | null;
}

/**
 * Why a call or a watch failed. Plain JSON that carries its evidence, but neither the token nor the client secret.
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
  | Unconfirmed
  | GaveUp;

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

/** The error of a call that ended early: its time limit of `ms` milliseconds passed, or the caller aborted it. */
export function interrupted(call: Call, why: Interruption, ms: number): RegionsError {
  return why === "timeout" ? timeout(call, ms) : gaveUp("aborted", null);
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

/** Makes a `Malformed` of io-ts's errors. */
export function fromCodec(errors: t.Errors): Malformed {
  return malformed(explain(errors));
}

/** Makes a `TooLarge`. */
export function tooLarge(call: Call, limit: number, what: TooLarge["what"] = "answer"): TooLarge {
  return { _tag: "TooLarge", call, what, limit };
}

/** Makes an `Unconfirmed`. */
export function unconfirmed(cause: RegionsError): Unconfirmed {
  return { _tag: "Unconfirmed", cause };
}

/** Makes a `GaveUp`. */
export function gaveUp(reason: GaveUp["reason"], state: PollState | null): GaveUp {
  return { _tag: "GaveUp", reason, state };
}

/** An error in a few words, for a stored state: `Http 503`, `Network: connection refused`. Printable. */
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
