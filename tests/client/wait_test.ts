import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import { lastValueFrom } from "rxjs";
import { waitForRegions, waitForTask } from "../../src/client/wait.ts";
import type { WatchOptions } from "../../src/client/poll_loop.ts";
import { connect, type Service } from "../../src/client/service.ts";
import { RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import { watchRegions } from "../../src/stream/watch.ts";
import { type Clock, withClock } from "../support/clock.ts";
import {
  COMPLETED,
  completed,
  done,
  failed,
  ID,
  type Mock,
  mock,
  notExist,
  pending,
  processing,
  refused,
  type Responder,
  text,
} from "../support/mock.ts";

function serviceOf({ fetch }: Mock): Service {
  return connect({ token: "t", fetch, schedule: fixed({ delay: 1000 }), retry: { minDelay: 100, maxDelay: 100 } });
}

/** The result of a promise within ten minutes. */
async function inTime<A>(clock: Clock, promise: Promise<A>): Promise<A> {
  await clock.tickAsync(600_000);
  return await promise;
}

/** A signal that counts its listeners. */
function countingSignal(): { readonly controller: AbortController; readonly count: () => number } {
  const controller = new AbortController(), { signal } = controller;
  let count = 0;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener: (...args: Parameters<typeof add>) => (count++, add(...args)),
    removeEventListener: (...args: Parameters<typeof remove>) => (count--, remove(...args)),
  });
  return { controller, count: () => count };
}

withClock("waitForRegions() returns the last value of the stream of watchRegions()", async (clock) => {
  const cases: readonly (readonly [string, readonly Responder[], WatchOptions])[] = [
    ["Completed", [pending, processing, completed], {}],
    ["Completed", [refused, text("", 503), text("<html>"), completed], {}],
    ["Error", [pending, failed("no", "text")], {}],
    ["NotExist", [notExist], {}],
    ["Completed", [notExist, completed], { submittedAt: 1_800_000_000_000 }],
    ["GaveUp", [pending], { maxPolls: 3 }],
    ["GaveUp", [pending], { deadline: 2500 }],
    ["Http", [text("no", 403)], {}],
    ["Malformed", [text("{}")], {}],
  ];
  for (const [tag, fetch, options] of cases) {
    const ours = mock({ fetch }), streams = mock({ fetch });
    const now = clock.now;
    const reply = await inTime(clock, waitForRegions(ID, options)(serviceOf(ours))());
    clock.setSystemTime(now);
    const last = await inTime(clock, lastValueFrom(watchRegions(ID, options)(serviceOf(streams))));
    clock.setSystemTime(now);
    equal(E.isRight(reply) ? reply.right._tag : reply.left._tag, tag);
    deepEqual(reply, last);
    deepEqual(ours.calls, streams.calls);
  }
});

withClock("waitForRegions() sends nothing before it is run, and polls anew each time", async (clock) => {
  const world = mock();
  const wait = waitForRegions(ID)(serviceOf(world));
  await clock.tickAsync(60_000);
  deepEqual(world.calls, []);
  deepEqual(await inTime(clock, wait()), E.right(COMPLETED));
  deepEqual(await inTime(clock, wait()), E.right(COMPLETED));
  deepEqual(world.calls, ["fetch", "fetch"]);
});

withClock("waitForRegions() gives up when its signal aborts, with the state to resume from", async (clock) => {
  const world = mock({ fetch: [pending, completed] });
  const { controller, count } = countingSignal();
  const service = serviceOf(world);
  const waiting = waitForRegions(ID, { signal: controller.signal })(service)();
  await clock.tickAsync(500);
  equal(count(), 1);
  controller.abort();
  const reply = await waiting;
  equal(count(), 0);
  equal(clock.countTimers(), 0);
  if (!(E.isLeft(reply) && reply.left._tag === "GaveUp" && reply.left.state !== null)) throw new Error("no state");
  const { reason, state: resume } = reply.left;
  equal(reason, "aborted");
  deepEqual(await inTime(clock, waitForRegions(ID, { resume })(service)()), E.right(COMPLETED));
  deepEqual(world.calls, ["fetch", "fetch"]);
});

withClock("waitForRegions() learns how long the task took", async (clock) => {
  const service = serviceOf(mock({ fetch: [pending, completed] }));
  await inTime(clock, waitForRegions(ID, { submittedAt: clock.now })(service)());
  deepEqual(service.memory.history().spans, [[1000, 2000]]);
});

withClock("waitForRegions() learns once if it is aborted, whether during a delay or a poll", async (clock) => {
  const never = (): Promise<Response> => new Promise(() => {});
  for (const [ms, spans] of [[1500, [[1000, null]]], [2500, [[1000, null]]]] as const) {
    const service = serviceOf(mock({ fetch: [pending, never] }));
    const controller = new AbortController();
    const waiting = waitForRegions(ID, { submittedAt: clock.now, signal: controller.signal })(service)();
    await clock.tickAsync(ms);
    controller.abort();
    await inTime(clock, waiting);
    deepEqual(service.memory.history().spans, spans);
  }
});

withClock("waitForRegions() rejects if the schedule throws, and leaves no listener behind", async (clock) => {
  const broken: Schedule = () => {
    throw new Error("of the caller");
  };
  // A known submission asks the schedule before the first poll, an unknown one after it.
  for (const submittedAt of [clock.now, undefined]) {
    const { controller, count } = countingSignal();
    const options = { submittedAt, schedule: broken, signal: controller.signal };
    const waiting = waitForRegions(ID, options)(serviceOf(mock({ fetch: [pending] })))();
    const [result] = await inTime(clock, Promise.allSettled([waiting]));
    equal(result.status === "rejected" && result.reason.message, "of the caller");
    equal(count(), 0);
  }
});

withClock("waitForTask() waits for tasks of any kind, and checks the number of results", async (clock) => {
  const fetch = [pending, done({ type: "Text", data: btoa("To Lucasta") })];
  const wait = (results: number) =>
    inTime(clock, waitForTask(RECOGNIZE_REGIONS, ID, { results })(serviceOf(mock({ fetch })))());
  deepEqual(await wait(1), E.right({ _tag: "Completed", id: ID, texts: ["To Lucasta"], notices: [] }));
  const reply = await wait(2);
  equal(E.isLeft(reply) && reply.left._tag, "Malformed");
});

Deno.test("waitForRegions() throws for options that are out of range", () => {
  throws(() => waitForRegions(ID, { submittedAt: NaN }), RangeError);
  throws(() => waitForRegions(ID, { results: -1 }), RangeError);
  throws(() => waitForRegions(ID, { sizeClass: 5 as never }), {
    name: "RangeError",
    message: "Cannot watch a task as sizeClass must be a string: current value is 5",
  });
  throws(() => waitForRegions(ID, { deadline: -1 })(connect({ token: "t" })), RangeError);
});
