import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import {
  appendName,
  explain,
  fail,
  fields,
  guarded,
  list,
  MAX_ERRORS,
  nullable,
  oneOf,
} from "../../src/model/codec.ts";
import { withProtoAccessor } from "../support/arbitrary.ts";

const isEven = (u: unknown): u is number => typeof u === "number" && u % 2 === 0;
const Even: t.Type<number> = guarded("an even number", isEven);
const Word = oneOf(["yes", "no"]);
const Words = list(Word, "Words");
const Pair = fields<{ readonly a: number; readonly b?: string | null }>({ a: Even, b: nullable(t.string) }, "Pair");

/** Returns the errors of `codec` for `u`, or an empty array if it is valid. */
function linesOf(codec: t.Mixed, u: unknown): readonly string[] {
  const result = codec.decode(u);
  equal(codec.is(u), E.isRight(result));
  return E.isLeft(result) ? explain(result.left) : [];
}

Deno.test("codecs return the value itself when they decode and encode", () => {
  const cases: [t.Mixed, unknown][] = [
    [nullable(Even), null],
    [nullable(Even), undefined],
    [nullable(Even), 2],
    [nullable(Pair), { a: 2 }],
    [Even, 4],
    [Word, "yes"],
    [Words, []],
    [Words, ["no", "yes", "no"]],
    [Pair, { a: 2 }],
    [Pair, { a: 2, b: null }],
    [Pair, { a: 2, b: "b", c: "not announced" }],
    [Pair, Object.freeze({ a: 0 })],
  ];
  for (const [codec, u] of cases) {
    deepEqual(linesOf(codec, u), []);
    const result = codec.decode(u);
    ok(E.isRight(result) && Object.is(result.right, u));
    ok(Object.is(codec.encode(u), u));
  }
});

Deno.test("codecs report one line per error with the path and what was expected", () => {
  const words = "one of yes, no";
  const cases: [t.Mixed, unknown, readonly string[]][] = [
    [nullable(Even), 1, ["an even number or null: expected an even number or null, got 1"]],
    [nullable(t.string), false, ["string or null: expected string or null, got false"]],
    [nullable(Words), ["maybe"], [`Words or null/0: expected ${words}, got "maybe"`]],
    [Even, "2", ['an even number: expected an even number, got "2"']],
    [Even, undefined, ["an even number: expected an even number, got nothing"]],
    [Word, "Yes", [`${words}: expected ${words}, got "Yes"`]],
    [Word, "yes ", [`${words}: expected ${words}, got "yes "`]],
    [Word, new String("yes"), [`${words}: expected ${words}, got an object`]],
    [Word, null, [`${words}: expected ${words}, got null`]],
    [Words, { length: 0 }, ["Words: expected an array, got an object"]],
    [Words, "yes", ['Words: expected an array, got "yes"']],
    [Words, ["yes", 1, "no", null], [`Words/1: expected ${words}, got 1`, `Words/3: expected ${words}, got null`]],
    [Pair, [], ["Pair: expected an object, got an array of 0"]],
    [Pair, null, ["Pair: expected an object, got null"]],
    [Pair, () => {}, ["Pair: expected an object, got a function"]],
    [Pair, {}, ["Pair/a: expected an even number, got nothing"]],
    [Pair, { a: 1, b: 2 }, ["Pair/a: expected an even number, got 1", "Pair/b: expected string or null, got 2"]],
    [list(Pair, "Pairs"), [{ a: 2 }, { a: 3, b: 4 }], [
      "Pairs/1/a: expected an even number, got 3",
      "Pairs/1/b: expected string or null, got 4",
    ]],
  ];
  for (const [codec, u, lines] of cases) deepEqual(linesOf(codec, u), lines);
});

Deno.test("nullable() reports an error only once", () => {
  deepEqual(linesOf(fields({ b: nullable(Pair) }, "Outer"), { b: { a: 1 } }), [
    "Outer/b/a: expected an even number, got 1",
  ]);
});

Deno.test("fields() checks inherited fields, since they can be read", () => {
  deepEqual(linesOf(Pair, Object.create({ a: 2 })), []);
  deepEqual(linesOf(Pair, Object.create({ a: 2, b: 3 })), ["Pair/b: expected string or null, got 3"]);
  deepEqual(linesOf(Pair, Object.assign(Object.create({ b: 3 }), { a: 2, b: "b" })), []);
});

Deno.test("fields() neither uses nor changes an own __proto__ key", () => {
  withProtoAccessor(() => {
    const u: unknown = JSON.parse('{"__proto__": {"a": 2}, "b": "b"}');
    deepEqual(linesOf(Pair, u), ["Pair/a: expected an even number, got nothing"]);
    const whole: unknown = JSON.parse('{"a": 2, "__proto__": {"b": 1, "c": 1}}');
    const result = Pair.decode(whole);
    ok(E.isRight(result));
    equal(Object.getPrototypeOf(result.right), Object.prototype);
    equal(result.right.b, undefined);
  });
});

Deno.test("list() explains at most 100 elements, and explain() returns at most 100 lines", () => {
  equal(MAX_ERRORS, 100);
  const lines = linesOf(list(Word, "Words"), new Array(100_000).fill("x"));
  equal(lines.length, 100);
  equal(lines[99], 'Words/99: expected one of yes, no, got "x"');

  const pairs = list(Pair, "Pairs").decode(new Array(1000).fill({ a: 1, b: 1 }));
  ok(E.isLeft(pairs));
  ok(pairs.left.length <= 101);
  equal(explain(pairs.left).length, 100);

  const rows = [...new Array(99).fill(["yes", "x"]), new Array(500).fill("x")];
  const table = list(list(Word, "Row"), "Rows").decode(rows);
  ok(E.isLeft(table));
  ok(table.left.length < 200);
  equal(explain(table.left).length, 100);
});

Deno.test("fail() and appendName() add names and truncated keys to the path", () => {
  const key = "k".repeat(1000);
  const context = t.appendContext([{ key: "", type: Pair }], key, Words, 1);
  const line = (message?: string): readonly string[] => {
    const failure = fail(5, appendName(context, Even, 5), message);
    return E.isLeft(failure) ? explain(failure.left) : [];
  };
  const path = `Pair/${"k".repeat(40)}…/an even number`;
  deepEqual(line(), [`${path}: expected an even number, got 5`]);
  deepEqual(line("expected better"), [`${path}: expected better, got 5`]);
});

Deno.test("list() rejects holes", () => {
  deepEqual(linesOf(list(t.string, "Texts"), [, "a"]), ["Texts/0: expected string, got nothing"]);
});
