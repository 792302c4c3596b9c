import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { BINARIZE_IMAGE } from "../../src/model/preprocessing.ts";
import { RECOGNIZE_IMAGE, RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import type { ResultKind } from "../../src/model/task_kind.ts";
import { decodeTask, isTaskStatus } from "../../src/model/task_status.ts";
import { GUID, hostileValues, junk } from "../support/arbitrary.ts";
import { base64, SAMPLES } from "../support/kinds.ts";
import { meaningOf, mutant, reports, validResponse } from "../support/responses.ts";

function bodyOf(results: unknown): unknown {
  return { id: GUID, responseStatusCode: "Ok", taskStatus: "Completed", results, error: null };
}

/** Returns the errors of an invalid response. */
function linesOf(kind: ResultKind<object>, body: unknown, count: number | null = null): readonly string[] {
  const reply = decodeTask(kind, body, GUID, count);
  ok(E.isLeft(reply) && reply.left._tag === "Malformed", "expected a Malformed");
  return reply.left.errors;
}

for (const { kind, results, output, format } of SAMPLES) {
  Deno.test(`decodeTask() decodes a response about ${kind.name}`, () => {
    deepEqual(
      decodeTask(kind, bodyOf(results), GUID),
      E.right({ _tag: "Completed", id: GUID, ...output, notices: [] }),
    );
  });

  Deno.test(`decodeTask() decodes valid responses about ${kind.name} in every allowed form`, () => {
    fc.assert(fc.property(validResponse(format), ({ body, expected }) => {
      const before = JSON.stringify(body);
      deepEqual(decodeTask(kind, body), E.right(expected));
      deepEqual(meaningOf(format, body), expected);
      equal(JSON.stringify(body), before);
    }));
  });

  Deno.test(`decodeTask() decodes a mutated response about ${kind.name} correctly or names the path`, () => {
    const seen = { Left: 0, Right: 0 };
    fc.assert(
      fc.property(mutant(format), ({ body, path }) => {
        const reply = decodeTask(kind, body);
        const expected = meaningOf(format, body);
        seen[reply._tag]++;
        if (expected !== null) return deepEqual(reply, E.right(expected));
        ok(E.isLeft(reply) && reply.left._tag === "Malformed", "expected a Malformed");
        ok(reply.left.errors.some((line) => reports(line, path)), `no line of ${reply.left.errors} tells of ${path}`);
      }),
      { numRuns: 2000 },
    );
    // Both outcomes must have occurred often.
    ok(seen.Left > 200 && seen.Right > 200, JSON.stringify(seen));
  });

  Deno.test(`decodeTask() never throws on arbitrary responses about ${kind.name}`, () => {
    fc.assert(
      fc.property(junk, fc.option(fc.nat(3)), (body, count) => {
        const reply = decodeTask(kind, body, undefined, count);
        if (E.isRight(reply)) return ok(isTaskStatus(reply.right));
        ok(reply.left._tag === "Malformed" && reply.left.errors.length > 0 && reply.left.errors.length <= 100);
        ok(reply.left.errors.every((line) => /^Response[^\n]*: expected /.test(line) && line.length < 600));
      }),
      { numRuns: 2000 },
    );
    for (const value of Object.values(hostileValues())) {
      for (const body of [value, bodyOf(value), bodyOf([value]), bodyOf([{ data: value }])]) {
        const reply = decodeTask(kind, body);
        ok(E.isLeft(reply) ? reply.left._tag === "Malformed" : reply.right._tag === "Completed");
      }
    }
  });
}

Deno.test("decodeTask() rejects another number of results than that of the regions sent", () => {
  const { results } = SAMPLES[1];
  equal(results.length, 2);
  for (const count of [0, 1, 3, 100_000]) {
    deepEqual(linesOf(RECOGNIZE_REGIONS, bodyOf(results), count), [
      `Response/results: expected ${count} results, got an array of 2`,
    ]);
  }
  for (const none of [null, undefined, []]) {
    for (const responseStatusCode of ["Ok", "NoAnyResultData"]) {
      const body = { ...bodyOf(none) as object, responseStatusCode };
      deepEqual(linesOf(RECOGNIZE_REGIONS, body, 2), ["Response/results: expected 2 results, got an array of 0"]);
    }
  }
  ok(E.isRight(decodeTask(RECOGNIZE_REGIONS, bodyOf(results), GUID, 2)));
  ok(E.isRight(decodeTask(RECOGNIZE_REGIONS, bodyOf(results), GUID)));
});

Deno.test("decodeTask() counts the results of completed tasks only", () => {
  for (const taskStatus of ["Pending", "Processing", "Error", "NotExist"]) {
    const body = { id: GUID, responseStatusCode: "NotReady", taskStatus, results: null };
    const reply = decodeTask(RECOGNIZE_REGIONS, body, GUID, 2);
    equal(E.isRight(reply) && reply.right._tag, taskStatus);
  }
});

Deno.test("decodeTask() reads results of a type other than the requested one, since their data is the same", () => {
  for (const type of ["Hocr", "Other", "", null, undefined]) {
    const reply = decodeTask(RECOGNIZE_IMAGE, bodyOf([{ type, data: base64("a") }]));
    equal(E.isRight(reply) && "text" in reply.right && reply.right.text, "a");
  }
});

/** Returns the shortest of several times that it takes to run a function, in milliseconds. */
function timeOf(run: () => unknown): number {
  return Math.min(...Array.from({ length: 3 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }));
}

Deno.test("decodeTask() decodes 100,000 texts in a time that grows with their number", () => {
  const bodyWith = (count: number): unknown =>
    bodyOf(Array.from({ length: count }, (_, i) => ({ type: "Text", data: base64(`Die Äpfel ${i} 😀`) })));
  const few = bodyWith(10_000), many = bodyWith(100_000);
  const decode = (body: unknown, count: number) => decodeTask(RECOGNIZE_REGIONS, body, GUID, count);
  const reply = decode(many, 100_000);
  ok(E.isRight(reply) && reply.right._tag === "Completed");
  deepEqual([reply.right.texts.length, reply.right.texts[99_999]], [100_000, "Die Äpfel 99999 😀"]);
  const ratio = timeOf(() => decode(many, 100_000)) / timeOf(() => decode(few, 10_000));
  ok(ratio < 40, `ten times as many texts took ${ratio.toFixed(1)} times as long`);
});

Deno.test("decodeTask() names the invalid one of 100,000 texts", () => {
  const results = Array.from({ length: 100_000 }, () => ({ data: "YQ==" }));
  results[77_777] = { data: "*" };
  deepEqual(linesOf(RECOGNIZE_REGIONS, bodyOf(results)), [
    'Response/results/77777/data: expected Base64 text, got "*"',
  ]);
});

Deno.test("decodeTask() decodes a file of 10 MB as fast as the usual code for Base64", () => {
  const file = new Uint8Array(10_000_000);
  for (let i = 0; i < file.length; i++) file[i] = i * i % 251;
  const data = base64(file);
  const body = bodyOf([{ type: "ImagePNG", data }]);
  const reply = decodeTask(BINARIZE_IMAGE, body);
  ok(E.isRight(reply) && reply.right._tag === "Completed");
  equal(reply.right.file.length, 10_000_000);
  ok(reply.right.file.every((byte, i) => byte === i * i % 251));
  const usual = timeOf(() => Uint8Array.from(atob(data), (character) => character.charCodeAt(0)));
  const ratio = timeOf(() => decodeTask(BINARIZE_IMAGE, body)) / usual;
  ok(ratio < 4, `it took ${ratio.toFixed(1)} times as long`);
});
