import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { FinalReadStatus, type Reading } from "../../src/model/reading.ts";
import { junk } from "../support/arbitrary.ts";
import { REGION } from "../support/statuses.ts";

const READING: Reading = { step: "done", regions: [{ region: REGION, text: "To Lucasta" }], image: null, notices: [] };
const FAILED = { step: "detect", status: { _tag: "Error", id: "1", messages: [] } };

Deno.test("FinalReadStatus accepts results, and failed statuses of each step", () => {
  const values: unknown[] = [
    READING,
    { ...READING, regions: [], image: new Uint8Array([1]), notices: ["The image is small."] },
    FAILED,
    { ...FAILED, step: "preprocess" },
    { step: "recognize", status: { _tag: "NotExist", id: "1", messages: ["No."] } },
  ];
  for (const value of values) deepEqual(FinalReadStatus.decode(value), E.right(value));
});

Deno.test("FinalReadStatus rejects everything that does not end a reading", () => {
  const values: unknown[] = [
    { step: "detect", status: { _tag: "Pending", id: "1" } },
    { step: "preprocess", status: { _tag: "Completed", id: "1", notices: [], file: new Uint8Array() } },
    { ...FAILED, step: "done" },
    { ...FAILED, step: "other" },
    { ...FAILED, status: { _tag: "Error", id: "1" } },
    { ...READING, regions: [{ region: REGION }] },
    { ...READING, regions: [{ region: { ...REGION, left: "0" }, text: "" }] },
    { ...READING, image: "png" },
    { ...READING, image: undefined },
    { ...READING, notices: null },
  ];
  for (const value of values) equal(FinalReadStatus.is(value), false, JSON.stringify(value));
  fc.assert(fc.property(junk, (value) => equal(E.isLeft(FinalReadStatus.decode(value)), true)));
});
