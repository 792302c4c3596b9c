/**
 * Shows that a command is at work: on a terminal, a live line with the elapsed time.
 *
 * @module
 */
import { describeError, duration } from "../model/describe.ts";
import type { Retry } from "../client/service.ts";
import type { Terminal } from "./terminal.ts";

/** The progress of a command. */
export interface Progress {
  /** Shows a failure that will be retried. */
  readonly retry: (retry: Retry) => void;
  /** Removes the live line. Idempotent. */
  readonly end: () => void;
}

/** Starts showing what a command does. */
export function showProgress(terminal: Terminal, activity: string): Progress {
  const startedAt = Date.now();
  const draw = (): void => terminal.draw([`${activity} … ${duration(Date.now() - startedAt)}`]);
  let timer = terminal.isLive() ? setInterval(draw, 100) : undefined;
  return {
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
