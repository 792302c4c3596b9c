import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { createTally, type Ending, MAX_FAILURES, summarize, type Tally } from "../../../src/cli/batch/tally.ts";

function fail(tally: Tally, ...endings: readonly Ending[]): void {
  endings.forEach((ending, i) => tally.fail({ key: `${i}.jpg`, ending, reason: `It is ${ending}.`, id: null }));
}

Deno.test("the summary counts everything, names every failure, and says how to go on", () => {
  const tally = createTally();
  tally.complete();
  fail(tally, "failed", "unreadable", "unconfirmed", "unfinished", "canceled", "unwritten", "interrupted");
  deepEqual(summarize(tally.counts(), "out", 1500, true), [
    "Stopped: 1 of 8 images completed, 1 failed, 1 interrupted by an error, 1 not sent, 1 completed, but not written, 1 unconfirmed, " +
    "1 still in progress, 1 canceled (1.5 s).",
    "  0.jpg: It is failed.",
    "  1.jpg: It is unreadable.",
    "  2.jpg: It is unconfirmed.",
    "  5.jpg: It is unwritten.",
    "  6.jpg: It is interrupted.",
    "The output is in out.",
    "To continue, run the same command with --resume.",
    "To send the unconfirmed ones again, which may be billed twice, use --resume --resubmit.",
    "To send the failed ones again, use --resume --resubmit.",
  ]);
});

Deno.test("the summary of a batch without failures is short", () => {
  const tally = createTally();
  tally.complete();
  deepEqual(summarize(tally.counts(), null, 1500, false), ["1 of 1 image completed (1.5 s)."]);
  const submitted = createTally();
  submitted.submit();
  submitted.submit();
  deepEqual(summarize(submitted.counts(), null, 1500, false), [
    "2 of 2 images submitted (1.5 s).",
    "To get the results: ocr-regions watch --last",
  ]);
  deepEqual(summarize(submitted.counts(), "out", 1500, false), [
    "2 of 2 images submitted (1.5 s).",
    "To get the results, run the same command with --resume instead of --detach.",
  ]);
});

Deno.test("the summary names a bounded number of failures", () => {
  const tally = createTally();
  fail(tally, ...Array.from({ length: MAX_FAILURES + 5 }, () => "unreadable" as const));
  const lines = summarize(tally.counts(), "out", 1500, false);
  equal(lines.length, MAX_FAILURES + 3);
  deepEqual(lines.slice(-2), ["  … and 5 more.", "All failures are in out/failures.jsonl."]);
});
