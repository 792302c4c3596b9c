// Runs every test, the examples of the documentation and of the README among them, and ends with one line of counts.
import { run } from "./run.ts";

const PLACES = ["tests", "src", "mod.ts", "README.md"];

const report = await Deno.makeTempFile({ suffix: ".xml" });
const status = await run(
  ["test", "-A", "--doc", "--parallel", "--sanitize-ops", "--sanitize-resources", `--junit-path=${report}`, ...PLACES],
);
const xml = await Deno.readTextFile(report);
await Deno.remove(report);

const count = (attribute: string): number =>
  Number(xml.match(RegExp(`<testsuites [^>]*\\b${attribute}="(\\d+)"`))?.[1]);
const failed = count("failures") + count("errors");
console.log(`${count("tests") - failed} passed, ${failed} failed`);
Deno.exit(status);
