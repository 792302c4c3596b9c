import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { malformed, timeout } from "../../src/model/error.ts";
import { decodeResponse, isFinal, match, TaskStatus } from "../../src/model/task_status.ts";
import {
  GUID,
  hostileValues,
  json,
  junk,
  nested,
  payload,
  taskStatus,
  withProtoAccessor,
} from "../support/arbitrary.ts";
import { DETECTED, meaningOf, mutant, reports, validResponse } from "../support/responses.ts";
import { REGION, STATUSES } from "../support/statuses.ts";

/** The service's own example. */
const BODY = {
  id: GUID,
  responseStatusCode: "Ok",
  taskStatus: "Completed",
  results: [{ type: "Other", data: "W1swLCA4LCA2OTcsIDQ0MV1d" }],
  error: null,
};
/** Returns the errors of an invalid response. */
function linesOf(body: unknown, id?: string): readonly string[] {
  const reply = decodeResponse(body, id);
  ok(E.isLeft(reply) && reply.left._tag === "Malformed", "expected a Malformed");
  return reply.left.errors;
}

Deno.test("decodeResponse() decodes the service's own example", () => {
  deepEqual(decodeResponse(BODY), E.right(STATUSES.Completed));
  deepEqual(decodeResponse(BODY, GUID), E.right(STATUSES.Completed));
});

Deno.test("decodeResponse() decodes every status regardless of other fields", () => {
  const code = { id: GUID, responseStatusCode: "NotReady" };
  const cases: [unknown, TaskStatus][] = [
    [{ ...code, taskStatus: "Pending" }, STATUSES.Pending],
    [{ ...code, taskStatus: "Pending", results: [{ data: "no payload yet" }] }, STATUSES.Pending],
    [{ ...code, taskStatus: "Processing", results: null, error: null }, STATUSES.Processing],
    [{ ...code, taskStatus: "NotExist", error: { messages: ["gone"] } }, { ...STATUSES.NotExist, messages: ["gone"] }],
    [{ ...code, taskStatus: "NotExist" }, STATUSES.NotExist],
    [{ ...code, taskStatus: "Error" }, { ...STATUSES.Error, messages: [] }],
    [{ ...code, taskStatus: "Error", error: {} }, { ...STATUSES.Error, messages: [] }],
    [{ ...code, taskStatus: "Error", error: { messages: ["a"], warnings: ["b"] } }, {
      ...STATUSES.Error,
      messages: ["a", "b"],
    }],
    [{ ...BODY, error: { messages: ["a"], warnings: ["b", "c"] } }, {
      ...STATUSES.Completed,
      notices: ["a", "b", "c"],
    }],
    [{ ...BODY, id: null }, { ...STATUSES.Completed, id: "" }],
    [{ ...BODY, id: undefined }, { ...STATUSES.Completed, id: "" }],
  ];
  for (const [body, status] of cases) {
    deepEqual(decodeResponse(body), E.right(status));
    deepEqual(decodeResponse(body, GUID), E.right({ ...status, id: GUID }));
  }
});

Deno.test("decodeResponse() joins several results in order", () => {
  const data = [[[1, 1, 1, 1], [2, 2, 2, 2]], [], [[3, 3, 3, 3]]].map(payload);
  const results = [{ data: data[0] }, { data: null }, { data: data[1] }, {}, { type: null, data: data[2] }];
  const regions = [1, 2, 3].map((n) => ({ left: n, top: n, right: n, bottom: n }));
  deepEqual(decodeResponse({ ...BODY, results }), E.right({ ...STATUSES.Completed, regions }));
});

Deno.test("decodeResponse() returns an empty page only if the service says so", () => {
  const empty = E.right({ ...STATUSES.Completed, regions: [] });
  for (const responseStatusCode of ["Ok", "NoAnyResultData"]) {
    for (const results of [undefined, null, [], [{ data: null }], [{ data: "W10=" }]]) {
      deepEqual(decodeResponse({ ...BODY, responseStatusCode, results }), empty);
    }
  }
  deepEqual(decodeResponse({ ...BODY, responseStatusCode: "NoAnyResultData" }), E.right(STATUSES.Completed));
});

