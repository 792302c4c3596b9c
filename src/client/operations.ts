/**
 * The calls of the service, one {@linkcode Req} each.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { Task } from "fp-ts/lib/Task.js";
import { toBase64 } from "../internal/base64.ts";
import type { Candidate, Release } from "./budget.ts";
import { preview } from "../model/codec.ts";
import { malformed, network, type RegionsError, tooLarge, unconfirmed } from "../model/error.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import type { PollState } from "../model/poll_state.ts";
import { exchange, notify, type Req, retrying, type Service } from "./request.ts";
import { type DetectionSettings, toWireSettings } from "../model/settings.ts";
import { endOf, giveUp, type Next, type PollOptions, type PollPolicy, pollPolicy, step } from "../polling/step.ts";
import { decodeResponse, type Reply, RETENTION, type TaskStatus } from "../model/task_status.ts";

/**
 * An image's file in any format that the service reads: its bytes, or a `Blob`, of any realm. At most 256 MiB.
 *
 * @category Detect
 */
export type ImageSource = ArrayBufferView | ArrayBufferLike | Blob;

/** Base64 takes 4/3 of an image's bytes, and V8 allows no text over 512 MiB. */
const MAX_IMAGE_BYTES = 256 * 1024 * 1024;

const PATH = "/v5.0/ocr/DetectRegions";

/** What the service calls a GUID: the id of a task. */
const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Sends an image for detection. The result is the id of its task, which the service keeps for 24 hours.
 *
 * The image is sent at most once. It is sent again only if it certainly never left, or if the service says that it did
 * not take it: HTTP 408, 425, 429 or 503 with `Retry-After` or with the service's own problem body. If the outcome is
 * unknown, the result is `Unconfirmed`, and sending it again is the caller's decision. In browsers over HTTP/1, the
 * browser itself may repeat a request whose connection breaks.
 *
 * @param image The image's file. If it is over 256 MiB, the result is `TooLarge`, and nothing is sent.
 * @param settings What the detection is told.
 *
 * @throws {TypeError} If `image` is neither a typed array, a `DataView`, a buffer nor a `Blob`.
 * @throws {RangeError} If a setting has a value that the service does not know.
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
      `Cannot submit an image as it must be a buffer, a view of one or a Blob: current value is ${preview(image)}`,
    );
  }
  const wireSettings = toWireSettings(settings);
  return (service) => async () => {
    const bytes = await readImage(image);
    if (E.isLeft(bytes)) return bytes;
    const body = JSON.stringify({ image: toBase64(bytes.right), settings: wireSettings });
    const send = exchange<string>({
      call: "submit",
      method: "POST",
      path: PATH,
      body,
      decode: decodeTaskId,
      afterSending: asUnconfirmed,
    });
    return retrying("submit", null, send)(service)();
  };
}

/**
 * Asks once how a task stands. Failures that pass are tried again, up to `retry.maxAttempts` times.
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
  return retrying("fetch", id, ask(id));
}

/**
 * Drops a task: the service forgets it and its image. Nothing happens to a task that is not there.
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

/**
 * One poll and what follows it: for engines that hold the sleep themselves, such as a queue or a Durable Object. Store
 * `state`, sleep for `delay`, and call again. Never rejects, unless the caller's own schedule throws.
 *
 * @param state Where the polling stands: from `startPoll`, or from the last turn.
 * @param options What the polling is bound to; the same at each turn.
 *
 * @example
 * ```ts
 * import { connect, startPoll, pollOnce } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { equal } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const { state } = startPoll("a371d027-4b0d-4d86-8825-c8d818dd4ed9", Date.now());
 * const next = await pollOnce(state)(service)();
 * equal(next._tag, "Done");
 * ```
 *
 * @category Durable
 */
export function pollOnce(state: PollState, options: PollOptions = {}): (service: Service) => Task<Next> {
  return pollBy(Date.now)(state, options);
}

/** {@linkcode pollOnce} by a clock of the caller's, in milliseconds since 1970. */
export function pollBy(
  now: () => number,
): (state: PollState, options: PollOptions) => (service: Service) => Task<Next> {
  return (state, options) => (service) => async () => {
    const next = await poll(state, service, policyFor(service, options), now);
    if (next._tag === "Done") learn(service, state, next.reply, now());
    if (next._tag === "Wait" && next.failure !== null) {
      const { delay, failure: error, state: { id, failures } } = next;
      notify(service.onRetry, { call: "fetch", id, error, failures, delay });
    }
    return next;
  };
}

/**
 * Takes note of how long a task took, if it is known when its image was sent; for an abandoned task, that it took longer.
 * Times that cannot be true, as of a clock that was set or of a wrong unit, are left out: many tasks share what is learned.
 *
 * @param reply The last reply of the watch, or null for a watch that was ended from outside.
 * @param now The present, in milliseconds since 1970.
 */
