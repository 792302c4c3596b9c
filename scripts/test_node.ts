// Runs the tests of everything that is not specific to Deno on Node.js: bundled, with `Deno.test` mapped to Node's own.
// Garbage is collected five times a second, since Node links some objects only weakly: a request must not depend on one.
// With files or folders, such as `deno task test:node tests/client`, it runs only the tests in them.
import { listFiles } from "./lib/files.ts";
import { run, runDeno } from "./lib/process.ts";

/**
 * Tests that read files of the project, start Deno's servers, are about Deno itself, or count sockets, which Node.js keeps
 * for seconds: how their paths begin.
 */
const DENO_ONLY = [
  "browser/faults",
  "cli/",
  "emulator/",
  "end_to_end",
  "events/",
  "files/lock",
  "files/pdf",
  "internal/image_header",
  "runtimes/",
  "scripts/",
  "stream/event_source",
];

const SHIM = `import { test } from "node:test";
import { inspect } from "node:util";
const denoTest = (name, ...rest) => {
  const [run, { ignore = false } = {}] = rest.reverse();
  return test(name, { skip: ignore }, run);
};
globalThis.Deno = { test: denoTest, inspect };
setInterval(globalThis.gc, 200).unref();
`;

const tests = (await listFiles("tests")).filter((path) =>
  path.endsWith("_test.ts") && !DENO_ONLY.some((start) => path.startsWith(start)) &&
  (Deno.args.length === 0 || Deno.args.some((start) => `tests/${path}`.startsWith(start)))
);
if (tests.length === 0) throw new RangeError(`There are no tests for Node.js in ${Deno.args.join(" and ")}`);
const folder = await Deno.makeTempDir();
if (
  await runDeno([
    "bundle",
    "--quiet",
    "--platform=deno",
    `--outdir=${folder}`,
    ...tests.map((path) => `tests/${path}`),
  ]) !== 0
) Deno.exit(1);
await Deno.writeTextFile(`${folder}/package.json`, `{"type":"module"}`);
await Deno.writeTextFile(`${folder}/shim.js`, SHIM);
const bundles = (await listFiles(folder)).filter((path) => path.endsWith("_test.js")).map((path) =>
  `${folder}/${path}`
);
const options = ["--expose-gc", "--import", `${folder}/shim.js`, "--test", "--test-reporter=tap"];
const { code, stdout: tap, stderr } = await run(["node", ...options, ...bundles]);
await Deno.remove(folder, { recursive: true });

const count = (what: string): number => Number(tap.match(RegExp(`^# ${what} (\\d+)$`, "m"))?.[1]);
if (code !== 0) console.log(`${tap}\n${stderr}`);
console.log(`${count("pass")} passed, ${count("fail") + count("cancelled")} failed`);
Deno.exit(code);
