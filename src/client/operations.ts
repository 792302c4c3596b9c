/**
 * The operations of the service, one {@linkcode Req} each.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import { parseJson } from "../internal/json.ts";
import { jsonWithImage } from "../internal/json_body.ts";
import { preview } from "../internal/text.ts";
import { malformed, type RegionsError, tooLarge, unreadable } from "../model/error.ts";
import { DETECT_REGIONS } from "../model/detect_regions.ts";
import { DETECTION } from "../model/detection.ts";
import type { DetectionSettings } from "../model/settings.ts";
import type { ImageSource, ResultKind, TaskKind } from "../model/task_kind.ts";
import { asUnconfirmed } from "../model/problem.ts";
import type { Reply } from "../model/reply.ts";
import { decodeTask, type TaskStatus } from "../model/task_status.ts";
import { exchange, retrying } from "./request.ts";
import type { Req } from "./service.ts";

/** Base64 is 4/3 the size of the image, and V8, on which servers may run, does not support strings over 512 MiB. */
const MAX_IMAGE_BYTES = 256 * 1024 * 1024;

/** The format of the ids of every kind of task. */
const ID = /^[\da-z-]+$/i;

/**
 * Submits an image for detection. The result is the id of its task, which the service keeps for 24 hours.
 *
 * The image is submitted at most once. The request is retried only on evidence that the service did not accept the
 * image: the request was certainly never sent, or the service responded with HTTP 408, 425, 429 or 503 together with
 * `Retry-After` or its own problem body. If the outcome is unknown, the result is `Unconfirmed`, and resubmitting is up
 * to the caller. Over HTTP/1, a browser may itself repeat a request whose connection breaks.
 *
 * @param image The image file. If it is over 256 MiB, the result is `TooLarge`, and nothing is sent.
 * @param settings The settings of the detection.
 *
 * @throws {TypeError} If `image` is neither a typed array, a `DataView`, a buffer nor a `Blob`.
 * @throws {RangeError} If a setting has a value that the service does not support.
 *
 * @example
 * ```ts
 * import { connect, submitImage } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * ok(isRight(await submitImage(image, { dsrMode: "LineDetector" })(service)()));
 * ```
 *
 * @category Detect
 */
export function submitImage(image: ImageSource, settings?: DetectionSettings): Req<string> {
  return submitTask(DETECT_REGIONS, { image, settings });
}

/**
 * Submits a task of any kind, like {@linkcode submitImage}: at most once, with the id of the task as the result.
 *
 * @param input What the task is about. If its image is over 256 MiB, the result is `TooLarge`, and nothing is sent.
 *
 * @throws {TypeError} If the image is neither a typed array, a `DataView`, a buffer nor a `Blob`, or if the path of the
 * kind does not start with a slash.
 * @throws {RangeError} If the input has a value that the service does not support.
 *
 * @example
 * ```ts
 * import { connect, RECOGNIZE_IMAGE, submitTask } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * ok(isRight(await submitTask(RECOGNIZE_IMAGE, { image })(service)()));
 * ```
 *
 * @category Tasks
 */
export function submitTask<Input, A extends object>(kind: TaskKind<Input, A>, input: NoInfer<Input>): Req<string> {
  if (!kind.path.startsWith("/")) {
    throw new TypeError(
      `Cannot submit a task as the path of its kind must start with a slash: current value is ${preview(kind.path)}`,
    );
  }
  const request = kind.encode(input);
  const { image, ...fields } = request;
  if ("image" in request && toBytes(image) === null && !isBlob(image)) {
    throw new TypeError(
      "Cannot submit an image as it must be a typed array, a DataView, a buffer or a Blob: current value is " +
        preview(image),
    );
  }
  return (service, context) => async () => {
    const file = image === undefined ? E.right(NO_FILE) : await readImage(image);
    if (E.isLeft(file)) return file;
    const body = await jsonWithImage(file.right.bytes, fields, file.right.length);
    if (body === null) return E.left(unreadable(LOST));
    const post = exchange<string>({
      call: "submit",
      method: "POST",
      path: kind.path,
      body,
      decode: (text) => decodeTaskId(kind.isId ?? isToken, text),
      afterSending: asUnconfirmed,
    });
    return retrying("submit", null, post)(service, context)();
  };
}

/**
 * Fetches the current status of a task once. Transient failures are retried, up to `retry.maxAttempts` attempts.
 *
 * @param id The task's id.
 *
 * @example
 * ```ts
 * import { connect, fetchRegions } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * deepEqual(await fetchRegions(id)(service)(), right({ _tag: "NotExist", id, messages: [] }));
 * ```
 *
 * @category Detect
 */
