/** Loads that change over time, and what schedules cost under them. */
import { type History, NO_HISTORY, type Schedule } from "../../src/core.ts";
import { appendSpan } from "../../src/model/history.ts";
import {
  expectedCost,
  lognormal,
  mixture,
  optimalCost,
  optimum,
  pollTimes,
  seeded,
  type ServiceTime,
} from "./simulation.ts";

/** Tasks that follow each other: each one is submitted once the status of the previous one is known. */
export interface Load {
  readonly name: string;
  /** The distribution from which the duration of each task is drawn. */
  readonly tasks: readonly ServiceTime[];
  /** Whether the client knows the distribution of each task as the size class of its image. */
  readonly isSized?: boolean;
}

const TASKS = 1000;

const byMedian = new Map<number, ServiceTime>();

/** The service time with a median. The same one for equal medians, since loads are summed up by service time. */
function around(median: number): ServiceTime {
  const known = byMedian.get(median) ?? lognormal(median, 0.4);
  byMedian.set(median, known);
  return known;
}

/** The median rises from 2 s to 22 s and falls again, within `length` tasks: a queue that grows and is worked off. */
function peaks(name: string, length: number): Load {
  const tasks = Array.from(
    { length: TASKS },
    (_, task) => around(Math.round(22_000 - 20_000 * Math.abs(1 - 2 * (task % length) / length))),
  );
  return { name, tasks };
}

function bySize(name: string, isSized: boolean): Load {
  const small = lognormal(1000, 0.2), large = lognormal(20_000, 0.2);
  const random = seeded(11);
  return { name, tasks: Array.from({ length: TASKS }, () => random() < 0.8 ? small : large), isSized };
}

/** The loads whose service times change. */
export const CHANGING_LOADS: readonly Load[] = [
  peaks("peaks of 100 tasks", 100),
  peaks("a peak of 1,000 tasks", 1000),
  {
    name: "jumps every 50 tasks",
    tasks: Array.from({ length: TASKS }, (_, task) => around(task % 100 < 50 ? 1500 : 8000)),
  },
  bySize("two known sizes", true),
];

/** The loads for comparison, to which no schedule can adapt: no plan is better than the best one for all tasks. */
export const STEADY_LOADS: readonly Load[] = [
  bySize("two unknown sizes", false),
  { name: "steady", tasks: Array<ServiceTime>(TASKS).fill(around(3000)) },
];

/** The mean cost of a load's tasks in milliseconds, for a schedule that learns from them. */
export function costOfLoad({ tasks, isSized }: Load, schedule: Schedule, pollCost: number, seed: number): number {
  const random = seeded(seed);
  const histories = new Map<ServiceTime | null, History>();
  let sum = 0;
  for (const time of tasks) {
    const sizeClass = isSized ? time : null;
    const history = histories.get(sizeClass) ?? NO_HISTORY;
    const id = String(random());
    const { calls, delay } = expectedCost(schedule, time, history, id);
    sum += calls * pollCost + delay;
    const polls = pollTimes(schedule, time.draw(random), history, id);
    histories.set(sizeClass, appendSpan(history, [polls.at(-2) ?? 0, polls.at(-1) ?? 0]));
  }
  return sum / tasks.length;
}

/** The least possible mean cost of a load's tasks: that of a schedule which knows the distribution of each task. */
export function optimalCostOfLoad({ tasks }: Load, pollCost: number): number {
  const costs = new Map([...new Set(tasks)].map((time) => [time, optimalCost(time, pollCost)]));
  return tasks.reduce((sum, time) => sum + (costs.get(time) ?? NaN), 0) / tasks.length;
}

/** The best single plan for all tasks of a load. */
export function staticPlan({ name, tasks }: Load, pollCost: number): Schedule {
  return optimum(mixture(name, tasks), pollCost);
}
