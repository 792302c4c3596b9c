/**
 * The statuses of a task as the back end sends them, as an Observable. This is the only file of the browser's half that
 * makes one. `reconnect.ts` decides what happens after each attempt.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { Observable, type Subscriber } from "../internal/rxjs.ts";
import { cancel, type Cancellation, createCancellation, MAX_TIMER, onAbort, sleep } from "../internal/abort.ts";
import { atLeast, type Complete } from "../internal/check.ts";
import { isObject } from "../internal/json.ts";
import { notify } from "../internal/notify.ts";
import type { Detection } from "../model/detection.ts";
import { gaveUp, type RegionsError } from "../model/error.ts";
import { isRegion } from "../model/region.ts";
import { isLast, type Reply, replyCodec } from "../model/reply.ts";
import { type RetryOptions, retryPolicy } from "../polling/retry.ts";
import { attempt, type Source } from "./attempt.ts";
import { hear, reconnect, START } from "./reconnect.ts";
import { requesterOf, type RequestOptions, urlBelow } from "./request.ts";
import { currentPage, untilHidden, whenShown } from "./visibility.ts";

/**
 * Options of {@linkcode fromEventStream}.
 *
 * @category Client
 */
export interface SubscribeOptions extends RequestOptions {
  /** Ends the stream with `GaveUp` when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The time from the subscription to its end, in milliseconds. Greater than 0, or Infinity for no deadline. It includes
   * the time while the page is hidden.
   *
   * @default {300_000}
   */
  readonly deadline?: number | undefined;
  /** The delays before failures are retried. `maxAttempts` does not apply, since a stream retries until its deadline. */
  readonly retry?: RetryOptions | undefined;
  /**
   * The time within which the first byte of the stream of events must arrive, in milliseconds. Greater than 0. If none
   * does, a proxy may hold the events back until the stream ends, so the current status is requested instead, as often as
   * the server's `Retry-After` allows.
   *
   * @default {10_000}
   */
  readonly eventTimeout?: number | undefined;
  /**
   * The interval at which the server sends comments, in milliseconds, greater than 0. If nothing arrives for three
   * intervals, the connection is considered broken.
   *
   * @default {15_000}
   */
  readonly heartbeat?: number | undefined;
  /**
   * The maximum size of an event or a response, in characters or bytes, 1 or more. A larger one results in `TooLarge`.
   *
   * @default {16_777_216}
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Whether the connection is closed while the page is hidden. It is opened again when the page is shown, and nothing is
   * lost in between. Without a `document`, the option has no effect.
   *
   * @default {false}
   */
  readonly pauseWhenHidden?: boolean | undefined;
  /**
   * Called before a failure is retried. If it throws, the error is reported as uncaught and has no other effect.
   */
  readonly onRetry?: ((retry: Reconnection) => void) | undefined;
}

/**
 * The part of the codec of an output that decodes JSON: `TextOutput`, for example.
 *
 * @category Client
 */
export interface OutputType<A extends object> {
  /** The name, for errors. */
  readonly name: string;
  /** Whether a value is an output. */
  readonly is: t.Is<A>;
}

/**
 * A failure that will be retried.
 *
 * @category Client
 */
export interface Reconnection {
  /** The failure. */
  readonly error: RegionsError;
  /** The number of consecutive failures. */
  readonly failures: number;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
}

/** The codec of a detection, as far as JSON is concerned, without the decoder of the service's payloads. */
const DETECTION_TYPE: OutputType<Detection> = {
  name: "Detection",
  is: (u): u is Detection => isObject(u) && Array.isArray(u.regions) && u.regions.every(isRegion),
};

/**
 * Returns the statuses of a task of a back end, as its handler sends them: one for each poll, up to the first final one.
 * The stream has the same form as that of `watchRegions`, without the credentials of the service.
 *
 * The stream is cold: nothing happens before a subscription, each subscription has its own connection, and unsubscribing
 * closes it. If the connection breaks, the subscription continues after the last event that it received, on any instance
 * of the back end, so that every status is emitted once. Transient failures (no connection, 408, 425, 429, 5xx, a single
 * malformed event) are retried until the deadline. A `Left` is always the last value: the error that the back end sent,
 * the reason of its refusal, or `GaveUp`. The stream itself never errors.
 *
 * @param taskUrl The URL of the task, from {@linkcode submitTo}. In a browser, it may be relative to the page.
 * @param options The options. For a task that is not a detection, `output` is its kind's output, such as `TextOutput`.
 *
 * @throws {TypeError} If `taskUrl` is not a URL, or if a header is invalid.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { fromEventStream } from "@ocr-cloud/regions/client";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 * import { lastValueFrom } from "rxjs";
 *
 * // In place of a back end:
 * const body = 'id: 1\ndata: {"_tag":"Completed","id":"1","regions":[],"notices":[]}\n\n';
 * const headers = { "Content-Type": "text/event-stream" };
 * const fetch = () => Promise.resolve(new Response(body, { headers }));
 *
 * const statuses = fromEventStream("https://example.com/tasks/1", { fetch });
 * deepEqual(await lastValueFrom(statuses), right({ _tag: "Completed", id: "1", regions: [], notices: [] }));
 * ```
 *
 * @category Client
 */