Deno.test("decodeResponse() rejects a response whose results are missing", () => {
  const codes = ["PartiallyNotFound", "ResultDataLost", "TaskNotFound", "NotReady", "Error", "", "ok"];
  for (const responseStatusCode of codes) {
    for (const results of [BODY.results, [], null]) {
      deepEqual(linesOf({ ...BODY, responseStatusCode, results }), [
        "Response/responseStatusCode: expected Ok or NoAnyResultData, since missing results must not look like an empty page, " +
        `got "${responseStatusCode}"`,
      ]);
    }
  }
});

Deno.test("decodeResponse() rejects a response for another task", () => {
  const other = "00000000-4b0d-4d86-8825-c8d818dd4ed9";
  deepEqual(linesOf(BODY, other), [`Response/id: expected the requested id "${other}", got "${GUID}"`]);
  deepEqual(linesOf(BODY, ""), [`Response/id: expected the requested id "", got "${GUID}"`]);
  deepEqual(decodeResponse(BODY, GUID.toUpperCase()), E.right(STATUSES.Completed));
  deepEqual(decodeResponse({ ...BODY, id: "" }, other), E.right({ ...STATUSES.Completed, id: other }));
});

Deno.test("decodeResponse() reports what was expected at which path", () => {
  const statuses = "Response/taskStatus: expected one of Pending, Processing, Completed, Error, NotExist, got";
  const regions = "Response/results/0/data/Regions";
  const withData = (data: unknown): unknown => ({ ...BODY, results: [{ type: "Other", data }] });
  const cases: [unknown, readonly string[]][] = [
    [undefined, ["Response: expected an object, got nothing"]],
    [null, ["Response: expected an object, got null"]],
    ["<!DOCTYPE html>", ['Response: expected an object, got "<!DOCTYPE html>"']],
    [GUID, [`Response: expected an object, got "${GUID}"`]],
    [[BODY], ["Response: expected an object, got an array of 1"]],
    [{}, ["Response/responseStatusCode: expected string, got nothing", `${statuses} nothing`]],
    [{ ...BODY, taskStatus: "Paused" }, [`${statuses} "Paused"`]],
    [{ ...BODY, taskStatus: "completed" }, [`${statuses} "completed"`]],
    [{ ...BODY, taskStatus: null }, [`${statuses} null`]],
    [{ ...BODY, taskStatus: ["Completed"] }, [`${statuses} an array of 1`]],
    [{ ...BODY, id: 5 }, ["Response/id: expected string or null, got 5"]],
    [{ ...BODY, responseStatusCode: 200 }, ["Response/responseStatusCode: expected string, got 200"]],
    [{ ...BODY, results: {} }, ["Response/results: expected an array, got an object"]],
    [{ ...BODY, results: "W10=" }, ['Response/results: expected an array, got "W10="']],
    [{ ...BODY, results: [BODY.results[0], null, 1] }, [
      "Response/results/1: expected an object, got null",
      "Response/results/2: expected an object, got 1",
    ]],
    [{ ...BODY, results: [{ type: 1, data: [] }] }, [
      "Response/results/0/type: expected string or null, got 1",
      "Response/results/0/data: expected string or null, got an array of 0",
    ]],
    [{ ...BODY, error: "none" }, ['Response/error: expected an object, got "none"']],
    [{ ...BODY, error: [] }, ["Response/error: expected an object, got an array of 0"]],
    [{ ...BODY, error: { messages: "a", warnings: ["b", 2, null] } }, [
      'Response/error/messages: expected an array, got "a"',
      "Response/error/warnings/1: expected string, got 2",
      "Response/error/warnings/2: expected string, got null",
    ]],
    [withData(""), [`${regions}: expected JSON behind the Base64, got ""`]],
    [withData("W1s_XV0"), ['Response/results/0/data: expected Base64 text, got "W1s_XV0"']],
    [withData(payload({})), [`${regions}: expected an array of rows of numbers, got an object`]],
    [withData(payload([[0, 8, 697, 441, 5]])), [
      `${regions}/0/Region: expected 4 numbers, or 6 or more in pairs, got an array of 5`,
    ]],
    [withData(payload([[0, 8, 697, 441], [0, "8", 697, null], [9, 0, 1, 1]])), [
      `${regions}/1/Region/1: expected number, got "8"`,
      `${regions}/1/Region/3: expected number, got null`,
      `${regions}/2/Region: expected the top-left corner before the bottom-right one, got "[9, 0, 1, 1]"`,
    ]],
    [{ ...BODY, results: [...BODY.results, { data: null }, { data: payload([1]) }] }, [
      "Response/results/2/data/Regions/0/Region: expected 4 numbers, or 6 or more in pairs, got 1",
    ]],
  ];
  for (const [body, lines] of cases) deepEqual(linesOf(body), lines);
});

