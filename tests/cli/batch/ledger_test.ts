import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { createLedger, type Ledger } from "../../../src/cli/batch/ledger.ts";
import type { PollState } from "../../../src/model/poll_state.ts";
import type { JournalStorage } from "../../../src/stream/journal.ts";
import { createStop, type Stop } from "../../../src/cli/batch/stop.ts";
import { startPoll } from "../../../src/polling/step.ts";
import { pollPolicy } from "../../../src/polling/policy.ts";

function toTask(id: string): PollState {
  const next = startPoll(id, 0, 0, pollPolicy());
  if (next._tag !== "Wait") throw new Error();
  return next.state;
}

const running = (id: string | null) => ({
  version: 1,
  digest: "d",
  state: { version: 1, submitting: true, task: id === null ? null : toTask(id) },
});

/** A ledger, and what it tells. `limit` is the number of values that its storage takes. */
function ledgerOn(
  limit: number | null,
  isVolatile = false,
): { ledger: Ledger; told: unknown[]; stored: Map<string, unknown>; stop: Stop } {
  const stop = createStop(new AbortController().signal, () => {});
  const stored = new Map<string, unknown>(), told: unknown[] = [];
  let puts = 0;
  const storage: JournalStorage = {
    get: (key) => Promise.resolve(stored.get(key)),
    put: (key, value) =>
      puts++ < (limit ?? 0) ? Promise.resolve(stored.set(key, value)) : Promise.reject(new Error("disk full")),
  };
  const ledger = createLedger(limit === null ? null : storage, {
    onSubmit: (key, { id }, isKept) => told.push([key, id, isKept]),
    onReplace: (key, id) => told.push([key, id, "replaced"]),
    onFailure: (reason) => told.push(reason),
    isVolatile,
    stop,
  });
  return { ledger, told, stored, stop };
}

Deno.test("a ledger tells of each task once, after it is in the journal", async () => {
  const { ledger, told, stored } = ledgerOn(9);
  await ledger.put("a", running(null));
  await ledger.put("a", running("1"));
  await ledger.put("a", running("1"));
  await ledger.put("a", running(null));
  await ledger.put("a", running("2"));
  deepEqual(told, [["a", "1", true], ["a", "2", true]]);
  equal(ledger.taskOf("a")?.id, "2");
  // The entry of an image that has ended has no task, whose id is still needed if its output cannot be written.
  await ledger.put("a", { version: 1, digest: "d", last: {} });
  equal(ledger.taskOf("a")?.id, "2");
  deepEqual(stored.get("a"), { version: 1, digest: "d", last: {} });
  ledger.release("a");
  equal(ledger.taskOf("a"), null);
});

Deno.test("a ledger tells of a task in the journal that another image replaces", async () => {
  const { ledger, told, stored } = ledgerOn(9);
  for (const key of ["a", "b", "c"]) stored.set(key, running("1"));
  await ledger.get("a");
  await ledger.put("a", { ...running(null), digest: "other" });
  await ledger.put("a", { ...running("2"), digest: "other" });
  deepEqual(told, [["a", "1", "replaced"], ["a", "2", true]]);
  // The next task of a reading, and an image that has ended.
  await ledger.get("b");
  await ledger.put("b", running(null));
  await ledger.put("b", { ...running(null), digest: "other" });
  await ledger.get("c");
  await ledger.put("c", { version: 1, digest: "d", last: {} });
  equal(told.length, 2);
});

Deno.test("a ledger that cannot be written says so once, never rejects, and tells of tasks that it does not keep", async () => {
  const { ledger, told } = ledgerOn(1);
  await ledger.put("a", running(null));
  await Promise.all([ledger.put("a", running("1")), ledger.put("b", running(null))]);
  await ledger.put("b", running("2"));
  deepEqual(told, ["disk full", ["a", "1", false], ["b", "2", false]]);
  equal(ledger.isKept(), false);
});

Deno.test("without a journal, a ledger knows the tasks in progress and nothing else", async () => {
  const { ledger, told } = ledgerOn(null);
  await ledger.put("a", running("1"));
  deepEqual(told, [["a", "1", false]]);
  deepEqual([await ledger.get("a"), ledger.isKept(), ledger.tasks().size], [undefined, false, 1]);
  await ledger.forget("a");
});

Deno.test("a ledger knows the tasks of an earlier process, unless they ended with it", async () => {
  for (const [isVolatile, entry, id] of [[false, running("1"), "1"], [true, undefined, undefined]] as const) {
    const { ledger, stored } = ledgerOn(9, isVolatile);
    stored.set("a", running("1"));
    deepEqual(await ledger.get("a"), entry);
    equal(ledger.taskOf("a")?.id, id);
    stored.set("a", { version: 1, last: {} });
    deepEqual(await ledger.get("a"), { version: 1, last: {} });
  }
});

Deno.test("a ledger forgets a canceled task, so that its image is sent again", async () => {
  const { ledger, stored } = ledgerOn(9);
  await ledger.put("a", running("1"));
  await ledger.forget("a");
  deepEqual(stored.get("a"), { version: 1, digest: "d", state: { version: 1, submitting: false, task: null } });
});

Deno.test("a ledger does not note a submission that a stop prevents", async () => {
  const { ledger, stored, stop } = ledgerOn(9);
  stop.because("user");
  await ledger.put("a", running(null));
  deepEqual([stored.size, stop.signal.aborted], [0, true]);
  // What has been submitted before is noted.
  await ledger.put("b", running("1"));
  equal(stored.size, 1);
});
