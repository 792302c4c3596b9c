/**
 * Submits images to a back end, and cancels tasks.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import * as O from "../internal/option.ts";
import { sleep, within } from "../internal/abort.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import { atLeast } from "../internal/check.ts";
import { causeOf, isSuccess } from "../internal/http.ts";
import { isObject, parseJson } from "../internal/json.ts";
import { preview } from "../internal/text.ts";
import { type Call, interrupted, malformed, network, type RegionsError, unconfirmed } from "../model/error.ts";
import { asUnconfirmed, httpError, isServiceRefusal } from "../model/problem.ts";
import type { ImageSource } from "../model/task_kind.ts";
import { retryDelay, type RetryOptions, retryPolicy } from "../polling/retry.ts";
import {
  type Answer,
  type Message,
  receive,
  refusalOf,
  type Requester,
  requesterOf,
  type RequestOptions,
  send,
  serviceErrorOf,
  toRequest,
  urlBelow,
} from "./request.ts";

/**
 * Options of {@linkcode submitTo}.
 *
 * @category Client
 */
export interface SubmitOptions extends RequestOptions {
  /**
   * The slowest acceptable upload, in bytes per second. Greater than 0. The time limit of the request increases by one
   * second for each `minUploadRate` bytes of the image.
   *
   * @default {50_000}
   */
  readonly minUploadRate?: number | undefined;
  /**
   * A text that stands for this submission of this image, at most 255 ASCII characters without spaces: the back end returns
   * the same task for each request with it. Set it to repeat a submission after the page was reloaded.
   *
   * @default {undefined} a random one for each image
   */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Options of {@linkcode cancelAt}.
 *
 * @category Client
 */
export interface CancelOptions extends RequestOptions {
  /** How a failed request is retried. */
  readonly retry?: RetryOptions | undefined;
}

/** The maximum size of the response to a submission, in bytes. */
const MAX_TASK_BYTES = 65_536;

/** The ids of tasks, which become a segment of a path. */
const ID = /^[\w~-][\w.~-]*$/;

/**
 * Submits an image to a back end. The result is the absolute URL of its task, for {@linkcode fromEventStream} and
 * {@linkcode cancelAt}.
 *
 * The image is sent once per run; a failure is never retried automatically. All runs of one `submitTo(url)(image)` have
 * the same `Idempotency-Key`, so running it again after a failure does not create a second task. If the back end may have
 * received the image although no response arrived, the error is `Unconfirmed`. Over HTTP/1, a browser may itself repeat a
 * request whose connection breaks.
 *
 * @param url The URL of the handler. In a browser, it may be relative to the page.
 *
 * @returns A function from the image and the further fields of the task, such as the settings of a detection. Objects and
 * arrays among the fields must be JSON. It throws a `TypeError` if the image is neither a typed array, a `DataView`, a
 * buffer nor a `Blob`.
 *
 * @throws {TypeError} If `url` is not a URL, or if a header is invalid.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { submitTo } from "@ocr-cloud/regions/client";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * // In place of a back end:
 * const fetch = () => Promise.resolve(Response.json({ id: "1" }, { status: 202 }));
 *
 * const submit = submitTo("https://example.com/tasks", { fetch });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * deepEqual(await submit(image, { dsrMode: "LineDetector" })(), right("https://example.com/tasks/1"));
 * ```
 *
 * @category Client
 */
export function submitTo(
  url: string | URL,
  options: SubmitOptions = {},
): (image: ImageSource, fields?: object) => TaskEither<RegionsError, string> {
  const { signal, minUploadRate = 50_000, idempotencyKey } = options;
  const requester = requesterOf("submit an image", options);
  atLeast("submit an image", "minUploadRate", minUploadRate, Number.MIN_VALUE);
  const tasksUrl = urlBelow(url);
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    throw new TypeError(
      "Cannot submit an image as idempotencyKey must be 1 to 255 ASCII characters without spaces: current value is " +
        preview(idempotencyKey),
    );
  }
  return (image, fields = {}) => {
    const blob = toBlob(image);
    const key = idempotencyKey ?? createKey();
    const message = toMessage(tasksUrl, blob, fields, key);
    const timeLimit = requester.requestTimeout + blob.size / minUploadRate * 1000;
    return async () => {
      const outcome = await exchange(requester, "submit", message, timeLimit, signal);
      return pipe(outcome, E.chain((answer) => toTaskUrl(tasksUrl, answer)));
    };
  };
}

