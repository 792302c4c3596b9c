/**
 * The part of fp-ts's `Option` that the library uses, for the same reason as that of `Either`.
 *
 * @module
 */
import type { None, Option, Some } from "fp-ts/lib/Option.js";

export type { None, Option, Some };

/** No value. */
export const none: Option<never> = { _tag: "None" };

/** Wraps a value. */
export function some<A>(value: A): Option<A> {
  return { _tag: "Some", value };
}

/** Whether there is no value. */
export function isNone(option: Option<unknown>): option is None {
  return option._tag === "None";
}
