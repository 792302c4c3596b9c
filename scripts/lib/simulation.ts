/** What a schedule costs: expected calls and expected delay, by the distribution of the tasks' service times. */
import * as O from "fp-ts/lib/Option.js";
import { type History, NO_HISTORY, type Schedule } from "../../src/core.ts";
import { appendSpan } from "../../src/model/history.ts";

/** How long tasks take, in milliseconds. */
export interface ServiceTime {
  readonly name: string;
  /** The share of tasks that are done by a time. */
  readonly doneBy: (time: number) => number;
  readonly mean: number;
  /** Practically no task takes longer. */
  readonly longest: number;
  /** The times at which a share of the tasks is done all at once. */
  readonly jumps: readonly number[];
  readonly draw: (random: () => number) => number;
}

export interface Cost {
  /** Polls a task. */
  readonly calls: number;
  /** Milliseconds from the end of a task to the poll that hears of it. */
  readonly delay: number;
}

/** Service times whose logarithm is normal. */
export function lognormal(median: number, sigma: number): ServiceTime {
  return {
    name: `lognormal ${median / 1000} s, ${sigma}`,
    doneBy: (time) => time <= 0 ? 0 : normal(Math.log(time / median) / sigma),
    mean: median * Math.exp(sigma ** 2 / 2),
    longest: median * Math.exp(6 * sigma),
    jumps: [],
    draw: (random) =>
      median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  };
}

/** The same service time for all tasks. */
export function constant(time: number): ServiceTime {
  return {
    name: `${time / 1000} s`,
    doneBy: (now) => now >= time ? 1 : 0,
    mean: time,
    longest: time,
    jumps: [time],
    draw: () => time,
  };
}

/** The service times of tasks of several kinds, in equal shares. A kind may occur several times. */
export function mixture(name: string, times: readonly ServiceTime[]): ServiceTime {
  const share = 1 / times.length;
  const shares = new Map<ServiceTime, number>();
  for (const time of times) shares.set(time, (shares.get(time) ?? 0) + share);
  const mean = (of: (time: ServiceTime) => number): number =>
    [...shares].reduce((sum, [time, share]) => sum + share * of(time), 0);
  return {
    name,
    doneBy: (now) => mean(({ doneBy }) => doneBy(now)),
    mean: mean(({ mean }) => mean),
    longest: Math.max(...times.map(({ longest }) => longest)),
    jumps: [...shares.keys()].flatMap(({ jumps }) => jumps),
    draw: (random) => times[Math.floor(times.length * random())].draw(random),
  };
}

/** 1 s for four tasks of five, 20 s for the fifth. */
export const TWO_POINT: ServiceTime = mixture("two points, 1 s 80 %, 20 s 20 %", [
  ...Array<ServiceTime>(4).fill(constant(1000)),
  constant(20_000),
]);

export const LOGNORMALS: readonly ServiceTime[] = [1500, 3000, 8000].flatMap((median) => [
  lognormal(median, 0.4),
  lognormal(median, 0.9),
]);

/** The polls of a task by a schedule: their times, until `longest`. */
export function pollTimes(
  schedule: Schedule,
  longest: number,
  history: History = NO_HISTORY,
  id = "",
): readonly number[] {
  const times: number[] = [];
  for (let elapsed = 0, attempt = 0; elapsed < longest; attempt++) {
    elapsed += O.getOrElse(() => Infinity)(schedule({ id, attempt, elapsed, history }));
    times.push(elapsed);
  }
  return times;
}

/** What a schedule costs in the mean, exactly. */
export function expectedCost(schedule: Schedule, time: ServiceTime, history: History = NO_HISTORY, id = ""): Cost {
  let done = 0, calls = 0, seen = 0;
  for (const at of pollTimes(schedule, time.longest, history, id)) {
    calls += 1 - done;
    const now = time.doneBy(at);
    seen += at * (now - done);
    done = now;
  }
  return { calls, delay: seen - time.mean };
}

/**
 * The schedule with the least cost for a known distribution, by dynamic programming over times in geometric steps of 0.5 %.
 */
export function optimum({ doneBy, longest, jumps }: ServiceTime, pollCost: number): Schedule {
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

/** The cost in milliseconds that no schedule can undercut: that of the best plan for the known distribution. */
export function optimalCost(time: ServiceTime, pollCost: number): number {
  const { calls, delay } = expectedCost(optimum(time, pollCost), time);
  return calls * pollCost + delay;
}

/** A history of `count` tasks, each of which was polled by the schedule as it was then. */
export function live(schedule: Schedule, time: ServiceTime, count: number, random: () => number): History {
  let history = NO_HISTORY;
  for (let task = 0; task < count; task++) {
    const duration = time.draw(random);
    const polls = pollTimes(schedule, duration, history, String(random()));
    history = appendSpan(history, [polls.at(-2) ?? 0, polls.at(-1) ?? 0]);
  }
  return history;
}

/** Random numbers from a seed: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}

/** When the tasks of a burst are finished, in milliseconds, by a service that finishes so many a second, in order. */
export function endsInOrder(tasks: number, perSecond: number): readonly number[] {
  return Array.from({ length: tasks }, (_, i) => (i + 1) * 1000 / perSecond);
}

/** The same values in any order, by a seed. */
export function shuffled<A>(values: readonly A[], seed: number): readonly A[] {
  const random = seeded(seed);
  return values.map((value) => [random(), value] as const).sort(([a], [b]) => a - b).map(([, value]) => value);
}

/** The mean delay in seconds of a burst's tasks, where whoever was not heard of for longest is asked about. */
export function roundRobin(ends: readonly number[], pollsPerSecond: number): number {
  let left = ends, late = 0;
  for (let now = 0; left.length > 0; now += 1000 / pollsPerSecond) {
    const [end, ...others] = left;
    if (end <= now) late += now - end;
    left = end <= now ? others : [...others, end];
  }
  return late / ends.length / 1000;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The normal distribution: M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 26.2.17. */
function normal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const terms = [0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const tail = Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI) *
    terms.reduceRight((sum, term) => (sum + term) * t, 0);
  return x > 0 ? 1 - tail : tail;
}
