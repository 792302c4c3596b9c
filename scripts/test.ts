// Runs the tests in the given files, or all of them, including the examples in doc comments, README and guides. Every
// other argument, such as `--filter NAME`, goes to `deno test`. The last line holds the counts.
import { parseArgs } from "node:util";
import { runDeno } from "./lib/process.ts";

const ALL = ["tests", "src", "mod.ts", "README.md", "docs"];

const { positionals: files } = parseArgs({
  args: Deno.args,
  options: { filter: { type: "string" } },
  allowPositionals: true,
  strict: false,
});
const report = await Deno.makeTempFile({ suffix: ".xml" });
const status = await runDeno([
  "test",
  "-A",
  "--doc",
  "--parallel",
  "--sanitize-ops",
  "--sanitize-resources",
  `--junit-path=${report}`,
  ...Deno.args,
  ...files.length === 0 ? ALL : [],
]);
const xml = await Deno.readTextFile(report);
await Deno.remove(report);

/** The sum of an attribute over all files of tests. */
const sum = (attribute: string): number =>
  Array.from(xml.matchAll(RegExp(`<testsuite [^>]*\\b${attribute}="(\\d+)"`, "g")), ([, count]) => Number(count))
    .reduce((a, b) => a + b, 0);
// Without a report, no test ran: `deno test` has said why.
if (xml !== "") {
  const failed = sum("failures") + sum("errors");
  console.log(`${sum("tests") - sum("disabled") - failed} passed, ${failed} failed`);
}
Deno.exit(status);
