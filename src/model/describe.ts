/**
 * Descriptions of statuses and errors for users. In a separate module, so that bundles that do not use it do not
 * contain it.
 *
 * @module
 */
import { cut, quote, quoteAll } from "../internal/text.ts";
import { MAX_ERRORS } from "./codec.ts";
import { type GaveUp, type Http, isTransientStatus, type RegionsError } from "./error.ts";
import type { Reply } from "./reply.ts";
import { type Finished, match, RETENTION, type TaskStatus } from "./task_status.ts";

/** The maximum number of characters of a task's id in a description. The service's own ids have 36. */
const MAX_ID = 80;

const NO_REASON = "no reason given";

/**
 * Options of {@linkcode describe}.
 *
 * @category Statuses
 */
export interface DescribeOptions {
  /**
   * The time of the submission, in milliseconds since 1970. The description of `NotExist` then states whether the
   * result has expired.
   */
  readonly submittedAt?: number | undefined;
  /**
   * The current time, in milliseconds since 1970.
   *
   * @default {Date.now()}
   */
  readonly now?: number | undefined;
}

/**
 * Describes a status or an error, and what to do about it, in one or two sentences for users. Quotes at most three of
 * the service's messages, with up to 300 characters of each and without control characters.
 *
 * @example
 * ```ts
 * import { describe } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(describe({ _tag: "Pending", id: "1" }), "The task is queued. Check again in a few seconds.");
 * ```
 *
 * @category Statuses
 */
export function describe(reply: Reply<object> | TaskStatus<object> | RegionsError): string;
/**
 * The same, with options. A separate signature, so that `map(describe)` compiles: `map` passes an index as well.
 *
 * @category Statuses
 */
export function describe(reply: Reply<object> | TaskStatus<object> | RegionsError, options: DescribeOptions): string;
export function describe(
  reply: Reply<object> | TaskStatus<object> | RegionsError,
  options: DescribeOptions = {},
): string {
  switch (reply._tag) {
    case "Left":
      return describeError(reply.left);
    case "Right":
      return describeStatus(reply.right, options);
    case "Pending":
    case "Processing":
    case "Completed":
    case "Error":
    case "NotExist":
      return describeStatus(reply, options);
    default:
      return describeError(reply);
  }
}

/**
 * Converts an error to an `Error`, for code that throws. Its `name` is `RegionsError`, and its `message` is the result
 * of {@linkcode describe}. Its `cause` is the original value, and so is its JSON.
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

/** Describes an error, and what to do about it, in two sentences. Quotes are short and printable. */
export function describeError(error: RegionsError): string {
  const fact = factOf(error);
  return `${fact[0].toUpperCase()}${fact.slice(1)}. ${adviceOf(error)}`;
}

/** Describes what happened, as a clause. `Unconfirmed` uses the clause of its cause, but has different advice. */
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
        : `the service did not respond within ${duration(error.after)}`;
    case "Http":
      return httpFact(error);
    case "Unauthorized":
      return `the credentials or the access token were rejected${inBrackets(error.detail)}`;
    case "Malformed":
      return `the service's response is malformed: ${listErrors(error.errors)}`;
    case "TooLarge":
      return error.what === "image"
        ? `the image exceeds the limit of ${error.limit} bytes and was not sent`
        : `the service's response exceeds the limit of ${error.limit} bytes`;
    case "Unreadable":
      return `the image cannot be read${inBrackets(error.cause)}`;
    case "Unconfirmed":
      return `the image may have been accepted, although ${factOf(error.cause)}`;
    case "GaveUp":
      return endFact(error);
  }
}

/** Describes what to do about an error, as a sentence. */
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
      return "Check the client id and secret, or the token.";
    case "Malformed":
      return "Check the address, then try again.";
    case "TooLarge":
      return error.what === "image"
        ? "Scale it down or split it."
        : "Raise maxResponseBytes if responses of this size are expected.";
    case "Unreadable":
      return "Nothing was sent for it.";
    case "Unconfirmed":
      return "Submitting it again may start a second task, which may be billed.";
    case "GaveUp":
      return endAdvice(error);
  }
}

