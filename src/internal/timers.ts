/**
 * Multiplexes any number of timers onto a single `setTimeout`.
 *
 * @module
 */
import { MAX_TIMER } from "./abort.ts";
import { createHeap, type HeapEntry } from "./heap.ts";

/** A pending timer. */
export interface TimerEntry extends HeapEntry {
  /** When the timer is due, in milliseconds on the clock of {@linkcode Timers.now}. */
  readonly at: number;
  /** The function to call when the timer is due. */
  readonly callback: () => void;
}

/** Timers that share one timer of the runtime, which is armed only while at least one of them is pending. */
export interface Timers {
  /** A monotonic clock in milliseconds: `performance.now()`, or the due time of the last timer if that is later. */
  readonly now: () => number;
  /** Calls `callback` after `ms` milliseconds. */
  readonly set: (ms: number, callback: () => void) => TimerEntry;
  /** Cancels a pending timer. Does nothing if the timer has already fired or been canceled. */
  readonly cancel: (entry: TimerEntry) => void;
}

/** Creates a set of timers that share one timer of the runtime. Nothing is armed until the first of them is added. */
export function createTimers(): Timers {
  const pending = createHeap<TimerEntry>((a, b) => a.at < b.at);
  const settled = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the runtime's timer fires, or Infinity if it is not armed. */
  let armedFor = Infinity;
  /** While callbacks are being called: the time by which they were due. Otherwise -Infinity. */
  let dueBy = -Infinity;
  // When the runtime's timer fires, its time has come, even if `performance.now()` disagrees: the two clocks may drift,
  // and test runners may fake one but not the other.
  let reached = -Infinity;

  const now = (): number => Math.max(reached, performance.now());
  const arm = (): void => {
    const next = pending.first()?.at ?? Infinity;
    // Firing too early is harmless, and cheaper than rearming the timer each time an entry is canceled.
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
  // One callback per microtask, so that the promise reactions of each callback run, and its garbage can be collected,
  // before the next ones are called.
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
    set: (ms, callback) => {
      // A callback that sleeps for 0 ms again and again must not starve the others.
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
