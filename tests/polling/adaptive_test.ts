import * as O from "fp-ts/lib/Option.js";
import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { type History, NO_HISTORY, type Span } from "../../src/model/history.ts";
import { adaptive, type AdaptiveOptions } from "../../src/polling/adaptive.ts";
import { CHANGING_LOADS, costOfLoad, staticPlan } from "../../scripts/lib/loads.ts";
import {
  constant,
  expectedCost,
  geometricMean,
  live,
  LOGNORMALS,
  optimalCost,
  pollTimes,
  seeded,
  type ServiceTime,
  TWO_POINT,
} from "../../scripts/lib/simulation.ts";

const of = (...spans: Span[]): History => ({ version: 1, spans });

const delayOf = (history: History, elapsed = 0, options: AdaptiveOptions = {}): number =>
  O.getOrElse(() => NaN)(adaptive(options)({ id: "1", attempt: 1, elapsed, history }));

/** The cost relative to the optimum, averaged over `runs` histories of `tasks` tasks. */
function ratio(time: ServiceTime, tasks: number, runs: number, pollCost = 1000): number {
  const schedule = adaptive({ pollCost });
  const costs = Array.from({ length: runs }, (_, run) => {
    const random = seeded(1000 + run);
    const { calls, delay } = expectedCost(schedule, time, live(schedule, time, tasks, random), String(random()));
    return calls * pollCost + delay;
  });
  return costs.reduce((sum, cost) => sum + cost, 0) / runs / optimalCost(time, pollCost);
}

Deno.test("adaptive() costs at most 1.20 times the optimum without a history, and 1.05 times after 32 tasks", () => {
  const without = geometricMean(LOGNORMALS.map((time) => ratio(time, 0, 10)));
  ok(without <= 1.20, String(without));
  const after32 = geometricMean(LOGNORMALS.map((time) => ratio(time, 32, 10)));
  ok(after32 <= 1.05, String(after32));
});

Deno.test("adaptive() costs at most 1.5 times the optimum after 64 tasks of two kinds", () => {
  const cost = ratio(TWO_POINT, 64, 20);
  ok(cost <= 1.5, String(cost));
});

Deno.test("adaptive() polls a task of 1 s within a second of its end, in the mean, without a history", () => {
  const schedule = adaptive(), time = constant(1000);
  const delays = Array.from({ length: 200 }, (_, id) => expectedCost(schedule, time, NO_HISTORY, String(id)).delay);
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
  ok(mean <= 1000, String(mean));
});

for (const load of CHANGING_LOADS) {
  Deno.test(`adaptive() costs less than the best static plan for ${load.name}`, () => {
    const best = costOfLoad(load, staticPlan(load, 1000), 1000, 1);
    const cost = costOfLoad(load, adaptive(), 1000, 1);
    ok(cost < best, `${cost} against ${best}`);
  });
}

Deno.test("adaptive() plans by the latest tasks only when the load has changed", () => {
  const before = Array<Span>(48).fill([2000, 2200]), latest = Array<Span>(16).fill([9000, 9600]);
  const changed = delayOf(of(...before, ...latest));
  ok(8000 < changed && changed < 11_000, String(changed));
  // The same tasks in turns are no change: the short ones are not forgotten.
  const turns = Array.from({ length: 64 }, (_, i): Span => i % 4 === 3 ? [9000, 9600] : [2000, 2200]);
  const mixed = delayOf(of(...turns));
  ok(1900 < mixed && mixed < 3000, String(mixed));
});

Deno.test("adaptive() polls shortly after the usual duration of tasks", () => {
  const delay = delayOf(of(...Array<Span>(30).fill([5000, 5200])));
  ok(4900 < delay && delay < 6500, String(delay));
  const sure = delayOf(of(...Array<Span>(30).fill([100, 150])));
  ok(sure < 250, String(sure));
});

