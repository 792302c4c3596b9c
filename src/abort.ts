/**
 * Waiting that can be ended: by a time limit and by an `AbortSignal`. Leaves no timer and no listener behind.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";

/** The longest delay a timer can hold, in milliseconds: a longer one would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;

/** What ended a wait before its time. */
export type Interruption = "timeout" | "aborted";

/** What is used of an `AbortSignal`: each is one. */
export interface AbortSignalLike {
  /** Whether it has aborted. */
  readonly aborted: boolean;
  /** Calls `listener` when it aborts. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Takes that back. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal of our own making, which {@linkcode stop} aborts. */
export interface Stop extends AbortSignalLike {
  aborted: boolean;
  /** Whom to call. */
  listeners: readonly (() => void)[];
}

const NOBODY: Stop["listeners"] = [];

/** A signal for each poll of thousands: four fields, where an `AbortSignal` costs more than all else in a poll. */
export function createStop(): Stop {
  return { aborted: false, listeners: NOBODY, addEventListener, removeEventListener };
}

/** Aborts a signal; a second time changes nothing. */
export function stop(signal: Stop): void {
  const { listeners } = signal;
  signal.aborted = true;
  signal.listeners = NOBODY;
  for (const listener of listeners) listener();
}

function addEventListener(this: Stop, _: "abort", listener: () => void): void {
  this.listeners = [...this.listeners, listener];
}

function removeEventListener(this: Stop, _: "abort", listener: () => void): void {
  this.listeners = this.listeners.filter((other) => other !== listener);
}

/** `ms` for a timer. */
export function timerDelay(ms: number): number {
  return Math.min(ms, MAX_TIMER);
}

/**
 * Runs something until it settles, `ms` milliseconds have passed or `signal` aborts, whichever is first; the latter two
 * abort the signal that `run` is given, and do not wait for `run` to notice. An aborted signal runs nothing. Rejects
 * only with what `run` rejects with.
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
      signal?.removeEventListener("abort", onAbort);
    };
    const interrupt = (why: Interruption): void => {
      end();
      resolve(E.left(why));
      controller.abort();
    };
    const onAbort = (): void => interrupt("aborted");
    const timer = setTimeout(() => interrupt("timeout"), timerDelay(ms));
    signal?.addEventListener("abort", onAbort);
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

/** Waits `ms` milliseconds; false where `signal` aborted first. */
export async function sleep(ms: number, signal: AbortSignalLike | undefined): Promise<boolean> {
  const end = await within(ms, signal, () => new Promise<never>(() => {}));
  return E.isLeft(end) && end.left === "timeout";
}
