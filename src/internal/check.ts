/**
 * Validation of the caller's options.
 *
 * @module
 */
import { preview } from "./text.ts";

/**
 * Options with a value for each option. With `exactOptionalPropertyTypes`, `Required` would not remove `undefined`.
 *
 * @category Connect
 */
export type Complete<Options> = { readonly [K in keyof Options]-?: Exclude<Options[K], undefined> };

/**
 * Checks the option `sizeClass`. It is stored with a task's state, so that it must be valid there.
 *
 * @throws {RangeError} If the value is neither a string nor absent.
 */
export function checkSizeClass(value: string | undefined): void {
  if (value === undefined || typeof value === "string") return;
  throw new RangeError(`Cannot watch a task as sizeClass must be a string: current value is ${preview(value)}`);
}

/**
 * Returns the value of an option if it is a number of `min` or more. Infinity is allowed.
 *
 * @param action The action of the caller, such as `connect` for "Cannot connect as …".
 * @param name The name of the option.
 * @param min The lower bound. `Number.MIN_VALUE` stands for any number greater than 0.
 *
 * @throws {RangeError} If the value is not a number, or less than `min`.
 */
export function atLeast(action: string, name: string, value: number, min: number): number {
  if (typeof value === "number" && value >= min) return value;
  const bound = min === Number.MIN_VALUE ? "greater than 0" : `of ${min} or more`;
  throw new RangeError(`Cannot ${action} as ${name} must be a number ${bound}: current value is ${preview(value)}`);
}
