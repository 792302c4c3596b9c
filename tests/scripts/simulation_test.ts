import { ok, strictEqual as equal } from "node:assert/strict";
import type { Schedule } from "../../src/polling/schedule.ts";
import { adaptive } from "../../src/polling/adaptive.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { CHANGING_LOADS, costOfLoad, type Load, optimalCostOfLoad, staticPlan } from "../../scripts/lib/loads.ts";
import { constant, expectedCost, lognormal, mixture, optimalCost, TWO_POINT } from "../../scripts/lib/simulation.ts";

const near = (actual: number, expected: number): void =>
  ok(Math.abs(actual - expected) < 1e-6 * Math.abs(expected), `${actual} instead of ${expected}`);

Deno.test("optimalCost() is the cost of the polls if the possible durations are known exactly", () => {
  near(optimalCost(constant(3000), 1000), 1000);
  near(optimalCost(TWO_POINT, 1000), 1200);
});

Deno.test("optimalCost() is undercut by no schedule", () => {
  const time = lognormal(3000, 0.4), best = optimalCost(time, 1000);
  for (const schedule of [adaptive(), adaptive({ median: 3000 }), fixed({ delay: 1000 }), fixed({ delay: 3500 })]) {
    const { calls, delay } = expectedCost(schedule, time);
    ok(calls * 1000 + delay > best);
  }
});

Deno.test("mixture() weights its parts by how often they occur", () => {
  const parts = [constant(1000), constant(1000), constant(4000)];
  const time = mixture("", parts);
  near(time.mean, 2000);
  near(time.doneBy(1000), 2 / 3);
  equal(time.longest, 4000);
});

Deno.test("the best static plan costs as much for a load as for the mixture of its tasks, and more than the optimum", () => {
  for (const load of CHANGING_LOADS) {
    const cost = costOfLoad(load, staticPlan(load, 1000), 1000, 1);
    near(cost, optimalCost(mixture("", load.tasks), 1000));
    ok(cost > 1.1 * optimalCostOfLoad(load, 1000));
  }
});

Deno.test("costOfLoad() learns from all tasks, or from each size class separately", () => {
  const [short, long] = [constant(1000), constant(9000)];
  const load = (isSized: boolean): Load => ({ name: "", tasks: [short, long, short], isSized });
  const lengths = (load: Load): string => {
    const seen: number[] = [];
    const schedule: Schedule = (input) => {
      if (input.attempt === 0) seen.push(input.history.spans.length);
      return fixed({ delay: 10_000 })(input);
    };
    costOfLoad(load, schedule, 1000, 1);
    return [...new Set(seen)].join();
  };
  equal(lengths(load(false)), "0,1,2");
  equal(lengths(load(true)), "0,1");
});
