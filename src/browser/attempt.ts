/**
 * A single attempt to receive statuses: a connection to the stream of events, or a request for the current status.
 *
 * @module
 */
import { createParser } from "eventsource-parser";
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { type AbortSignalLike, onAbort, within } from "../internal/abort.ts";
import { causeOf, isSuccess } from "../internal/http.ts";
import { fromJson } from "../internal/json.ts";
import { preview } from "../internal/text.ts";
import {
  fromCodec,
  isTransientStatus,
  malformed,
  network,
  type RegionsError,
  timeout,
  tooLarge,
} from "../model/error.ts";
import type { Reply } from "../model/reply.ts";
import { ENDED_EARLY, type Outcome, type Position } from "./reconnect.ts";
import { type Answer, receive, refusalOf, type Requester, type RequestHeaders, send, toRequest } from "./request.ts";

/** Where statuses come from, and the limits of an attempt. */
export interface Source extends Requester {
  /** The absolute URL of the current status. */
  readonly taskUrl: string;
  /** The absolute URL of the stream of events. */
  readonly eventsUrl: string;
  readonly codec: t.Decoder<unknown, Reply<object>>;
  /** The time limit for the first byte of the stream of events, in milliseconds. */
  readonly eventTimeout: number;
  /** The time limit for each of the following bytes, in milliseconds. */
  readonly silence: number;
  readonly maxResponseBytes: number;
}

/** What an attempt tells while it lasts. */
export interface Listener {
  /** Called with each reply and the id of its event, if it has one. */
  readonly onReply: (id: string | null, reply: Reply<object>) => void;
  /** Called with the minimum delay before the stream is opened again, in milliseconds. */
  readonly onReconnectionTime: (ms: number) => void;
}

/** The format of ids, which are sent back in headers, one of them in quotation marks. */
const EVENT_ID = /^[\x21\x23-\x7e]{1,4096}$/;

/**
 * Receives statuses until the attempt ends. Returns null if `signal` has aborted, as it does when the listener ends the
 * subscription because of a final reply.
 */
export async function attempt(
  source: Source,
  position: Position,
  signal: AbortSignalLike,
  listener: Listener,
): Promise<Outcome | null> {
  const connection = new AbortController();
  const unlisten = onAbort(signal, () => connection.abort());
  try {
    const receiveFrom = position.way === "events" ? listen : poll;
    return await receiveFrom(source, position, signal, listener, connection.signal);
  } catch (error) {
    return failed(network("fetch", causeOf(error)));
  } finally {
    unlisten();
    connection.abort();
  }
}

/** Requests the current status. `connection` ends the request. */
async function poll(
  source: Source,
  { lastEventId }: Position,
  outer: AbortSignalLike,
  { onReply }: Listener,
  connection: AbortSignal,
): Promise<Outcome | null> {
  const { taskUrl: url, requestTimeout, maxResponseBytes } = source;
  const tag: RequestHeaders = lastEventId === null ? {} : { "If-None-Match": `"${lastEventId}"` };
  const end = await within(requestTimeout, outer, async () => {
    const headers = { "Accept": "application/json", ...tag };
    const request = await toRequest(source, { method: "GET", url, headers }, connection);
    return receive(await send(source, request, connection), maxResponseBytes, connection);
  });
  if (E.isLeft(end)) return end.left === "aborted" ? null : failed(timeout("fetch", requestTimeout));
  const answer = end.right, { retryAfter } = answer;
  if (answer.status === 304) return { _tag: "Unfinished", retryAfter };
  if (answer.status !== 200) return refused(answer);
  if (!answer.isWhole) return failed(tooLarge("fetch", maxResponseBytes));
  const reply = decodeReply(source, answer.tag, answer.text);
  if (E.isLeft(reply)) return failed(reply.left);
  onReply(answer.tag, reply.right);
  return { _tag: "Unfinished", retryAfter };
}