export function fromEventStream(
  taskUrl: string | URL,
  options?: SubscribeOptions & { readonly output?: undefined },
): Observable<Reply>;
/**
 * The same for a task of any kind, with the codec of its output.
 *
 * @category Client
 */
export function fromEventStream<A extends object>(
  taskUrl: string | URL,
  options: SubscribeOptions & { readonly output: OutputType<A> },
): Observable<Reply<A>>;
export function fromEventStream(
  taskUrl: string | URL,
  options: SubscribeOptions & { readonly output?: OutputType<object> | undefined } = {},
): Observable<Reply<object>> {
  const { output = DETECTION_TYPE, signal, pauseWhenHidden = false, onRetry = () => {} } = options;
  const { deadline = 300_000, eventTimeout = 10_000, heartbeat = 15_000 } = options;
  const { maxResponseBytes = 16 * 1024 * 1024, retry } = options;
  const action = "subscribe to a task";
  const source: Source = {
    ...requesterOf(action, options),
    taskUrl: urlBelow(taskUrl).href,
    eventsUrl: urlBelow(taskUrl, "/events").href,
    codec: replyCodec(output),
    eventTimeout: atLeast(action, "eventTimeout", eventTimeout, Number.MIN_VALUE),
    silence: 3 * atLeast(action, "heartbeat", heartbeat, Number.MIN_VALUE),
    maxResponseBytes: atLeast(action, "maxResponseBytes", maxResponseBytes, 1),
  };
  const limits: Limits = {
    deadline: atLeast(action, "deadline", deadline, Number.MIN_VALUE),
    retry: retryPolicy(retry),
    signal,
    pauseWhenHidden,
    onRetry,
  };
  return new Observable((subscriber) => run(subscriber, source, limits));
}

/** How long a subscription lasts. */
interface Limits {
  readonly deadline: number;
  readonly retry: Complete<RetryOptions>;
  readonly signal: AbortSignal | undefined;
  readonly pauseWhenHidden: boolean;
  readonly onRetry: (retry: Reconnection) => void;
}

/** Runs a subscription: its deadline and its signal, and attempts in between. */
function run(subscriber: Subscriber<Reply<object>>, source: Source, limits: Limits): void {
  const { deadline, signal } = limits;
  const closed = createCancellation();
  if (signal?.aborted) return end(subscriber, gaveUp("aborted", null));
  const giveUp = (): void => end(subscriber, gaveUp("deadline", null));
  const timer = deadline <= MAX_TIMER ? setTimeout(giveUp, deadline) : undefined;
  const unlisten = signal && onAbort(signal, () => end(subscriber, gaveUp("aborted", null)));
  subscriber.add(() => {
    clearTimeout(timer);
    unlisten?.();
    cancel(closed);
  });
  receiveAll(subscriber, source, limits, closed).catch((error) => subscriber.error(error));
}

/** Receives statuses until the last one, or until `closed` aborts. */
async function receiveAll(
  subscriber: Subscriber<Reply<object>>,
  source: Source,
  { deadline, retry, pauseWhenHidden, onRetry }: Limits,
  closed: Cancellation,
): Promise<void> {
  const endsAt = performance.now() + deadline;
  const page = pauseWhenHidden ? currentPage() : null;
  let position = START;
  let dueAt = 0;
  const onReply = (id: string | null, reply: Reply<object>): void => {
    const next = hear(position, id, reply);
    if (next === null) return;
    position = next;
    subscriber.next(reply);
    if (isLast(reply)) subscriber.complete();
  };
  const onReconnectionTime = (ms: number): void => {
    position = { ...position, reconnectionTime: ms };
  };
  while (!closed.aborted) {
    if (page !== null && !await whenShown(page, closed)) return;
    const { signal, release } = page === null ? { signal: closed, release: () => {} } : untilHidden(page, closed);
    const delay = dueAt - performance.now();
    const outcome = delay > 0 && !await sleep(delay, signal)
      ? null
      : await attempt(source, position, signal, { onReply, onReconnectionTime });
    release();
    // The subscription is over, or the page is hidden.
    if (outcome === null) continue;
    const next = reconnect(position, outcome, endsAt - performance.now(), retry, Math.random());
    if (next._tag === "Over") return end(subscriber, next.error);
    position = next.position;
    dueAt = performance.now() + next.delay;
    if (next.failure !== null) {
      notify(onRetry, { error: next.failure, failures: position.failures, delay: next.delay });
    }
  }
}

function end(subscriber: Subscriber<Reply<object>>, error: RegionsError): void {
  subscriber.next(E.left(error));
  subscriber.complete();
}
