/**
 * What happens to a task, as it happens: a line for each status, and on a terminal a live line with the elapsed time.
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
  /** Names the activity in the live line. */
  readonly activity: (name: string) => void;
  /** Shows a status, unless it is the one that was shown last. */
  readonly status: (reply: Reply) => void;
  /** Shows a failure that is retried. */
  readonly retry: (retry: Retry) => void;
  /** Removes the live line. Idempotent. */
  readonly end: () => void;
}

/** Shows the progress of a task, starting with this activity. */
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
