/**
 * The part of fp-ts's `Either` that the library uses. The values are those of fp-ts, so its functions accept them. Its own
 * module loads 20 others with type class instances, which takes longer than loading the rest of the library.
 *
 * @module
 */
import type { Either, Left, Right } from "fp-ts/lib/Either.js";

export type { Either, Left, Right };

/** Creates a failure. */
export function left<E = never, A = never>(left: E): Either<E, A> {
  return { _tag: "Left", left };
}

/** Creates a success. */
export function right<E = never, A = never>(right: A): Either<E, A> {
  return { _tag: "Right", right };
}

/** Whether a value is a failure. */
export function isLeft<E>(either: Either<E, unknown>): either is Left<E> {
  return either._tag === "Left";
}

/** Whether a value is a success. */
export function isRight<A>(either: Either<unknown, A>): either is Right<A> {
  return either._tag === "Right";
}

/** Converts a success. */
export function map<A, B>(f: (a: A) => B): <E>(either: Either<E, A>) => Either<E, B> {
  return (either) => isLeft(either) ? either : right(f(either.right));
}

/** Converts a failure. */
export function mapLeft<E, F>(f: (error: E) => F): <A>(either: Either<E, A>) => Either<F, A> {
  return (either) => isLeft(either) ? left(f(either.left)) : either;
}

/** Converts a success to another result. */
export function chain<E, A, B>(f: (a: A) => Either<E, B>): (either: Either<E, A>) => Either<E, B> {
  return (either) => isLeft(either) ? either : f(either.right);
}
