/** Many tasks at once: what one that sleeps holds, and what a poll costs, by poller. */
import { median } from "../lib/median.ts";
import { runNumber, type Runtime, RUNTIMES, transpile } from "./child.ts";
import { short } from "./numbers.ts";
import { allAtMost, type Bar, type Part, type Table } from "./report.ts";
import { withService } from "./service.ts";

const POLLERS: Readonly<Record<string, string>> = {
  ours: "ours",
  reference: "a loop with the same limits",
  rxjs: "the usual RxJS poller",
  core_lro: "@azure/core-lro",
  util_waiter: "@smithy/util-waiter",
  loop: "a plain loop",
};
const NAMES = Object.keys(POLLERS);
/** The pollers that the bar compares. */
const COMPARED = ["ours", "reference"];
const USUAL = "rxjs";
const CHILD = "stream_child.ts";

/** How many rounds, and of those with the compared pollers alone, how many more. */
const ROUNDS = 2, MORE_ROUNDS = 4;
/** Heaps are nearly the same in all processes. */
const HEAP_ROUNDS = 1;

/** How something is measured: what, how many tasks, milliseconds between their polls, and over which they begin. */
interface Setting {
  readonly what: "cpu" | "heap";
  readonly kind: "plain" | "emulated" | "socket";
  readonly tasks: number;
  readonly delay: number;
  readonly over: number;
}

const SOCKET_CPU: Setting = { what: "cpu", kind: "socket", tasks: 1000, delay: 400, over: 400 };
// Nobody is to poll twice before the heap has been measured.
const SOCKET_HEAP: Setting = { what: "heap", kind: "socket", tasks: 5000, delay: 60_000, over: 2500 };
const EMULATED_CPU: Setting = { what: "cpu", kind: "emulated", tasks: 2000, delay: 250, over: 0 };
const PLAIN_CPU: Setting = { what: "cpu", kind: "plain", tasks: 10_000, delay: 300, over: 0 };
const PLAIN_HEAP: Setting = { what: "heap", kind: "plain", tasks: 10_000, delay: 60_000, over: 0 };

const METHOD =
  `Each figure is of a process of its own, and the median of several rounds, in which the pollers take turns; ratios
are taken within a round, and their range is shown. Heaps are those of one round, since they hardly vary. CPU is the computing time of the whole
process, collections included, from the first poll to the last, a poll, once 5,000 polls have warmed it up: each task is
polled five times, and the fifth poll says Completed. Heap is what is in use, after collection, while all tasks sleep,
less what was in use before.

*Over a socket*: the service is a process of its own behind HTTP on the loopback interface, whose computing does not count. Its answers come over
connections that are kept alive, as JSON with a \`Content-Length\`, or chunked, or compressed by gzip. ${
    SOCKET_CPU.tasks.toLocaleString("en")
  } tasks begin one after the
other and sleep ${SOCKET_CPU.delay} ms, so that some 2.5 polls begin in a millisecond; for the heap ${
    SOCKET_HEAP.tasks.toLocaleString("en")
  } tasks sleep after their first
poll. Ours is \`watchRegions\`. The loop with the same limits is what a careful engineer writes by hand
(\`pollers/reference.ts\`): each request can be aborted from outside, and has a time limit and a limit of size; it follows
no redirect and asks no cache; the text of an answer comes from \`text()\` where a length within the limit is
certain, and otherwise from a loop that counts; the sleep can be aborted, too. It retries nothing. All others are a
\`fetch\`, a \`text()\` and \`decodeResponse\`, without any limit. The usual RxJS poller is
\`defer(poll).pipe(repeat({ delay }), takeWhile(…, true))\`.

*Emulated*: ${
    EMULATED_CPU.tasks.toLocaleString("en")
  } tasks, and \`fetch\` is a function in the process that makes a \`Request\` of its arguments, for every poller
alike, and a \`Response\`.

*The pollers alone*: ${
    PLAIN_CPU.tasks.toLocaleString("en")
  } tasks, and a poll is a promise of a status that is there already. Ours is then \`statusStream\` and
\`step\`, as \`watchRegions\` uses them, around that promise.`;

/** Numbers by poller, one a round. */
type Rounds = ReadonlyMap<string, readonly number[]>;

export async function streaming(): Promise<Part> {
  const folder = await transpile([CHILD, ...NAMES.map((name) => `pollers/${name}.ts`)]);
  return await withService((origin) => streamingWith(folder, origin));
}

