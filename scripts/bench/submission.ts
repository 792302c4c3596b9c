/** Submission of a large image: memory, the event loop, and how often it arrives. */
import { median } from "../lib/median.ts";
import { run, type Runtime, RUNTIMES, transpile } from "./child.ts";
import { short } from "./numbers.ts";
import { allAtMost, type Part } from "./report.ts";
import { withService } from "./service.ts";
import { submitInWorkerd } from "./submission_workerd.ts";

const CHILD = "submission_child.ts";
const BYTES = 20_000_000;
const ROUNDS = 3;

const METHOD = `\`submitImage\` sends an image of ${
  BYTES / 1e6
} MB over a socket of the loopback interface to a server in
another process. Each figure is the median of ${ROUNDS} processes, each of which sends small images before. Memory is how far
the resident memory of the process rises above what it was before the submission, with the image, in sizes of the image.
The longest block is the longest time for which a timer of 1 ms did not run and the process computed. Arrivals: how often the server receives an
image over a connection that was used before, and that the server closes once it has read the image; in all processes at
most. A Worker's clock stands still while it computes, so nothing is known of its blocks.`;

interface Outcome {
  readonly memory: number;
  readonly block: number;
  readonly arrivals: number;
}

export async function submitting(): Promise<Part> {
  const folder = await transpile([CHILD]);
  const outcomes = await withService(async (origin) => {
    const outcomes = new Map<string, Outcome>();
    for (const runtime of [...RUNTIMES, "Bun"] as const) outcomes.set(runtime, await submitIn(runtime, folder, origin));
    const rounds: Outcome[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const { growth, arrivals } = await submitInWorkerd(origin, BYTES);
      rounds.push({ memory: growth / BYTES, block: NaN, arrivals });
    }
    return outcomes.set("workerd", middle(rounds));
  });
  const figures = (of: keyof Outcome): ReadonlyMap<string, number> =>
    new Map([...outcomes].map(([name, outcome]) => [name, outcome[of]]));
  const blocks = new Map([...figures("block")].filter(([, ms]) => !Number.isNaN(ms)));
  return {
    title: "Submission",
    method: METHOD,
    tables: [{
      title: `An image of ${BYTES / 1e6} MB`,
      columns: ["", "memory, times the image", "longest block, ms", "arrivals"],
      rows: [...outcomes].map(([name, { memory, block, arrivals }]) => [
        name,
        short(memory),
        Number.isNaN(block) ? "" : short(block),
        String(arrivals),
      ]),
    }],
    goals: [
      allAtMost(`image of ${BYTES / 1e6} MB, peak memory, times the image`, 5, figures("memory"), short),
      allAtMost(`image of ${BYTES / 1e6} MB, longest block, ms`, 50, blocks, short),
      allAtMost("image, arrivals over a used connection that is dropped", 1, figures("arrivals"), String),
    ],
    bars: [],
  };
}

async function submitIn(runtime: Runtime, folder: string, origin: string): Promise<Outcome> {
  const rounds: Outcome[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const printed = await run(runtime, folder, CHILD, [origin, BYTES]);
    if (!Array.isArray(printed)) throw new TypeError(`${CHILD} printed no figures`);
    const [growth, block, arrivals] = printed.map(Number);
    rounds.push({ memory: growth / BYTES, block, arrivals });
  }
  return middle(rounds);
}

function middle(rounds: readonly Outcome[]): Outcome {
  return {
    memory: median(rounds.map(({ memory }) => memory)),
    block: median(rounds.map(({ block }) => block)),
    arrivals: Math.max(...rounds.map(({ arrivals }) => arrivals)),
  };
}
