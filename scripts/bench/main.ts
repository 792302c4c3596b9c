// Measures what the issue of cost and speed names, and writes RESULTS.md: all figures are ratios inside this run.
import { cpus, totalmem } from "node:os";
import process from "node:process";
import { bursting } from "./burst.ts";
import { decoding } from "./decode.ts";
import { barsToMarkdown, toMarkdown } from "./report.ts";
import { simulating } from "./schedules.ts";
import { streaming } from "./streams.ts";

const parts = [simulating(), await bursting(), await decoding(), await streaming()];
const report = [
  "# Results",
  `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB; Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ` +
  `${process.platform}; ${new Date().toISOString().slice(0, 10)}. Written by \`deno task bench\`.`,
  barsToMarkdown(parts.flatMap(({ bars }) => bars)),
  ...parts.map(toMarkdown),
].join("\n\n");
console.log(report);
await Deno.writeTextFile(new URL("RESULTS.md", import.meta.url), `${report}\n`);
