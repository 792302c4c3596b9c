/**
 * The rules for retrying failed requests, as pure functions.
 *
 * @module
 */
import * as O from "../internal/option.ts";
import { atLeast, type Complete } from "../internal/check.ts";
import { isTransientStatus, type RegionsError } from "../model/error.ts";

/**
 * Options that determine how failed calls are retried.
 *
 * @category Connect
 */
export interface RetryOptions {
  /**
   * The maximum number of attempts of a single call, 1 or more. A watch retries until its deadline instead.
   *
   * @default {3}
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The upper bound of the first delay in milliseconds, 0 or more. It doubles with each failure.
   *
   * @default {500}
   */
  readonly minDelay?: number | undefined;
  /**
   * The upper bound of all delays in milliseconds, `minDelay` or more.
   *
   * @default {30000}
   */
  readonly maxDelay?: number | undefined;
}

/**
 * Checks the options and applies their defaults.
 *
 * @throws {RangeError} If an option is out of range.
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
 * Returns the delay in milliseconds before a failed call is retried, or none if it is not retried. Only this function
 * decides what is retried. Transient failures (no connection, timeout, 408, 425, 429, 5xx) are retried after an
 * exponential delay with full jitter, but not before the time in `Retry-After`. A malformed response is retried once.
 *
 * @param failures The number of consecutive failures, including this one.
 * @param malformed The number of those that were malformed responses.
 * @param random A number from 0 to 1: the jitter.
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
      return isTransientStatus(error.status) ? O.some(Math.max(delay, error.retryAfter ?? 0)) : O.none;
    case "Malformed":
      return malformed > 1 ? O.none : O.some(delay);
    case "PermissionDenied":
    case "Unauthorized":
    case "TooLarge":
    case "Unreadable":
    case "Unconfirmed":
    case "GaveUp":
      return O.none;
  }
}

/**
 * Returns a delay of exponential backoff with full jitter, in milliseconds. `failures` is 1 or more, `random` is 0 to
 * 1.
 */
export function backoff({ minDelay, maxDelay }: Complete<RetryOptions>, failures: number, random: number): number {
  // The last bound avoids 0 × Infinity, which is NaN.
  return random * Math.min(maxDelay, minDelay * 2 ** Math.min(failures - 1, 50), Number.MAX_SAFE_INTEGER);
}

/**
 * Returns a number from 0 to 1 that depends only on the task's id and the attempt, so that a replay has the same
 * jitter. The hash is FNV-1a with the finalizer of MurmurHash3.
 */
export function jitter(id: string, attempt: number): number {
  let hash = 0x811c9dc5 ^ attempt;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return ((hash ^ hash >>> 16) >>> 0) / 2 ** 32;
}
