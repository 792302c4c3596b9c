// Measures cost and speed, and writes RESULTS.md: all figures are ratios inside this run. With the names of parts, such as
// `deno task bench streams imports`, it measures only those, and writes nothing.
import { cpus, totalmem } from "node:os";
import process from "node:process";
import { bursting } from "./burst.ts";
import { decoding } from "./decode.ts";
import { importing } from "./imports.ts";
import { barsToMarkdown, type Part, toMarkdown } from "./report.ts";
import { simulating } from "./schedules.ts";
import { streaming } from "./streams.ts";
import { submitting } from "./submission.ts";
import { waiting } from "./waiting.ts";

const PARTS: Readonly<Record<string, () => Part | Promise<Part>>> = {
  streams: streaming,
  imports: importing,
  submission: submitting,
  waiting,
  schedules: simulating,
  decoding,
  budget: bursting,
};

const unknown = Deno.args.find((name) => !(name in PARTS));
if (unknown !== undefined) throw new RangeError(`There is no part ${unknown}, but ${Object.keys(PARTS).join(", ")}`);

const parts: Part[] = [];
for (const [name, measure] of Object.entries(PARTS)) {
  if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
  const begin = performance.now();
  parts.push(await measure());
  console.error(`${name}: ${Math.round((performance.now() - begin) / 1000)} s`);
}
const report = [
  "# Results",
  `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB; Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ` +
  `${process.platform}; ${new Date().toISOString().slice(0, 10)}. Written by \`deno task bench\`. 1 KB is 1000 bytes.`,
  barsToMarkdown(parts.flatMap(({ goals = [] }) => goals)),
  "Other figures with a bar:",
  barsToMarkdown(parts.flatMap(({ bars }) => bars)),
  ...parts.map(toMarkdown),
].join("\n\n");
console.log(report);
if (Deno.args.length === 0) await Deno.writeTextFile(new URL("RESULTS.md", import.meta.url), `${report}\n`);
