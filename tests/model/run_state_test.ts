import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { RunState } from "../../src/model/run_state.ts";
import { json, junk, pollState } from "../support/arbitrary.ts";
import { STATE as TASK } from "../support/statuses.ts";
import { checkFields, type FieldCases } from "../support/fields.ts";

const STATE: RunState = { version: 1, submitting: false, task: TASK };

Deno.test("RunState is unchanged by a round trip through JSON", () => {
  fc.assert(fc.property(fc.option(pollState), fc.boolean(), (task, submitting) => {
    const state: RunState = { version: 1, submitting, task };
    deepEqual(RunState.decode(json(state)), E.right(state));
    equal(RunState.is(state), true);
  }));
});

Deno.test("RunState explains what is wrong with each field", () => {
  const cases: FieldCases<RunState> = [
    ["version", [2, "1", undefined], "expected version 1"],
    ["submitting", ["true", null], "expected boolean"],
    ["task", [undefined, {}, { ...TASK, version: 3 }], "expected a PollState or null"],
  ];
  checkFields(RunState, STATE, cases);
});

Deno.test("RunState reads the state of a task of an earlier version of the library", () => {
  const { kind: _kind, results: _results, ...fields } = TASK;
  deepEqual(RunState.decode(json({ ...STATE, task: { ...fields, version: 1 } })), E.right(STATE));
});

Deno.test("RunState rejects anything else, and never throws", () => {
  fc.assert(fc.property(junk, (value) => equal(E.isLeft(RunState.decode(value)), true)));
});
