/**
 * Checks of the caller's options.
 *
 * @module
 */
import { preview } from "./text.ts";

/**
 * Options with a value for each of them. `Required` leaves `undefined` in under `exactOptionalPropertyTypes`.
 *
 * @category Connect
 */
export type Complete<Options> = { readonly [K in keyof Options]-?: Exclude<Options[K], undefined> };

/**
 * Returns a caller's number if it is `min` or more; Infinity is allowed.
 *
 * @param action What the caller wanted to do, as in "Cannot connect as …".
 * @param name The name of the option.
 * @param min The bound. `Number.MIN_VALUE` stands for any number greater than 0.
 *
 * @throws {RangeError} If it is not a number, or less than `min`.
 */
export function atLeast(action: string, name: string, value: number, min: number): number {
  if (typeof value === "number" && value >= min) return value;
  const bound = min === Number.MIN_VALUE ? "over 0" : `of ${min} or more`;
  throw new RangeError(`Cannot ${action} as ${name} must be a number ${bound}: current value is ${preview(value)}`);
}
