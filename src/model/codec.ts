/**
 * Basic io-ts codecs that the other codecs are built from. They replace `t.type`, `t.array` and `t.union` for three
 * reasons:
 *
 * - Speed. io-ts builds a context for every element, even of a valid array. For the payloads of the benchmark, nested
 *   `t.tuple` and `t.array` take 2 to 4 times as long as these codecs, which build contexts only for invalid values.
 * - Safety. If a field's codec transforms its value, `t.type` copies the object with `Object.assign`, and an own
 *   `__proto__` key becomes the copy's prototype. None of these codecs transforms.
 * - Bounds. `t.array` reports an error for every element of a hostile array. `list` stops at 100.
 *
 * @module
 */
import type * as t from "io-ts";
import type * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { cut, preview } from "../internal/text.ts";
import { appendContext, createCodec, failures, identity, success } from "./type.ts";

/** The maximum number of errors that are reported for a value. A malicious one may contain millions. */
export const MAX_ERRORS = 100;

const MAX_KEY = 40;

/** A codec for the values of `codec`, null and undefined. Returns the value unchanged. */
export function nullable<A>(
  codec: t.Type<A, unknown, unknown>,
): t.Type<A | null | undefined, unknown, unknown> {
  const isAbsent = (u: unknown): u is null | undefined => u === null || u === undefined;
  return createCodec<A | null | undefined, unknown, unknown>(
    `${codec.name} or null`,
    (u): u is A | null | undefined => isAbsent(u) || codec.is(u),
    (u, context) => isAbsent(u) ? success(u) : codec.validate(u, context),
    identity,
  );
}

/** A codec for the values that satisfy `is`. Returns the value unchanged. Errors state that `name` was expected. */
export function guarded<A>(name: string, is: (u: unknown) => u is A): t.Type<A> {
  return createCodec<A, A, unknown>(name, is, (u, context) => is(u) ? success(u) : fail(u, context), identity);
}

/** The codec of strings. */
export const string: t.Type<string> = /* @__PURE__ */ guarded("string", (u) => typeof u === "string");

/** The codec of booleans. */
export const boolean: t.Type<boolean> = /* @__PURE__ */ guarded("boolean", (u) => typeof u === "boolean");

/** A codec for the values of `codec` and null. Returns the value unchanged. */
export function orNull<A>(codec: { readonly name: string; readonly is: t.Is<A> }): t.Type<A | null> {
  return guarded(`${codec.name} or null`, (u): u is A | null => u === null || codec.is(u));
}

/** A codec for a single string, such as the `_tag` of a case. */
export function literal<A extends string>(word: A): t.Type<A> {
  return guarded(word, (u): u is A => u === word);
}

/** A codec for one of the given strings. */
export function oneOf<A extends string>(words: readonly A[]): t.Type<A> {
  const known: ReadonlySet<unknown> = new Set(words);
  return guarded(`one of ${words.join(", ")}`, (u): u is A => known.has(u));
}

/**
 * A codec for an array of values of `codec`. Returns the array unchanged. Reports at most {@linkcode MAX_ERRORS}
 * errors.
 */
export function list<A>(
  codec: t.Type<A, unknown, unknown>,
  name: string,
): t.Type<readonly A[], unknown, unknown> {
  const is = (u: unknown): u is readonly A[] => {
    if (!Array.isArray(u)) return false;
    // `every` would skip holes.
    for (const element of u) if (!codec.is(element)) return false;
    return true;
  };
  return createCodec<readonly A[], unknown, unknown>(
    name,
    is,
    (u, context) => {
      if (is(u)) return success(u);
      if (!Array.isArray(u)) return fail(u, context, "expected an array");
      const errors: t.ValidationError[] = [];
      for (let i = 0; i < u.length && errors.length < MAX_ERRORS; i++) {
        const result = codec.validate(u[i], appendContext(context, String(i), codec, u[i]));
        if (result._tag === "Left") errors.push(...result.left);
      }
      return failures(errors);
    },
    identity,
  );
}

/** A codec for an object with the fields in `codecs`. Ignores other fields, and returns the object itself. */
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
  return createCodec<A, unknown, unknown>(
    name,
    is,
    (u, context) => {
      if (is(u)) return success(u);
      if (!isObject(u)) return fail(u, context, "expected an object");
      const errors: t.ValidationError[] = [];
      for (const [key, codec] of entries) {
        const result = codec.validate(u[key], appendContext(context, key, codec, u[key]));
        if (result._tag === "Left") errors.push(...result.left);
      }
      return failures(errors);
    },
    identity,
  );
}

/** What all codecs of a union have, whichever case they are of. */
export interface Case<A> {
  readonly is: t.Is<A>;
  readonly validate: t.Validate<unknown, A>;
}

/** A codec for the values whose `_tag` has a codec. Returns the value unchanged. */
export function byTag<A>(codecs: Readonly<Record<string, Case<A>>>, name: string): t.Type<A, unknown, unknown> {
  const known = new Map(Object.entries(codecs));
  const codecOf = (u: unknown): Case<A> | undefined =>
    isObject(u) && typeof u._tag === "string" ? known.get(u._tag) : undefined;
  return createCodec<A, unknown, unknown>(
    name,
    (u): u is A => codecOf(u)?.is(u) === true,
    (u, context) => codecOf(u)?.validate(u, context) ?? fail(u, context),
    identity,
  );
}

/** A failed validation of the value `actual` at `context`. Without a message, the error states the name of the type. */
export function fail<A>(actual: unknown, context: t.Context, message?: string): t.Validation<A> {
  return failures(mismatch(actual, context, message));
}

/** The errors of a single invalid value, for a failed validation or an {@linkcode Explain}. */
export function mismatch(value: unknown, context: t.Context, message?: string): t.Errors {
  return [{ value, context, message }];
}

/**
 * A value, or a function that explains why it is invalid. The function is called once the path of the value is known,
 * since building a path takes longer than reading most values.
 */
export type Read<A> = E.Either<Explain, A>;

/** Returns the errors of an invalid value at `context`. */
export type Explain = (context: t.Context) => t.Errors;

/** Appends the name of a codec that is not a field of its parent to the path. */
export function appendName(context: t.Context, codec: t.Decoder<unknown, unknown>, actual: unknown): t.Context {
  return appendContext(context, "", codec, actual);
}

/**
 * Converts errors to short lines, such as `Response/results/0/data/Regions/2/Region/3: expected number, got "x"`. The
 * path consists of names of codecs and of keys. Values are abbreviated, and there are at most {@linkcode MAX_ERRORS}
 * lines.
 */
export function explain(errors: t.Errors): readonly string[] {
  return errors.slice(0, MAX_ERRORS).map(({ context, value, message }) => {
    const path = context.map(({ key, type }) => key === "" ? type.name : cut(key, MAX_KEY)).join("/");
    const expected = message ?? `expected ${context[context.length - 1]?.type.name}`;
    return `${path}: ${expected}, got ${preview(value)}`;
  });
}
