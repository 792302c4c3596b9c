/**
 * The options of a watch, and the policy that results from them.
 *
 * @module
 */
import { atLeast, type Complete } from "../internal/check.ts";
import { adaptive } from "./adaptive.ts";
import { type RetryOptions, retryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";

/** Created once, since it caches its plans. They are plain values, which Workers may share between requests. */
const DEFAULT: Schedule = adaptive();

/**
 * Options that determine when a task is polled, and for how long.
 *
 * @category Schedules
 */
export interface PollOptions {
  /**
   * The schedule of the polls.
   *
   * @default {adaptive()}
   */
  readonly schedule?: Schedule | undefined;
  /**
   * The time from the start of the watch to its last poll, in milliseconds. Greater than 0, or Infinity for no
   * deadline. It does not depend on changes of the system clock. The last poll always takes place, unless a `budget`
   * does not admit it, and may take another 5 seconds (or `requestTimeout`, if that is less).
   *
   * @default {300_000}
   */
  readonly deadline?: number | undefined;
  /**
   * The maximum number of polls of a watch, 1 or more, or Infinity for no limit.
   *
   * @default {Infinity}
   */
  readonly maxPolls?: number | undefined;
  /**
   * The minimum delay between two polls in milliseconds, for engines with a coarse clock.
   *
   * @default {0}
   */
  readonly minDelay?: number | undefined;
  /**
   * The delays before failed polls are retried. `maxAttempts` does not apply, since a watch retries until its deadline.
   */
  readonly retry?: RetryOptions | undefined;
}

/**
 * {@linkcode PollOptions} with a value for each option, as returned by {@linkcode pollPolicy}.
 *
 * @category Schedules
 */
export interface PollPolicy extends Complete<PollOptions> {
  /** The delays before failed polls are retried. */
  readonly retry: Complete<RetryOptions>;
}

/**
 * Checks the options and applies their defaults.
 *
 * @throws {RangeError} If an option is out of range.
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
