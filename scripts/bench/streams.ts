/** Ten thousand tasks at once: what one that sleeps holds, and what a poll costs, by poller. */
import { run, type Runtime, RUNTIMES, transpile } from "./child.ts";
import { median } from "../lib/median.ts";
import { short } from "./numbers.ts";
import { atMost, type Bar, type Part, type Table } from "./report.ts";

const POLLERS: Readonly<Record<string, string>> = {
  ours: "ours",
  rxjs: "the usual RxJS poller",
  core_lro: "@azure/core-lro",
  util_waiter: "@smithy/util-waiter",
  loop: "a plain loop",
};
const NAMES = Object.keys(POLLERS);
const USUAL = "rxjs";
const CHILD = "stream_child.ts";
const TASKS = 10_000;
const ROUNDS = 3;

/** Milliseconds between two polls: all tasks have to be asleep before it has passed. */
const KINDS = { plain: 1500, whole: 3000 } as const;

type Kind = keyof typeof KINDS;

const TITLES: Readonly<Record<Kind, string>> = {
  plain: "the pollers alone",
  whole: "with requests and answers",
};

const METHOD = `${
  TASKS.toLocaleString("en")
} tasks are watched at once, each to its fifth poll, which says Completed. Each
row is the median of ${ROUNDS} rounds, in each of which every poller has a process of its own, in turns; ratios are taken
within a round. Heap is what is in use, after collection, while all tasks sleep, less what was in use before; CPU is the
computing time of the whole process, collections included, from the first poll to the last, a poll.

*The pollers alone*: a poll is a promise of a status that is there already. Ours is then \`statusStream\` and \`step\`, as
\`watchRegions\` uses them, around that promise. *With requests and answers*: a poll makes a \`Request\`, gets a \`Response\`
from a function in the process, reads and decodes it. Ours is then \`watchRegions\`, which the others are not: its requests
can be aborted, have a time limit, and are read no further than \`maxResponseBytes\`; theirs are a \`fetch\`, a \`text()\` and
\`decodeResponse\`. The usual RxJS poller is \`defer(poll).pipe(repeat({ delay }), takeWhile(…, true))\`.`;

interface Figures {
  readonly bytes: number;
  readonly microseconds: number;
}

type Round = ReadonlyMap<string, Figures>;

export async function streaming(): Promise<Part> {
  const folder = await transpile([CHILD, ...NAMES.map((name) => `pollers/${name}.ts`)]);
  const tables: Table[] = [];
  const bars: Bar[] = [];
  for (const runtime of RUNTIMES) {
    for (const kind of ["plain", "whole"] as const) {
      const rounds: Round[] = [];
      for (let i = 0; i < ROUNDS; i++) rounds.push(await round(runtime, folder, kind));
      tables.push(toTable(`${runtime}, ${TITLES[kind]}`, rounds));
      const heap = middle(rounds, (round) => figures(round, "ours").bytes);
      bars.push(atMost(`heap a sleeping task, ${TITLES[kind]}, ${runtime}, bytes`, 1100, heap, short));
      // With requests, the requests cost most, and everybody's cost the same.
      if (kind === "whole") continue;
      const cost = middle(rounds, (round) => times(round, "ours", "microseconds"));
      bars.push(atMost(`CPU a poll, ${TITLES[kind]}, ${runtime}, times the usual RxJS poller's`, 0.33, cost, short));
    }
  }
  return { title: "Streams", method: METHOD, tables, bars };
}

async function round(runtime: Runtime, folder: string, kind: Kind): Promise<Round> {
  const round = new Map<string, Figures>();
  for (const name of NAMES) {
    const printed = await run(runtime, folder, CHILD, [name, kind, TASKS, KINDS[kind]]);
    if (!Array.isArray(printed)) throw new TypeError(`${name} printed no figures`);
    round.set(name, { bytes: Number(printed[0]), microseconds: Number(printed[1]) });
  }
  return round;
}

function toTable(title: string, rounds: readonly Round[]): Table {
  return {
    title,
    columns: ["", "heap a sleeping task, bytes", "times the usual", "CPU a poll, µs", "times the usual"],
    rows: NAMES.map((name) => [
      POLLERS[name],
      short(middle(rounds, (round) => figures(round, name).bytes)),
      short(middle(rounds, (round) => times(round, name, "bytes"))),
      short(middle(rounds, (round) => figures(round, name).microseconds)),
      short(middle(rounds, (round) => times(round, name, "microseconds"))),
    ]),
  };
}

function middle(rounds: readonly Round[], figure: (round: Round) => number): number {
  return median(rounds.map(figure));
}

function times(round: Round, name: string, what: keyof Figures): number {
  return figures(round, name)[what] / figures(round, USUAL)[what];
}

function figures(round: Round, name: string): Figures {
  return round.get(name) ?? { bytes: NaN, microseconds: NaN };
}
