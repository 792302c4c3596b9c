/** When others ask next, as schedules. */
import * as O from "fp-ts/lib/Option.js";
import { exponential, fixed, type Schedule } from "../../src/core.ts";
import { jitter } from "../../src/polling/retry.ts";
import type { ServiceTime } from "../lib/simulation.ts";

/** Those that learn nothing, by their names in the tables. */
export const POLICIES: Readonly<Record<string, Schedule>> = {
  "fixed 1 s (.NET sample)": fixed({ delay: 1000 }),
  "6 s, 7 s, 8 s, … (command-line tool)": ({ attempt }) => O.some(6000 + 1000 * attempt),
  // `pollUntilDone` polls at once, and then every `intervalInMs`.
  "at once, then 2 s (core-lro)": ({ attempt }) => O.some(attempt === 0 ? 0 : 2000),
  "AWS's waiter, 2 s to 120 s": awsWaiter,
  "exponential (ours)": exponential(),
};

/**
 * The best plan for a known distribution, by dynamic programming over geometric steps: it costs what `optimalCost` of
 * the simulation says.
 */
export function optimum({ doneBy, longest }: ServiceTime, pollCost: number, jumps: readonly number[]): Schedule {
  const times = [0, ...jumps];
  for (let time = 20; time < longest * 1.005; time *= 1.005) times.push(time);
  times.sort((a, b) => a - b);
  const done = times.map(doneBy);
  const cost = new Float64Array(times.length), next = new Int32Array(times.length);
  for (let i = times.length - 2; i >= 0; i--) {
    cost[i] = Infinity;
    for (let j = i + 1; j < times.length; j++) {
      const total = pollCost * (1 - done[i]) + times[j] * (done[j] - done[i]) + cost[j];
      if (total < cost[i]) {
        cost[i] = total;
        next[i] = j;
      }
    }
  }
  const plan: number[] = [];
  for (let i = next[0]; i > 0; i = next[i]) plan.push(times[i]);
  return ({ attempt, elapsed }) => attempt < plan.length ? O.some(plan[attempt] - elapsed) : O.none;
}

/** At once, then by the formula of @smithy/util-waiter 4 and its defaults: random between the least and the doubled. */
function awsWaiter({ id, attempt }: Parameters<Schedule>[0]): ReturnType<Schedule> {
  const [least, most] = [2000, 120_000];
  if (attempt === 0) return O.some(0);
  if (attempt > Math.log2(most / least) + 1) return O.some(most);
  return O.some(least + jitter(id, attempt) * (Math.min(least * 2 ** (attempt - 1), most) - least));
}
