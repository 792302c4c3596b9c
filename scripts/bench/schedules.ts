/** The simulation of schedules: what each costs against the best plan for the known distribution. Seeded. */
import { adaptive, NO_HISTORY, type Schedule } from "../../src/core.ts";
import { appendSpan } from "../../src/model/history.ts";
import {
  expectedCost,
  geometricMean,
  live,
  lognormal,
  LOGNORMALS,
  pollTimes,
  seeded,
  type ServiceTime,
  TWO_POINT,
} from "../lib/simulation.ts";
import { median } from "../lib/median.ts";
import { short } from "./numbers.ts";
import { optimum, POLICIES } from "./policies.ts";
import { atMost, type Bar, type Part, type Table } from "./report.ts";

const POLL_COSTS = [1000, 250, 4000] as const;
const EXPERIENCES = [0, 8, 32, 64] as const;
const TIMES: readonly ServiceTime[] = [...LOGNORMALS, TWO_POINT];
const RUNS = 60;

// Tasks of a ramp: the queue before them grows from none to 40 and is worked off again, and each of those in it takes
// half a second.
const RAMP = Array.from({ length: 200 }, (_, task) => Math.round(40 * (1 - Math.abs(task - 100) / 100)));

const METHOD = `Pure simulation, seeded, with the code of \`scripts/lib/simulation.ts\`. Calls and mean delay are exact
expectations over the distribution of service times; a schedule that draws lots or learns is averaged over
${RUNS} runs, in each of which a history of so many tasks was lived through by the schedule itself. The 95th percentile
is over 200 drawn tasks a run. The means of 60 runs still
vary: over 400 runs with other seeds the two-point mixture after 64 tasks costs 1.45; over 200 the lognormals after 32 cost 1.038.
The cost is calls x pollCost + delay, as a ratio to that of the best plan for the known
distribution (dynamic programming). core-lro and AWS's waiter ask at once, as they do when they are called; the .NET
sample and the command-line tool wait first. In the ramp ${RAMP.length} tasks follow each other: the median of their
lognormal times (sigma 0.4) rises from 2 s to 22 s and falls again, and \`adaptive\` begins with nothing.`;

interface Outcome {
  readonly calls: number;
  readonly delay: number;
  /** Delays of drawn tasks. */
  readonly delays: readonly number[];
}

export function simulating(): Part {
  const tables: Table[] = [];
  const bars: Bar[] = [];
  for (const pollCost of POLL_COSTS) {
    const outcomes = outcomesOf(pollCost);
    const best = outcomes.get("the optimum") ?? [];
    const cost = ({ calls, delay }: Outcome): number => calls * pollCost + delay;
    const ratios = new Map([...outcomes].map(([name, row]) => [name, row.map((o, i) => cost(o) / cost(best[i]))]));
    tables.push(toTable(`Cost against the optimum, pollCost ${pollCost} ms`, ratios));
    if (pollCost !== 1000) continue;
    tables.push(detailTable(outcomes));
    bars.push(...barsOf(ratios));
  }
  const replanning = replanningTime();
  bars.push(atMost("replanning after a task, 64 spans, median of milliseconds", 1, replanning, short));
  return { title: "Schedules", method: METHOD, tables, bars };
}

function outcomesOf(pollCost: number): Map<string, readonly Outcome[]> {
  const outcomes = new Map<string, readonly Outcome[]>();
  for (const [name, schedule] of Object.entries(POLICIES)) {
    outcomes.set(name, [...TIMES.map((time) => outcomeOf(schedule, time, 0)), ramp(() => schedule)]);
  }
  const schedule = adaptive({ pollCost });
  for (const tasks of EXPERIENCES) {
    const row = TIMES.map((time) => outcomeOf(schedule, time, tasks));
    outcomes.set(`adaptive, after ${tasks} tasks`, [...row, ramp(() => schedule)]);
  }
  const best = (time: ServiceTime): Schedule => optimum(time, pollCost, time === TWO_POINT ? [1000, 20_000] : []);
  outcomes.set("the optimum", [...TIMES.map((time) => outcomeOf(best(time), time, 0)), ramp(best)]);
  return outcomes;
}

