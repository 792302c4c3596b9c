/** What the run needs and the library does not: a local Workers runtime and a bundler. The only place with versions. */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const PINNED = ["miniflare@4.20260426.0", "esbuild@0.28.2", "bullmq@6.7.0", "ioredis@5.11.1"];

/** What the library itself imports, in the versions of deno.lock. */
const RUN_TIME = ["fp-ts", "io-ts", "rxjs"];

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The tools, in a folder of their own outside the tree. */
export interface Tools {
  /** The module to import Miniflare from, on Node. */
  readonly miniflare: string;
  /** Bundles a file of the tree, which may import the library by its name; the result is the bundle's path. */
  readonly bundle: (file: string, platform: "neutral" | "node") => Promise<string>;
}

/** Installs the tools, if they are not there from an earlier run. Bundles go to the folder `output`. */
export async function prepareTools(output: string): Promise<Tools> {
  const packages = [...PINNED, ...await runTimePackages()];
  const hash = createHash("sha256").update(packages.join()).digest("hex").slice(0, 12);
  const folder = `${tmpdir()}/ocr-regions-tools-${hash}`;
  if (!await exists(folder)) await install(folder, packages);
  const modules = `${folder}/node_modules`;
  // Bundles for Node leave their packages out, and Node looks for them from where the bundle is.
  await Deno.symlink(modules, `${output}/node_modules`);
  return {
    miniflare: `${modules}/miniflare/dist/src/index.js`,
    bundle: async (file, platform) => {
      const bundle = `${output}/${file.replaceAll("/", "-").replace(/\.ts$/, ".mjs")}`;
      await run(`${modules}/.bin/esbuild`, [
        file,
        "--bundle",
        "--format=esm",
        "--target=es2022",
        "--log-level=warning",
        `--platform=${platform}`,
        // Where the platform is neutral, esbuild looks at none of these by itself.
        "--main-fields=module,main",
        ...platform === "node" ? ["--packages=external"] : [],
        "--alias:@ocr-cloud/regions/core=./src/core.ts",
        "--alias:@ocr-cloud/regions/durable-object=./src/server/durable_object.ts",
        "--alias:@ocr-cloud/regions=./mod.ts",
        `--outfile=${bundle}`,
      ], { NODE_PATH: modules });
      return bundle;
    },
  };
}

async function runTimePackages(): Promise<readonly string[]> {
  const read = async (file: string): Promise<Record<string, Record<string, string>>> =>
    JSON.parse(await Deno.readTextFile(`${ROOT}/${file}`));
  const { imports } = await read("deno.json"), { specifiers } = await read("deno.lock");
  // The lock file adds what a package was resolved with: `2.2.22_fp-ts@2.16.11`.
  return RUN_TIME.map((name) => `${name}@${specifiers[imports[name]].split("_")[0]}`);
}

/** Into a folder of its own first, so that a run that is broken off leaves nothing half done. */
async function install(folder: string, packages: readonly string[]): Promise<void> {
  console.log(`Installing ${packages.join(", ")}`);
  const temporary = await Deno.makeTempDir({ prefix: "ocr-regions-install-" });
  await run("npm", ["install", "--prefix", temporary, "--ignore-scripts", "--no-audit", "--no-fund", ...packages]);
  try {
    await Deno.rename(temporary, folder);
  } catch (error) {
    // Another run was faster.
    if (!await exists(folder)) throw error;
  }
}

async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    env,
    cwd: ROOT,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot run ${command}: ${new TextDecoder().decode(stderr)}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
