/**
 * A budget of polls that all tasks of a service share: who of those that are due may ask next.
 *
 * @module
 */
import type * as E from "fp-ts/lib/Either.js";
import { type AbortSignalLike, type Interruption, timerDelay, within } from "./abort.ts";
import { atLeast } from "./schedule.ts";

/** How many polls a service may make. */
export interface BudgetOptions {
  /**
   * Polls a second, over 0; they are spread evenly.
   *
   * @default {Infinity}
   */
  readonly requestsPerSecond?: number;
  /**
   * Polls under way at a time, 1 or more.
   *
   * @default {Infinity}
   */
  readonly concurrency?: number;
}

/** A task that is due, by the times that decide who is first. */
export interface Applicant {
  /** Since when it is there. */
  readonly since: number;
  /** When it was last heard of, or `since`. */
  readonly heardAt: number;
}

/** Ends a poll that was admitted, and tells whether it was the task's last. */
export type Leave = (final: boolean) => void;

/** Lets polls in as the budget allows. */
export interface Budget {
  /** Waits for a place, at most `ms` milliseconds and until `signal` aborts. */
  readonly enter: (
    applicant: Applicant,
    ms: number,
    signal: AbortSignalLike | undefined,
  ) => Promise<E.Either<Interruption, Leave>>;
}

interface Waiter extends Applicant {
  readonly admit: (leave: Leave) => void;
}

/** An order of service, and how many of its polls were a task's last: recent ones count for more. */
interface Order {
  readonly key: "since" | "heardAt";
  polls: number;
  finals: number;
}

/** How much of what an order has done is remembered at its next poll. */
const MEMORY = 0.97;

/** The order that does worse serves one poll of so many, so that nobody is starved and a change is noticed. */
const SHARE = 16;

/**
 * A budget. Of those that wait it admits either the oldest, which is best for a service that works first-in-first-out, or
 * the one that was not heard of for longest, which is best for any other order: whichever of the two has lately met
 * more tasks at their end. Nothing is started before somebody waits.
 *
 * @throws {RangeError} If an option is out of its range.
 */
export function createBudget({ requestsPerSecond = Infinity, concurrency = Infinity }: BudgetOptions): Budget {
  atLeast("share a budget", "budget.requestsPerSecond", requestsPerSecond, Number.MIN_VALUE);
  atLeast("share a budget", "budget.concurrency", concurrency, 1);
  const spacing = 1000 / requestsPerSecond;
  const waiting = new Set<Waiter>();
  const oldest: Order = { key: "since", polls: 1, finals: 1 };
  const unheard: Order = { key: "heardAt", polls: 1, finals: 1 };
  let admitted = 0, underWay = 0, freeAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const choose = (): Order => {
    const [better, worse] = rate(oldest) >= rate(unheard) ? [oldest, unheard] : [unheard, oldest];
    return ++admitted % SHARE === 0 ? worse : better;
  };
  const admit = (): void => {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.size > 0 && underWay < concurrency) {
      const now = performance.now();
      if (now < freeAt) {
        timer = setTimeout(admit, timerDelay(freeAt - now));
        return;
      }
      // A timer's lateness is made up for, idle time is not.
      freeAt = (now - freeAt < spacing ? freeAt : now) + spacing;
      const order = choose();
      const waiter = first(waiting, order.key);
      waiting.delete(waiter);
      underWay++;
      waiter.admit((final) => {
        underWay--;
        order.polls = order.polls * MEMORY + 1;
        order.finals = order.finals * MEMORY + (final ? 1 : 0);
        admit();
      });
    }
  };

  return {
    enter: (applicant, ms, signal) =>
      within(ms, signal, (signal) =>
        new Promise((resolve) => {
          const waiter: Waiter = { ...applicant, admit: resolve };
          // At once, or a place could be given to somebody who has just gone.
          signal.addEventListener("abort", () => {
            waiting.delete(waiter);
            if (waiting.size === 0) admit();
          });
          waiting.add(waiter);
          admit();
        })),
  };
}

function rate({ polls, finals }: Order): number {
  return finals / polls;
}

function first(waiting: ReadonlySet<Waiter>, key: Order["key"]): Waiter {
  const [one, ...others] = waiting;
  return others.reduce((first, waiter) => waiter[key] < first[key] ? waiter : first, one);
}