function outcomeOf(schedule: Schedule, time: ServiceTime, tasks: number): Outcome {
  const runs = Array.from({ length: RUNS }, (_, run): Outcome => {
    const random = seeded(1000 + run);
    const history = live(schedule, time, tasks, random);
    const id = String(random());
    const polls = pollTimes(schedule, time.longest, history, id);
    const delays = Array.from({ length: 200 }, () => delayOf(polls, time.draw(random)));
    return { ...expectedCost(schedule, time, history, id), delays };
  });
  return average(runs);
}

/** The tasks of the ramp one after the other, with what was learned on the way; the mean of all. */
function ramp(scheduleFor: (time: ServiceTime) => Schedule): Outcome {
  const times = new Map(RAMP.map((ahead) => [ahead, lognormal(2000 + 500 * ahead, 0.4)]));
  const schedules = new Map([...times].map(([ahead, time]) => [ahead, scheduleFor(time)]));
  const random = seeded(1);
  let history = NO_HISTORY;
  const outcomes: Outcome[] = [];
  for (const ahead of RAMP) {
    const time = times.get(ahead), schedule = schedules.get(ahead);
    if (time === undefined || schedule === undefined) throw new Error("No such task");
    const id = String(random());
    const polls = pollTimes(schedule, time.longest, history, id);
    const delays = Array.from({ length: 20 }, () => delayOf(polls, time.draw(random)));
    outcomes.push({ ...expectedCost(schedule, time, history, id), delays });
    const duration = time.draw(random);
    const heard = polls.findIndex((at) => at >= duration);
    history = appendSpan(history, [polls[heard - 1] ?? 0, polls[heard]]);
  }
  return average(outcomes);
}

function average(outcomes: readonly Outcome[]): Outcome {
  const mean = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / outcomes.length;
  return {
    calls: mean(({ calls }) => calls),
    delay: mean(({ delay }) => delay),
    delays: outcomes.flatMap(({ delays }) => delays),
  };
}

function delayOf(polls: readonly number[], duration: number): number {
  return (polls.find((at) => at >= duration) ?? duration) - duration;
}

/** Milliseconds to plan anew, once the compiler knows the code. */
function replanningTime(): number {
  const schedule = adaptive();
  const random = seeded(7);
  let history = live(schedule, lognormal(3000, 0.9), 64, random);
  const times = Array.from({ length: 500 }, () => {
    history = appendSpan(history, [1000 * random(), 1000 + 5000 * random()]);
    const begin = performance.now();
    schedule({ id: "1", attempt: 0, elapsed: 0, history });
    return performance.now() - begin;
  });
  return median(times);
}

function barsOf(ratios: ReadonlyMap<string, readonly number[]>): readonly Bar[] {
  const row = (tasks: number): readonly number[] => ratios.get(`adaptive, after ${tasks} tasks`) ?? [];
  const mean = (tasks: number): number => geometricMean(row(tasks).slice(0, LOGNORMALS.length));
  const against = "cost against the optimum, pollCost 1000";
  return [
    atMost(`lognormals, after 32 tasks, ${against}`, 1.05, mean(32), three),
    atMost(`lognormals, with none, ${against}`, 1.2, mean(0), three),
    atMost(`two points, after 64 tasks, ${against}`, 1.5, row(64)[LOGNORMALS.length], three),
  ];
}

function toTable(title: string, ratios: ReadonlyMap<string, readonly number[]>): Table {
  return {
    title,
    columns: ["", ...columns(), "geometric mean of the lognormals"],
    rows: [...ratios].map(([name, row]) => [
      name,
      ...row.map(short),
      three(geometricMean(row.slice(0, LOGNORMALS.length))),
    ]),
  };
}

function detailTable(outcomes: ReadonlyMap<string, readonly Outcome[]>): Table {
  const cell = ({ calls, delay, delays }: Outcome): string => {
    const late = delays.toSorted((a, b) => a - b)[Math.floor(0.95 * delays.length)];
    return [calls, delay / 1000, late / 1000].map(short).join(" / ");
  };
  return {
    title: "Calls / mean delay in s / 95th percentile in s, pollCost 1000 ms",
    columns: ["", ...columns()],
    rows: [...outcomes].map(([name, row]) => [name, ...row.map(cell)]),
  };
}

function columns(): readonly string[] {
  return [...TIMES.map(({ name }) => name.replace("lognormal ", "")), "ramp"];
}

function three(value: number): string {
  return value.toFixed(3);
}