/** Receives the stream of events. `connection` ends the request. */
async function listen(
  source: Source,
  { lastEventId }: Position,
  outer: AbortSignalLike,
  listener: Listener,
  connection: AbortSignal,
): Promise<Outcome | null> {
  const { eventTimeout, silence } = source;
  const opened = await within(eventTimeout, outer, () => open(source, lastEventId, connection));
  if (E.isLeft(opened)) {
    return opened.left === "aborted" ? null : { _tag: "Silent", heard: false, after: eventTimeout };
  }
  if ("_tag" in opened.right) return opened.right;
  const { reader } = opened.right;
  const events = readEvents(source, outer, listener);
  for (let chunk = opened.right.chunk;;) {
    if (chunk.value === undefined) return failed(ENDED_EARLY);
    const outcome = events.feed(chunk.value);
    if (outcome !== null || outer.aborted) return outcome;
    const next = await within(silence, outer, () => reader.read());
    if (E.isLeft(next)) {
      return next.left === "aborted" ? null : { _tag: "Silent", heard: events.hasHeard(), after: silence };
    }
    chunk = next.right;
  }
}

/** A stream of events whose first bytes have arrived. */
interface Opened {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly chunk: { readonly value?: Uint8Array | undefined };
}

async function open(source: Source, lastEventId: string | null, signal: AbortSignal): Promise<Opened | Outcome> {
  const id: RequestHeaders = lastEventId === null ? {} : { "Last-Event-ID": lastEventId };
  const headers = { "Accept": "text/event-stream", ...id };
  const request = await toRequest(source, { method: "GET", url: source.eventsUrl, headers }, signal);
  const response = await send(source, request, signal);
  const { status, body } = response;
  if (status === 204) return { _tag: "NoContent" };
  if (status !== 200) return refused(await receive(response, 0, signal));
  const type = response.headers.get("Content-Type") ?? "";
  if (!/^text\/event-stream\b/i.test(type)) {
    await body?.cancel();
    return failed(malformed([`Response/Content-Type: expected text/event-stream, got ${preview(type)}`]));
  }
  if (body === null) return failed(ENDED_EARLY);
  const reader = body.getReader();
  // The body of a handler in the same process does not know the signal.
  signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
  return { reader, chunk: await reader.read() };
}

/** Decodes the bytes of a stream of events. */
function readEvents(
  source: Source,
  outer: AbortSignalLike,
  { onReply, onReconnectionTime }: Listener,
): { readonly feed: (bytes: Uint8Array) => Outcome | null; readonly hasHeard: () => boolean } {
  const { maxResponseBytes } = source;
  const decoder = new TextDecoder();
  let outcome: Outcome | null = null;
  let heard = false;
  const parser = createParser({
    maxBufferSize: maxResponseBytes,
    onRetry: onReconnectionTime,
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") outcome ??= failed(tooLarge("fetch", maxResponseBytes));
    },
    onEvent: ({ id, event = "message", data }) => {
      // A chunk may contain further events.
      if (event !== "message" || outcome !== null || outer.aborted) return;
      heard = true;
      const tag = id === undefined || id === "" ? null : id;
      const reply = decodeReply(source, tag, data);
      if (E.isLeft(reply)) outcome = failed(reply.left);
      else onReply(tag, reply.right);
    },
  });
  return {
    feed: (bytes) => {
      parser.feed(decoder.decode(bytes, { stream: true }));
      return outcome;
    },
    hasHeard: () => heard,
  };
}

function decodeReply(
  { codec }: Source,
  id: string | null,
  text: string,
): E.Either<RegionsError, Reply<object>> {
  if (id !== null && !EVENT_ID.test(id)) {
    return E.left(malformed([`Event/id: expected at most 4096 printable ASCII characters, got ${preview(id)}`]));
  }
  const json = fromJson(text);
  if (json === undefined) return E.left(malformed([`Reply: expected JSON, got ${preview(text)}`]));
  return pipe(codec.decode(json), E.mapLeft(fromCodec));
}

function failed(error: RegionsError): Outcome {
  return { _tag: "Failed", error };
}

/** The outcome of a response with a status that is not the expected one. */
function refused(answer: Answer): Outcome {
  const { status, retryAfter } = answer;
  if (isSuccess(answer)) return failed(malformed([`Response: expected status 200, got ${status}`]));
  return { _tag: "Refused", error: refusalOf("fetch", answer), isTransient: isTransientStatus(status), retryAfter };
}
