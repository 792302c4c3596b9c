/**
 * fp-ts's `pipe` for the lengths that the library uses.
 *
 * @module
 */

/** Passes a value through functions, from left to right. */
export function pipe<A, B>(a: A, ab: (a: A) => B): B;
export function pipe<A, B, C>(a: A, ab: (a: A) => B, bc: (b: B) => C): C;
export function pipe(a: unknown, ...functions: readonly ((a: unknown) => unknown)[]): unknown {
  return functions.reduce((value, f) => f(value), a);
}
