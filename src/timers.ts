/**
 * Any number of sleepers on one timer: a binary heap of what is due, the next first.
 *
 * @module
 */
import { timerDelay } from "./abort.ts";

/** Somebody who sleeps. */
export interface Sleeper {
  /** What to do when the time has come. */
  readonly wake: () => void;
  /** When, in milliseconds of the heap's clock. */
  readonly at: number;
  /** The place in the heap; -1 where it has left. */
  place: number;
}

/** Sleepers on one timer. None runs while there is no sleeper. */
export interface Timers {
  /** Wakes after `ms` milliseconds. */
  readonly sleep: (ms: number, wake: () => void) => Sleeper;
  /** Lets a sleeper go that is not to be woken any more; one that has left already is left alone. */
  readonly cancel: (sleeper: Sleeper) => void;
}

/** Sleepers on a timer of their own. Nothing is started before the first sleeps. */
export function createTimers(): Timers {
  const heap: Sleeper[] = [];
  const settled = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer ends; Infinity where there is none. */
  let armedFor = Infinity;
  /** Who was due by then is just being woken; -Infinity where nobody is. */
  let dueBy = -Infinity;

  const put = (sleeper: Sleeper, place: number): void => {
    heap[place] = sleeper;
    sleeper.place = place;
  };
  const rise = (sleeper: Sleeper, from: number): void => {
    let place = from;
    for (let parent = place - 1 >> 1; place > 0 && sleeper.at < heap[parent].at; parent = place - 1 >> 1) {
      put(heap[parent], place);
      place = parent;
    }
    put(sleeper, place);
  };
  const sink = (sleeper: Sleeper, from: number): void => {
    let place = from;
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && heap[child + 1].at < heap[child].at) child++;
      if (heap[child].at >= sleeper.at) break;
      put(heap[child], place);
      place = child;
    }
    put(sleeper, place);
  };
  const remove = ({ place }: Sleeper): void => {
    const last = heap.pop();
    if (last === undefined || last.place === place) return;
    if (place > 0 && last.at < heap[place - 1 >> 1].at) rise(last, place);
    else sink(last, place);
  };
  const arm = (): void => {
    const next = heap.length === 0 ? Infinity : heap[0].at;
    // A timer that ends too early does no harm, and setting it anew costs more.
    if (dueBy > -Infinity || next < Infinity && next >= armedFor) return;
    clearTimeout(timer);
    armedFor = next;
    timer = next === Infinity ? undefined : setTimeout(ring, timerDelay(Math.max(0, next - performance.now())));
  };
  const ring = (): void => {
    armedFor = Infinity;
    timer = undefined;
    dueBy = performance.now();
    wakeNext();
  };
  // One a microtask: so what waking one leaves to be done is done, and its garbage gone, before the last is woken.
  const wakeNext = (): void => {
    if (heap.length > 0 && heap[0].at <= dueBy) {
      const [sleeper] = heap;
      leave(sleeper);
      settled.then(wakeNext);
      sleeper.wake();
    } else {
      dueBy = -Infinity;
      arm();
    }
  };
  const leave = (sleeper: Sleeper): void => {
    remove(sleeper);
    sleeper.place = -1;
  };

  return {
    sleep: (ms, wake) => {
      // Whoever is woken and sleeps for no time at all must not be woken for ever, and everybody else wait.
      const at = Math.max(performance.now() + ms, dueBy + 1);
      const sleeper: Sleeper = { wake, at, place: heap.length };
      heap.push(sleeper);
      rise(sleeper, heap.length - 1);
      arm();
      return sleeper;
    },
    cancel: (sleeper) => {
      if (sleeper.place < 0) return;
      leave(sleeper);
      arm();
    },
  };
}
