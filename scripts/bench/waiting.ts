/** A hundred thousand tasks that wait in a budget: what an admission costs, and what one that waits holds. */
import { median } from "../lib/median.ts";
import { runNumber, RUNTIMES, transpile } from "./child.ts";
import { short } from "./numbers.ts";
import { allAtMost, type Part } from "./report.ts";

const CHILD = "waiting_child.ts";
const TASKS = 100_000;

/** What is measured, and in how many processes: heaps are the same in all of them. */
const ROUNDS = { admission: 3, acquire: 1, watch: 1 };

const METHOD = `${
  TASKS.toLocaleString("en")
} tasks wait in a budget that admits one at a time, and each that is admitted
leaves its slot at once and comes again, so that there are always as many. An admission is all of it: to be chosen, to
be told, to release and to wait again; the figure is computing time. Heap is what is in use while all wait, after
collection, less what was in use before: of \`acquire\` with its promise and signal, and of \`watchRegions\` as a whole. The figure of
admissions is the median of ${ROUNDS.admission} processes.`;

export async function waiting(): Promise<Part> {
  const folder = await transpile([CHILD]);
  const rows = new Map<string, readonly number[]>();
  for (const runtime of RUNTIMES) {
    const row: number[] = [];
    for (const [what, count] of Object.entries(ROUNDS)) {
      const rounds: number[] = [];
      for (let i = 0; i < count; i++) rounds.push(await runNumber(runtime, folder, CHILD, [what, TASKS]));
      row.push(median(rounds));
    }
    rows.set(runtime, row);
  }
  const column = (index: number): ReadonlyMap<string, number> =>
    new Map([...rows].map(([runtime, row]) => [runtime, row[index]]));
  const tasks = TASKS.toLocaleString("en");
  return {
    title: "Waiting",
    method: METHOD,
    tables: [{
      title: `${tasks} tasks in a budget`,
      columns: ["", "admission, µs", "heap of `acquire`, bytes", "heap of a watch, bytes"],
      rows: [...rows].map(([runtime, row]) => [runtime, ...row.map(short)]),
    }],
    goals: [
      allAtMost(`admission with ${tasks} waiting, µs`, 50, column(0), short),
      allAtMost("heap of a waiting `acquire`, bytes", 2000, column(1), short),
      allAtMost("heap of a waiting watch as a whole, bytes", 2000, column(2), short),
    ],
    bars: [],
  };
}
