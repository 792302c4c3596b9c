// The tests of all that is no affair of Deno's, on the Node.js that is there: bundled, with `Deno.test` as Node's own.
import { run } from "./run.ts";

/** What reads files of the project, starts servers of Deno's or is about Deno itself. */
const OTHERS = ["cli", "detector", "emulator", "image_header", "serve", "whole"];

const SHIM = `import { test } from "node:test";
import { inspect } from "node:util";
globalThis.Deno = { test, inspect };
`;

const folder = await Deno.makeTempDir();
const bundles: string[] = [];
for await (const { name } of Deno.readDir("tests")) {
  const [, module] = name.match(/^(\w+)_test\.ts$/) ?? [];
  if (module === undefined || OTHERS.includes(module)) continue;
  const bundle = `${folder}/${module}.mjs`;
  if (await run(["bundle", "--quiet", "--platform=deno", `--output=${bundle}`, `tests/${name}`]) !== 0) Deno.exit(1);
  bundles.push(bundle);
}
await Deno.writeTextFile(`${folder}/shim.mjs`, SHIM);
const { code, stdout } = await new Deno.Command("node", {
  args: ["--import", `${folder}/shim.mjs`, "--test", "--test-reporter=tap", ...bundles],
  stderr: "inherit",
}).output();
await Deno.remove(folder, { recursive: true });

const tap = new TextDecoder().decode(stdout);
const count = (what: string): number => Number(tap.match(RegExp(`^# ${what} (\\d+)$`, "m"))?.[1]);
if (code !== 0) console.log(tap);
console.log(`${count("pass")} passed, ${count("tests") - count("pass")} failed`);
Deno.exit(code);
