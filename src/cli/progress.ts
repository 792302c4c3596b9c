/**
 * Shows the progress of a task: one line per status and, on a terminal, a live line with the elapsed time.
 *
 * @module
 */
import { describeError, duration } from "../model/describe.ts";
import type { Retry } from "../client/service.ts";
import type { Terminal } from "./terminal.ts";

/** The progress of one task. */
export interface Progress {
  /** Sets the activity that the live line names. */
  readonly activity: (name: string) => void;
  /** Shows a status, such as `Pending`, if it differs from the last one. */
  readonly status: (name: string) => void;
  /** Shows a failure that will be retried. */
  readonly retry: (retry: Retry) => void;
  /** Removes the live line. Idempotent. */
  readonly end: () => void;
}

/** Starts showing the progress of a task. */
export function showProgress(terminal: Terminal, activity: string): Progress {
  let shown = activity;
  const startedAt = Date.now();
  const elapsed = (): string => duration(Date.now() - startedAt);
  let timer = terminal.isLive() ? setInterval(() => terminal.draw([`${shown} … ${elapsed()}`]), 100) : undefined;
  return {
    activity: (name) => void (shown = name),
    status: (name) => {
      if (name === shown) return;
      shown = name;
      terminal.say(`${shown} (${elapsed()})`);
    },
    retry: ({ error, delay }) =>
      void terminal.say(`${describeError(error)} Trying again in ${duration(delay)}.`, terminal.colors.err.yellow),
    end: () => {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      terminal.draw([]);
    },
  };
}