export function fetchRegions(id: string): Req<TaskStatus> {
  return fetchTask(DETECTION, id);
}

/**
 * Fetches the current status of a task of any kind once, like {@linkcode fetchRegions}.
 *
 * @param id The task's id.
 * @param results The number of results that the task must have, or null if any number may be valid.
 *
 * @example
 * ```ts
 * import { connect, fetchTask, RECOGNIZE_IMAGE } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * deepEqual(await fetchTask(RECOGNIZE_IMAGE, id)(service)(), right({ _tag: "NotExist", id, messages: [] }));
 * ```
 *
 * @category Tasks
 */
export function fetchTask<A extends object>(
  kind: ResultKind<A>,
  id: string,
  results: number | null = null,
): Req<TaskStatus<A>> {
  return retrying("fetch", id, fetchStatus(kind, id, results));
}

/**
 * Cancels a task: the service deletes it and its image. Canceling a task that does not exist has no effect.
 *
 * @param id The task's id.
 * @param kind The kind of the task, unless it is a detection.
 *
 * @example
 * ```ts
 * import { cancelTask, connect } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * ok(isRight(await cancelTask("a371d027-4b0d-4d86-8825-c8d818dd4ed9")(service)()));
 * ```
 *
 * @category Detect
 */
export function cancelTask(id: string, kind: { readonly path: string } = DETECTION): Req<void> {
  const cancel = exchange<void>({
    call: "cancel",
    method: "DELETE",
    path: withId(kind.path, id),
    decode: decodeCancellation,
  });
  return retrying("cancel", id, cancel);
}

/** Fetches the status of a task with a single request, without retries. Requires the given number of results, if any. */
export function fetchStatus<A extends object>(
  kind: ResultKind<A>,
  id: string,
  results: number | null,
): Req<TaskStatus<A>> {
  const decode = (text: string): Reply<A> => decodeStatus(kind, text, id, results);
  return exchange({ call: "fetch", method: "GET", path: withId(kind.path, id), decode });
}

/**
 * The service's own ids need no escaping. For others, `encodeURIComponent` would throw if they contain lone surrogates.
 */
function withId(path: string, id: string): string {
  return `${path}?${isToken(id) ? `id=${id}` : new URLSearchParams({ id })}`;
}

function decodeStatus<A extends object>(
  kind: ResultKind<A>,
  text: string,
  id: string,
  results: number | null,
): Reply<A> {
  const body = parseJson(text);
  return body === undefined
    ? E.left(malformed([`Response: expected JSON, got ${preview(text)}`]))
    : decodeTask(kind, body, id, results);
}

/** Checks that the body is empty, since a gateway may respond with a page and status 200. */
function decodeCancellation(text: string): E.Either<RegionsError, void> {
  return text.trim() === ""
    ? E.right(undefined)
    : E.left(malformed([`Cancellation: expected an empty response, got ${preview(text)}`]));
}

function isToken(text: string): boolean {
  return ID.test(text);
}

/** Returns what a response states as the id: plain text. A JSON string is accepted as well. */
export function readTaskId(text: string): string {
  return text.trim().replace(/^"(.*)"$/, "$1");
}

function decodeTaskId(isId: (text: string) => boolean, text: string): E.Either<RegionsError, string> {
  const id = readTaskId(text);
  return isId(id) ? E.right(id) : E.left(malformed([`TaskId: expected the id of a task, got ${preview(text)}`]));
}

/** The bytes of an image. */
interface ImageFile {
  readonly bytes: Uint8Array | null;
  /** The number of bytes, which `bytes` no longer tell once they are detached. */
  readonly length: number;
}

const NO_FILE: ImageFile = { bytes: null, length: 0 };

/** Why there are no bytes. */
const LOST = "its file was changed or deleted, or its buffer was detached";

/** Reads an image. */
async function readImage(image: ImageSource): Promise<E.Either<RegionsError, ImageFile>> {
  const rejection = E.left(tooLarge("submit", MAX_IMAGE_BYTES, "image"));
  if (isBlob(image) && image.size > MAX_IMAGE_BYTES) return rejection;
  const bytes = isBlob(image) ? await readBlob(image) : toBytes(image);
  if (bytes === null) return E.left(unreadable(LOST));
  const { length } = bytes;
  return length > MAX_IMAGE_BYTES ? rejection : E.right({ bytes, length });
}

/** Returns null if the underlying file of a `File` was changed or deleted. */
async function readBlob(blob: Blob): Promise<Uint8Array | null> {
  try {
    return toBytes(await blob.arrayBuffer());
  } catch {
    return null;
  }
}
