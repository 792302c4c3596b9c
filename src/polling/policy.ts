/**
 * When a task is polled, and for how long: the options of a watch, and the policy that they are resolved to once.
 *
 * @module
 */
import { atLeast, type Complete } from "../internal/check.ts";
import { adaptive } from "./adaptive.ts";
import { type RetryOptions, retryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";

/** Made once, since it keeps its plans: plain values, which requests may share. */
const DEFAULT: Schedule = adaptive();

/**
 * When a task is polled, and for how long.
 *
 * @category Schedules
 */
export interface PollOptions {
  /**
   * When to poll next.
   *
   * @default {adaptive()}
   */
  readonly schedule?: Schedule | undefined;
  /**
   * Milliseconds from the start of the watch to its last poll, greater than 0; Infinity for no deadline. Changes of the
   * wall clock do not move it. The watch never ends without that last poll, which may take another 5 seconds (or
   * `requestTimeout`, if that is less), unless a `budget` has no room for it.
   *
   * @default {300_000}
   */
  readonly deadline?: number | undefined;
  /**
   * The maximum number of polls of one watch, 1 or more; Infinity for no limit.
   *
   * @default {Infinity}
   */
  readonly maxPolls?: number | undefined;
  /**
   * The minimum number of milliseconds between two polls, for engines with a coarse clock.
   *
   * @default {0}
   */
  readonly minDelay?: number | undefined;
  /** The delays before failed polls are retried. `maxAttempts` does not apply to a watch: its deadline does. */
  readonly retry?: RetryOptions | undefined;
}

/**
 * {@linkcode PollOptions} with a value for each of them, made by {@linkcode pollPolicy}.
 *
 * @category Schedules
 */
export interface PollPolicy extends Complete<PollOptions> {
  /** The delays before failed polls are retried. */
  readonly retry: Complete<RetryOptions>;
}

/**
 * Checks the options and fills in their defaults.
 *
 * @throws {RangeError} If an option is out of its range.
 *
 * @example
 * ```ts
 * import { pollPolicy } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(pollPolicy({ maxPolls: 45 }).deadline, 300_000);
 * ```
 *
 * @category Schedules
 */
export function pollPolicy(options: PollOptions = {}): PollPolicy {
  const { schedule = DEFAULT, deadline = 300_000, maxPolls = Infinity, minDelay = 0, retry } = options;
  atLeast("watch a task", "deadline", deadline, Number.MIN_VALUE);
  atLeast("watch a task", "maxPolls", maxPolls, 1);
  atLeast("watch a task", "minDelay", minDelay, 0);
  return { schedule, deadline, maxPolls, minDelay, retry: retryPolicy(retry) };
}
