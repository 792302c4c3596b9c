/**
 * Calls of the caller's callbacks.
 *
 * @module
 */

/** Calls a callback of the caller. If it throws, the error is reported as uncaught, and the task continues. */
export function notify<A>(hook: (value: A) => void, value: A): void {
  try {
    hook(value);
  } catch (error) {
    reportUncaught(error);
  }
}

/** Reports an error of the caller's code as uncaught. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