async function streamingWith(folder: string, origin: string): Promise<Part> {
  const measure = (
    runtime: Runtime,
    setting: Setting,
    names: readonly string[],
    rounds = ROUNDS,
    answers = "plain",
  ): Promise<Rounds> =>
    inTurns(names, rounds, (name) => {
      const { what, kind, tasks, delay, over } = setting;
      return runNumber(runtime, folder, CHILD, [what, name, kind, tasks, delay, over, `${origin}/${answers}`]);
    });
  const alone = NAMES.filter((name) => name !== "reference");
  const tables: Table[] = [], goal = new Map<string, number>(), heap = new Map<string, number>();
  const aloneHeap = new Map<string, number>(), bars: Bar[] = [];
  for (const runtime of RUNTIMES) {
    const cpu = joined(
      await measure(runtime, SOCKET_CPU, NAMES),
      await measure(runtime, SOCKET_CPU, COMPARED, MORE_ROUNDS),
    );
    const socketHeap = await measure(runtime, SOCKET_HEAP, NAMES, HEAP_ROUNDS);
    tables.push(toTable(`${runtime}, over a socket`, NAMES, cpu, socketHeap, "reference"));
    goal.set(runtime, median(ratios(cpu, "ours", "reference")));
    heap.set(runtime, median(socketHeap.get("ours") ?? []));

    const answers = ["chunked", "gzip"];
    const others = new Map<string, Rounds>();
    for (const kind of answers) others.set(kind, await measure(runtime, SOCKET_CPU, COMPARED, ROUNDS, kind));
    tables.push({
      title: `${runtime}, over a socket, by the kind of answers: CPU a poll, µs`,
      columns: ["", ...COMPARED.map((name) => POLLERS[name]), "times, median (range)"],
      rows: [...others].map(([kind, rounds]) => [
        kind,
        ...COMPARED.map((name) => short(median(rounds.get(name) ?? []))),
        range(ratios(rounds, "ours", "reference")),
      ]),
    });

    const emulated = await measure(runtime, EMULATED_CPU, NAMES);
    tables.push(toTable(`${runtime}, emulated`, NAMES, emulated, null, "reference"));

    const plain = await measure(runtime, PLAIN_CPU, alone);
    const plainHeap = await measure(runtime, PLAIN_HEAP, alone, HEAP_ROUNDS);
    tables.push(toTable(`${runtime}, the pollers alone`, alone, plain, plainHeap, USUAL));
    aloneHeap.set(runtime, median(plainHeap.get("ours") ?? []));
    bars.push(
      allAtMost(
        `CPU a poll, the pollers alone, times the usual RxJS poller's, ${runtime}`,
        0.33,
        new Map([["", median(ratios(plain, "ours", USUAL))]]),
        short,
      ),
    );
  }
  return {
    title: "Streams",
    method: METHOD,
    tables,
    goals: [
      allAtMost("CPU a poll over a socket, times a loop with the same limits", 1.25, goal, short),
      allAtMost("heap a sleeping task, with requests over a socket, bytes", 1100, heap, short),
    ],
    bars: [allAtMost("heap a sleeping task, the pollers alone, bytes", 1100, aloneHeap, short), ...bars],
  };
}

/** Round by round, so that other load of the machine affects all pollers. Each second round goes backwards. */
async function inTurns(
  names: readonly string[],
  count: number,
  figure: (name: string) => Promise<number>,
): Promise<Rounds> {
  const rounds = new Map(names.map((name) => [name, [] as number[]]));
  for (let i = 0; i < count; i++) {
    for (const name of i % 2 === 0 ? names : names.toReversed()) rounds.get(name)?.push(await figure(name));
  }
  return rounds;
}

function joined(first: Rounds, second: Rounds): Rounds {
  return new Map([...first].map(([name, rounds]) => [name, [...rounds, ...second.get(name) ?? []]]));
}

function toTable(title: string, names: readonly string[], cpu: Rounds, heap: Rounds | null, base: string): Table {
  const times = `times ${POLLERS[base]}`;
  return {
    title,
    columns: [
      "",
      "CPU a poll, µs",
      `${times}, median (range)`,
      ...heap === null ? [] : ["heap a sleeping task, bytes", times],
    ],
    rows: names.map((name) => [
      POLLERS[name],
      short(median(cpu.get(name) ?? [])),
      range(ratios(cpu, name, base)),
      ...heap === null ? [] : [short(median(heap.get(name) ?? [])), short(median(ratios(heap, name, base)))],
    ]),
  };
}

/** Of one poller to another, round by round. */
function ratios(rounds: Rounds, name: string, base: string): readonly number[] {
  const others = rounds.get(base) ?? [];
  return (rounds.get(name) ?? []).map((value, i) => value / others[i]);
}

function range(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  return `${short(median(finite))} (${short(Math.min(...finite))} to ${short(Math.max(...finite))})`;
}
