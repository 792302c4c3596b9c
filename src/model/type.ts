/**
 * Codecs as io-ts defines them, without io-ts, whose single module is larger than all codecs of the library. They are
 * structurally the same as those of io-ts, so its combinators accept them.
 *
 * @module
 */
import type * as t from "io-ts";
import { isRight, left, right } from "../internal/either.ts";

/** Creates a codec, as the constructor of io-ts's `Type` does. */
export function createCodec<A, O = A, I = unknown>(
  name: string,
  is: t.Is<A>,
  validate: t.Validate<I, A>,
  encode: t.Encode<A, O>,
): t.Type<A, O, I> {
  const codec: Omit<t.Type<A, O, I>, "_A" | "_O" | "_I"> = {
    name,
    is,
    validate,
    encode,
    decode: (i) => validate(i, contextOf(codec, i)),
    pipe(next, both) {
      return compose(this, next, both);
    },
    asDecoder: () => codec,
    asEncoder: () => codec,
  };
  // `_A`, `_O` and `_I` exist only as types.
  return codec as t.Type<A, O, I>;
}

function compose<A extends IB, B, O, I, IB, OB extends A>(
  first: t.Type<A, O, I>,
  next: t.Type<B, OB, IB>,
  name: string = `pipe(${first.name}, ${next.name})`,
): t.Type<B, O, I> {
  return createCodec<B, O, I>(name, next.is, (i, context) => {
    const own = first.validate(i, context);
    return isRight(own) ? next.validate(own.right, context) : own;
  }, (b) => first.encode(next.encode(b)));
}

/** Returns its argument. */
export function identity<A>(a: A): A {
  return a;
}

/** A successful validation. */
export const success: <A>(value: A) => t.Validation<A> = right;

/** A failed validation. */
export const failures: <A>(errors: t.Errors) => t.Validation<A> = left;

/** Returns the context of a value that is not part of another one. */
export function contextOf(codec: t.ContextEntry["type"], actual?: unknown): t.Context {
  return [{ key: "", type: codec, actual }];
}

/** Appends a part of a value to the context of the whole. */
export function appendContext(
  context: t.Context,
  key: string,
  codec: t.ContextEntry["type"],
  actual: unknown,
): t.Context {
  return [...context, { key, type: codec, actual }];
}
