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
    queueMicrotask(() => {
      throw error;
    });
  }
}
