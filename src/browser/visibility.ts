/**
 * Whether the page is hidden: its tab is in the background, or its window is minimized.
 *
 * @module
 */
import { cancel, type Cancellation, createCancellation, onAbort } from "../internal/abort.ts";

/** The part of a `Document` that is used. */
export interface Page {
  readonly hidden: boolean;
  readonly addEventListener: (type: "visibilitychange", listener: () => void) => void;
  readonly removeEventListener: (type: "visibilitychange", listener: () => void) => void;
}

/** Returns the page, or null outside of one, as in a worker. */
export function currentPage(): Page | null {
  return (globalThis as { readonly document?: Page }).document ?? null;
}

/** Resolves with true when the page is shown, or with false when `closed` aborts. */
export function whenShown(page: Page, closed: Cancellation): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (): void => {
      if (page.hidden && !closed.aborted) return;
      page.removeEventListener("visibilitychange", settle);
      unlisten();
      resolve(!closed.aborted);
    };
    const unlisten = onAbort(closed, settle);
    page.addEventListener("visibilitychange", settle);
    settle();
  });
}

/** A signal that aborts when the page is hidden or `closed` aborts, and a function that removes its listeners. */
export function untilHidden(
  page: Page,
  closed: Cancellation,
): { readonly signal: Cancellation; readonly release: () => void } {
  const signal = createCancellation();
  const onChange = (): void => {
    if (page.hidden) cancel(signal);
  };
  page.addEventListener("visibilitychange", onChange);
  const unlisten = onAbort(closed, () => cancel(signal));
  return {
    signal,
    release: () => {
      page.removeEventListener("visibilitychange", onChange);
      unlisten();
    },
  };
}
