// The tools that neither the library nor its tests need: fetched from npm at first use, and kept outside the tree.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import pins from "./tools.json" with { type: "json" };

/** Milliseconds after which a program that is still running is ended. */
const TIME_LIMIT = 120_000;

const ARCHITECTURES = { x86_64: "x64", aarch64: "arm64", arm: "arm", loongarch64: "loong64" };

/** The versions of Node.js that are tried. The first is the oldest, and the one that runs the other tools. */
export const NODES: readonly string[] = pins.node;

/** What a program said, and whether it went well. */
export interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Installs packages of `tools.json` (and every Node.js, by the name `node`) and returns the folder that holds their
 * `node_modules`. What was installed before is used again, as long as no version has changed.
 */
export async function installTools(names: readonly string[]): Promise<string> {
  const packages: Readonly<Record<string, string>> = pins.packages;
  const dependencies = Object.fromEntries(
    names.flatMap((name) =>
      name === "node"
        ? NODES.map((version) => [`node-${version}`, `npm:${nodePackage()}@${version}`])
        : [[name, packages[name]]]
    ),
  );
  const manifest = JSON.stringify({ private: true, dependencies });
  const parent = join(Deno.env.get("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "ocr-cloud-regions");
  const folder = join(parent, createHash("sha256").update(manifest).digest("hex").slice(0, 16));
  if (await exists(folder)) return folder;

  await Deno.mkdir(parent, { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: parent });
  await Deno.writeTextFile(join(fresh, "package.json"), manifest);
  await succeed(await run(["npm", "install", ...NPM_FLAGS], { cwd: fresh, timeLimit: 600_000 }), "npm install");
  // A folder that has its name is whole: whoever is interrupted leaves one without.
  await Deno.rename(fresh, folder).catch(() => Deno.remove(fresh, { recursive: true }));
  return folder;
}

/** For installing what is only used by a test: no scripts, no words. */
export const NPM_FLAGS: readonly string[] = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];

/** The Node.js of one version. */
export function nodePath(tools: string, version: string): string {
  return join(tools, "node_modules", `node-${version}`, "bin", "node");
}

/** Runs a program to its end, or for so many milliseconds; what it started itself is left to it. */
export async function run(
  [program, ...args]: readonly string[],
  { cwd, env, timeLimit = TIME_LIMIT }: {
    readonly cwd?: string;
    readonly env?: Record<string, string>;
    readonly timeLimit?: number;
  } = {},
): Promise<Outcome> {
  const command = new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(timeLimit),
  });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array): string => stripVTControlCharacters(new TextDecoder().decode(bytes)).trim();
  return { ok: success, stdout: text(stdout), stderr: text(stderr) };
}

/** What a program said on standard output; throws with its last words where it failed. */
export function succeed({ ok, stdout, stderr }: Outcome, what: string): string {
  if (!ok) throw new Error(`${what} failed: ${`${stdout}\n${stderr}`.trim().slice(-3000)}`);
  return stdout;
}

/** Whether there is such a file or folder. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** The package that holds the program itself: `node` would download it in a script of its own. */
function nodePackage(): string {
  const system = Deno.build.os === "windows" ? "win" : Deno.build.os;
  return `node-${system}-${ARCHITECTURES[Deno.build.arch as keyof typeof ARCHITECTURES] ?? Deno.build.arch}`;
}
