/**
 * A budget of polls that all tasks of a service share. It decides which of the due tasks is polled next.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { type AbortSignalLike, type Interruption, onAbort } from "../internal/abort.ts";
import { createHeap, type Heap, type HeapEntry } from "../internal/heap.ts";
import { atLeast } from "../internal/check.ts";
import { createTimers, type TimerEntry } from "../internal/timers.ts";

/**
 * Limits on the polls of a service.
 *
 * @category Connect
 */
export interface BudgetOptions {
  /**
   * The maximum number of polls per second, spread evenly. Greater than 0.
   *
   * @default {Infinity}
   */
  readonly requestsPerSecond?: number | undefined;
  /**
   * The maximum number of polls in flight at a time, 1 or more.
   *
   * @default {Infinity}
   */
  readonly concurrency?: number | undefined;
}

/** A task that is due for a poll. Times are in milliseconds since 1970. */
export interface Candidate {
  /** When the task was submitted or, if that is unknown, when its watch started. */
  readonly since: number;
  /** When a status was last received, or `since`. */
  readonly heardAt: number;
}

/** Releases a slot after the poll. `final` states whether this was the task's last poll. */
export type Release = (final: boolean) => void;

/** Admits polls within the limits. */
export interface Budget {
  /**
   * Waits for a slot until `ms` milliseconds have passed or `signal` aborts. If a slot is free, it is acquired
   * immediately, even if `ms` is 0 or less.
   */
  readonly acquire: (
    candidate: Candidate,
    ms: number,
    signal: AbortSignalLike | undefined,
  ) => Promise<E.Either<Interruption, Release>>;
}

/** An order in which candidates are admitted, and its success rate, in which recent polls have more weight. */
interface Order {
  /** The waiting candidates, in this order. */
  readonly waiting: Heap<Waiting>;
  polls: number;
  finals: number;
}

/** A waiting candidate in one of the two orders. */
interface Waiting extends HeapEntry {
  readonly at: number;
  /** The number of earlier candidates, to break ties. */
  readonly sequence: number;
  readonly admit: (order: Order) => void;
}

/** The weight of an order's earlier polls decreases by this factor with each poll. */
const DECAY = 0.97;

/** One in this many polls uses the worse order, so that no task starves and changes are noticed. */
const SHARE = 16;

/**
 * Creates a budget. It admits either the oldest candidate, which is best for a service that works first in, first out,
 * or the one whose last status is oldest, which is best for any other order. It prefers the order that has recently
 * found more finished tasks. Starts no timers until a candidate has to wait.
 *
 * @throws {RangeError} If an option is out of range.
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
        // When the timer fires, its time has come, even if the clock disagrees.
        pause = timers.set(until - now, () => admit(Math.max(until, performance.now())));
        return;
      }
      // Catch up on late timers, but not on idle time.
      freeAt = (now - freeAt < spacing ? freeAt : now) + spacing;
      const order = choose();
      order.waiting.first()?.admit(order);
    }
  };
  const release = (order: Order, final: boolean): void => {
    inFlight--;
    order.polls = order.polls * DECAY + 1;
    order.finals = order.finals * DECAY + (final ? 1 : 0);
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
        const interrupt = (interruption: Interruption): void => {
          leave();
          resolve(E.left(interruption));
          if (isEmpty()) admit(performance.now());
        };
        const grant = (order: Order): void => {
          leave();
          inFlight++;
          resolve(E.right((final) => release(order, final)));
        };
        const sequence = arrived++;
        const bySince: Waiting = { at: since, sequence, admit: grant, place: -1 };
        const byHeardAt: Waiting = { at: heardAt, sequence, admit: grant, place: -1 };
        const expiry = timers.set(Math.max(0, ms), () => interrupt("timeout"));
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
