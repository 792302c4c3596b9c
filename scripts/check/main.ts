// Everything but the tests: format, lint, types, layers, documentation, and what publishing would refuse.
import { run, runDeno } from "../lib/process.ts";

/** What the documentation may refer to although it is not the library's own. */
const FOREIGN = ["Decoder", "Either", "Is", "Observable", "Option", "Task", "TaskEither", "Type"];

const { exports } = JSON.parse(await Deno.readTextFile("deno.json")) as { exports: Record<string, string> };
const entries = Object.values(exports);

const checks: Record<string, () => Promise<number>> = {
  "format": () => runDeno(["fmt", "--check", "--quiet"]),
  "lint": () => runDeno(["lint", "--quiet"]),
  "types": () => runDeno(["check", "--quiet", "."]),
  "benchmarks": () => checkApart("scripts/bench", "deno.json"),
  "web page": () => checkApart("examples/web", "deno.json"),
  "npm build": () => checkApart("scripts/npm", "check.json"),
  "layers": () => runCheck("layers"),
  "documentation": lintDocumentation,
  "links": () => runCheck("links"),
  "versions": () => runCheck("versions"),
  "examples": () => runCheck("examples"),
  "reference": () => runDeno(["run", "-A", "--quiet", "scripts/docs.ts"]),
  "publish": () => runDeno(["publish", "--dry-run", "--allow-dirty", "--quiet"]),
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const ok = await check() === 0;
  console.log(`${ok ? "ok    " : "FAILED"} ${name}`);
  if (!ok) failed++;
}
Deno.exit(failed === 0 ? 0 : 1);

function runCheck(name: string): Promise<number> {
  return runDeno(["run", "-A", "--quiet", `scripts/check/${name}.ts`]);
}

/** Format, lint and types of a folder that imports what the rest of the project does not. */
async function checkApart(folder: string, config: string): Promise<number> {
  const options = ["--quiet", `--config=${folder}/${config}`, folder];
  for (const command of [["fmt", "--check"], ["lint"], ["check"]]) {
    const status = await runDeno([...command, ...options]);
    if (status !== 0) return status;
  }
  return 0;
}

/** `deno doc --lint`, less its complaints about the types of fp-ts, io-ts and rxjs. */
async function lintDocumentation(): Promise<number> {
  const { stderr } = await run([Deno.execPath(), "doc", "--lint", ...entries]);
  const faults = stderr.split(/\n(?=error\[)/).filter((fault) =>
    fault.startsWith("error[") && !FOREIGN.some((type) => fault.includes(`references private type '${type}'`))
  );
  for (const fault of faults) console.error(fault);
  return faults.length;
}
