import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { ReadState } from "../../src/model/read_state.ts";
import { json, junk, pollState } from "../support/arbitrary.ts";
import { REGION, STATE as TASK } from "../support/statuses.ts";
import { checkFields, type FieldCases } from "../support/fields.ts";

const STATE: ReadState = {
  version: 1,
  step: "detect",
  submitting: false,
  task: TASK,
  preprocessed: null,
  regions: [REGION],
  notices: ["The image is small."],
};

Deno.test("ReadState is unchanged by a round trip through JSON", () => {
  fc.assert(fc.property(fc.option(pollState), fc.boolean(), (task, submitting) => {
    const state: ReadState = { ...STATE, task, submitting };
    deepEqual(ReadState.decode(json(state)), E.right(state));
    equal(ReadState.is(state), true);
  }));
});

Deno.test("ReadState explains what is wrong with each field", () => {
  const cases: FieldCases<ReadState> = [
    ["version", [2, "1", undefined], "expected version 1"],
    ["step", ["done", null], "expected one of preprocess, detect, recognize"],
    ["submitting", ["true", null], "expected boolean"],
    ["task", [undefined, {}, { ...TASK, version: 3 }], "expected a PollState or null"],
    ["preprocessed", [1, undefined], "expected string or null"],
    ["regions", [null, {}], "expected an array"],
    ["notices", [null, "one"], "expected an array"],
  ];
  checkFields(ReadState, STATE, cases);
});

Deno.test("ReadState reads the state of a task of an earlier version of the library", () => {
  const { kind: _kind, results: _results, ...fields } = TASK;
  deepEqual(ReadState.decode(json({ ...STATE, task: { ...fields, version: 1 } })), E.right(STATE));
});

Deno.test("ReadState never throws on arbitrary values", () => {
  fc.assert(fc.property(junk, (u) => ok(E.isLeft(ReadState.decode(u)))), { numRuns: 1000 });
});