/**
 * Cancels a task of a back end: the service deletes it and its image. Transient failures are retried, up to
 * `retry.maxAttempts` attempts.
 *
 * @param taskUrl The URL of the task, from {@linkcode submitTo}.
 *
 * @throws {TypeError} If `taskUrl` is not a URL, or if a header is invalid.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { cancelAt } from "@ocr-cloud/regions/client";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * // In place of a back end:
 * const fetch = () => Promise.resolve(new Response(null, { status: 204 }));
 *
 * ok(isRight(await cancelAt("https://example.com/tasks/1", { fetch })()));
 * ```
 *
 * @category Client
 */
export function cancelAt(taskUrl: string | URL, options: CancelOptions = {}): TaskEither<RegionsError, void> {
  const { signal } = options;
  const requester = requesterOf("cancel a task", options);
  const retry = retryPolicy(options.retry);
  const message: Message = { method: "DELETE", url: urlBelow(taskUrl).href, headers: {} };
  return async () => {
    for (let failures = 1;; failures++) {
      const outcome = await exchange(requester, "cancel", message, requester.requestTimeout, signal);
      if (E.isRight(outcome)) return E.right(undefined);
      const delay = retryDelay(retry, outcome.left, failures, 0, Math.random());
      if (O.isNone(delay) || failures >= retry.maxAttempts || delay.value > retry.maxDelay) return outcome;
      if (!await sleep(delay.value, signal)) return E.left(interrupted("cancel", "aborted", 0));
    }
  };
}

/** Sends a request, and reads its response. A failure after which an image may have been received is `Unconfirmed`. */
async function exchange(
  requester: Requester,
  call: Call,
  message: Message,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<E.Either<RegionsError, Answer>> {
  let isSent = false;
  const fail = (error: RegionsError): E.Either<RegionsError, never> =>
    E.left(isSent && call === "submit" ? asUnconfirmed(error, false) : error);
  try {
    const end = await within(ms, signal, async (signal) => {
      const request = await toRequest(requester, message, signal);
      isSent = true;
      return receive(await send(requester, request, signal), MAX_TASK_BYTES, signal);
    });
    if (E.isLeft(end)) return fail(interrupted(call, end.left, ms));
    return isSuccess(end.right) ? end : E.left(toRefusal(call, end.right));
  } catch (error) {
    return fail(network(call, causeOf(error), !isSent));
  }
}

/** The service's own error says whether the image was accepted. Otherwise, a proxy may have lost the back end's response. */
function toRefusal(call: Call, answer: Answer): RegionsError {
  if (call !== "submit") return refusalOf(call, answer);
  return serviceErrorOf(answer) ?? asUnconfirmed(httpError(call, answer), isServiceRefusal(answer));
}

/** Settings go to the query. As soon as a field is an object or an array, all fields and the image become a form. */
function toMessage(tasksUrl: URL, image: Blob, fields: object, key: string): Message {
  const headers = { "Accept": "application/json", "Idempotency-Key": key };
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  if (entries.some(([, value]) => typeof value === "object")) {
    const body = new FormData();
    for (const [name, value] of entries) {
      body.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
    }
    body.set("image", image, "image");
    return { method: "POST", url: tasksUrl.href, headers, body };
  }
  const url = new URL(tasksUrl);
  for (const [name, value] of entries) url.searchParams.set(name, String(value));
  const type = image.type.startsWith("image/") ? image.type : "application/octet-stream";
  return { method: "POST", url: url.href, headers: { ...headers, "Content-Type": type }, body: image };
}

function toBlob(image: ImageSource): Blob {
  if (isBlob(image)) return image;
  const bytes = toBytes(image);
  if (bytes !== null) return new Blob([new Uint8Array(bytes)]);
  throw new TypeError(
    "Cannot submit an image as it must be a typed array, a DataView, a buffer or a Blob: current value is " +
      preview(image),
  );
}

/** Returns a random text. `crypto.randomUUID` is missing on pages of plain http. */
function createKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The URL is made from the id, since a proxy may serve the handler at a path that the handler does not know. */
function toTaskUrl(tasksUrl: URL, { text }: Answer): E.Either<RegionsError, string> {
  const body = parseJson(text);
  const id = isObject(body) ? body.id : undefined;
  return typeof id === "string" && ID.test(id)
    ? E.right(urlBelow(tasksUrl, `/${id}`).href)
    : E.left(unconfirmed(malformed([`Task/id: expected the id of a task, got ${preview(id)}`])));
}
