import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { explain } from "../../src/model/codec.ts";
import { appendSpan, History, NO_HISTORY } from "../../src/model/history.ts";

Deno.test("appendSpan() keeps the last 64 tasks, the latest last", () => {
  let history = NO_HISTORY;
  for (let i = 1; i <= 100; i++) history = appendSpan(history, [i, i + 1]);
  equal(history.spans.length, 64);
  deepEqual([history.spans[0], history.spans[63]], [[37, 38], [100, 101]]);
  equal(NO_HISTORY.spans.length, 0);
});

Deno.test("appendSpan() ignores an invalid span, such as from a clock that was set back", () => {
  for (const span of [[2, 1], [1, 1], [-1, 2], [NaN, 2], [0, Infinity]] as const) {
    equal(appendSpan(NO_HISTORY, span), NO_HISTORY);
  }
});

Deno.test("History accepts its own JSON with at most 64 spans", () => {
  const spans = fc.array(
    fc.tuple(fc.nat(), fc.option(fc.integer({ min: 1, max: 1e6 }))).map(([after, more]) =>
      [after, more === null ? null : after + more] as const
    ),
    { maxLength: 64 },
  );
  fc.assert(fc.property(spans, (spans) => {
    const history: History = { version: 1, spans };
    deepEqual(History.decode(JSON.parse(JSON.stringify(history))), E.right(history));
    equal(JSON.stringify(history).length < 2000, true);
  }));
});

Deno.test("History explains why it rejects a value", () => {
  for (
    const [value, message] of [
      [null, "History: expected an object, got null"],
      [{ version: 2, spans: [] }, "History/version: expected version 1, got 2"],
      [{ version: 1, spans: Array(65).fill([1, 2]) }, "History/spans: expected at most 64 spans, got an array of 65"],
      [{ version: 1, spans: [[1, 2], [2, 1]] }, "History/spans/1: expected a span of milliseconds, got an array of 2"],
      [{ version: 1, spans: {} }, "History/spans: expected an array, got an object"],
    ] as const
  ) {
    const decoded = History.decode(value);
    deepEqual(E.isLeft(decoded) && explain(decoded.left), [message]);
  }
});
