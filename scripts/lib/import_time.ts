// The CPU time of importing the library in a new process.
import { join } from "node:path";
import { median } from "./median.ts";
import { nodePath, NODES } from "./npm.ts";
import { run, succeed } from "./process.ts";

/** The imported modules: the library's entry points, and their dependencies. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  "an empty script": [],
  ".": ["@ocr-cloud/regions"],
  "./core": ["@ocr-cloud/regions/core"],
  "rxjs": ["rxjs"],
  "io-ts": ["io-ts"],
  "fp-ts, as ./core": ["fp-ts/lib/Either.js", "fp-ts/lib/Option.js"],
};

/** The median CPU times of one script by runtime, in milliseconds. */
export type ImportTimes = ReadonlyMap<string, number>;

/** The rounds of measurements. */
const ROUNDS = 9;

/**
 * Measures the import times of scripts by their names. The first is an empty script.
 *
 * @param tools The folder of Node.js.
 * @param consumer The folder of a project that has the library.
 */
export async function importTimes(
  tools: string,
  consumer: string,
): Promise<ReadonlyMap<string, ImportTimes>> {
  const runtimes: readonly (readonly [name: string, command: readonly string[]])[] = [
    ["Deno", [Deno.execPath(), "run", "--quiet", "--no-check", "--node-modules-dir=manual"]],
    ...[NODES[0], NODES[NODES.length - 1]].map((version) =>
      [`Node ${parseInt(version)}`, [nodePath(tools, version)]] as const
    ),
  ];
  const scripts = Object.entries(IMPORTS).map(([name, specifiers], index) => ({
    path: join(consumer, `import${index}.mjs`),
    text: specifiers.map((specifier) => `import "${specifier}";\n`).join(""),
    name,
    times: new Map(runtimes.map(([runtime]) => [runtime, [] as number[]])),
  }));
  for (const { path, text } of scripts) await Deno.writeTextFile(path, text);
  // In alternation, so that other load of the machine affects all of them. The first round fills the caches of compiled
  // code.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { path, times } of scripts) {
      for (const [runtime, command] of runtimes) {
        const ms = await cpuTime([...command, path], consumer);
        if (round > 0) times.get(runtime)?.push(ms);
      }
    }
  }
  return new Map(scripts.map(({ name, times }) => [
    name,
    new Map([...times].map(([runtime, rounds]) => [runtime, median(rounds)])),
  ]));
}

/** Returns the user and system time of a program in milliseconds, from bash, since Deno does not know them. */
async function cpuTime(command: readonly string[], cwd: string): Promise<number> {
  const outcome = await run(["bash", "-c", 'TIMEFORMAT="%3U %3S"; time "$@"', "bash", ...command], { cwd });
  succeed(outcome, command.join(" "));
  const [user, system] = outcome.stderr.split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return 1000 * (user + system);
}