function describeStatus(status: TaskStatus<object>, { submittedAt, now = Date.now() }: DescribeOptions): string {
  return match<string, object>({
    Pending: () => "The task is queued. Check again in a few seconds.",
    Processing: () => "The task is in progress. Check again in a few seconds.",
    Completed: (status) => {
      const found = describeOutput(status);
      return status.notices.length === 0 ? found : `${found} Notices from the service: ${quoteAll(status.notices)}`;
    },
    Error: ({ messages }) => {
      const reason = messages.length === 0 ? "the service gave no reason" : withoutPeriod(quoteAll(messages));
      return `The task failed (${reason}). Check the image and the settings, then submit it again.`;
    },
    NotExist: ({ id, messages }) => {
      const task = `task ${quote(id)}`;
      const said = messages.length === 0 ? "" : ` (${withoutPeriod(quoteAll(messages))})`;
      const age = submittedAt === undefined ? -1 : now - submittedAt;
      if (age >= RETENTION) return `The result of ${task} expired after 24 hours${said}. Submit the image again.`;
      return age < 0
        ? `The service does not know ${task}, which may have expired${said}. Check the id, or submit the image again.`
        : `The service does not know ${task}, although its image was submitted only ${
          duration(age)
        } ago${said}. Check the id, or submit the image again.`;
    },
  })(status);
}

/** Describes the output of a detection. Of other kinds, the status does not tell what was done. */
function describeOutput(status: Finished): string {
  if (!("regions" in status && Array.isArray(status.regions))) return "The task is finished.";
  const count = status.regions.length;
  return count === 0
    ? "Detection is finished: no text was found in the image."
    : `Detection is finished: ${count} region${count === 1 ? "" : "s"} found.`;
}

function httpFact({ call, status, retryAfter, detail }: Http): string {
  const wait = retryAfter === null ? "" : ` and asks you to wait ${duration(retryAfter)}`;
  const said = inBrackets(detail);
  if (status === 429) return `the service accepts no more requests at the moment${wait}${said}`;
  if (isTransientStatus(status)) return `the service failed with HTTP status ${status}${wait}${said}`;
  if (status < 400) return `the service sent a redirect (HTTP status ${status}), which is not followed`;
  const what = { token: "the token request", submit: "the image", fetch: "the poll", cancel: "the cancellation" }[call];
  return `the service rejected ${what} with HTTP status ${status}${said}`;
}

function httpAdvice({ status }: Http): string {
  if (isTransientStatus(status)) return "Try again later.";
  return status < 400 ? "Check the address." : "The same request will be rejected again.";
}

function inBrackets(text: string): string {
  const quoted = withoutPeriod(quote(text));
  return quoted === "" ? "" : ` (${quoted})`;
}

/** Removes the final period, but not an ellipsis: text in parentheses is a part of the sentence around it. */
function withoutPeriod(text: string): string {
  return text.replace(/([^.])\.$/, "$1");
}

function listErrors(errors: readonly string[]): string {
  const [first = NO_REASON, ...others] = errors;
  const count = others.length + 1 >= MAX_ERRORS ? "at least 99" : others.length;
  return others.length === 0 ? quote(first) : `${quote(first)} (and ${count} more)`;
}

function endFact({ reason, state }: GaveUp): string {
  const cause = {
    deadline: "its deadline has passed",
    maxPolls: "its maximum number of polls was reached",
    aborted: "it was aborted",
    schedule: "its schedule ended",
  }[reason];
  return state === null
    ? `the call ended before a response arrived, because ${cause}`
    : `the watch of task ${quote(cut(state.id, MAX_ID))} ended before the task was finished, because ${cause}`;
}

function endAdvice({ state }: GaveUp): string {
  if (state === null) return "Start it again if its result is still needed.";
  const last = state.failure === null ? "" : `The last poll failed (${quote(state.failure)}). `;
  return `${last}Resume it with the state in this error.`;
}

/** Formats a duration for users: `300 ms`, `1.5 s`, `10 min`, `24 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return ms < 7_200_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}
