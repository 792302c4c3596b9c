import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { type Budget, createBudget } from "../../src/client/budget.ts";
import { createMemory } from "../../src/client/memory.ts";
import { pollOnce, pollTask } from "../../src/client/poll_once.ts";
import { gaveUp, network } from "../../src/model/error.ts";
import { connect, type Retry } from "../../src/client/service.ts";
import type { History } from "../../src/model/history.ts";
import type { Schedule } from "../../src/polling/schedule.ts";
import { pollPolicy } from "../../src/polling/policy.ts";
import { RECOGNIZE_IMAGE } from "../../src/model/recognition.ts";
import { taskRef } from "../../src/model/task_kind.ts";
import { startPoll } from "../../src/polling/step.ts";
import { serviceOf } from "../support/service.ts";
import { waiting } from "../support/waiting.ts";
import { completed, ID, mock, notExist, pending, refused, type Responder, silent } from "../support/mock.ts";

Deno.test("pollOnce() makes one poll and returns what to do next", async () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  const world = mock({ fetch: [pending, notExist] });
  const next = await pollOnce(state)(serviceOf(world))();
  ok(next._tag === "Wait");
  deepEqual([next.delay, next.heard, next.state.polls, next.state.heard], [1000, { _tag: "Pending", id: ID }, 1, 1]);
  deepEqual(await pollOnce(next.state)(serviceOf(world))(), {
    _tag: "Done",
    heard: null,
    reply: E.right({ _tag: "NotExist", id: ID, messages: [] }),
  });
});

Deno.test("pollOnce() calls onRetry for transient failures", async () => {
  const retries: Retry[] = [];
  const next = await pollOnce(waiting(startPoll(ID, Date.now(), null, pollPolicy())).state)(
    serviceOf(mock({ fetch: [refused] }), retries),
  )();
  ok(next._tag === "Wait");
  equal(next.state.failures, 1);
  deepEqual(retries, [{
    call: "fetch",
    id: ID,
    error: network("fetch", "connect ECONNREFUSED", true),
    failures: 1,
    delay: next.delay,
  }]);
  equal(next.state.failure, "Network: connect ECONNREFUSED");
});

Deno.test("pollOnce() polls once more after the deadline has passed", async () => {
  for (const late of [0, 3_600_000]) {
    const { state } = waiting(startPoll(ID, Date.now() - 300_000 - late, null, pollPolicy()));
    for (const [fetch, tag] of [[pending, "GaveUp"], [completed, "Completed"]] as const) {
      const world = mock({ fetch: [fetch] });
      const next = await pollOnce(state)(serviceOf(world))();
      ok(next._tag === "Done");
      equal(E.toUnion(next.reply)._tag, tag);
      deepEqual(world.calls, ["token", "fetch"]);
    }
  }
});

Deno.test("pollOnce() keeps the state when a poll is aborted", async () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  const retries: Retry[] = [];
  const controller = new AbortController();
  const aborting: Responder = () => {
    controller.abort();
    return silent(new Request("http://localhost"));
  };
  const { signal } = controller;
  deepEqual(await pollOnce(state)(serviceOf(mock({ fetch: [aborting] }), retries), { signal })(), {
    _tag: "Done",
    heard: null,
    reply: E.left(gaveUp("aborted", state)),
  });
  deepEqual(retries, []);
});

Deno.test("pollOnce() passes the durations that the service's memory holds to the schedule", async () => {
  const history: History = { version: 1, spans: [[2000, 3100]] };
  const seen: History[] = [];
  const schedule: Schedule = ({ history }) => {
    seen.push(history);
    return O.some(0);
  };
  const { fetch } = mock({ fetch: [pending] });
  const learned = connect({ token: "t", fetch, memory: createMemory({ DetectRegions: history }), schedule });
  await pollOnce(waiting(startPoll(ID, Date.now(), null, pollPolicy())).state)(learned)();
  deepEqual(seen, [history]);
});

Deno.test("pollOnce() leaves the queue of the budget when it is aborted, without a request", async () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  const world = mock({ fetch: [silent, pending] });
  const shared = { ...serviceOf(world), budget: createBudget({ concurrency: 1 }) };
  const controller = new AbortController();
  const settled: string[] = [];
  const first = pollOnce(state)(shared)().finally(() => settled.push("first"));
  const second = pollOnce(state)(shared, { signal: controller.signal })().finally(() => settled.push("second"));
  controller.abort();
  deepEqual(await second, { _tag: "Done", heard: null, reply: E.left(gaveUp("aborted", state)) });
  ok((await first)._tag === "Wait");
  deepEqual(settled, ["second", "first"]);
  deepEqual(world.calls, ["token", "fetch"]);
});

Deno.test("pollOnce() tells the budget whether a poll was the last of its task", async () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  const released: boolean[] = [];
  const budget: Budget = { acquire: () => Promise.resolve(E.right((isFinal) => released.push(isFinal))) };
  const counted = { ...serviceOf(mock({ fetch: [pending, completed] })), budget };
  await pollOnce(state)(counted)();
  await pollOnce(state)(counted)();
  deepEqual(released, [false, true]);
});

Deno.test("pollOnce() ends its request at endsAt, even if the deadline of the task is later", async () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  const patient = { ...serviceOf(mock({ fetch: [silent] })), requestTimeout: 600_000 };
  const next = await pollOnce(state)(patient, { endsAt: performance.now() + 50 })();
  ok(next._tag === "Wait" && next.failure?._tag === "Timeout" && next.failure.after <= 50);
});

Deno.test("pollOnce() throws for an option out of range when it gets the service", () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  throws(() => pollOnce(state, { deadline: -1 })(serviceOf(mock())), RangeError);
});

Deno.test("pollTask() learns from a watch that gave up, for the kind and size class of its task", async () => {
  const service = serviceOf(mock({ fetch: [pending] }));
  const now = Date.now();
  const first = waiting(
    startPoll({ ...taskRef(RECOGNIZE_IMAGE, ID), sizeClass: "large" }, now, now - 5000, pollPolicy()),
  );
  const state = { ...first.state, heard: 1, heardAt: now - 1000, startedAt: now - 5000 };
  const next = await pollTask(RECOGNIZE_IMAGE, state, { deadline: 1 })(service)();
  equal(next._tag, "Done");
  deepEqual(service.memory.history().spans, []);
  deepEqual(service.memory.history("RecognizeImage").spans, []);
  deepEqual(service.memory.history("RecognizeImage", "large").spans, [[4000, null]]);
});
