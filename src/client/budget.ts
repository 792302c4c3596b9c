/**
 * A budget of polls that all tasks of a service share: which of the tasks that are due is polled next.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { type AbortSignalLike, type Interruption, onAbort } from "../internal/abort.ts";
import { createHeap, type Heap, type HeapEntry } from "../internal/heap.ts";
import { atLeast } from "../internal/check.ts";
import { createTimers, type TimerEntry } from "../internal/timers.ts";

/**
 * How many polls a service may make.
 *
 * @category Connect
 */
export interface BudgetOptions {
  /**
   * Polls per second, over 0; they are spread evenly.
   *
   * @default {Infinity}
   */
  readonly requestsPerSecond?: number | undefined;
  /**
   * Polls in flight at a time, 1 or more.
   *
   * @default {Infinity}
   */
  readonly concurrency?: number | undefined;
}

/** A task that is due for a poll, by the times that decide which is first; in milliseconds since 1970. */
export interface Candidate {
  /** When the task began. */
  readonly since: number;
  /** When its status was last heard, or `since`. */
  readonly heardAt: number;
}

/** Gives a place back after the poll, and tells whether the poll was the task's last. */
export type Release = (final: boolean) => void;

/** Admits polls as the budget allows. */
export interface Budget {
  /**
   * Waits for a place until `ms` milliseconds have passed or `signal` aborts. A place that is free is given at once,
   * whatever `ms` is.
   */
  readonly acquire: (
    candidate: Candidate,
    ms: number,
    signal: AbortSignalLike | undefined,
  ) => Promise<E.Either<Interruption, Release>>;
}

/** An order of service, and how many of its polls were a task's last: recent ones count for more. */
interface Order {
  /** The candidates that wait, in this order. */
  readonly waiting: Heap<Waiting>;
  polls: number;
  finals: number;
}

/** A candidate that waits, in one of the two orders. */
interface Waiting extends HeapEntry {
  readonly at: number;
  /** Breaks ties: how many candidates came before. */
  readonly sequence: number;
  readonly admit: (order: Order) => void;
}

/** How much of an order's record is remembered at its next poll. */
const MEMORY = 0.97;

/** The order that does worse serves one poll in this many, so that no task starves and a change is noticed. */
const SHARE = 16;

/**
 * A budget. It admits either the oldest candidate, which is best for a service that works first in, first out, or the one
 * whose status was heard longest ago, which is best for any other order: whichever of the two orders has lately found
 * more tasks finished. Starts no timer before a candidate waits.
 *
 * @throws {RangeError} If an option is out of its range.
 */
export function createBudget({ requestsPerSecond = Infinity, concurrency = Infinity }: BudgetOptions): Budget {
  atLeast("share a budget", "budget.requestsPerSecond", requestsPerSecond, Number.MIN_VALUE);
  atLeast("share a budget", "budget.concurrency", concurrency, 1);
  const spacing = 1000 / requestsPerSecond;
  const oldest = createOrder(), unheard = createOrder();
  const timers = createTimers();
  let arrived = 0, admitted = 0, inFlight = 0, freeAt = -Infinity;
  let pause: TimerEntry | null = null;

  const isEmpty = (): boolean => oldest.waiting.first() === undefined;
  const choose = (): Order => {
    const [better, worse] = rate(oldest) >= rate(unheard) ? [oldest, unheard] : [unheard, oldest];
    return ++admitted % SHARE === 0 ? worse : better;
  };
  const admit = (now: number): void => {
    if (pause !== null) timers.cancel(pause);
    pause = null;
    while (!isEmpty() && inFlight < concurrency) {
      if (now < freeAt) {
        const until = freeAt;
        // The timer that fired is due, whatever the clock says.
        pause = timers.sleep(until - now, () => admit(Math.max(until, performance.now())));
        return;
      }
      // A timer's lateness is made up for, idle time is not.
      freeAt = (now - freeAt < spacing ? freeAt : now) + spacing;
      const order = choose();
      order.waiting.first()?.admit(order);
    }
  };
  const release = (order: Order, final: boolean): void => {
    inFlight--;
    order.polls = order.polls * MEMORY + 1;
    order.finals = order.finals * MEMORY + (final ? 1 : 0);
    admit(performance.now());
  };

  return {
    acquire: ({ since, heardAt }, ms, signal) => {
      if (signal?.aborted) return Promise.resolve(E.left("aborted"));
      return new Promise((resolve) => {
        const leave = (): void => {
          oldest.waiting.remove(bySince);
          unheard.waiting.remove(byHeardAt);
          timers.cancel(expiry);
          unlisten?.();
        };
        const interrupt = (why: Interruption): void => {
          leave();
          resolve(E.left(why));
          if (isEmpty()) admit(performance.now());
        };
        const enter = (order: Order): void => {
          leave();
          inFlight++;
          resolve(E.right((final) => release(order, final)));
        };
        const sequence = arrived++;
        const bySince: Waiting = { at: since, sequence, admit: enter, place: -1 };
        const byHeardAt: Waiting = { at: heardAt, sequence, admit: enter, place: -1 };
        const expiry = timers.sleep(Math.max(0, ms), () => interrupt("timeout"));
        const unlisten = signal && onAbort(signal, () => interrupt("aborted"));
        oldest.waiting.add(bySince);
        unheard.waiting.add(byHeardAt);
        admit(performance.now());
      });
    },
  };
}

function createOrder(): Order {
  const waiting = createHeap<Waiting>((a, b) => a.at < b.at || a.at === b.at && a.sequence < b.sequence);
  return { waiting, polls: 1, finals: 1 };
}

function rate({ polls, finals }: Order): number {
  return finals / polls;
}