export function learn(
  { memory }: Service,
  { submittedAt, heardAt }: PollState,
  reply: Reply | null,
  now: number,
): void {
  if (submittedAt === null) return;
  const after = (heardAt ?? submittedAt) - submittedAt, before = now - submittedAt;
  if (!(after >= 0 && after <= before && before <= RETENTION)) return;
  const value = reply === null ? null : E.isRight(reply) ? reply.right : reply.left;
  if (value?._tag === "Completed" || value?._tag === "Error") memory.learn([after, before]);
  // A watch that has used up its polls will be resumed, and one that heard nothing has nothing to tell.
  else if (after > 0 && (value === null || value._tag === "GaveUp" && value.reason !== "maxPolls")) {
    memory.learn([after, null]);
  }
}

/** What the polling of a task is bound to, where the service has a say. */
export function policyFor(service: Service, options: PollOptions): PollPolicy {
  const { schedule = service.schedule, history = service.memory.history(), retry = service.retry } = options;
  const { deadline, maxPolls, minDelay } = options;
  return pollPolicy({ schedule, history, deadline, maxPolls, minDelay, retry });
}

async function poll(state: PollState, service: Service, policy: PollPolicy, now: () => number): Promise<Next> {
  const { budget, signal } = service;
  const left = endOf(state, policy) - now();
  const place = budget === null ? FREE : await budget.acquire(candidateOf(state), left, signal);
  if (E.isLeft(place)) return giveUp(place.left === "aborted" ? "aborted" : "deadline", state);
  let final = false;
  try {
    const endsAt = performance.now() + Math.max(endOf(state, policy) - now(), LAST_POLL);
    const reply = await ask(state.id)({ ...service, endsAt })();
    const next = step(state, reply, now(), policy);
    final = next._tag === "Done";
    return next;
  } finally {
    place.right(final);
  }
}

/** The place of a poll that no budget bounds. */
const FREE: E.Either<never, Release> = /* @__PURE__ */ E.right(() => {});

/** How long the last poll of a watch may run past the deadline, in milliseconds. */
const LAST_POLL = 5000;

function candidateOf({ submittedAt, startedAt, heardAt }: PollState): Candidate {
  const since = submittedAt ?? startedAt;
  return { since, heardAt: heardAt ?? since };
}

function ask(id: string): Req<TaskStatus> {
  return exchange({ call: "fetch", method: "GET", path: withId(id), decode: (text) => decodeStatus(text, id) });
}

/** The service's own ids need no escaping. encodeURIComponent would throw for lone surrogates, which others may hold. */
function withId(id: string): string {
  return GUID.test(id) ? `${PATH}?id=${id}` : `${PATH}?${new URLSearchParams({ id })}`;
}

function decodeStatus(text: string, id: string): E.Either<RegionsError, TaskStatus> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return E.left(malformed([`Response: expected JSON, got ${preview(text)}`]));
  }
  return decodeResponse(body, id);
}

/** A gateway's page, with status 200, says nothing of the task. */
function decodeCancellation(text: string): E.Either<RegionsError, void> {
  return text.trim() === ""
    ? E.right(undefined)
    : E.left(malformed([`Cancellation: expected an empty answer, got ${preview(text)}`]));
}

/** The id comes bare; as a JSON string it is taken, too. */
function decodeTaskId(text: string): E.Either<RegionsError, string> {
  const id = text.trim().replace(/^"(.*)"$/, "$1");
  return GUID.test(id) ? E.right(id) : E.left(malformed([`TaskId: expected a GUID, got ${preview(text)}`]));
}

/** The statuses that say "not now". A proxy sends them as well, for a request that it has passed on. */
const BUSY: readonly number[] = [408, 425, 429, 503];

/** A failure that leaves open whether the image was taken becomes `Unconfirmed`. */
function asUnconfirmed(error: RegionsError, isRefusal: boolean): RegionsError {
  return wasNotTaken(error, isRefusal) ? error : unconfirmed(error);
}

function wasNotTaken(error: RegionsError, isRefusal: boolean): boolean {
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
  const refusal = E.left(tooLarge("submit", MAX_IMAGE_BYTES, "image"));
  if (isBlob(image) && image.size > MAX_IMAGE_BYTES) return refusal;
  const bytes = isBlob(image) ? await readBlob(image) : toBytes(image);
  if (bytes === null) return E.left(network("submit", "the image can no longer be read", true));
  return bytes.byteLength > MAX_IMAGE_BYTES ? refusal : E.right(bytes);
}

/** Null if the file of a `File` has changed or gone. */
async function readBlob(blob: Blob): Promise<Uint8Array | null> {
  try {
    return toBytes(await blob.arrayBuffer());
  } catch {
    return null;
  }
}
