import { ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { cut, preview, printable, quote, quoteAll } from "../../src/internal/text.ts";
import { hostileValues, nested } from "../support/arbitrary.ts";

Deno.test("preview() describes every kind of value in a few characters", () => {
  const cases: [unknown, string][] = [
    [undefined, "nothing"],
    [null, "null"],
    [true, "true"],
    [false, "false"],
    [0, "0"],
    [-0, "-0"],
    [1.5, "1.5"],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [1e400, "Infinity"],
    ["", '""'],
    ['a "word"\n', String.raw`"a \"word\"\n"`],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), `"${"x".repeat(40)}…"`],
    ["x".repeat(1_000_000), `"${"x".repeat(40)}…"`],
    [[], "an array of 0"],
    [[1, [2]], "an array of 2"],
    [new Array(1_000_000), "an array of 1000000"],
    [{}, "an object"],
    [new Date(0), "an object"],
    [Object.create(null), "an object"],
    [() => {}, "a function"],
    [Symbol("s"), "a symbol"],
    [10n ** 100n, "a bigint"],
    [nested(100_000), "an array of 1"],
  ];
  for (const [value, text] of cases) equal(preview(value), text);
});

Deno.test("preview() does not read properties of an object", () => {
  const { "a revoked proxy": _, "an array proxy whose traps throw": __, ...values } = hostileValues();
  for (const value of Object.values(values)) ok(preview(value).length < 20);
});

Deno.test("preview() returns a short text for any value", () => {
  const text = fc.string({
    unit: fc.constantFrom("x", '"', "\0", "\ud800", "\u{1f600}"),
    minLength: 30,
    maxLength: 99,
  });
  // A character of a string takes six at most: \u0000.
  fc.assert(fc.property(fc.oneof(fc.anything(), text), (u) => ok(preview(u).length <= 6 * 40 + 3)));
  equal(preview("\0".repeat(99)).length, 6 * 40 + 3);
});

Deno.test("cut() truncates longer texts and adds an ellipsis", () => {
  const cases: [string, number, string][] = [
    ["", 0, ""],
    ["abc", 3, "abc"],
    ["abcd", 3, "abc…"],
    ["abc", 0, "…"],
    ["a😀b", 2, "a…"],
    ["a😀b", 3, "a😀…"],
  ];
  for (const [text, length, expected] of cases) equal(cut(text, length), expected);
});

Deno.test("printable() removes characters that move a cursor, reorder text or end a line", () => {
  const cases: [string, string][] = [
    ["", ""],
    ["Größe 漢字 😀 שלום e\u0301 👩\u200d🚀", "Größe 漢字 😀 שלום e\u0301 👩\u200d🚀"],
    ["a\tb\nc\v\f\rd\x85e\u2028f\u2029", "a b c   d e f "],
    ["\x00\x1b[31m\x7f\x9b31m", "\ufffd\ufffd[31m\ufffd\ufffd31m"],
    ["\u061c\u200e\u200f\u202a\u202e\u2066\u2069", "\ufffd".repeat(7)],
    ["\ud83d \ude00", "\ufffd \ufffd"],
  ];
  for (const [text, expected] of cases) equal(printable(text), expected);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const printed = printable(text);
    equal(printed.length, text.length);
    equal(printable(printed), printed);
    ok(!/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(printed));
  }));
});

Deno.test("quote() and quoteAll() limit the length and number of texts", () => {
  equal(quote(" a\n\x1b[1mb "), "a \ufffd[1mb");
  equal(quote("x".repeat(300)), "x".repeat(300));
  equal(quote("x".repeat(301)), `${"x".repeat(300)}…`);
  equal(quoteAll([]), "");
  equal(quoteAll(["a", "b\r", "c"]), "a b c");
  equal(quoteAll(["a", "b", "c", "d", "e"]), "a b c … and 2 more");
});
