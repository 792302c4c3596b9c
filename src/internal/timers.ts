/**
 * Any number of pending timers on one timer of the runtime.
 *
 * @module
 */
import { MAX_TIMER } from "./abort.ts";
import { createHeap, type HeapEntry } from "./heap.ts";

/** A pending timer. */
export interface TimerEntry extends HeapEntry {
  /** When it is due, in milliseconds of the timers' clock. */
  readonly at: number;
  /** What to call when the time has come. */
  readonly callback: () => void;
}

/** Timers that share one timer of the runtime. It runs only while one of them is pending. */
export interface Timers {
  /** A clock that never goes back, in milliseconds: `performance.now()`, but at least the time of the last timer. */
  readonly now: () => number;
  /** Calls `callback` after `ms` milliseconds. */
  readonly sleep: (ms: number, callback: () => void) => TimerEntry;
  /** Cancels a pending timer. Does nothing if it has fired or was canceled. */
  readonly cancel: (entry: TimerEntry) => void;
}

/** Timers that share one timer of the runtime. Nothing is started before the first of them. */
export function createTimers(): Timers {
  const pending = createHeap<TimerEntry>((a, b) => a.at < b.at);
  const settled = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires; Infinity if there is none. */
  let armedFor = Infinity;
  /** Everything due by then is being called; -Infinity if nothing is. */
  let dueBy = -Infinity;
  // A timer that fired is due, whatever the clock says: clocks differ, and test runners fake one without the other.
  let reached = -Infinity;

  const now = (): number => Math.max(reached, performance.now());
  const arm = (): void => {
    const next = pending.first()?.at ?? Infinity;
    // A timer that fires too early does no harm, and setting it anew costs more.
    if (dueBy > -Infinity || next < Infinity && next >= armedFor) return;
    clearTimeout(timer);
    armedFor = Infinity;
    timer = undefined;
    if (next === Infinity) return;
    const start = now();
    armedFor = Math.min(next, start + MAX_TIMER);
    timer = setTimeout(onTimer, Math.max(0, armedFor - start));
  };
  const onTimer = (): void => {
    reached = armedFor;
    dueBy = now();
    armedFor = Infinity;
    timer = undefined;
    callNext();
  };
  // One per microtask: what one callback leaves to be done is done, and its garbage gone, before the last is called.
  const callNext = (): void => {
    const entry = pending.first();
    if (entry !== undefined && entry.at <= dueBy) {
      pending.remove(entry);
      settled.then(callNext);
      entry.callback();
    } else {
      dueBy = -Infinity;
      arm();
    }
  };

  return {
    now,
    sleep: (ms, callback) => {
      // A callback that sleeps for no time at all must not be called for ever while all others wait.
      const at = Math.max(now() + ms, dueBy + 1);
      const entry: TimerEntry = { callback, at, place: -1 };
      pending.add(entry);
      arm();
      return entry;
    },
    cancel: (entry) => {
      pending.remove(entry);
      arm();
    },
  };
}
