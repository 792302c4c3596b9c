/**
 * Waiting that a time limit or an `AbortSignal` ends. Leaves no timer and no listener behind.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";

/** The longest delay of a timer, in milliseconds: runtimes fire longer ones at once. */
export const MAX_TIMER = 2 ** 31 - 1;

/** What ended a wait early. */
export type Interruption = "timeout" | "aborted";

/**
 * The part of an `AbortSignal` that the library uses; every `AbortSignal` has it.
 *
 * @category Connect
 */
export interface AbortSignalLike {
  /** Whether it has aborted. */
  readonly aborted: boolean;
  /** Calls `listener` when it aborts. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Removes a listener. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal of the library's own, which {@linkcode cancel} aborts. */
export interface Cancellation extends AbortSignalLike {
  aborted: boolean;
  /** What to call when it aborts. */
  listeners: readonly (() => void)[];
}

const NO_LISTENERS: Cancellation["listeners"] = [];

/** A signal for each of thousands of polls: four fields, where an `AbortSignal` costs more than the rest of a poll. */
export function createCancellation(): Cancellation {
  return { aborted: false, listeners: NO_LISTENERS, addEventListener, removeEventListener };
}

/** Aborts a signal. Does nothing if it has aborted. */
export function cancel(signal: Cancellation): void {
  const { listeners } = signal;
  signal.aborted = true;
  signal.listeners = NO_LISTENERS;
  for (const listener of listeners) listener();
}

function addEventListener(this: Cancellation, _: "abort", listener: () => void): void {
  this.listeners = [...this.listeners, listener];
}

function removeEventListener(this: Cancellation, _: "abort", listener: () => void): void {
  this.listeners = this.listeners.filter((other) => other !== listener);
}

/** What listens to a signal that is not the library's own. */
interface Relay {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const relays: WeakMap<AbortSignalLike, Relay> = new WeakMap();

/**
 * Calls `callback` when `signal` aborts. A signal gets one listener for all of its callbacks, since Node.js warns of a
 * leak from the eleventh listener on.
 *
 * @returns A function that removes the callback, and the listener along with the last callback.
 */
export function onAbort(signal: AbortSignalLike, callback: () => void): () => void {
  // The library's own have one or two listeners, and thousands of them are made.
  if (signal.addEventListener === addEventListener) {
    signal.addEventListener("abort", callback);
    return () => signal.removeEventListener("abort", callback);
  }
  const relay = relays.get(signal) ?? createRelay(signal);
  relay.callbacks.add(callback);
  return () => {
    if (!relay.callbacks.delete(callback) || relay.callbacks.size > 0) return;
    relays.delete(signal);
    signal.removeEventListener("abort", relay.listener);
  };
}

function createRelay(signal: AbortSignalLike): Relay {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    // Some may be removed by others meanwhile.
    for (const callback of [...callbacks]) if (callbacks.has(callback)) callback();
  };
  const relay: Relay = { callbacks, listener };
  relays.set(signal, relay);
  signal.addEventListener("abort", listener);
  return relay;
}

/** The delay of a timer: `ms`, or the longest that timers can hold. */
export function timerDelay(ms: number): number {
  return Math.min(ms, MAX_TIMER);
}

/**
 * Runs `run` until it settles, `ms` milliseconds have passed or `signal` aborts, whichever comes first. The latter two
 * abort the signal that `run` gets, and do not wait for `run` to notice. If `signal` has aborted, nothing is run.
 * Rejects only with what `run` rejects with.
 */
export function within<A>(
  ms: number,
  signal: AbortSignalLike | undefined,
  run: (signal: AbortSignal) => Promise<A>,
): Promise<E.Either<Interruption, A>> {
  if (signal?.aborted) return Promise.resolve(E.left("aborted"));
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const end = (): void => {
      clearTimeout(timer);
      unlisten?.();
    };
    const interrupt = (why: Interruption): void => {
      end();
      resolve(E.left(why));
      controller.abort();
    };
    const timer = setTimeout(() => interrupt("timeout"), timerDelay(ms));
    const unlisten = signal && onAbort(signal, () => interrupt("aborted"));
    const fail = (fault: unknown): void => {
      end();
      reject(fault);
    };
    try {
      run(controller.signal).then((a) => {
        end();
        resolve(E.right(a));
      }, fail);
    } catch (fault) {
      fail(fault);
    }
  });
}

/** Waits `ms` milliseconds. Resolves with false as soon as `signal` aborts. */
export async function sleep(ms: number, signal: AbortSignalLike | undefined): Promise<boolean> {
  const end = await within(ms, signal, () => new Promise<never>(() => {}));
  return E.isLeft(end) && end.left === "timeout";
}
