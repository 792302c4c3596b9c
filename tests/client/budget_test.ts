import * as E from "fp-ts/lib/Either.js";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { lastValueFrom } from "rxjs";
import { type Budget, type BudgetOptions, createBudget, type Release } from "../../src/client/budget.ts";
import { connect } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { watchRegions } from "../../src/stream/watch.ts";
import { endsInOrder, roundRobin, shuffled } from "../../scripts/lib/simulation.ts";
import { ID, mock, silent, text } from "../support/mock.ts";

type Clock = ReturnType<typeof FakeTimers.install>;

function withClock(name: string, test: (clock: Clock) => Promise<void>): void {
  Deno.test(name, async () => {
    const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
    try {
      await test(clock);
      equal(clock.countTimers(), 0, "timers left");
    } finally {
      clock.uninstall();
    }
  });
}

/** Acquires a slot, and records who was admitted when. */
function visit(
  budget: Budget,
  log: string[],
  name: string,
  since = 0,
  heardAt = since,
  signal?: AbortSignal,
): Promise<Release | null> {
  return budget.acquire({ since, heardAt }, 1e6, signal).then((place) => {
    if (E.isLeft(place)) return null;
    log.push(`${name}@${Date.now()}`);
    return place.right;
  });
}

withClock("createBudget() spreads polls evenly and does not make up for idle time", async (clock) => {
  const budget = createBudget({ requestsPerSecond: 10 });
  const log: string[] = [];
  for (const name of ["a", "b", "c"]) visit(budget, log, name);
  await clock.tickAsync(1000);
  visit(budget, log, "d");
  visit(budget, log, "e");
  await clock.tickAsync(1000);
  deepEqual(log, ["a@0", "b@100", "c@200", "d@1000", "e@1100"]);
});

withClock("createBudget() admits at most concurrency polls at a time", async (clock) => {
  const budget = createBudget({ concurrency: 2 });
  const log: string[] = [];
  const controller = new AbortController();
  const [a] = [..."abcd"].map((name) => visit(budget, log, name, 0, 0, controller.signal));
  await clock.tickAsync(10);
  deepEqual(log, ["a@0", "b@0"]);
  (await a)?.(false);
  await clock.tickAsync(10);
  deepEqual(log, ["a@0", "b@0", "c@10"]);
  controller.abort();
});

withClock("createBudget() admits no candidate that has left", async (clock) => {
  const budget = createBudget({ requestsPerSecond: 10 });
  const log: string[] = [];
  const controller = new AbortController();
  visit(budget, log, "a");
  const gone = visit(budget, log, "b", 1, 1, controller.signal);
  visit(budget, log, "c", 2);
  controller.abort();
  equal(await gone, null);
  await clock.tickAsync(1000);
  deepEqual(log, ["a@0", "c@100"]);
  deepEqual(await budget.acquire({ since: 0, heardAt: 0 }, 50, AbortSignal.abort()), E.left("aborted"));
  await visit(budget, log, "d");
  const late = budget.acquire({ since: 0, heardAt: 0 }, 50, undefined);
  await clock.tickAsync(50);
  deepEqual(await late, E.left("timeout"));
});

