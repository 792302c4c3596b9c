/**
 * The status stream for those who read streams of the web platform: as a `ReadableStream`, and as Server-Sent Events.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { Observable } from "rxjs";
import { timerDelay } from "./abort.ts";
import { atLeast } from "./schedule.ts";
import type { Reply } from "./task_status.ts";

/**
 * The replies as a `ReadableStream`. The subscription begins with the stream, what is not yet read is kept, and
 * cancelling the stream ends the subscription.
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
 */
export function toReadableStream(replies: Observable<Reply>): ReadableStream<Reply> {
  return openStream(replies, (reply) => reply);
}

/** Options for {@linkcode toEventStream}. */
export interface EventStreamOptions {
  /**
   * The header `Last-Event-ID` of a client that comes back: the replies up to that one are left out. The stream must then
   * give the same replies again, as one that a Durable Object keeps does.
   *
   * @default {null}
   */
  readonly lastEventId?: string | null;
  /**
   * Milliseconds without a reply after which a comment is sent, so that proxies keep the connection; over 0, Infinity for
   * none.
   *
   * @default {15_000}
   */
  readonly heartbeat?: number;
}

/**
 * The replies as the body of a `Response` with the content type `text/event-stream`: one event a reply, whose `data` is
 * the JSON of the status or the error and whose `id` counts the replies from 1. Comments keep the connection open; a
 * client that does not read gets none. The body ends with the stream, and a closed connection ends the subscription.
 *
 * An `EventSource` comes back after the end: close it at the first final status, or answer 204.
 *
 * Source: HTML Standard, "Server-sent events".
 *
 * @throws {RangeError} If the heartbeat is no number of milliseconds over 0.
 *
 * @example
 * ```ts
 * import { connect, toEventStream, watchRegions } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { equal } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };
 * const response = new Response(toEventStream(watchRegions(id)(service)), { headers });
 * equal(await response.text(), `id: 1\ndata: {"_tag":"NotExist","id":"${id}","messages":[]}\n\n`);
 * ```
 */
export function toEventStream(
  replies: Observable<Reply>,
  options: EventStreamOptions = {},
): ReadableStream<Uint8Array> {
  const { lastEventId = null, heartbeat = 15_000 } = options;
  atLeast("stream events", "heartbeat", heartbeat, Number.MIN_VALUE);
  const seen = Number(lastEventId) || 0;
  const encoder = new TextEncoder();
  let count = 0;
  return openStream(
    replies,
    (reply) => ++count > seen ? encoder.encode(toEvent(count, reply)) : null,
    (controller) => {
      const beat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(":\n\n"));
      }, timerDelay(heartbeat));
      return () => clearInterval(beat);
    },
  );
}

/**
 * A stream of what is made of each reply, but for null.
 *
 * @param accompany Goes on beside it; the result ends that.
 */
function openStream<A>(
  replies: Observable<Reply>,
  make: (reply: Reply) => A | null,
  accompany: (controller: ReadableStreamDefaultController<A>) => () => void = () => () => {},
): ReadableStream<A> {
  let stop = (): void => {};
  return new ReadableStream<A>({
    start: (controller) => {
      const end = accompany(controller);
      const subscription = replies.subscribe({
        next: (reply) => {
          const made = make(reply);
          if (made !== null) controller.enqueue(made);
        },
        error: (fault) => controller.error(fault),
        complete: () => controller.close(),
      });
      subscription.add(end);
      stop = () => subscription.unsubscribe();
    },
    cancel: () => stop(),
  });
}

function toEvent(id: number, reply: Reply): string {
  // JSON has no line breaks of its own, so one line of data holds it.
  return `id: ${id}\ndata: ${JSON.stringify(E.isRight(reply) ? reply.right : reply.left)}\n\n`;
}