Deno.test("decodeResponse() decodes valid responses in every allowed form", () => {
  fc.assert(
    fc.property(validResponse(DETECTED), ({ body, expected }) => {
      const before = JSON.stringify(body);
      deepEqual(decodeResponse(body), E.right(expected));
      if (expected.id !== "") deepEqual(decodeResponse(body, expected.id.toUpperCase()), E.right(expected));
      deepEqual(meaningOf(DETECTED, body), expected);
      equal(JSON.stringify(body), before);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("decodeResponse() decodes a mutated response correctly or names the path of the mutation", () => {
  const seen = { Left: 0, Right: 0 };
  fc.assert(
    fc.property(mutant(DETECTED), ({ body, path }) => {
      const reply = decodeResponse(body);
      const expected = meaningOf(DETECTED, body);
      seen[reply._tag]++;
      if (expected !== null) return deepEqual(reply, E.right(expected));
      ok(E.isLeft(reply) && reply.left._tag === "Malformed", "expected a Malformed");
      ok(reply.left.errors.some((line) => reports(line, path)), `no line of ${reply.left.errors} tells of ${path}`);
    }),
    { numRuns: 10_000 },
  );
  // Both outcomes must have occurred often.
  ok(seen.Left > 1000 && seen.Right > 1000, JSON.stringify(seen));
});

Deno.test("decodeResponse() never throws on arbitrary values and returns at most 100 short errors", () => {
  fc.assert(
    fc.property(junk, fc.option(fc.string(), { nil: undefined }), (body, id) => {
      const reply = decodeResponse(body, id);
      if (E.isRight(reply)) return ok(TaskStatus.is(reply.right));
      ok(reply.left._tag === "Malformed");
      ok(reply.left.errors.length > 0 && reply.left.errors.length <= 100);
      ok(reply.left.errors.every((line) => /^Response[^\n]*: expected /.test(line) && line.length < 600));
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("decodeResponse() rejects values that throw when they are read", () => {
  const { "an array proxy whose traps throw": list, "an object proxy whose traps throw": object } = hostileValues();
  const { "a revoked proxy": revoked } = hostileValues();
  const unreadable = malformed(["Response: expected JSON, got a value that cannot be read"]);
  for (const value of [object, revoked, { ...BODY, error: object }, { ...BODY, results: list }]) {
    deepEqual(decodeResponse(value), E.left(unreadable));
  }
});

Deno.test("decodeResponse() never throws on malicious values at any path", () => {
  const places: ((value: unknown) => unknown)[] = [
    (body) => body,
    (id) => ({ ...BODY, id }),
    (responseStatusCode) => ({ ...BODY, responseStatusCode }),
    (taskStatus) => ({ ...BODY, taskStatus }),
    (results) => ({ ...BODY, results }),
    (result) => ({ ...BODY, results: [result] }),
    (type) => ({ ...BODY, results: [{ type }] }),
    (data) => ({ ...BODY, results: [{ data }] }),
    (error) => ({ ...BODY, error }),
    (messages) => ({ ...BODY, error: { messages } }),
    (message) => ({ ...BODY, error: { warnings: [message] } }),
  ];
  for (const place of places) {
    for (const value of Object.values(hostileValues())) {
      const reply = decodeResponse(place(value), GUID);
      ok(E.isRight(reply) ? TaskStatus.is(reply.right) : reply.left._tag === "Malformed");
    }
  }
});

Deno.test("decodeResponse() does not use unchecked inherited fields", () => {
  const { id: _, ...rest } = BODY;
  for (const id of [undefined, GUID]) {
    const reply = decodeResponse(Object.assign(Object.create({ id: 5 }), rest), id);
    ok(E.isRight(reply) ? TaskStatus.is(reply.right) : reply.left._tag === "Malformed");
  }
});

Deno.test("decodeResponse() neither uses nor returns own __proto__ keys at any level", () => {
  withProtoAccessor(() => {
    const proto =
      '"__proto__": {"id": "x", "taskStatus": "Error", "results": [1], "data": 1, "messages": ["x"], "left": 1}';
    const body: unknown = JSON.parse(`{
      ${proto},
      "id": "${GUID}", "responseStatusCode": "Ok", "taskStatus": "Completed",
      "results": [{${proto}, "data": "W1swLCA4LCA2OTcsIDQ0MV1d"}, {${proto}}],
      "error": {${proto}, "warnings": ["w"]}
    }`);
    const reply = decodeResponse(body);
    deepEqual(reply, E.right({ ...STATUSES.Completed, notices: ["w"] }));
    ok(E.isRight(reply) && reply.right._tag === "Completed");
    for (const made of [reply.right, reply.right.regions[0]]) equal(Object.getPrototypeOf(made), Object.prototype);
    equal(({} as Record<string, unknown>).left, undefined);

    deepEqual(linesOf(JSON.parse(`{${proto}}`)), linesOf({}));
    deepEqual(
      linesOf(JSON.parse(`{"__proto__": ${JSON.stringify(BODY)}, "taskStatus": "Completed"}`)),
      ["Response/responseStatusCode: expected string, got nothing"],
    );
  });
});

Deno.test("decodeResponse() does not overflow the stack on deeply nested values", () => {
  const deep = nested(100_000);
  deepEqual(linesOf(deep), ["Response: expected an object, got an array of 1"]);
  deepEqual(linesOf({ ...BODY, results: deep }), ["Response/results/0: expected an object, got an array of 1"]);
  deepEqual(decodeResponse({ ...BODY, more: deep }), E.right(STATUSES.Completed));
});

Deno.test("decodeResponse() returns at most 100 errors for many invalid results and messages", () => {
  const results = linesOf({ ...BODY, results: new Array(100_000).fill({ type: 1, data: 1 }) });
  equal(results.length, 100);
  const messages = linesOf({ ...BODY, error: { messages: new Array(100_000).fill(1), warnings: [1] } });
  equal(messages.length, 100);
  equal(messages[99], "Response/error/messages/99: expected string, got 1");
});

Deno.test("TaskStatus is unchanged by a round trip through JSON", () => {
  fc.assert(fc.property(taskStatus, (status) => {
    ok(TaskStatus.is(status));
    const wire = json(TaskStatus.encode(status));
    deepEqual(TaskStatus.decode(wire), E.right(status));
    deepEqual(decodeResponse(wire, status.id), E.right(status));
  }));
});

Deno.test("TaskStatus encodes statuses in the format of the service", () => {
  const wire = (responseStatusCode: string, taskStatus: string, more: object = {}): unknown => (
    { id: GUID, responseStatusCode, taskStatus, results: null, error: null, ...more }
  );
  const cases: [TaskStatus, unknown][] = [
    [STATUSES.Pending, wire("NotReady", "Pending")],
    [STATUSES.Processing, wire("NotReady", "Processing")],
    [STATUSES.NotExist, wire("TaskNotFound", "NotExist")],
    [
      { ...STATUSES.NotExist, messages: ["gone"] },
      wire("TaskNotFound", "NotExist", { error: { messages: ["gone"], warnings: null } }),
    ],
    [STATUSES.Error, wire("Error", "Error", { error: { messages: ["No text."], warnings: null } })],
    [
      STATUSES.Completed,
      wire("Ok", "Completed", { results: [{ type: "Other", data: "W1swLDgsNjk3LDQ0MV1d" }] }),
    ],
    [
      { ...STATUSES.Completed, regions: [], notices: ["tilted"] },
      wire("NoAnyResultData", "Completed", { results: [], error: { messages: null, warnings: ["tilted"] } }),
    ],
  ];
  for (const [status, body] of cases) deepEqual(TaskStatus.encode(status), body);
});

Deno.test("TaskStatus.is() rejects values that only resemble a status", () => {
  for (const status of Object.values(STATUSES)) {
    equal(TaskStatus.is(status), true);
    equal(TaskStatus.is({ ...status, id: undefined }), false);
    equal(TaskStatus.is({ ...status, id: 5 }), false);
    equal(TaskStatus.is({ ...status, _tag: status._tag.toLowerCase() }), false);
    equal(TaskStatus.is([status]), false);
  }
  const others: unknown[] = [
    null,
    "Pending",
    BODY,
    { id: GUID },
    { ...STATUSES.Error, messages: undefined },
    { ...STATUSES.Error, messages: [1] },
    { ...STATUSES.Error, messages: "a" },
    { ...STATUSES.Completed, notices: undefined },
    { ...STATUSES.Completed, notices: [null] },
    { ...STATUSES.Completed, regions: undefined },
    { ...STATUSES.Completed, regions: [{ ...REGION, left: 698 }] },
    { ...STATUSES.Completed, regions: [[0, 8, 697, 441]] },
    timeout("fetch", 1),
  ];
  for (const u of others) equal(TaskStatus.is(u), false);
});

Deno.test("match() calls the handler of the status with the status", () => {
  const tagged = match<unknown>({
    Pending: (status) => ["Pending", status],
    Processing: (status) => ["Processing", status],
    Completed: (status) => ["Completed", status],
    Error: (status) => ["Error", status],
    NotExist: (status) => ["NotExist", status],
  });
  for (const status of Object.values(STATUSES)) deepEqual(tagged(status), [status._tag, status]);
});

Deno.test("match() requires a handler for every status at compile time", () => {
  const Pending = ({ id }: { id: string }): string => id;
  const all = { Pending, Processing: Pending, Completed: Pending, Error: Pending, NotExist: Pending };
  const { Pending: _, ...noPending } = all;
  const { Processing: __, ...noProcessing } = all;
  const { Completed: ___, ...noCompleted } = all;
  const { Error: ____, ...noError } = all;
  const { NotExist: _____, ...noNotExist } = all;
  equal(match(all)(STATUSES.Pending), GUID);
  // @ts-expect-error: Pending is missing
  match<string>(noPending);
  // @ts-expect-error: Processing is missing
  match<string>(noProcessing);
  // @ts-expect-error: Completed is missing
  match<string>(noCompleted);
  // @ts-expect-error: Error is missing
  match<string>(noError);
  // @ts-expect-error: NotExist is missing
  match<string>(noNotExist);
  // @ts-expect-error: only Completed has regions
  match({ ...all, Pending: ({ regions }) => String(regions) });
});

Deno.test("isFinal() returns true for Completed, Error and NotExist", () => {
  const final = Object.values(STATUSES).filter(isFinal).map(({ _tag }) => _tag);
  deepEqual(final, ["Completed", "Error", "NotExist"]);
});
