/**
 * Adapters from a stream of replies to a `ReadableStream` and to server-sent events.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { type Observable, takeWhile } from "../internal/rxjs.ts";
import { timerDelay } from "../internal/abort.ts";
import { atLeast } from "../internal/check.ts";
import { toJson } from "../internal/json.ts";
import { type Reply, valueOf } from "../model/reply.ts";
import { isFinal } from "../model/task_status.ts";
import type { ReadReply } from "../model/reading.ts";

/**
 * Returns the replies as a `ReadableStream`. Subscribes immediately, buffers replies until they are read, and
 * unsubscribes when the stream is canceled.
 *
 * @example
 * ```ts
 * import { connect, toReadableStream, watchRegions } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const statuses = watchRegions("a371d027-4b0d-4d86-8825-c8d818dd4ed9")(service);
 * for await (const reply of toReadableStream(statuses)) ok(isRight(reply));
 * ```
 *
 * @category Views
 */
export function toReadableStream<A extends Reply<object> | ReadReply>(replies: Observable<A>): ReadableStream<A> {
  return openStream(replies, (reply) => reply);
}

/**
 * Options of {@linkcode toEventStream}.
 *
 * @category Views
 */
export interface EventStreamOptions {
  /**
   * The `Last-Event-ID` header of a client that reconnects. Replies up to that number are skipped, except for the final
   * one. Values other than an id that was sent are ignored.
   *
   * This assumes that `replies` starts over with the same replies, as a Durable Object does. Otherwise, the client may
   * miss changes of status, but never the final reply.
   *
   * @default {null}
   */
  readonly lastEventId?: string | null | undefined;
  /**
   * The interval of comments that keep an idle connection open, in milliseconds. Greater than 0, or Infinity for none.
   *
   * @default {15_000}
   */
  readonly heartbeat?: number | undefined;
}

/**
 * Returns the replies as server-sent events, for the body of a `Response` with the content type `text/event-stream`.
 * The `data` of an event is the JSON of the status or error, in which `{ "$base64": "…" }` stands for bytes. Its `id` is
 * its number, counted from 1. Comments keep the connection open while the client reads. The body ends with the stream,
 * and the stream is unsubscribed when the connection closes.
 *
 * The final reply is always sent, regardless of `lastEventId`. An `EventSource` reconnects when a body ends, so the
 * final event is followed by a reconnection time of 24.8 days, the longest that a timer supports. To release the client
 * earlier, close its `EventSource` on the first final event, or respond to its next request with status 204.
 *
 * Source: HTML Standard, "Server-sent events".
 *
 * @throws {RangeError} If `heartbeat` is not a number greater than 0.
 *
 * @example
 * ```ts
 * import { connect, toEventStream, watchRegions } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { ok } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };
 * const response = new Response(toEventStream(watchRegions(id)(service)), { headers });
 * ok((await response.text()).startsWith(`id: 1\ndata: {"_tag":"NotExist","id":"${id}"`));
 * ```
 *
 * @category Views
 */
export function toEventStream(
  replies: Observable<Reply<object> | ReadReply>,
  options: EventStreamOptions = {},
): ReadableStream<Uint8Array> {
  const { lastEventId = null, heartbeat = 15_000 } = options;
  atLeast("stream events", "heartbeat", heartbeat, Number.MIN_VALUE);
  const seen = readEventId(lastEventId);
  let count = 0;
  return openStream(
    replies,
    (reply) => {
      count++;
      return count > seen || isLast(reply) ? encodeEvent({ id: count, reply }) : null;
    },
    (controller) => startHeartbeat(controller, heartbeat),
  );
}

/** The number of events that a client may leave unread before its connection is closed. */
const MAX_UNREAD = 32;

/** A comment, so that the headers of the response leave at once, and the delay before a client reconnects. */
const OPENING = ":\n\nretry: 1000\n\n";

/** An event. */
export interface ServerSentEvent {
  /** Its id: a number, or letters, digits, `-`, `_` and `.`. */
  readonly id: number | string;
  /** Its data. */
  readonly reply: Reply<object> | ReadReply;
}

/** Encodes an event. After the final one, an `EventSource` does not reconnect. */
export function encodeEvent({ id, reply }: ServerSentEvent): Uint8Array {
  // JSON contains no line breaks of its own, so it fits in one line of data.
  const event = `id: ${id}\ndata: ${toJson(valueOf<unknown, unknown>(reply))}\n\n`;
  return new TextEncoder().encode(isLast(reply) ? event + toRetry(timerDelay(Infinity)) : event);
}

/**
 * Returns encoded events as the body of a response. In contrast to {@linkcode toEventStream}, the client can resume after
 * any event. Therefore, a client that does not read is disconnected, instead of filling the memory.
 *
 * @param heartbeat The interval of comments in milliseconds.
 */
export function toResumableEvents(events: Observable<Uint8Array>, heartbeat: number): ReadableStream<Uint8Array> {
  let hasRoom = (): boolean => true;
  return openStream(
    events.pipe(takeWhile(() => hasRoom())),
    (event) => event,
    (controller) => {
      hasRoom = () => (controller.desiredSize ?? 0) > -MAX_UNREAD;
      controller.enqueue(new TextEncoder().encode(OPENING));
      return startHeartbeat(controller, heartbeat);
    },
  );
}

/** Sends a comment at an interval while the client reads. Returns a function that stops it. */
function startHeartbeat(controller: ReadableStreamDefaultController<Uint8Array>, ms: number): () => void {
  const comment = new TextEncoder().encode(":\n\n");
  const beat = setInterval(() => {
    if ((controller.desiredSize ?? 0) > 0) controller.enqueue(comment);
  }, timerDelay(ms));
  return () => clearInterval(beat);
}

/**
 * Returns a stream of the replies converted by `convert`, without nulls.
 *
 * @param accompany Called at the start of the subscription. The function that it returns is called at the end.
 */
function openStream<A, B>(
  replies: Observable<A>,
  convert: (reply: A) => B | null,
  accompany: (controller: ReadableStreamDefaultController<B>) => () => void = () => () => {},
): ReadableStream<B> {
  let stop = (): void => {};
  return new ReadableStream<B>({
    start: (controller) => {
      const end = accompany(controller);
      const subscription = replies.subscribe({
        next: (reply) => {
          const chunk = convert(reply);
          if (chunk !== null) controller.enqueue(chunk);
        },
        error: (error) => controller.error(error),
        complete: () => controller.close(),
      });
      subscription.add(end);
      stop = () => subscription.unsubscribe();
    },
    cancel: () => stop(),
  });
}

/**
 * Returns a reconnection time. It follows an event and is not part of it: a client applies this line as soon as it
 * reads it. If the connection broke before the end of the event, the client would not reconnect to receive it again.
 */
function toRetry(ms: number): string {
  return `retry: ${ms}\n\n`;
}

/** Returns the number in an id that {@linkcode encodeEvent} wrote, or 0 for any other value. */
function readEventId(id: string | null): number {
  const number = Number(id);
  return Number.isSafeInteger(number) && number > 0 && String(number) === id ? number : 0;
}

function isLast(reply: Reply<object> | ReadReply): boolean {
  if (E.isLeft(reply)) return true;
  const value = reply.right;
  if ("_tag" in value) return isFinal(value);
  // A step that is completed is followed by another one, or by the result.
  return value.step === "done" || value.status._tag === "Error" || value.status._tag === "NotExist";
}
