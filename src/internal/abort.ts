/**
 * Waits that end on a time limit or an `AbortSignal`, without leaving a timer or listener behind.
 *
 * @module
 */
import * as E from "./either.ts";

/**
 * The longest delay that `setTimeout` supports, in milliseconds. Runtimes fire timers with longer delays immediately.
 */
export const MAX_TIMER = 2 ** 31 - 1;

/** Why a wait ended early. */
export type Interruption = "timeout" | "aborted";

/**
 * The part of an `AbortSignal` that the library uses; every `AbortSignal` has it.
 *
 * @category Connect
 */
export interface AbortSignalLike {
  /** Whether the signal has aborted. */
  readonly aborted: boolean;
  /** Calls `listener` when the signal aborts. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Removes `listener`. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A lightweight signal for internal use. {@linkcode cancel} aborts it. */
export interface Cancellation extends AbortSignalLike {
  aborted: boolean;
  /** The functions to call when the signal aborts. */
  listeners: readonly (() => void)[];
}

const NO_LISTENERS: Cancellation["listeners"] = [];

/**
 * Creates a signal. Each poll has one, and creating an `AbortController` instead would take longer than the rest of the
 * poll's bookkeeping.
 */
export function createCancellation(): Cancellation {
  return { aborted: false, listeners: NO_LISTENERS, addEventListener, removeEventListener };
}

/** Aborts a signal. Does nothing if the signal has already aborted. */
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

/** The single listener on a foreign signal, and the callbacks that it calls. */
interface Relay {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const relays: WeakMap<AbortSignalLike, Relay> = new WeakMap();

/**
 * Calls `callback` when `signal` aborts. All callbacks of a signal share one listener, since Node.js warns of a memory
 * leak when an `AbortSignal` has more than ten.
 *
 * @returns A function that removes the callback. Removing the last callback also removes the listener.
 */
export function onAbort(signal: AbortSignalLike, callback: () => void): () => void {
  // A `Cancellation` has one or two listeners, and there are thousands of them, so a relay would only cost memory.
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
    // A callback may remove others.
    for (const callback of [...callbacks]) if (callbacks.has(callback)) callback();
  };
  const relay: Relay = { callbacks, listener };
  relays.set(signal, relay);
  signal.addEventListener("abort", listener);
  return relay;
}

/** Caps `ms` at the longest delay that `setTimeout` supports. */
export function timerDelay(ms: number): number {
  return Math.min(ms, MAX_TIMER);
}

/**
 * Runs `run` until it settles, `ms` milliseconds have passed or `signal` aborts, whichever comes first. In the latter
 * two cases, the signal passed to `run` aborts, and the result is available without waiting for `run` to settle. If
 * `signal` has already aborted, `run` is not called. Rejects only if `run` rejects or throws, with the same reason.
 */
export function within<A>(
  ms: number,
  signal: AbortSignalLike | undefined,
  run: (signal: AbortSignal) => Promise<A>,
): Promise<E.Either<Interruption, A>> {
  if (signal?.aborted) return Promise.resolve(E.left("aborted"));
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const cleanUp = (): void => {
      clearTimeout(timer);
      unlisten?.();
    };
    const interrupt = (interruption: Interruption): void => {
      cleanUp();
      resolve(E.left(interruption));
      controller.abort();
    };
    const timer = setTimeout(() => interrupt("timeout"), timerDelay(ms));
    const unlisten = signal && onAbort(signal, () => interrupt("aborted"));
    const fail = (error: unknown): void => {
      cleanUp();
      reject(error);
    };
    try {
      run(controller.signal).then((a) => {
        cleanUp();
        resolve(E.right(a));
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** Waits `ms` milliseconds and resolves with true, or with false as soon as `signal` aborts. */
export async function sleep(ms: number, signal: AbortSignalLike | undefined): Promise<boolean> {
  const result = await within(ms, signal, () => new Promise<never>(() => {}));
  return E.isLeft(result) && result.left === "timeout";
}
