/**
 * What a subscriber does after an attempt to receive statuses, as a pure function. There are two ways to receive them:
 * the stream of events, and single requests for the current status where a proxy holds events back.
 *
 * @module
 */
import * as O from "../internal/option.ts";
import type { Complete } from "../internal/check.ts";
import { network, type RegionsError, timeout } from "../model/error.ts";
import { isLast, type Reply } from "../model/reply.ts";
import { retryDelay, type RetryOptions } from "../polling/retry.ts";

/** The delay between two requests for the current status without a `Retry-After`, in milliseconds. */
const POLL_DELAY = 2000;

/** The minimum delay between two requests for the current status, in milliseconds. */
const MIN_POLL_DELAY = 250;

/** Where a subscriber is in the stream. */
export interface Position {
  /** How to receive the next status. */
  readonly way: "events" | "poll";
  /** The id of the last event, or null if there is none. */
  readonly lastEventId: string | null;
  /** The number of consecutive failures. */
  readonly failures: number;
  /** The number of those that were malformed responses. */
  readonly malformed: number;
  /** The minimum delay before the stream is opened again, in milliseconds. The server sets it. */
  readonly reconnectionTime: number;
}

/** Before the first attempt. */
export const START: Position = {
  way: "events",
  lastEventId: null,
  failures: 0,
  malformed: 0,
  reconnectionTime: 0,
};

/** How an attempt ended without a final reply. */
export type Outcome =
  /** The stream of events ended or broke, or a response could not be used. */
  | { readonly _tag: "Failed"; readonly error: RegionsError }
  /** The server responded with a status other than 2xx. */
  | {
    readonly _tag: "Refused";
    readonly error: RegionsError;
    readonly isTransient: boolean;
    readonly retryAfter: number | null;
  }
  /** Nothing arrived for `after` milliseconds. `heard` is whether an event had arrived before. */
  | { readonly _tag: "Silent"; readonly heard: boolean; readonly after: number }
  /** The server has no further events (204). */
  | { readonly _tag: "NoContent" }
  /** The current status is not final. */
  | { readonly _tag: "Unfinished"; readonly retryAfter: number | null };

/** Receive again from `position` after `delay` milliseconds. */
export interface Again {
  /** Discriminates the union. */
  readonly _tag: "Again";
  readonly position: Position;
  readonly delay: number;
  /** The failure that is retried, or null. */
  readonly failure: RegionsError | null;
}

/** Nothing more can be received. */
export interface Over {
  /** Discriminates the union. */
  readonly _tag: "Over";
  readonly error: RegionsError;
}

/**
 * Returns the position after a reply, or null if the reply is a repetition of the one before it.
 *
 * @param id The id of the event, or null if it has none.
 */
export function hear(position: Position, id: string | null, reply: Reply<object>): Position | null {
  // Nothing is received after a final reply, so a final one is never a repetition, even if its id is not new.
  if (id !== null && id === position.lastEventId && !isLast(reply)) return null;
  return { ...position, lastEventId: id ?? position.lastEventId, failures: 0, malformed: 0 };
}

/**
 * Decides what to do after an attempt.
 *
 * @param left The time until the deadline, in milliseconds.
 * @param random A number from 0 to 1: the jitter.
 */
export function reconnect(
  position: Position,
  outcome: Outcome,
  left: number,
  retry: Complete<RetryOptions>,
  random: number,
): Again | Over {
  switch (outcome._tag) {
    case "Unfinished":
      return again(position, Math.max(MIN_POLL_DELAY, outcome.retryAfter ?? POLL_DELAY));
    case "NoContent":
      // The server takes the last event for the final one. The current status tells.
      return again({ ...position, way: "poll", lastEventId: null }, 0);
    case "Silent":
      // A connection that has delivered an event is broken. Otherwise, a proxy may hold the events back.
      return outcome.heard
        ? afterFailure(position, timeout("fetch", outcome.after), null, left, retry, random)
        : again({ ...position, way: "poll" }, 0);
    case "Refused":
      return outcome.isTransient
        ? afterFailure(position, outcome.error, outcome.retryAfter, left, retry, random)
        : { _tag: "Over", error: outcome.error };
    case "Failed": {
      // Without a response to a poll either, there was no connection, and no proxy that holds events back.
      const isOffline = outcome.error._tag === "Network" || outcome.error._tag === "Timeout";
      const next = isOffline ? { ...position, way: "events" } as const : position;
      return afterFailure(next, outcome.error, null, left, retry, random);
    }
  }
}

/** The failure of a stream of events that ended before the final one. */
export const ENDED_EARLY: RegionsError = network("fetch", "the stream ended before the final status");

function again(position: Position, delay: number, failure: RegionsError | null = null): Again {
  return { _tag: "Again", position, delay, failure };
}

function afterFailure(
  position: Position,
  error: RegionsError,
  retryAfter: number | null,
  left: number,
  retry: Complete<RetryOptions>,
  random: number,
): Again | Over {
  const failures = position.failures + 1;
  const malformed = position.malformed + (error._tag === "Malformed" ? 1 : 0);
  const delay = retryDelay(retry, error, failures, malformed, random);
  if (O.isNone(delay) || retryAfter !== null && retryAfter >= left) return { _tag: "Over", error };
  const reconnectionTime = Math.min(position.reconnectionTime, retry.maxDelay);
  return again({ ...position, failures, malformed }, Math.max(retryAfter ?? 0, reconnectionTime + delay.value), error);
}
