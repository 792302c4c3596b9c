// Installs packages of npm that scripts and tests need and the library does not. The versions are in versions.json.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { run, succeed } from "./process.ts";
import versions from "./versions.json" with { type: "json" };

const ARCHITECTURES = { x86_64: "x64", aarch64: "arm64", arm: "arm", loongarch64: "loong64" };

/** The versions of Node.js that are tested. The first is the oldest, and runs the other tools. */
export const NODES: readonly string[] = versions.node;

/**
 * Installs packages of `versions.json` (`node` stands for every Node.js) outside the tree, unless an earlier run has
 * done so; returns the folder that holds their `node_modules`.
 *
 * @param names The packages.
 * @param others Other packages, with their versions.
 */
export async function installTools(
  names: readonly string[],
  others: Readonly<Record<string, string>> = {},
): Promise<string> {
  const packages: Readonly<Record<string, string>> = versions.packages;
  const dependencies = Object.fromEntries(
    names.flatMap((name) =>
      name === "node"
        ? NODES.map((version) => [`node-${version}`, `npm:${nodePackage()}@${version}`])
        : [[name, packages[name]]]
    ),
  );
  const manifest = JSON.stringify({ private: true, dependencies: { ...dependencies, ...others } });
  const parent = join(Deno.env.get("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "ocr-cloud-regions");
  const folder = join(parent, createHash("sha256").update(manifest).digest("hex").slice(0, 16));
  if (await exists(folder)) return folder;

  await Deno.mkdir(parent, { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: parent });
  await Deno.writeTextFile(join(fresh, "package.json"), manifest);
  await npmInstall(fresh);
  // Only a complete installation gets this name. If another run was faster, its installation is used.
  await Deno.rename(fresh, folder).catch(() => Deno.remove(fresh, { recursive: true }));
  return folder;
}

/** Installs the dependencies of the package.json in `folder`, and adds `packages` to them. Runs no scripts. */
export async function npmInstall(folder: string, packages: readonly string[] = []): Promise<void> {
  const command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...packages];
  succeed(await run(command, { cwd: folder }), "npm install");
}

/** The executable of one version of Node.js. */
export function nodePath(tools: string, version: string): string {
  return join(tools, "node_modules", `node-${version}`, "bin", "node");
}

/** The executable of Bun. */
export function bunPath(tools: string): string {
  const arch = Deno.build.arch === "aarch64" ? "aarch64" : "x64";
  return join(tools, "node_modules/@oven", `bun-${Deno.build.os}-${arch}`, "bin/bun");
}

/** Runs esbuild, one of the tools, in the folder `cwd`. */
export async function esbuild(tools: string, cwd: string, args: readonly string[]): Promise<void> {
  const program = [nodePath(tools, NODES[0]), join(tools, "node_modules/esbuild/bin/esbuild")];
  succeed(await run([...program, "--log-level=error", ...args], { cwd }), "esbuild");
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

/** The package that contains the executable: `node` itself would download it in an installation script. */
function nodePackage(): string {
  const system = Deno.build.os === "windows" ? "win" : Deno.build.os;
  return `node-${system}-${ARCHITECTURES[Deno.build.arch as keyof typeof ARCHITECTURES] ?? Deno.build.arch}`;
}
