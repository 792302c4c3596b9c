/** A burst of tasks under a budget of polls: how late each is heard of, by who may ask next. Seeded. */
import FakeTimers from "@sinonjs/fake-timers";
import * as E from "fp-ts/lib/Either.js";
import { lastValueFrom } from "rxjs";
import { connect, fixed, type Schedule, watchRegions } from "../../mod.ts";
import { endsInOrder, roundRobin, shuffled } from "../lib/simulation.ts";
import { short } from "./numbers.ts";
import { atMost, type Part } from "./report.ts";
import { makeIds } from "./world.ts";

const TASKS = 1000;
const POLLS_A_SECOND = 5;
/** How many tasks the service finishes in a second; the first is what the bars are about. */
const SPEEDS = [4, 1, 20] as const;
const SEED = 1;

const METHOD = `${
  TASKS.toLocaleString("en")
} tasks are sent at time zero, and the service finishes so many a second, first-in-first-out
or in any order (seed ${SEED}). All watches together may make ${POLLS_A_SECOND} polls a second. The figure is the mean time from the end
of a task to the poll that hears of it. Ours is \`watchRegions\` with the option \`budget\`, on a clock that is simulated; the
others are simulated poll by poll. A plain limiter lets polls through in the order in which they come to it, each task
coming again a second after it was told to wait. *Oldest first* and *longest unheard first* are the two orders between
which the budget chooses by what they have lately met. *All-knowing* asks only about tasks that are finished, and no client can.

In any order, tasks differ for a client by nothing but when they were last heard of. So the poll most likely to meet a
finished task, and the best there is, is that of the longest unheard; its row is the least that is possible without
knowing more. Where the service is far slower than the budget, that is half a round of the tasks that are left,
N / (2 x 5) s, which in the mean over the burst is N / (4 x 5) = 50 s; the faster it is, the longer. So the bar for any
order is relative to that row. The budget uses one poll in sixteen for the worse order, to notice changes.`;

interface Task {
  /** When it is finished, in milliseconds. */
  readonly end: number;
  /** Its place among those sent. */
  readonly place: number;
  /** When it was last asked about; null before the first time. */
  heardAt: number | null;
}

/** Who may ask at `now`: one of those that are not known to be finished, or nobody. */
type Choose = (tasks: readonly Task[], now: number) => Task | undefined;

/** The best order for a service that finishes tasks in any order. */
const LIMIT = "longest unheard first";

/** The mean delay in seconds by other orders, for tasks with such ends. */
const ORDERS: Readonly<Record<string, (ends: readonly number[]) => number>> = {
  "a plain limiter": (ends) => simulate(ends, limiter),
  "oldest first": (ends) => simulate(ends, (tasks) => tasks[0]),
  [LIMIT]: (ends) => roundRobin(ends, POLLS_A_SECOND),
  "all-knowing": (ends) =>
    simulate(ends, (tasks, now) => least(tasks.filter(({ end }) => end <= now), ({ end }) => end)),
};

const OURS = "ours, asking every second";

export async function bursting(): Promise<Part> {
  const services = SPEEDS.flatMap((speed) => {
    const ends = endsInOrder(TASKS, speed);
    return [
      { title: `${speed}/s, in order`, ends },
      { title: `${speed}/s, in any order`, ends: shuffled(ends, SEED) },
    ];
  });
  const rows = new Map<string, readonly number[]>();
  const schedules: readonly (readonly [string, Schedule | undefined])[] = [
    [OURS, fixed({ delay: 1000 })],
    ["ours, as it is by default", undefined],
  ];
  for (const [name, schedule] of schedules) {
    const row: number[] = [];
    for (const { ends } of services) row.push(await watchAll(ends, schedule));
    rows.set(name, row);
  }
  for (const [name, delayOf] of Object.entries(ORDERS)) rows.set(name, services.map(({ ends }) => delayOf(ends)));
  const [inOrder, inAnyOrder] = rows.get(OURS) ?? [];
  const [, limit] = rows.get(LIMIT) ?? [];
  const figure = `burst of ${TASKS} tasks, ${POLLS_A_SECOND} polls a second, mean delay`;
  return {
    title: "Budget",
    method: METHOD,
    tables: [{
      title: "Mean delay in s, by the service's tasks a second and their order",
      columns: ["", ...services.map(({ title }) => title)],
      rows: [...rows].map(([name, row]) => [name, ...row.map(short)]),
    }],
    bars: [
      atMost(`${figure} in s, first-in-first-out`, 3.5, inOrder, short),
      atMost(`${figure}, any order, times the least that is possible`, 1.1, inAnyOrder / limit, short),
    ],
  };
}

/** The mean delay in seconds of watches that share a budget. */
async function watchAll(ends: readonly number[], schedule: Schedule | undefined): Promise<number> {
  const clock = FakeTimers.install({
    now: Date.now(),
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
    loopLimit: 1e7,
  });
  try {
    const begun = Date.now();
    const ids = makeIds(TASKS);
    const endOf = new Map(ids.map((id, i) => [id, begun + ends[i]]));
    const fetch = (url: string): Promise<Response> => {
      const id = new URL(url).searchParams.get("id") ?? "";
      const taskStatus = Date.now() >= (endOf.get(id) ?? Infinity) ? "NotExist" : "Processing";
      return Promise.resolve(Response.json({ id, taskStatus, responseStatusCode: "NotReady" }));
    };
    const service = connect({ token: "token", fetch, budget: { requestsPerSecond: POLLS_A_SECOND } });
    let late = 0;
    const all = ids.map(async (id, i) => {
      const options = { deadline: Infinity, submittedAt: begun + i * 1e-3, ...schedule && { schedule } };
      const reply = await lastValueFrom(watchRegions(id, options)(service));
      if (E.isLeft(reply)) throw new Error(`The watch of ${id} ended with ${reply.left._tag}`);
      late += Date.now() - (endOf.get(id) ?? NaN);
    });
    await clock.runAllAsync();
    await Promise.all(all);
    return late / TASKS / 1000;
  } finally {
    clock.uninstall();
  }
}

/** The mean delay in seconds where `choose` says who asks. */
function simulate(ends: readonly number[], choose: Choose): number {
  let tasks: readonly Task[] = ends.map((end, place) => ({ end, place, heardAt: null }));
  let late = 0;
  for (let now = 0; tasks.length > 0; now += 1000 / POLLS_A_SECOND) {
    const task = choose(tasks, now);
    if (task === undefined) continue;
    task.heardAt = now;
    if (task.end > now) continue;
    late += now - task.end;
    tasks = tasks.filter((other) => other !== task);
  }
  return late / TASKS / 1000;
}

/** First come, first served; whoever has to wait comes again a second later. */
function limiter(tasks: readonly Task[], now: number): Task | undefined {
  const come = ({ heardAt, place }: Task): number => heardAt === null ? place * 1e-6 : heardAt + 1000;
  return least(tasks.filter((task) => come(task) <= now), come);
}

function least(tasks: readonly Task[], key: (task: Task) => number): Task | undefined {
  let first: Task | undefined;
  for (const task of tasks) if (first === undefined || key(task) < key(first)) first = task;
  return first;
}
