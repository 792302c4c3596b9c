import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { explain } from "../../src/model/codec.ts";
import { PollState } from "../../src/model/poll_state.ts";
import { GUID, json, junk, pollState, withProtoAccessor } from "../support/arbitrary.ts";
import { checkFields, type FieldCases } from "../support/fields.ts";

const STATE: PollState = {
  version: 2,
  kind: "DetectRegions",
  id: GUID,
  results: null,
  sizeClass: null,
  submittedAt: 1_700_000_000_000,
  startedAt: 1_700_000_000_100,
  dueAt: 1_700_000_002_000.5,
  polls: 3,
  heard: 2,
  heardAt: 1_700_000_001_000,
  failures: 1,
  malformed: 0,
  failure: "It was down.",
};

Deno.test("PollState accepts a state with null for unknown values", () => {
  for (
    const state of [STATE, { ...STATE, submittedAt: null, heardAt: null, failure: null }, {
      ...STATE,
      polls: 0,
      results: 3,
      sizeClass: "large",
    }]
  ) {
    deepEqual(PollState.decode(state), E.right(state));
    equal(PollState.is(state), true);
  }
});

Deno.test("PollState explains what is wrong with each field", () => {
  const time = "expected milliseconds since 1970";
  const count = "expected a count";
  const cases: FieldCases<PollState> = [
    ["version", [0, 3, "2", true, null, undefined], "expected version 1 or 2"],
    ["kind", [null, 5, undefined, {}], "expected string"],
    ["id", [null, 5, undefined, {}], "expected string"],
    ["results", [-1, 0.5, "1", undefined], "expected a count or null"],
    ["sizeClass", [0, {}], "expected string or null"],
    ["submittedAt", ["2026-01-01", NaN, Infinity, undefined, {}], `${time} or null`],
    ["startedAt", [null, "0", NaN, -Infinity, undefined], time],
    ["dueAt", [null, "0", NaN, Infinity, undefined], time],
    ["polls", [-1, 0.5, NaN, Infinity, 2 ** 53, "0", null, undefined], count],
    ["heard", [-1, 0.5, null, undefined], count],
    ["heardAt", ["0", NaN, Infinity, undefined], `${time} or null`],
    ["failures", [-1, 0.5, null, undefined], count],
    ["malformed", [-1, 0.5, null, undefined], count],
    ["failure", [0, {}, undefined], "expected string or null"],
  ];
  checkFields(PollState, STATE, cases);
});

Deno.test("PollState reads states that were stored before there were size classes", () => {
  const { sizeClass: _, ...old } = STATE;
  deepEqual(PollState.decode(json(old)), E.right(old));
});

Deno.test("PollState reads version 1, in which every task was a detection", () => {
  const { kind, results, ...fields } = STATE;
  const old = { ...fields, version: 1 };
  equal(PollState.is(old), false);
  deepEqual(PollState.decode(json(old)), E.right({ ...STATE, kind, results }));
  const forged = PollState.decode({ ...old, kind: "RecognizeImage", results: 7 });
  deepEqual(forged, E.right(STATE));
  const broken = PollState.decode({ ...old, polls: -1 });
  ok(E.isLeft(broken));
  deepEqual(explain(broken.left), ["PollState/polls: expected a count, got -1"]);
});

Deno.test("PollState rejects values that are not states", () => {
  for (const u of [null, undefined, "", [], [STATE], { ...STATE, version: 3 }, JSON.stringify(STATE)]) {
    equal(PollState.is(u), false);
    ok(E.isLeft(PollState.decode(u)));
  }
  const nothing = PollState.decode({});
  ok(E.isLeft(nothing));
  equal(explain(nothing.left).length, Object.keys(STATE).length - 1);
});

Deno.test("PollState ignores fields of a __proto__ key", () => {
  withProtoAccessor(() => {
    const result = PollState.decode(JSON.parse(`{"__proto__": ${JSON.stringify(STATE)}}`));
    ok(E.isLeft(result));
    equal(explain(result.left)[0], "PollState/version: expected version 1 or 2, got nothing");
  });
});

Deno.test("PollState is unchanged by a round trip through JSON", () => {
  fc.assert(fc.property(pollState, (state) => {
    deepEqual(PollState.decode(json(state)), E.right(state));
    deepEqual(PollState.encode(state), state);
  }));
});

Deno.test("PollState never throws on arbitrary values", () => {
  fc.assert(fc.property(junk, (u) => ok(E.isLeft(PollState.decode(u)))), { numRuns: 1000 });
});
