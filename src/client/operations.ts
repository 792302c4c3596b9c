/**
 * The operations of the service, one {@linkcode Req} each.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { toBase64 } from "../internal/base64.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import { parseJson } from "../internal/json.ts";
import { preview } from "../internal/text.ts";
import { malformed, network, type RegionsError, tooLarge, unconfirmed } from "../model/error.ts";
import { type DetectionSettings, toWireSettings } from "../model/settings.ts";
import { decodeResponse, type TaskStatus } from "../model/task_status.ts";
import { exchange, retrying } from "./request.ts";
import type { Req } from "./service.ts";

/**
 * An image file of at most 256 MiB in a format that the service supports: its bytes, or a `Blob`, from any realm.
 *
 * @category Detect
 */
export type ImageSource = ArrayBufferView | ArrayBufferLike | Blob;

/** Base64 is 4/3 the size of the image, and V8 does not support strings over 512 MiB. */
const MAX_IMAGE_BYTES = 256 * 1024 * 1024;

const PATH = "/v5.0/ocr/DetectRegions";

/** The format of task ids. */
const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

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
  if (toBytes(image) === null && !isBlob(image)) {
    throw new TypeError(
      "Cannot submit an image as it must be a typed array, a DataView, a buffer or a Blob: current value is " +
        preview(image),
    );
  }
  const wireSettings = toWireSettings(settings);
  return (service, context) => async () => {
    const bytes = await readImage(image);
    if (E.isLeft(bytes)) return bytes;
    const body = JSON.stringify({ image: toBase64(bytes.right), settings: wireSettings });
    const post = exchange<string>({
      call: "submit",
      method: "POST",
      path: PATH,
      body,
      decode: decodeTaskId,
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
  return retrying("fetch", id, fetchStatus(id));
}

/**
 * Cancels a task: the service deletes it and its image. Canceling a task that does not exist has no effect.
 *
 * @param id The task's id.
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
export function cancelTask(id: string): Req<void> {
  const cancel = exchange<void>({
    call: "cancel",
    method: "DELETE",
    path: withId(id),
    decode: decodeCancellation,
  });
  return retrying("cancel", id, cancel);
}

/** Fetches the status of a task with a single request, without retries. */
export function fetchStatus(id: string): Req<TaskStatus> {
  return exchange({ call: "fetch", method: "GET", path: withId(id), decode: (text) => decodeStatus(text, id) });
}

/**
 * The service's own ids need no escaping. For others, `encodeURIComponent` would throw if they contain lone surrogates.
 */
function withId(id: string): string {
  return GUID.test(id) ? `${PATH}?id=${id}` : `${PATH}?${new URLSearchParams({ id })}`;
}

function decodeStatus(text: string, id: string): E.Either<RegionsError, TaskStatus> {
  const body = parseJson(text);
  return body === undefined
    ? E.left(malformed([`Response: expected JSON, got ${preview(text)}`]))
    : decodeResponse(body, id);
}

/** Checks that the body is empty, since a gateway may respond with a page and status 200. */
function decodeCancellation(text: string): E.Either<RegionsError, void> {
  return text.trim() === ""
    ? E.right(undefined)
    : E.left(malformed([`Cancellation: expected an empty response, got ${preview(text)}`]));
}

/** Decodes the id, which is plain text. A JSON string is accepted as well. */
function decodeTaskId(text: string): E.Either<RegionsError, string> {
  const id = text.trim().replace(/^"(.*)"$/, "$1");
  return GUID.test(id) ? E.right(id) : E.left(malformed([`TaskId: expected a GUID, got ${preview(text)}`]));
}

/** The statuses that mean "not now". A proxy may also send them for a request that it has already forwarded. */
const BUSY: readonly number[] = [408, 425, 429, 503];

/** Converts a failure to `Unconfirmed` unless the image was certainly not accepted. */
function asUnconfirmed(error: RegionsError, isRefusal: boolean): RegionsError {
  return wasNotAccepted(error, isRefusal) ? error : unconfirmed(error);
}

function wasNotAccepted(error: RegionsError, isRefusal: boolean): boolean {
  switch (error._tag) {
    case "Network":
      return error.neverSent;
    case "Http":
      return BUSY.includes(error.status) ? isRefusal : error.status < 500;
    case "PermissionDenied":
    case "Unauthorized":
      return true;
    case "Timeout":
    case "Malformed":
    case "TooLarge":
    case "Unconfirmed":
    case "GaveUp":
      return false;
  }
}

async function readImage(image: ImageSource): Promise<E.Either<RegionsError, Uint8Array>> {
  const rejection = E.left(tooLarge("submit", MAX_IMAGE_BYTES, "image"));
  if (isBlob(image) && image.size > MAX_IMAGE_BYTES) return rejection;
  const bytes = isBlob(image) ? await readBlob(image) : toBytes(image);
  if (bytes === null) return E.left(network("submit", "the image can no longer be read", true));
  return bytes.byteLength > MAX_IMAGE_BYTES ? rejection : E.right(bytes);
}

/** Returns null if the underlying file of a `File` was changed or deleted. */
async function readBlob(blob: Blob): Promise<Uint8Array | null> {
  try {
    return toBytes(await blob.arrayBuffer());
  } catch {
    return null;
  }
}
