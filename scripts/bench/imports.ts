/** What the library costs before it does anything: the time of its import, and the size of programs with it. */
import { join } from "node:path";
import { bundleSize, type ProgramName, PROGRAMS } from "../lib/bundle_size.ts";
import { type ImportTimes, importTimes } from "../lib/import_time.ts";
import { installTools } from "../lib/npm.ts";
import { install, packWithDeno } from "../lib/pack.ts";
import { atMost, type Bar, type Part } from "./report.ts";

/** Kilobytes. */
const SIZES: Partial<Record<ProgramName, number>> = { "watch one id": 13.3, "wait for one id": 9.6, "decode only": 3 };

/** Milliseconds in Node.js 24. */
const TIMES: Readonly<Record<string, number>> = { ".": 60, "./core": 20 };

const METHOD =
  `The library is packed, and installed from npm with its newest peers. An import is timed in a process of its own, which
imports one module and ends: user and system time, the median of many rounds in alternation, less the median of a process
that imports nothing. Sizes are those of whole programs with all that they import, bundled and minified by esbuild as for
Cloudflare Workers, as \`deno task size\` shows them in detail. A program for pages counts without fp-ts, io-ts and rxjs.`;

export async function importing(): Promise<Part> {
  const folder = await Deno.makeTempDir();
  try {
    const tools = await installTools(["esbuild", "node"]);
    const tarball = await packWithDeno(new URL("../..", import.meta.url).pathname, folder);
    const { consumer } = await install(tarball, join(folder, "consumer"));
    const [[, empty], ...times] = await importTimes(tools, consumer);
    const overEmpty = (times: ImportTimes, runtime: string): number =>
      (times.get(runtime) ?? NaN) - (empty.get(runtime) ?? NaN);

    const kilobytes = new Map<string, { readonly minified: number; readonly gzip: number }>();
    for (const name of Object.keys(PROGRAMS) as readonly ProgramName[]) {
      const { minified, gzip } = await bundleSize(tools, consumer, name);
      kilobytes.set(name, { minified: minified / 1000, gzip: gzip / 1000 });
    }
    const runtimes = [...empty.keys()];
    return {
      title: "Imports and sizes",
      method: METHOD,
      tables: [
        {
          title: "Import over an empty script, CPU ms",
          columns: ["", ...runtimes],
          rows: times.map(([name, row]) => [name, ...runtimes.map((runtime) => overEmpty(row, runtime).toFixed(0))]),
        },
        {
          title: "Sizes, KB",
          columns: ["", "minified", "gzip"],
          rows: [...kilobytes].map(([name, { minified, gzip }]) => [name, minified.toFixed(1), gzip.toFixed(1)]),
        },
      ],
      goals: [
        ...times.flatMap(([name, row]) => timeBar(name, overEmpty(row, "Node 24"))),
        ...Object.entries(SIZES).map(([name, limit]) =>
          atMost(`${name}, gzip, KB`, limit, kilobytes.get(name)?.gzip ?? NaN, (size) => size.toFixed(2))
        ),
      ],
      bars: [],
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function timeBar(name: string, ms: number): readonly Bar[] {
  const limit = TIMES[name];
  return limit === undefined
    ? []
    : [atMost(`import of \`${name}\` over an empty script, Node 24, ms`, limit, ms, (ms) => ms.toFixed(0))];
}
