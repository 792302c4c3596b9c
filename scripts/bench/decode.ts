/** Decoding: every contender against the same steps without validation. */
import type { Fault } from "./answers.ts";
import { EXPOSE_GC, runNumber, type Runtime, RUNTIMES, transpile } from "./child.ts";
import { ratiosInWorkerd } from "./decode_workerd.ts";
import { median } from "../lib/median.ts";
import { short } from "./numbers.ts";
import { allAtMost, atMost, type Bar, type Part, type Table } from "./report.ts";

const CONTENDERS: Readonly<Record<string, string>> = {
  ours: "ours",
  zod: "zod 4",
  valibot: "valibot 1",
  effect: "Effect Schema",
  io_ts: "plain io-ts",
};
const NAMES = Object.keys(CONTENDERS);
const SIZES = [1, 10, 100, 10_000, 100_000] as const;
const MOST = 100_000;
const CHILD = "decode_child.ts";

// Room for all that one call allocates, so that nothing is collected while it runs.
const ROOMY = [EXPOSE_GC, "--min-semi-space-size=512", "--max-semi-space-size=1024"];

const METHOD = `An answer's text goes in, a list of regions comes out; \`JSON.parse\` of the answer is part of it. The
limit is \`JSON.parse\`, \`atob\`, \`JSON.parse\` and building the same objects in the place of their rows, without one check. Each figure is the median
of several processes (five for ours, one for the others), each of which gives the median of samples of contender and
limit in turns. Deno runs the sources; Node.js and workerd run what \`deno bundle\` makes of them. A Worker's clock stands
still while it computes, so there requests are timed from outside, less the time of one that decodes nothing. zod
compiles its schemas with \`new Function\` where that is allowed, which it is not on Workers. "From cold" is the first
call of a process, imports apart: medians of three processes each, in turns. Memory is what one warm call allocates, in
a heap so roomy that nothing is collected meanwhile. A wrong row is compared with the limit on a right answer.`;

/** Milliseconds or megabytes or ratios, by contender, in the order of the columns. */
type Figures = Map<string, readonly number[]>;

export async function decoding(): Promise<Part> {
  const folder = await transpile([CHILD, ...["limit", ...NAMES].map((name) => `decoders/${name}.ts`)]);
  const tables: Table[] = [];
  const bars: Bar[] = [], worsts = new Map<string, number>();
  const sizes = SIZES.map((n) => `n = ${n.toLocaleString("en")}`);

  for (const runtime of RUNTIMES) {
    const ratios = await measure(NAMES, SIZES, (name, count) => warm(runtime, folder, name, count, "none"));
    tables.push(toTable(`Warm, ${runtime}, times the limit`, sizes, ratios));
    worsts.set(runtime, worst(ratios));
  }
  const workerd = await ratiosInWorkerd(NAMES, SIZES);
  tables.push(toTable("Warm, workerd, times the limit", sizes, workerd));
  worsts.set("workerd", worst(workerd));

  const goals = [allAtMost("decode, worst of all n, times the limit in place", 1.1, worsts, short)];

  for (const runtime of RUNTIMES) {
    const names = ["limit", "ours", "zod"];
    const first = await cold(runtime, folder, names);
    tables.push(toTable(`From cold, ${runtime}, milliseconds of the first call`, sizes, first));
  }

  const faults: Readonly<Record<Fault, string>> = { none: "", last: "the last row", all: "all rows" };
  for (const fault of ["last", "all"] as const) {
    const ratios = await measure(NAMES, RUNTIMES, (name, runtime) => warm(runtime, folder, name, MOST, fault));
    tables.push(toTable(`Wrong: ${faults[fault]} of 100,000, times the limit`, RUNTIMES, ratios));
    bars.push(atMost(`decode, wrong: ${faults[fault]} of 100,000, times the limit`, 2, worst(ratios), short));
  }

  const bytes = await measure(["limit", ...NAMES], RUNTIMES, (name, runtime) => allocated(runtime, folder, name));
  const limit = bytes.get("limit") ?? [];
  const times = new Map([...bytes].map(([name, values]) => [name, values.map((value, i) => value / limit[i])]));
  tables.push(toTable("Memory allocated for 100,000 regions, MB", RUNTIMES, scaled(bytes, 1e-6)));
  bars.push(atMost("memory allocated for 100,000 regions, times the limit", 1.05, worst(times), short));
  return { title: "Decoding", method: METHOD, tables, goals, bars };
}

async function warm(runtime: Runtime, folder: string, name: string, count: number, fault: Fault): Promise<number> {
  const [processes, time] = name === "ours" ? [5, 700] : [1, 300];
  return median(
    await repeat(processes, () => runNumber(runtime, folder, CHILD, ["ratio", name, count, fault, time])),
  );
}

/** In turns, so that what the machine does besides hits all alike. */
async function cold(runtime: Runtime, folder: string, names: readonly string[]): Promise<Figures> {
  const rounds = await repeat(
    3,
    () => measure(names, SIZES, (name, count) => runNumber(runtime, folder, CHILD, ["first", name, count, "none"])),
  );
  return new Map(
    names.map((name) => [name, SIZES.map((_, i) => median(rounds.map((round) => round.get(name)?.[i] ?? NaN)))]),
  );
}

async function allocated(runtime: Runtime, folder: string, name: string): Promise<number> {
  return median(await repeat(3, () => runNumber(runtime, folder, CHILD, ["memory", name, MOST, "none"], ROOMY)));
}

async function measure<A>(
  names: readonly string[],
  columns: readonly A[],
  figure: (name: string, column: A) => Promise<number>,
): Promise<Figures> {
  const figures = new Map<string, readonly number[]>();
  for (const name of names) {
    const row: number[] = [];
    for (const column of columns) row.push(await figure(name, column));
    figures.set(name, row);
  }
  return figures;
}

async function repeat<A>(times: number, run: () => Promise<A>): Promise<readonly A[]> {
  const results: A[] = [];
  for (let i = 0; i < times; i++) results.push(await run());
  return results;
}

function worst(figures: Figures): number {
  return Math.max(...figures.get("ours") ?? [NaN]);
}

function scaled(figures: Figures, factor: number): Figures {
  return new Map([...figures].map(([name, values]) => [name, values.map((value) => value * factor)]));
}

function toTable(title: string, columns: readonly string[], figures: Figures): Table {
  const rows = [...figures].map(([name, values]) => [CONTENDERS[name] ?? `the ${name}`, ...values.map(short)]);
  return { title, columns: ["", ...columns], rows };
}
