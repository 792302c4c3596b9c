// What the library adds to a Worker or a page: real programs against size.json (bytes, gzip). A program over its limit
// fails; its aim is where it should be. And what an import of the library costs, in CPU time, against an empty script.
import { join } from "node:path";
import { bundleSize, type ProgramName, PROGRAMS } from "./lib/bundle_size.ts";
import { type ImportTimes, importTimes } from "./lib/import_time.ts";
import { installTools } from "./lib/npm.ts";
import { install, packWithDeno } from "./lib/pack.ts";
import limits from "./size.json" with { type: "json" };

/** The columns of the table, and the packages that each counts. */
const SHARES: readonly (readonly [column: string, packages: readonly string[]])[] = [
  ["this library", ["@ocr-cloud/regions"]],
  ["io-ts", ["io-ts"]],
  ["fp-ts", ["fp-ts"]],
  ["rxjs", ["rxjs", "tslib"]],
  ["saxes", ["saxes", "xmlchars"]],
  ["SSE parser", ["eventsource-parser"]],
  ["program", [""]],
];

const root = join(import.meta.dirname ?? ".", "..");
const folder = await Deno.makeTempDir();
let isOver = false;
try {
  const tools = await installTools(["esbuild", "node"]);
  const { consumer } = await install(await packWithDeno(root, folder), join(folder, "consumer"));
  isOver = await showSizes(tools, consumer);
  showImports(await importTimes(tools, consumer));
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(isOver ? 1 : 0);

/** Prints the sizes; whether one is over its limit. */
async function showSizes(tools: string, consumer: string): Promise<boolean> {
  showRow("bundle, bytes", ["minified", "gzip", "limit", "aim", ...SHARES.map(([column]) => column)]);
  let isOver = false;
  for (const name of Object.keys(PROGRAMS) as readonly ProgramName[]) {
    const { minified, gzip, packages } = await bundleSize(tools, consumer, name);
    const { limit, aim } = limits[name];
    const shares = SHARES.map(([, names]) => {
      const bytes = names.reduce((sum, name) => sum + (packages.get(name) ?? 0), 0);
      return `${bytes} ${Math.round(100 * bytes / minified)} %`;
    });
    const judgement = gzip > limit ? "OVER ITS LIMIT" : gzip > aim ? "above its aim" : "";
    showRow(name, [minified, gzip, limit, aim, ...shares, judgement]);
    if (gzip > limit) isOver = true;
  }
  console.log();
  return isOver;
}

function showImports(times: ReadonlyMap<string, ImportTimes>): void {
  const [empty] = times.values();
  showRow("import, CPU ms", [...empty.keys()]);
  for (const [name, row] of times) {
    const cells = [...row].map(([runtime, ms]) =>
      `${ms.toFixed(0)} ${(ms / (empty.get(runtime) ?? NaN)).toFixed(1)} x`
    );
    showRow(name, cells);
  }
}

function showRow(name: string, cells: readonly (string | number)[]): void {
  console.log((name.padEnd(20) + cells.map((cell) => String(cell).padStart(14)).join("")).trimEnd());
}
