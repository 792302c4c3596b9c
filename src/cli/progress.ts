/**
 * Shows the progress of a task: one line per status and, on a terminal, a live line with the elapsed time.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { describeError, duration } from "../model/describe.ts";
import type { Retry } from "../client/service.ts";
import type { Reply } from "../model/task_status.ts";
import type { Terminal } from "./terminal.ts";

/** The progress of one task. */
export interface Progress {
  /** Sets the activity that the live line names. */
  readonly activity: (name: string) => void;
  /** Shows a status if it differs from the last one. */
  readonly status: (reply: Reply) => void;
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
  let timer = terminal.isLive() ? setInterval(() => terminal.draw(`${shown} … ${elapsed()}`), 100) : undefined;
  return {
    activity: (name) => void (shown = name),
    status: (reply) => {
      if (E.isLeft(reply) || reply.right._tag === shown) return;
      shown = reply.right._tag;
      terminal.say(`${shown} (${elapsed()})`);
    },
    retry: ({ error, delay }) => void terminal.say(`${describeError(error)} Trying again in ${duration(delay)}.`),
    end: () => {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      terminal.draw("");
    },
  };
}
