/**
 * Everything that can keep the library from finding out how a task stands, as one union of plain values. What the
 * service says of a task, be it that it failed, is no error but a status.
 *
 * @module
 */
import type * as t from "io-ts";
import type { Interruption } from "./abort.ts";
import { cut, explain, MAX_ERRORS } from "./codec.ts";
import type { PollState } from "./poll_state.ts";

/** What was asked of the service: an access token, to take an image, how a task stands, to drop a task. */
export type Call = "token" | "submit" | "fetch" | "cancel";

/** No answer came: the connection was refused or reset, or could not be made. */
export interface Network {
  /** Which case this is. */
  readonly _tag: "Network";
  /** What was asked. */
  readonly call: Call;
  /** The runtime's words for it. */
  readonly cause: string;
  /**
   * Whether the request certainly never left: the host's name was not resolved, the connection was refused, or TLS was.
   * Where that is not certain, as in browsers, it is false.
   */
  readonly neverSent: boolean;
}

/** No whole answer came within `requestTimeout`. */
export interface Timeout {
  /** Which case this is. */
  readonly _tag: "Timeout";
  /** What was asked. */
  readonly call: Call;
  /** Milliseconds waited. */
  readonly after: number;
}

/** The service, or a gateway before it, answered with a status that is no success. Redirects are such: none is followed. */
export interface Http {
  /** Which case this is. */
  readonly _tag: "Http";
  /** What was asked. */
  readonly call: Call;
  /** The HTTP status; 0 for a redirect that a browser hides. */
  readonly status: number;
  /** Milliseconds that the service asks to wait (`Retry-After`), or null. */
  readonly retryAfter: number | null;
  /** Title and detail of the RFC 7807 problem, or the beginning of another text. */
  readonly detail: string;
}

/** The credentials or the token were refused: HTTP 400 or 401 for a token, 401 with a fresh token elsewhere. */
export interface Unauthorized {
  /** Which case this is. */
  readonly _tag: "Unauthorized";
  /** What was asked. */
  readonly call: Call;
  /** What the service said about it, or what is wrong with the token. */
  readonly detail: string;
}

/** The answer is not one that the service's description allows: a gateway's page, an unknown status, lost results. */
export interface Malformed {
  /** Which case this is. */
  readonly _tag: "Malformed";
  /** What was expected where, a line a fault, at most 100: `Response/taskStatus: expected …, got "Paused"`. */
  readonly errors: readonly string[];
}

/** The answer was longer than `maxResponseBytes`, or the image is larger than the library sends. */
export interface TooLarge {
  /** Which case this is. */
  readonly _tag: "TooLarge";
  /** What was asked. */
  readonly call: Call;
  /** What is too large. An image was not sent. */
  readonly what: "answer" | "image";
  /** The limit in bytes. */
  readonly limit: number;
}

/** The image was sent, and the answer was lost: the task may exist, under an id that nobody knows. */
export interface Unconfirmed {
  /** Which case this is. */
  readonly _tag: "Unconfirmed";
  /** How the answer was lost. */
  readonly cause: RegionsError;
}

/** The watch, or a single call, ended before the task did. Nothing is lost: go on from `state`. */
export interface GaveUp {
  /** Which case this is. */
  readonly _tag: "GaveUp";
  /** What ended it: `deadline`, `maxPolls`, an abort, or a schedule that gave no further delay. */
  readonly reason: "deadline" | "maxPolls" | "aborted" | "schedule";
  /** Where the polling stood, for the option `resume`; null for a single call, and if no image had been sent. */
  readonly state: PollState | null;
}

/** Why the library could not find out. Plain JSON; carries its evidence, and never a secret. */
export type RegionsError = Network | Timeout | Http | Unauthorized | Malformed | TooLarge | Unconfirmed | GaveUp;

/** No answer came. */
export function network(call: Call, cause: string, neverSent = false): Network {
  return { _tag: "Network", call, cause, neverSent };
}

/** No whole answer came in time. */
export function timeout(call: Call, after: number): Timeout {
  return { _tag: "Timeout", call, after };
}

/** A call that ended before its answer came: by its time limit of `ms` milliseconds, or since the caller aborted it. */
export function interrupted(call: Call, why: Interruption, ms: number): RegionsError {
  return why === "timeout" ? timeout(call, ms) : gaveUp("aborted", null);
}

/** An answer without success. */
export function http(call: Call, status: number, retryAfter: number | null, detail: string): Http {
  return { _tag: "Http", call, status, retryAfter, detail };
}

/** Credentials or token refused. */
export function unauthorized(call: Call, detail: string): Unauthorized {
  return { _tag: "Unauthorized", call, detail };
}

/** An answer that is not understood. */
export function malformed(errors: readonly string[]): Malformed {
  return { _tag: "Malformed", errors };
}

/** An answer that is not understood, as io-ts explains it. */
export function fromCodec(errors: t.Errors): Malformed {
  return malformed(explain(errors));
}

