/** A process of its own for each measurement, in Deno or, transpiled, in Node.js and Bun. */
import { bunPath, installTools, nodePath, NODES } from "../lib/npm.ts";
import { run as runProgram, succeed } from "../lib/process.ts";

export type Runtime = "Deno" | "Node 20" | "Node 24" | "Bun";

/** Those in which everything is measured. */
export const RUNTIMES: readonly Runtime[] = ["Deno", "Node 20", "Node 24"];

/** The flag that gives a process `gc()`. */
export const EXPOSE_GC = "--expose-gc";

const HERE = new URL(".", import.meta.url).pathname;
const CONFIG = `${HERE}deno.json`;

/** Transpiles files of this folder, with all they import, into another one, and says where that is. */
export async function transpile(files: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  // A browser's platform, since the answer of each runtime to "which build of fp-ts" must be the same.
  await output([
    ...[Deno.execPath(), "bundle", "--quiet", "--config", CONFIG, "--platform", "browser", "--outdir", folder],
    ...files.map((file) => HERE + file),
  ]);
  // Where the files had no folder in common below this one, they lie deeper.
  await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
  return folder;
}

/**
 * Runs a file in a process of its own, and gives the JSON that is the last line it prints.
 *
 * @param folder Where the transpiled files are.
 */
export async function run(
  runtime: Runtime,
  folder: string,
  file: string,
  args: readonly (string | number)[],
  flags: readonly string[] = [EXPOSE_GC],
): Promise<unknown> {
  const text = await output([...await command(runtime, folder, file, flags), ...args.map(String)]);
  return JSON.parse(text.split("\n").at(-1) ?? "");
}

/** {@linkcode run} for a file that prints one number. */
export async function runNumber(...args: Parameters<typeof run>): Promise<number> {
  const value = await run(...args);
  if (typeof value !== "number") throw new TypeError(`${args[2]} printed no number`);
  return value;
}

/** The command that runs a file of this folder. */
export async function command(
  runtime: Runtime,
  folder: string,
  file: string,
  flags: readonly string[] = [],
): Promise<readonly string[]> {
  if (runtime === "Deno") {
    const options = ["-A", "--quiet", "--no-check", "--config", CONFIG, `--v8-flags=${flags.join(",")}`];
    return [Deno.execPath(), "run", ...options, HERE + file];
  }
  const script = `${folder}/${file.replace(/ts$/, "js")}`;
  const tools = await installTools(["node", "bun"]);
  if (runtime === "Bun") return [bunPath(tools), script];
  const version = NODES.find((version) => runtime === `Node ${parseInt(version)}`);
  if (version === undefined) throw new RangeError(`${runtime} is not among the versions`);
  return [nodePath(tools, version), ...flags, script];
}

/** What a command prints; throws where it fails. */
async function output(command: readonly string[]): Promise<string> {
  return succeed(await runProgram(command), command.join(" "));
}
