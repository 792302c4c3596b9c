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
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<A>,
): Promise<E.Either<Interruption, A>> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return resolve(E.left("aborted"));
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
    // What `run` throws on the spot rejects as well.
    new Promise<A>((settle) => settle(run(controller.signal))).finally(end).then((a) => resolve(E.right(a)), reject);
  });
}

/** Waits `ms` milliseconds; false where `signal` aborted first. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  const end = await within(ms, signal, () => new Promise<never>(() => {}));
  return E.isLeft(end) && end.left === "timeout";
}