/** An answer, or an image, over the limit. */
export function tooLarge(call: Call, limit: number, what: TooLarge["what"] = "answer"): TooLarge {
  return { _tag: "TooLarge", call, what, limit };
}

/** An image sent without a known outcome. */
export function unconfirmed(cause: RegionsError): Unconfirmed {
  return { _tag: "Unconfirmed", cause };
}

/** A watch that ended before its task. */
export function gaveUp(reason: GaveUp["reason"], state: PollState | null): GaveUp {
  return { _tag: "GaveUp", reason, state };
}

/**
 * The error as an `Error`, for code that throws: `name` is `RegionsError`, the message is the sentence of `describe`,
 * `cause` is the value itself, and so is its JSON.
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
 */
export function toError(error: RegionsError): Error {
  return Object.defineProperties(new Error(describeError(error), { cause: error }), {
    name: { value: "RegionsError" },
    toJSON: { value: () => error },
  });
}

/** What an error means and what to do about it, in one sentence. */
export function describeError(error: RegionsError): string {
  switch (error._tag) {
    case "Network":
      return `The service cannot be reached (${error.cause}): check the connection and the address, then try again.`;
    case "Timeout":
      return `The service did not answer within ${duration(error.after)}: try again, the task is not lost by that.`;
    case "Http":
      return describeHttp(error);
    case "Unauthorized":
      return `The service refused the credentials: check client id and secret, or the token${
        inBrackets(error.detail)
      }.`;
    case "Malformed":
      return `The service's answer is not understood, so nothing is known of the task: ${
        describeFaults(error.errors)
      }.`;
    case "TooLarge":
      return error.what === "image"
        ? `The image is over ${error.limit} bytes, so it was not sent: scale it down or split it.`
        : `The service's answer is over ${error.limit} bytes: raise maxResponseBytes if that is to be expected.`;
    case "Unconfirmed":
      return `The image may have been taken, although ${
        factOf(error.cause)
      }. Submitting it again may start, and bill, ` +
        "a second task.";
    case "GaveUp":
      return describeEnd(error);
  }
}

/** What happened, without what to do about it: that differs if an image was on its way. */
function factOf(error: RegionsError): string {
  switch (error._tag) {
    case "Network":
      return `the connection to the service failed (${error.cause})`;
    case "Timeout":
      return `the service did not answer within ${duration(error.after)}`;
    case "Http":
      return `the service answered with HTTP status ${error.status}${inBrackets(error.detail)}`;
    case "Unauthorized":
      return `the service refused the credentials${inBrackets(error.detail)}`;
    case "Malformed":
      return `the service's answer is not understood: ${describeFaults(error.errors)}`;
    case "TooLarge":
      return `the service's answer is over ${error.limit} bytes`;
    case "Unconfirmed":
      return factOf(error.cause);
    case "GaveUp":
      return "the call ended before there was an answer";
  }
}

/** An error in a few words, for a state that is stored: `Http 503`, `Network: connection refused`. */
export function brief(error: RegionsError): string {
  switch (error._tag) {
    case "Http":
      return `Http ${error.status}`;
    case "Network":
      return `Network: ${error.cause}`;
    case "Malformed":
      return `Malformed: ${error.errors[0]}`;
    default:
      return error._tag;
  }
}

/** A span of time for a person: `300 ms`, `1.5 s`, `10 min`, `24 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return ms < 7_200_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}

function describeHttp({ call, status, retryAfter, detail }: Http): string {
  const wait = retryAfter === null ? "" : ` and asks to wait ${duration(retryAfter)}`;
  const said = inBrackets(detail);
  if (status === 429) return `The service takes no more requests for now${wait}${said}: try again later.`;
  if (status >= 500 || status === 408 || status === 425) {
    return `The service failed with HTTP status ${status}${wait}${said}: try again later.`;
  }
  if (status < 400) {
    return `The service sent a redirect (HTTP status ${status}), which is not followed: check the address.`;
  }
  const what = { token: "the token request", submit: "the image", fetch: "the question", cancel: "to cancel" }[call];
  return `The service refused ${what} with HTTP status ${status}${said}: the same request will be refused again.`;
}

function inBrackets(detail: string): string {
  return detail === "" ? "" : ` (${detail})`;
}

function describeFaults(errors: readonly string[]): string {
  const [first = "no reason is known", ...others] = errors;
  const count = others.length + 1 >= MAX_ERRORS ? "at least 99" : others.length;
  return others.length === 0 ? first : `${first} (and ${count} more)`;
}

function describeEnd({ reason, state }: GaveUp): string {
  const why = {
    deadline: "the time was up",
    maxPolls: "the allowed number of polls was used up",
    aborted: "it was told to stop",
    schedule: "its schedule had come to an end",
  }[reason];
  if (state === null) return `The call ended before there was an answer, since ${why}: start again.`;
  const last = state.failure === null ? "" : ` The last poll failed (${state.failure}).`;
  return `The watch ended before task ${cut(state.id, 80)} did, since ${why}: go on with the state that this error ` +
    `carries.${last}`;
}
