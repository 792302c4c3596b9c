import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { pollOnce } from "../../src/client/poll_once.ts";
import { gaveUp, network } from "../../src/model/error.ts";
import { connect, type Retry, type Service } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { pollPolicy } from "../../src/polling/policy.ts";
import { startPoll } from "../../src/polling/step.ts";
import { waiting } from "../support/waiting.ts";
import { completed, ID, type Mock, mock, notExist, pending, refused, type Responder, silent } from "../support/mock.ts";

function service(world: Mock, retries: Retry[] = []): Service {
  return connect({
    credentials: { clientId: "id", clientSecret: "secret" },
    fetch: world.fetch,
    retry: { minDelay: 0, maxDelay: 1 },
    requestTimeout: 100,
    minUploadRate: 1_000_000,
    maxResponseBytes: 10_000,
    schedule: fixed({ delay: 1000 }),
    onRetry: (retry) => retries.push(retry),
  });
}

Deno.test("pollOnce() makes one poll and returns what to do next", async () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  const world = mock({ fetch: [pending, notExist] });
  const next = await pollOnce(state)(service(world))();
  ok(next._tag === "Wait");
  deepEqual([next.delay, next.heard, next.state.polls, next.state.heard], [1000, { _tag: "Pending", id: ID }, 1, 1]);
  deepEqual(await pollOnce(next.state)(service(world))(), {
    _tag: "Done",
    heard: null,
    reply: E.right({ _tag: "NotExist", id: ID, messages: [] }),
  });
});

Deno.test("pollOnce() calls onRetry for transient failures", async () => {
  const retries: Retry[] = [];
  const next = await pollOnce(waiting(startPoll(ID, Date.now(), null, pollPolicy())).state)(
    service(mock({ fetch: [refused] }), retries),
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
      const next = await pollOnce(state)(service(world))();
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
  deepEqual(await pollOnce(state)(service(mock({ fetch: [aborting] }), retries), { signal })(), {
    _tag: "Done",
    heard: null,
    reply: E.left(gaveUp("aborted", state)),
  });
  deepEqual(retries, []);
});
