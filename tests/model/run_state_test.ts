import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { explain } from "../../src/model/codec.ts";
import { RunState } from "../../src/model/run_state.ts";
import { json, junk, pollState } from "../support/arbitrary.ts";
import { STATE as TASK } from "../support/statuses.ts";

const STATE: RunState = { version: 1, submitting: false, task: TASK };

Deno.test("RunState is unchanged by a round trip through JSON", () => {
  fc.assert(fc.property(fc.option(pollState), fc.boolean(), (task, submitting) => {
    const state: RunState = { version: 1, submitting, task };
    deepEqual(RunState.decode(json(state)), E.right(state));
    equal(RunState.is(state), true);
  }));
});

Deno.test("RunState explains what is wrong with each field", () => {
  const cases: [keyof RunState, readonly unknown[], string][] = [
    ["version", [2, "1", undefined], "expected version 1"],
    ["submitting", ["true", null], "expected boolean"],
    ["task", [undefined, {}, { ...TASK, version: 3 }], "expected a PollState or null"],
  ];
  deepEqual(cases.map(([key]) => key), Object.keys(STATE));
  for (const [key, values, expected] of cases) {
    for (const value of values) {
      const result = RunState.decode({ ...STATE, [key]: value });
      ok(E.isLeft(result), `${key} must not be ${value}`);
      ok(explain(result.left)[0].startsWith(`RunState/${key}: ${expected}, got `), explain(result.left)[0]);
    }
  }
});

Deno.test("RunState reads the state of a task of an earlier version of the library", () => {
  const { kind: _kind, results: _results, ...fields } = TASK;
  deepEqual(RunState.decode(json({ ...STATE, task: { ...fields, version: 1 } })), E.right(STATE));
});

Deno.test("RunState rejects anything else, and never throws", () => {
  fc.assert(fc.property(junk, (value) => equal(E.isLeft(RunState.decode(value)), true)));
});