Deno.test("createBudget() treats a timer that fired as due regardless of performance.now()", async () => {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  try {
    const budget = createBudget({ requestsPerSecond: 1 });
    const log: string[] = [];
    for (const name of ["a", "b", "c"]) visit(budget, log, name);
    await clock.tickAsync(2500);
    deepEqual(log.map((entry) => entry[0]), ["a", "b", "c"]);
    equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

withClock("createBudget() grants a free slot immediately, even to a candidate without time left", async () => {
  const budget = createBudget({ concurrency: 1 });
  const place = await budget.acquire({ since: 0, heardAt: 0 }, 0, undefined);
  ok(E.isRight(place));
  deepEqual(await budget.acquire({ since: 0, heardAt: 0 }, 0, AbortSignal.abort()), E.left("aborted"));
  place.right(true);
  ok(E.isRight(await budget.acquire({ since: 0, heardAt: 0 }, -1, undefined)));
});

withClock(
  "createBudget() gets a slot back from a poll that is aborted in the tick of its admission",
  async (clock) => {
    const world = mock();
    const service = connect({ token: "token", fetch: world.fetch, budget: { concurrency: 1 } });
    for (let i = 0; i < 3; i++) {
      const controller = new AbortController();
      const subscription = watchRegions(ID, { signal: controller.signal })(service).subscribe();
      // The slot was granted immediately, and the poll starts a microtask later.
      if (i % 2 === 0) controller.abort();
      else subscription.unsubscribe();
      await clock.tickAsync(1);
    }
    deepEqual(world.calls, []);
    const last = lastValueFrom(watchRegions(ID)(service));
    await clock.tickAsync(1);
    equal(E.toUnion(await last)._tag, "Completed");
  },
);

Deno.test("createBudget() admits one of 100,000 candidates about as fast as one of 1,000", async () => {
  const time = async (waiting: number): Promise<number> => {
    const budget = createBudget({ concurrency: 1 });
    const controller = new AbortController();
    const places = Array.from(
      { length: waiting },
      (_, i) => budget.acquire({ since: i * 7919 % waiting, heardAt: i * 104_729 % waiting }, 1e6, controller.signal),
    );
    const rest = Promise.all(places.map(async (place) => {
      const given = await place;
      if (E.isRight(given) && left-- > 0) given.right(false);
    }));
    let left = 500;
    const begun = performance.now();
    while (left > 0) await Promise.resolve();
    const took = performance.now() - begun;
    controller.abort();
    await rest;
    return took;
  };
  await time(1000);
  const few = await time(1000), many = await time(100_000);
  // Iterating over all waiting candidates would take a hundred times as long; a heap takes twice as long. The machine
  // may be busy.
  ok(many < 40 * few + 100, `${many} ms, and ${few} ms where a thousand wait`);
});

/** The mean delay in seconds of tasks that all start at once, finish in the given order, and are always due. */
async function meanDelay(clock: Clock, options: BudgetOptions, ends: readonly number[]): Promise<number> {
  const budget = createBudget(options);
  const begun = Date.now();
  const delays = ends.map(async (end, i) => {
    for (let heardAt = i * 1e-6;; heardAt = Date.now()) {
      const place = await budget.acquire({ since: i * 1e-6, heardAt }, 1e9, undefined);
      ok(E.isRight(place));
      const delay = Date.now() - begun - end;
      place.right(delay >= 0);
      if (delay >= 0) return delay;
    }
  });
  await clock.runAllAsync();
  return (await Promise.all(delays)).reduce((sum, delay) => sum + delay, 0) / ends.length / 1000;
}

const IN_ORDER = endsInOrder(1000, 4);
const IN_ANY_ORDER = shuffled(IN_ORDER, 1);

withClock("createBudget() learns the order in which a service works and starves no task", async (clock) => {
  clock.loopLimit = 1e6;
  const fifo = await meanDelay(clock, { requestsPerSecond: 5 }, endsInOrder(200, 4));
  ok(fifo < 0.5, String(fifo));
  // Polling in turn has a mean delay of half a round over the unfinished tasks: 17 s here.
  const any = await meanDelay(clock, { requestsPerSecond: 5 }, shuffled(endsInOrder(200, 4), 1));
  ok(any < 22, String(any));
});

withClock(
  "createBudget() finds 1,000 tasks that finish in order within 3.5 s on average",
  async (clock) => {
    clock.loopLimit = 1e6;
    const fifo = await meanDelay(clock, { requestsPerSecond: 5 }, IN_ORDER);
    ok(fifo < 3.5, String(fifo));
  },
);

withClock(
  "createBudget() is within 10 % of the optimum for tasks that finish in any order",
  async (clock) => {
    clock.loopLimit = 1e6;
    const any = await meanDelay(clock, { requestsPerSecond: 5 }, IN_ANY_ORDER);
    const least = roundRobin(IN_ANY_ORDER, 5);
    ok(any < 1.1 * least, `${any} against ${least}`);
  },
);

withClock("connect() shares its budget among all watches and keeps their deadlines", async (clock) => {
  const ids = Array.from({ length: 20 }, (_, i) => `00000000-0000-0000-0000-0000000000${10 + i}`);
  const times: number[] = [];
  const world = mock({
    fetch: [({ url }) => {
      times.push(Date.now());
      return text(`{"id":"${url.slice(-36)}","taskStatus":"NotExist","responseStatusCode":"TaskNotFound"}`)(
        new Request(url),
      );
    }],
  });
  const service = connect({ token: "t", fetch: world.fetch, budget: { requestsPerSecond: 10 }, schedule: fixed() });
  const replies = Promise.all(ids.map((id) => lastValueFrom(watchRegions(id, { deadline: 1450 })(service))));
  await clock.tickAsync(5000);
  const tags = (await replies).map((reply) => E.isRight(reply) ? reply.right._tag : reply.left._tag);
  deepEqual(times, Array.from({ length: 15 }, (_, i) => times[0] + 100 * i));
  deepEqual(tags.toSorted(), [...Array(5).fill("GaveUp"), ...Array(15).fill("NotExist")]);
});

withClock("connect() gets a slot back from a poll that fails and from a watch that is unsubscribed", async (clock) => {
  const world = mock({ fetch: [silent] });
  const service = connect({ token: "t", fetch: world.fetch, requestTimeout: 100, budget: { concurrency: 1 } });
  const one = watchRegions("1")(service).subscribe();
  const two = watchRegions("2")(service).subscribe();
  await clock.tickAsync(150);
  equal(world.calls.length, 2);
  one.unsubscribe();
  two.unsubscribe();
  await clock.tickAsync(0);
  const three = watchRegions("3")(service).subscribe();
  await clock.tickAsync(10);
  equal(world.calls.length, 3);
  three.unsubscribe();
});

Deno.test("createBudget() throws a RangeError for options out of range", () => {
  throws(() => createBudget({ requestsPerSecond: 0 }), {
    name: "RangeError",
    message: "Cannot share a budget as budget.requestsPerSecond must be a number greater than 0: current value is 0",
  });
  throws(
    () => createBudget({ concurrency: 0.5 }),
    /budget\.concurrency must be a number of 1 or more: current value is 0\.5$/,
  );
});
