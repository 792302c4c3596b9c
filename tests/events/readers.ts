/** Programs that read a stream of events: each reconnects in its own way. */
import * as E from "fp-ts/lib/Either.js";
import { createEventSource } from "eventsource-client";
import { EventSource as NpmEventSource } from "eventsource";
import { fromEventStream } from "../../src/browser/event_source.ts";
import { toJson } from "../../src/internal/json.ts";

/** Called with each event. The id is null for readers that do not tell it. */
export type OnEvent = (data: string, id: string | null) => void;

/** Reads the events of a task until it is closed. */
export interface Reader {
  (taskUrl: string, onEvent: OnEvent): { readonly close: () => void };
  /** Whether the reader takes headers that end early for complete ones, and does not reconnect after them. */
  readonly trustsHeaders?: boolean;
}

export const READERS: Readonly<Record<string, Reader>> = {
  "fromEventStream": (taskUrl, onEvent) => {
    const retry = { minDelay: 10, maxDelay: 10 };
    const subscription = fromEventStream(taskUrl, { retry, deadline: 60_000 })
      .subscribe((reply) => onEvent(toJson(E.toUnion(reply)), null));
    return { close: () => subscription.unsubscribe() };
  },
  "EventSource of Deno": (taskUrl, onEvent) => {
    const source = new EventSource(`${taskUrl}/events`);
    source.onmessage = ({ data, lastEventId }) => onEvent(data, lastEventId);
    return source;
  },
  "eventsource": (taskUrl, onEvent) => {
    const source = new NpmEventSource(`${taskUrl}/events`);
    source.onmessage = ({ data, lastEventId }) => onEvent(data, lastEventId);
    return source;
  },
  "eventsource-client": (taskUrl, onEvent) =>
    createEventSource({ url: `${taskUrl}/events`, onMessage: ({ data, id = null }) => onEvent(data, id) }),
};
