/**
 * The few io-ts pieces that the other codecs are made of. None of them transforms inside `t.type`: io-ts would copy
 * the input with `Object.assign`, and an own `__proto__` key would become the copy's prototype.
 *
 * @module
 */
import * as t from "io-ts";

/** At most so many errors are reported for one value: a hostile one may hold millions. */
export const MAX_ERRORS = 100;

const MAX_PREVIEW = 40;
const MAX_QUOTE = 300;
const MAX_QUOTES = 3;
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

/** One failure: of the value `actual`, where `context` is, with a message of our own words or of the type's name. */
export function fail<A>(actual: unknown, context: t.Context, message?: string): t.Validation<A> {
  return t.failures([{ value: actual, context, message }]);
}

/** What explains a fault once its place is known: a path costs more than most values that it could lead to. */
export type Fault = (context: t.Context) => t.Validation<never>;

/** Enters a codec that is no field of its parent, so that its name stands in the path. */
export function enter(context: t.Context, codec: t.Decoder<unknown, unknown>, actual: unknown): t.Context {
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

/** A value in a few characters, whatever it is: deep, endless, or with a hostile `toString`. */
export function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(cut(value, MAX_PREVIEW));
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The first `length` UTF-16 units of the text and an ellipsis, if it is longer. Never splits a surrogate pair. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/**
 * The text in a form that is safe to print on a terminal or write to a log: on one line, without control characters
 * (C0 and C1), bidirectional controls or lone surrogates. Each UTF-16 unit is replaced by one, so the length stays.
 */
export function printable(text: string): string {
  return text.replace(/[\t-\r\x85\u2028\u2029]/g, " ").replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, "\uFFFD");
}

/** A text by somebody else as a part of a sentence: {@linkcode printable}, and not more than 300 characters of it. */
export function quote(text: string): string {
  return printable(cut(text.trim(), MAX_QUOTE));
}

/** The first three of several texts, quoted, and the number of the others. */
export function quoteAll(texts: readonly string[]): string {
  const quotes = texts.slice(0, MAX_QUOTES).map(quote).join(" ");
  return texts.length <= MAX_QUOTES ? quotes : `${quotes} … and ${texts.length - MAX_QUOTES} more`;
}

/** What JSON calls an object: neither null nor an array. */
export function isObject(u: unknown): u is Readonly<Record<string, unknown>> {
  return typeof u === "object" && u !== null && !Array.isArray(u);
}
