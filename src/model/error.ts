/**
 * Every reason why the library could not do what it was asked to, as one union of plain values. What the service reports
 * about a task, even that it failed, is a status and not an error.
 *
 * @module
 */
import type * as t from "io-ts";
import type { Interruption } from "../internal/abort.ts";
import { cut, explain, MAX_ERRORS, quote } from "./codec.ts";
import type { PollState } from "./poll_state.ts";

/** The most characters of a task's id in a sentence. The service's own have 36. */
const MAX_ID = 80;

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

/**
 * Converts the error to an `Error`, for code that throws. Its name is `RegionsError`, its message is what `describe`
 * returns, and both its `cause` and its JSON are the value itself.
 *
 * @example
 * ```ts
 * import { connect, fetchRegions, toError } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import * as E from "fp-ts/lib/Either.js";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const reply = await fetchRegions("a371d027-4b0d-4d86-8825-c8d818dd4ed9")(service)();
 * if (E.isLeft(reply)) throw toError(reply.left);
 * ```
 *
 * @category Errors
 */
export function toError(error: RegionsError): Error {
  return Object.defineProperties(new Error(describeError(error)), {
    name: { value: "RegionsError" },
    cause: { value: error },
    toJSON: { value: () => error },
  });
}

/** What happened and what to do about it, in two sentences for a person. Quotes of the service are short and printable. */
export function describeError(error: RegionsError): string {
  const fact = factOf(error);
  return `${fact[0].toUpperCase()}${fact.slice(1)}. ${adviceOf(error)}`;
}

/** What happened, as a clause. The advice is kept apart from it, since it differs if an image was on its way. */
function factOf(error: RegionsError): string {
  switch (error._tag) {
    case "Network":
      return `${error.neverSent ? "the request could not be sent" : "the connection to the service failed"}${
        inBrackets(error.cause)
      }`;
    case "PermissionDenied":
      return `the runtime denies the program access to the network${inBrackets(error.cause)}`;
    case "Timeout":
      return error.after === 0
        ? "no time was left to send the request"
        : `the service did not answer within ${duration(error.after)}`;
    case "Http":
      return httpFact(error);
    case "Unauthorized":
      return `the credentials or the token were not accepted${inBrackets(error.detail)}`;
    case "Malformed":
      return `the service's answer is not understood: ${listFaults(error.errors)}`;
    case "TooLarge":
      return error.what === "image"
        ? `the image is over ${error.limit} bytes, so it was not sent`
        : `the service's answer is over ${error.limit} bytes`;
    case "Unconfirmed":
      return `the image may have been taken, although ${factOf(error.cause)}`;
    case "GaveUp":
      return endFact(error);
  }
}

/** What to do about an error, as a sentence. */
function adviceOf(error: RegionsError): string {
  switch (error._tag) {
    case "Network":
      return "Check the network and the address, then try again.";
    case "PermissionDenied":
      return "Grant the permission, then try again.";
    case "Timeout":
      return "Try again.";
    case "Http":
      return httpAdvice(error);
    case "Unauthorized":
      return "Check the client ID and secret, or the token.";
    case "Malformed":
      return "Check the address, then try again.";
    case "TooLarge":
      return error.what === "image"
        ? "Scale it down or split it."
        : "Raise maxResponseBytes if answers of that size are expected.";
    case "Unconfirmed":
      return "Submitting it again may start, and bill, a second task.";
    case "GaveUp":
      return endAdvice(error);
  }
}

/** An error in a few words, for a stored state: `Http 503`, `Network: connection refused`. Printable. */
export function brief(error: RegionsError): string {
  switch (error._tag) {
    case "Http":
      return `Http ${error.status}`;
    case "Network":
      return `Network: ${quote(error.cause)}`;
    case "Malformed":
      return `Malformed: ${quote(error.errors[0] ?? NO_REASON)}`;
    default:
      return error._tag;
  }
}

/** A duration for a person: `300 ms`, `1.5 s`, `10 min`, `24 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return ms < 7_200_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}

const NO_REASON = "no reason given";

function httpFact({ call, status, retryAfter, detail }: Http): string {
  const wait = retryAfter === null ? "" : ` and asks to wait ${duration(retryAfter)}`;
  const said = inBrackets(detail);
  if (status === 429) return `the service accepts no more requests for now${wait}${said}`;
  if (isOutage(status)) return `the service failed with HTTP status ${status}${wait}${said}`;
  if (status < 400) return `the service sent a redirect (HTTP status ${status}), which is not followed`;
  const what = { token: "the token request", submit: "the image", fetch: "the poll", cancel: "the cancellation" }[call];
  return `the service refused ${what} with HTTP status ${status}${said}`;
}

function httpAdvice({ status }: Http): string {
  if (status === 429 || isOutage(status)) return "Try again later.";
  return status < 400 ? "Check the address." : "The same request will be refused again.";
}

function isOutage(status: number): boolean {
  return status >= 500 || status === 408 || status === 425;
}

function inBrackets(text: string): string {
  const quoted = quote(text);
  return quoted === "" ? "" : ` (${quoted})`;
}

function listFaults(errors: readonly string[]): string {
  const [first = NO_REASON, ...others] = errors;
  const count = others.length + 1 >= MAX_ERRORS ? "at least 99" : others.length;
  return others.length === 0 ? quote(first) : `${quote(first)} (and ${count} more)`;
}

function endFact({ reason, state }: GaveUp): string {
  const why = {
    deadline: "its deadline passed",
    maxPolls: "its limit of polls was reached",
    aborted: "it was aborted",
    schedule: "its schedule ended",
  }[reason];
  return state === null
    ? `the call ended before an answer came, because ${why}`
    : `the watch of task ${quote(cut(state.id, MAX_ID))} ended before the task did, because ${why}`;
}

function endAdvice({ state }: GaveUp): string {
  if (state === null) return "Start it again if its result is still needed.";
  const last = state.failure === null ? "" : `The last poll failed (${quote(state.failure)}). `;
  return `${last}Resume it with the state that this error carries.`;
}
