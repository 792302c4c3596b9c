/** The simulation of schedules: what each costs against the best plan for the known distribution. Seeded. */
import { adaptive, type Schedule } from "../../src/core.ts";
import { appendSpan } from "../../src/model/history.ts";
import { CHANGING_LOADS, costOfLoad, type Load, optimalCostOfLoad, staticPlan, STEADY_LOADS } from "../lib/loads.ts";
import {
  constant,
  expectedCost,
  geometricMean,
  live,
  lognormal,
  LOGNORMALS,
  optimum,
  pollTimes,
  seeded,
  type ServiceTime,
  TWO_POINT,
} from "../lib/simulation.ts";
import { median } from "../lib/median.ts";
import { short } from "./numbers.ts";
import { POLICIES } from "./policies.ts";
import { atMost, type Bar, type Part, type Table } from "./report.ts";

const POLL_COSTS = [1000, 250, 4000] as const;
const EXPERIENCES = [0, 8, 32, 64] as const;
const TIMES: readonly ServiceTime[] = [...LOGNORMALS, TWO_POINT];
const RUNS = 60;

const LOADS: readonly Load[] = [...CHANGING_LOADS, ...STEADY_LOADS];
const LOAD_RUNS = 10;

const STATIC = "the best static plan";
const OPTIMUM = "the optimum";

const METHOD =
  `A simulation with seeds: \`scripts/lib/simulation.ts\` and \`loads.ts\`. Polls and the mean delay are exact
expectations over the distribution of service times. A schedule that learns or draws random numbers is averaged over
${RUNS} runs, in each of which it has first polled that many tasks. The 95th percentile is over 200 tasks per run. The
cost is polls x pollCost + delay, relative to the cost of the best plan for the known distribution (dynamic
programming). core-lro and AWS's waiter poll at once when they are called; the .NET sample and the command-line tool
wait first.

The loads consist of 1,000 tasks that follow each other, and \`adaptive\` starts each without a history; it is averaged
over ${LOAD_RUNS} runs. Most service times are lognormal with a sigma of 0.4. In a peak, their median rises linearly from 2 s to 22 s
and falls again: there are ten peaks of 100 tasks, or one of 1,000. The jumps are between medians of 1.5 s and 8 s. Of
the images with two sizes, 80 % take about 1 s and 20 % about 20 s (sigma 0.2), in random order; if the client knows the
sizes, it names them in \`sizeClass\`. In the steady load, the median is always 3 s. The optimum knows the distribution of
each task. The best static plan knows how often each distribution occurs in the load, but not when; if nothing
distinguishes the tasks, as in the last two loads, no schedule is better.`;

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
    const best = outcomes.get(OPTIMUM) ?? [];
    const cost = ({ calls, delay }: Outcome): number => calls * pollCost + delay;
    const ratios = new Map([...outcomes].map(([name, row]) => [name, row.map((o, i) => cost(o) / cost(best[i]))]));
    tables.push(toTable(`Cost against the optimum, pollCost ${pollCost} ms`, ratios));
    if (pollCost !== 1000) continue;
    tables.push(detailTable(outcomes));
    bars.push(...barsOf(ratios));
  }
  const loads = loadCosts(1000);
  tables.push(loadTable("Cost against the optimum / the best static plan, changing loads, pollCost 1000 ms", loads));
  const replanning = replanningTime();
  bars.push(atMost("replanning after a task, 64 spans, median of milliseconds", 1, replanning, short));
  return { title: "Schedules", method: METHOD, tables, goals: changeBars(loads), bars };
}

function outcomesOf(pollCost: number): Map<string, readonly Outcome[]> {
  const outcomes = new Map<string, readonly Outcome[]>();
  for (const [name, schedule] of Object.entries(POLICIES)) {
    outcomes.set(name, TIMES.map((time) => outcomeOf(schedule, time, 0)));
  }
  const schedule = adaptive({ pollCost });
  for (const tasks of EXPERIENCES) {
    outcomes.set(`adaptive, after ${tasks} tasks`, TIMES.map((time) => outcomeOf(schedule, time, tasks)));
  }
  outcomes.set(OPTIMUM, TIMES.map((time) => outcomeOf(optimum(time, pollCost), time, 0)));
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

/** The mean cost of each load's tasks in milliseconds, by the names of the schedules. */
function loadCosts(pollCost: number): ReadonlyMap<string, readonly number[]> {
  const mean = (load: Load, schedule: Schedule, runs: number): number =>
    Array.from({ length: runs }, (_, run) => costOfLoad(load, schedule, pollCost, run))
      .reduce((sum, cost) => sum + cost) / runs;
  const learning = adaptive({ pollCost });
  return new Map([
    ...Object.entries(POLICIES).map(([name, policy]) => [name, LOADS.map((load) => mean(load, policy, 1))] as const),
    ["adaptive", LOADS.map((load) => mean(load, learning, LOAD_RUNS))],
    [STATIC, LOADS.map((load) => mean(load, staticPlan(load, pollCost), 1))],
    [OPTIMUM, LOADS.map((load) => optimalCostOfLoad(load, pollCost))],
  ]);
}

function loadTable(title: string, costs: ReadonlyMap<string, readonly number[]>): Table {
  const cells = (row: readonly number[]): readonly string[] => {
    const columns = [OPTIMUM, STATIC].map((reference) => against(row, costs.get(reference)));
    return row.map((_, i) => columns.map((ratios) => three(ratios[i])).join(" / "));
  };
  return {
    title,
    columns: ["", ...LOADS.map(({ name }) => name)],
    rows: [...costs].map(([name, row]) => [name, ...cells(row)]),
  };
}

function changeBars(costs: ReadonlyMap<string, readonly number[]>): readonly Bar[] {
  const ratios = against(costs.get("adaptive"), costs.get(STATIC));
  const changing = CHANGING_LOADS.map(({ name }, i) =>
    atMost(`${name}, cost against the best static plan, pollCost 1000`, 1, ratios[i], three)
  );
  const { delay } = outcomeOf(adaptive(), constant(1000), 0);
  return [...changing, atMost("a 1 s service without experience, mean delay in s", 1, delay / 1000, three)];
}

function against(costs: readonly number[] = [], reference: readonly number[] = []): readonly number[] {
  return costs.map((cost, i) => cost / reference[i]);
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
  return TIMES.map(({ name }) => name.replace("lognormal ", ""));
}

function three(value: number): string {
  return value.toFixed(3);
}
