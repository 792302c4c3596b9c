/**
 * When to poll next. A schedule is a pure function of what has happened so far: it reads no clock.
 *
 * @module
 */
import * as O from "fp-ts/lib/Option.js";
import { atLeast } from "../internal/check.ts";
import type { History } from "../model/history.ts";

/**
 * What a schedule decides on: what has happened to a task so far.
 *
 * @category Schedules
 */
export interface ScheduleInput {
  /** The task's id. */
  readonly id: string;
  /** The number of statuses received so far: 0 before the first poll. */
  readonly attempt: number;
  /** Milliseconds since the image was sent or, if that is not known, since the watch began; 0 before the first poll. */
  readonly elapsed: number;
  /** How long the service's last tasks took. */
  readonly history: History;
}

/**
 * When to poll next: the delay in milliseconds, 0 or more, or none to give up.
 *
 * It is called after each status that is not final. If it is known when the image was sent, it is also called once for the
 * first poll; that delay counts from when the image was sent, and a first poll that is overdue is due at once.
 *
 * @category Schedules
 */
export type Schedule = (input: ScheduleInput) => O.Option<number>;

/**
 * Options for {@linkcode fixed}.
 *
 * @category Schedules
 */
export interface FixedOptions {
  /**
   * Milliseconds between two polls, over 0.
   *
   * @default {2000}
   */
  readonly delay?: number | undefined;
}

/**
 * The same delay before each poll.
 *
 * @throws {RangeError} If the delay is no number of milliseconds over 0.
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
 * Options for {@linkcode exponential}.
 *
 * @category Schedules
 */
export interface ExponentialOptions {
  /**
   * Milliseconds before the first poll, over 0.
   *
   * @default {1000}
   */
  readonly minDelay?: number | undefined;
  /**
   * By how much each delay is longer than the one before, 1 or more.
   *
   * @default {1.5}
   */
  readonly factor?: number | undefined;
  /**
   * The longest delay in milliseconds, `minDelay` or more.
   *
   * @default {30000}
   */
  readonly maxDelay?: number | undefined;
}

/**
 * Exponential backoff: each delay is `factor` times the one before, up to `maxDelay`.
 *
 * @throws {RangeError} If an option is out of its range.
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
