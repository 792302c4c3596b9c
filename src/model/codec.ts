/**
 * The few io-ts codecs that the others are made of. They stand in for `t.type`, `t.array` and `t.union` for three reasons:
 *
 * - Speed. io-ts builds a context for every element, even of a valid array: for the payloads of the benchmark, nested
 *   `t.tuple` and `t.array` take 2 to 4 times as long as these, which build contexts only for a value that was refused.
 * - Safety. If a field's codec transforms its value, `t.type` copies the object with `Object.assign`, and an own `__proto__`
 *   key becomes the copy's prototype. None of these codecs transforms.
 * - Bounds. `t.array` reports an error for every element of a hostile array. `list` stops at 100.
 *
 * @module
 */
import type * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { isObject } from "../internal/json.ts";
import { cut, preview } from "../internal/text.ts";

/** At most so many errors are reported for one value: a hostile one may hold millions. */
export const MAX_ERRORS = 100;

const MAX_KEY = 40;

/** Accepts what `codec` accepts, `null`, and a value that is absent; changes nothing. */
export function nullable<A>(
  codec: t.Type<A, unknown, unknown>,
): t.Type<A | null | undefined, unknown, unknown> {
  const isAbsent = (u: unknown): u is null | undefined => u === null || u === undefined;
  return new t.Type<A | null | undefined, unknown, unknown>(
    `${codec.name} or null`,
    (u): u is A | null | undefined => isAbsent(u) || codec.is(u),
    (u, context) => isAbsent(u) ? t.success(u) : codec.validate(u, context),
    t.identity,
  );
}

/** Whatever passes `is`; changes nothing. An error says that `name` was expected. */
export function guarded<A>(name: string, is: (u: unknown) => u is A): t.Type<A> {
  return new t.Type<A, A, unknown>(name, is, (u, context) => is(u) ? t.success(u) : fail(u, context), t.identity);
}

/** One of the given words. */
export function oneOf<A extends string>(words: readonly A[]): t.Type<A> {
  const known: ReadonlySet<unknown> = new Set(words);
  return guarded(`one of ${words.join(", ")}`, (u): u is A => known.has(u));
}

/** A list of what `codec` accepts; changes nothing. Explains at most {@linkcode MAX_ERRORS} of its elements. */
export function list<A>(
  codec: t.Type<A, unknown, unknown>,
  name: string,
): t.Type<readonly A[], unknown, unknown> {
  const is = (u: unknown): u is readonly A[] => {
    if (!Array.isArray(u)) return false;
    // `every` would pass over holes.
    for (const element of u) if (!codec.is(element)) return false;
    return true;
  };
  return new t.Type<readonly A[], unknown, unknown>(
    name,
    is,
    (u, context) => {
      if (is(u)) return t.success(u);
      if (!Array.isArray(u)) return fail(u, context, "expected an array");
      const errors: t.ValidationError[] = [];
      for (let i = 0; i < u.length && errors.length < MAX_ERRORS; i++) {
        const result = codec.validate(u[i], t.appendContext(context, String(i), codec, u[i]));
        if (result._tag === "Left") errors.push(...result.left);
      }
      return t.failures(errors);
    },
    t.identity,
  );
}

/** An object whose fields are as `codecs` say; others are left alone, and the object itself is the result. */
export function fields<A extends object>(
  codecs: { readonly [K in keyof A]-?: t.Type<A[K], unknown, unknown> },
  name: string,
): t.Type<A, unknown, unknown> {
  const entries: readonly [string, t.Type<unknown, unknown, unknown>][] = Object.entries(codecs);
  const is = (u: unknown): u is A => {
    if (!isObject(u)) return false;
    for (const [key, codec] of entries) if (!codec.is(u[key])) return false;
    return true;
  };
  return new t.Type<A, unknown, unknown>(
    name,
    is,
    (u, context) => {
      if (is(u)) return t.success(u);
      if (!isObject(u)) return fail(u, context, "expected an object");
      const errors: t.ValidationError[] = [];
      for (const [key, codec] of entries) {
        const result = codec.validate(u[key], t.appendContext(context, key, codec, u[key]));
        if (result._tag === "Left") errors.push(...result.left);
      }
      return t.failures(errors);
    },
    t.identity,
  );
}

/** A validation that failed: of the value `actual` at `context`, with a message of our own or with the type's name. */
export function fail<A>(actual: unknown, context: t.Context, message?: string): t.Validation<A> {
  return t.failures(problem(actual, context, message));
}

/** The error of one value, for a validation that failed or for an {@linkcode Explain}. */
export function problem(value: unknown, context: t.Context, message?: string): t.Errors {
  return [{ value, context, message }];
}

/**
 * A value that was read, or a function that explains why it could not be. The explanation is only built once the value's
 * place is known: a path costs more than most of the values that it could lead to.
 */
export type Read<A> = E.Either<Explain, A>;

/** Returns the errors of a value that was refused at `context`. */
export type Explain = (context: t.Context) => t.Errors;

/** Appends the name of a codec that is not a field of its parent to the path. */
export function appendName(context: t.Context, codec: t.Decoder<unknown, unknown>, actual: unknown): t.Context {
  return t.appendContext(context, "", codec, actual);
}

/**
 * Errors as short lines, path first: `Response/results/0/data/Regions/2/Region/3: expected number, got "x"`. The
 * path is made of names and keys, values are shown by a bounded preview, and at most {@linkcode MAX_ERRORS} lines
 * are given.
 */
export function explain(errors: t.Errors): readonly string[] {
  return errors.slice(0, MAX_ERRORS).map(({ context, value, message }) => {
    const path = context.map(({ key, type }) => key === "" ? type.name : cut(key, MAX_KEY)).join("/");
    const expected = message ?? `expected ${context[context.length - 1]?.type.name}`;
    return `${path}: ${expected}, got ${preview(value)}`;
  });
}
