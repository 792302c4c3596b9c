/**
 * When to ask next. A schedule is a pure function of what has happened; there is no clock in it.
 *
 * @module
 */
import * as O from "fp-ts/lib/Option.js";
import { preview } from "../model/codec.ts";
import type { RegionsError } from "../model/error.ts";
import type { History } from "../model/history.ts";

/**
 * What has happened to a task so far.
 *
 * @category Schedules
 */
export interface Progress {
  /** The task's id. */
  readonly id: string;
  /** How many statuses were heard, 0 before the first. */
  readonly attempt: number;
  /** Milliseconds since the image was sent or, if that is not known, since the watch began; 0 before the first poll. */
  readonly elapsed: number;
  /** How long the service's last tasks took. */
  readonly history: History;
}

/**
 * When to poll next: milliseconds from now, or none to give up. It is called after each status that is not final and, if
 * it is known when the image was sent, once for the first poll: then the delay counts from the sending of the image, a
 * first poll that is late is due at once, and none means at once.
 *
 * @category Schedules
 */
export type Schedule = (progress: Progress) => O.Option<number>;

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
export function fixed({ delay = 2000 }: FixedOptions = {}): Schedule {
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
export function exponential(
  { minDelay = 1000, factor = 1.5, maxDelay = Math.max(30_000, minDelay) }: ExponentialOptions = {},
): Schedule {
  atLeast("poll on an exponential schedule", "minDelay", minDelay, Number.MIN_VALUE);
  atLeast("poll on an exponential schedule", "factor", factor, 1);
  atLeast("poll on an exponential schedule", "maxDelay", maxDelay, minDelay);
  return ({ attempt }) => O.some(Math.min(maxDelay, minDelay * factor ** attempt));
}

/**
 * Options with a value for each of them. `Required` leaves `undefined` in under `exactOptionalPropertyTypes`.
 *
 * @category Connect
 */
export type Complete<Options> = { readonly [K in keyof Options]-?: Exclude<Options[K], undefined> };

/**
 * How failed calls are repeated.
 *
 * @category Connect
 */
export interface RetryOptions {
  /**
   * How often a single call is tried, 1 or more. A watch goes on until its deadline instead.
   *
   * @default {3}
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The upper bound of the first delay in milliseconds; it doubles with each failure.
   *
   * @default {500}
   */
  readonly minDelay?: number | undefined;
  /**
   * The upper bound of every delay in milliseconds, `minDelay` or more.
   *
   * @default {30000}
   */
  readonly maxDelay?: number | undefined;
}

/**
 * The options with their defaults.
 *
 * @throws {RangeError} If an option is out of its range.
 */
export function retryPolicy(
  { maxAttempts = 3, minDelay = 500, maxDelay = Math.max(30_000, minDelay) }: RetryOptions = {},
): Complete<RetryOptions> {
  atLeast("retry", "retry.maxAttempts", maxAttempts, 1);
  atLeast("retry", "retry.minDelay", minDelay, 0);
  atLeast("retry", "retry.maxDelay", maxDelay, minDelay);
  return { maxAttempts, minDelay, maxDelay };
}

/**
 * Milliseconds until a failed call is worth another try, or none: the one place that decides on it. What passes (no
 * connection, time-out, 408, 425, 429, 5xx) is tried again after an exponential delay with full jitter, `Retry-After`
 * being a floor; what is not understood, once more.
 *
 * @param failures How often the call has failed in a row, this time included.
 * @param malformed How many of the failures were answers that are not understood.
 * @param random Between 0 and 1: the jitter.
 */
export function retryDelay(
  retry: Complete<RetryOptions>,
  error: RegionsError,
  failures: number,
  malformed: number,
  random: number,
): O.Option<number> {
  const delay = backoff(retry, failures, random);
  switch (error._tag) {
    case "Network":
    case "Timeout":
      return O.some(delay);
    case "Http":
      return passes(error.status) ? O.some(Math.max(delay, error.retryAfter ?? 0)) : O.none;
    case "Malformed":
      return malformed > 1 ? O.none : O.some(delay);
    case "PermissionDenied":
    case "Unauthorized":
    case "TooLarge":
    case "Unconfirmed":
    case "GaveUp":
      return O.none;
  }
}

/** Exponential backoff with full jitter, in milliseconds. */
export function backoff({ minDelay, maxDelay }: Complete<RetryOptions>, failures: number, random: number): number {
  // The last bound prevents the product of 0 and Infinity.
  return random * Math.min(maxDelay, minDelay * 2 ** Math.min(failures - 1, 50), Number.MAX_SAFE_INTEGER);
}

/**
 * A number from 0 up to 1 that depends on the task's id and the attempt alone: jitter that a replay repeats. FNV-1a
 * with the finaliser of MurmurHash3.
 */
export function jitter(id: string, attempt: number): number {
  let hash = 0x811c9dc5 ^ attempt;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return ((hash ^ hash >>> 16) >>> 0) / 2 ** 32;
}

/**
 * Passes a caller's number on if it is `min` or more; Infinity is allowed.
 *
 * @throws {RangeError} If it is not.
 */
export function atLeast(action: string, name: string, value: number, min: number): number {
  if (typeof value === "number" && value >= min) return value;
  const bound = min === Number.MIN_VALUE ? "over 0" : `of ${min} or more`;
  throw new RangeError(`Cannot ${action} as ${name} must be a number ${bound}: current value is ${preview(value)}`);
}

function passes(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}
