/** What the tests of the detector and the recognizer share: WebAssembly instances, worker threads and processes. */
import { strictEqual as equal } from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { ascii } from "./images.ts";

/** The sanitizers do not report workers that keep running; {@linkcode watchWorkers} does. */
export const strict = { sanitizeOps: true, sanitizeResources: true };

/** The number of WebAssembly instances created so far, and whether the next call from one into JavaScript aborts it. */
export const wasm = { instances: 0, isAborting: false };

const { instantiate } = WebAssembly;
WebAssembly.instantiate = ((source: BufferSource, imports: WebAssembly.Imports = {}) => {
  wasm.instances++;
  const abortable = (value: WebAssembly.ImportValue): WebAssembly.ImportValue =>
    typeof value !== "function" ? value : (...args: unknown[]) => {
      if (wasm.isAborting) {
        wasm.isAborting = false;
        throw new WebAssembly.RuntimeError("Aborted()");
      }
      return value(...args);
    };
  const wrap = (module: WebAssembly.ModuleImports): WebAssembly.ModuleImports =>
    Object.fromEntries(Object.entries(module).map(([name, value]) => [name, abortable(value)]));
  return instantiate(
    source,
    Object.fromEntries(Object.entries(imports).map(([name, module]) => [name, wrap(module)])),
  );
}) as typeof instantiate;

/** Passes `run` the worker threads that are used while it runs, and checks that all of them have exited afterwards. */
export async function watchWorkers(run: (workers: ReadonlySet<Worker>) => Promise<void>): Promise<void> {
  const workers = new Set<Worker>();
  let ended = 0;
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (...message) {
    if (!workers.has(this)) this.once("exit", () => ended++);
    workers.add(this);
    return postMessage.apply(this, message);
  };
  try {
    await run(workers);
  } finally {
    Worker.prototype.postMessage = postMessage;
  }
  equal(ended, workers.size, "a worker is still running");
}

/** Runs a script in a new Deno process with these permissions. `DETECTOR` and `RECOGNIZER` stand for URLs. */
export async function run(script: string, ...permissions: readonly string[]): Promise<{ code: number; out: string }> {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const options = ["--no-prompt", "--no-check", "--no-lock", "--quiet", `--config=${path("../../deno.json")}`];
  // Not node:child_process: Deno's implementation adds all permissions when the command is Deno itself.
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...options, ...permissions, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(300_000), // ends one that hangs
  }).spawn();
  const source = script.replaceAll("DETECTOR", import.meta.resolve("../../src/emulator/detector.ts"))
    .replaceAll("RECOGNIZER", import.meta.resolve("../../src/emulator/recognizer.ts"));
  await ReadableStream.from([ascii(source)]).pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  const out = new TextDecoder().decode(stdout);
  return { code, out: out || new TextDecoder().decode(stderr) };
}

/** Passes `use` the option of `deno run` for an import map with other targets for some specifiers. */
export async function withImports(
  changes: Readonly<Record<string, string>>,
  use: (option: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const { imports } = JSON.parse(await readFile(new URL("../../deno.json", import.meta.url), "utf8"));
  // In an import map, unlike in deno.json, the files of a package need an entry of their own.
  const files = Object.entries(imports).map(([name, target]) => [`${name}/`, `${target}/`.replace("npm:", "npm:/")]);
  const map = { imports: { ...imports, ...Object.fromEntries(files), ...changes } };
  await writeFile(`${folder}/imports.json`, JSON.stringify(map));
  try {
    await use(`--import-map=${folder}/imports.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
