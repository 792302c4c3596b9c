// Everything but the tests: format, lint, types, layers, documentation, and what publishing would refuse.
import { run } from "./run.ts";

/** What the documentation may refer to although it is not the library's own. */
const FOREIGN = ["Either", "Observable", "Option", "ReaderTaskEither", "Task", "Type"];

const { exports } = JSON.parse(await Deno.readTextFile("deno.json")) as { exports: Record<string, string> };
const entries = Object.values(exports);

const checks: Record<string, () => Promise<number>> = {
  "format": () => run(["fmt", "--check", "--quiet"]),
  "lint": () => run(["lint", "--quiet"]),
  "types": () => run(["check", "--quiet", "."]),
  "layers": () => run(["run", "-A", "--quiet", "scripts/check_layers.ts"]),
  "documentation": lintDocumentation,
  "links": () => run(["run", "-A", "--quiet", "scripts/check_links.ts"]),
  "examples": () => run(["run", "-A", "--quiet", "scripts/check_examples.ts"]),
  "reference": () => run(["run", "-A", "--quiet", "scripts/docs.ts"]),
  "publish": () => run(["publish", "--dry-run", "--allow-dirty", "--quiet"]),
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const ok = await check() === 0;
  console.log(`${ok ? "ok    " : "FAILED"} ${name}`);
  if (!ok) failed++;
}
Deno.exit(failed === 0 ? 0 : 1);

/** `deno doc --lint`, less its complaints about the types of fp-ts, io-ts and rxjs. */
async function lintDocumentation(): Promise<number> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...entries],
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  const faults = new TextDecoder().decode(stderr).split(/\n(?=error\[)/).filter((fault) =>
    fault.startsWith("error[") && !FOREIGN.some((type) => fault.includes(`references private type '${type}'`))
  );
  for (const fault of faults) console.error(fault);
  return faults.length;
}
