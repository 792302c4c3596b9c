/**
 * Schedules of polls. A schedule is a pure function of what has happened so far, and reads no clock.
 *
 * @module
 */
import * as O from "../internal/option.ts";
import { atLeast } from "../internal/check.ts";
import type { History } from "../model/history.ts";

/**
 * The input of a schedule: what has happened to a task so far.
 *
 * @category Schedules
 */
export interface ScheduleInput {
  /** The task's id. */
  readonly id: string;
  /** The number of statuses received so far: 0 before the first poll. */
  readonly attempt: number;
  /**
   * Milliseconds since the submission or, if its time is unknown, since the start of the watch. 0 before the first
   * poll.
   */
  readonly elapsed: number;
  /** The durations of the service's last tasks. */
  readonly history: History;
}

/**
 * Returns the delay before the next poll in milliseconds, 0 or more, or none to give up.
 *
 * It is called after each status that is not final. If the time of the submission is known, it is also called once for
 * the first poll. That delay counts from the submission, and an overdue first poll is sent immediately.
 *
 * @category Schedules
 */
export type Schedule = (input: ScheduleInput) => O.Option<number>;

/**
 * Options of {@linkcode fixed}.
 *
 * @category Schedules
 */
export interface FixedOptions {
  /**
   * The delay before each poll in milliseconds, greater than 0.
   *
   * @default {2000}
   */
  readonly delay?: number | undefined;
}

/**
 * Returns a schedule with the same delay before each poll.
 *
 * @throws {RangeError} If `delay` is not a number greater than 0.
 *
 * @example
 * ```ts
 * import { fixed, NO_HISTORY } from "@ocr-cloud/regions";
 * import { some } from "fp-ts/lib/Option.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const schedule = fixed({ delay: 2000 });
 * deepEqual(schedule({ id: "1", attempt: 1, elapsed: 2310, history: NO_HISTORY }), some(2000));
 * ```
 *
 * @category Schedules
 */
export function fixed(options: FixedOptions = {}): Schedule {
  const { delay = 2000 } = options;
  atLeast("poll on a fixed schedule", "delay", delay, Number.MIN_VALUE);
  return () => O.some(delay);
}

/**
 * Options of {@linkcode exponential}.
 *
 * @category Schedules
 */
export interface ExponentialOptions {
  /**
   * The delay before the first poll in milliseconds, greater than 0.
   *
   * @default {1000}
   */
  readonly minDelay?: number | undefined;
  /**
   * The ratio of each delay to the previous one, 1 or more.
   *
   * @default {1.5}
   */
  readonly factor?: number | undefined;
  /**
   * The maximum delay in milliseconds, `minDelay` or more.
   *
   * @default {30000}
   */
  readonly maxDelay?: number | undefined;
}

/**
 * Returns a schedule with exponential backoff: each delay is `factor` times the previous one, up to `maxDelay`.
 *
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { exponential, NO_HISTORY } from "@ocr-cloud/regions";
 * import { some } from "fp-ts/lib/Option.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const schedule = exponential({ minDelay: 1000, factor: 2, maxDelay: 10_000 });
 * deepEqual(schedule({ id: "1", attempt: 3, elapsed: 7000, history: NO_HISTORY }), some(8000));
 * ```
 *
 * @category Schedules
 */
export function exponential(options: ExponentialOptions = {}): Schedule {
  const { minDelay = 1000, factor = 1.5, maxDelay = Math.max(30_000, minDelay) } = options;
  atLeast("poll on an exponential schedule", "minDelay", minDelay, Number.MIN_VALUE);
  atLeast("poll on an exponential schedule", "factor", factor, 1);
  atLeast("poll on an exponential schedule", "maxDelay", maxDelay, minDelay);
  return ({ attempt }) => O.some(Math.min(maxDelay, minDelay * factor ** attempt));
}