Deno.test("adaptive() polls less often with a higher pollCost", () => {
  const polls = (pollCost: number): number => pollTimes(adaptive({ pollCost }), 60_000).length;
  ok(polls(250) > polls(1000) && polls(1000) > polls(4000));
});

Deno.test("adaptive() learns from an abandoned task that it took longer", () => {
  const known = Array<Span>(10).fill([2000, 2400]);
  const later = delayOf(of(...known, ...Array<Span>(10).fill([20_000, null])), 4000);
  ok(later > delayOf(of(...known), 4000) + 1000);
  equal(delayOf(of(...known, [0, null])) > 0, true);
});

Deno.test("adaptive() uses median until there is a history", () => {
  const first = delayOf(NO_HISTORY);
  ok(1000 < first && first < 4000, String(first));
  ok(delayOf(NO_HISTORY, 0, { median: 30_000 }) > 2 * first);
});

Deno.test("adaptive() prefers its own history to that of the service", () => {
  const history = of(...Array<Span>(30).fill([9000, 9300]));
  equal(delayOf(NO_HISTORY, 0, { history }), delayOf(history));
});

Deno.test("adaptive() increases delays exponentially beyond the range of the history", () => {
  const history = of(...Array<Span>(64).fill([1000, 1100]));
  for (const elapsed of [700_000, 7_000_000]) {
    const share = delayOf(history, elapsed) / elapsed;
    ok(0.28 < share && share < 0.32, String(share));
  }
});

Deno.test("adaptive() has a jitter of 5 % that depends only on the task and the attempt", () => {
  const schedule = adaptive();
  const delays = Array.from(
    { length: 1000 },
    (_, i) => O.getOrElse(() => NaN)(schedule({ id: `task ${i}`, attempt: 0, elapsed: 0, history: NO_HISTORY })),
  );
  const least = Math.min(...delays), most = Math.max(...delays);
  ok(most / least < 1.025 / 0.975 && most / least > 1.045);
  const again = schedule({ id: "task 7", attempt: 0, elapsed: 0, history: NO_HISTORY });
  deepEqual(again, O.some(delays[7]));
  deepEqual(adaptive()({ id: "task 7", attempt: 0, elapsed: 0, history: NO_HISTORY }), O.some(delays[7]));
});

Deno.test("adaptive() returns a finite delay greater than 0 for any history", () => {
  const span = fc.tuple(
    fc.double({ min: 0, max: 1e9, noNaN: true }),
    fc.option(fc.double({ min: 1e-3, max: 1e9, noNaN: true })),
  )
    .map(([after, more]): Span => [after, more === null ? null : after + more])
    .filter(([after, before]) => before === null || before > after);
  fc.assert(fc.property(
    fc.array(span, { maxLength: 64 }),
    fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true })),
    fc.double({ min: 0.01, max: 1e7, noNaN: true }),
    (spans, elapsed, pollCost) => {
      const delay = delayOf(of(...spans), elapsed, { pollCost });
      ok(Number.isFinite(delay) && delay >= 45, String(delay));
    },
  ));
});

Deno.test("adaptive() computes one plan per history", () => {
  const spans = Array<Span>(64).fill([2000, 2400]);
  let read = 0;
  const history: History = {
    version: 1,
    get spans() {
      read++;
      return spans;
    },
  };
  const schedule = adaptive();
  for (let attempt = 0; attempt < 100; attempt++) schedule({ id: "1", attempt, elapsed: 100 * attempt, history });
  equal(read, 1);
});

Deno.test("adaptive() throws a RangeError for options out of range", () => {
  throws(() => adaptive({ pollCost: Infinity }), {
    name: "RangeError",
    message: "Cannot poll on an adaptive schedule as pollCost must be finite",
  });
  throws(() => adaptive({ pollCost: 0 }), {
    name: "RangeError",
    message: "Cannot poll on an adaptive schedule as pollCost must be a number greater than 0: current value is 0",
  });
  throws(() => adaptive({ median: -1 }), /as median must be a number greater than 0: current value is -1$/);
});
