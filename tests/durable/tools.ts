/**
 * What the run needs and the library does not: a local Workers runtime, a bundler, and what the queue example imports.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installTools } from "../../scripts/lib/npm.ts";
import { run, succeed } from "../../scripts/lib/process.ts";

const TOOLS = ["miniflare", "esbuild", "bullmq", "ioredis"];

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

/** Installs the tools. Bundles go to the folder `output`. */
export async function prepareTools(output: string): Promise<Tools> {
  const modules = join(await installTools(TOOLS, await runTimePackages()), "node_modules");
  // Bundles for Node leave their packages out, and Node looks for them from where the bundle is.
  await Deno.symlink(modules, `${output}/node_modules`);
  return {
    miniflare: `${modules}/miniflare/dist/src/index.js`,
    bundle: async (file, platform) => {
      const bundle = `${output}/${file.replaceAll("/", "-").replace(/\.ts$/, ".mjs")}`;
      const options = [
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
        "--alias:@ocr-cloud/regions/server=./src/server/server.ts",
        "--alias:@ocr-cloud/regions=./mod.ts",
        `--outfile=${bundle}`,
      ];
      const esbuild = [`${modules}/.bin/esbuild`, ...options];
      succeed(await run(esbuild, { cwd: ROOT, env: { NODE_PATH: modules } }), "esbuild");
      return bundle;
    },
  };
}

async function runTimePackages(): Promise<Readonly<Record<string, string>>> {
  const read = async (file: string): Promise<Record<string, Record<string, string>>> =>
    JSON.parse(await Deno.readTextFile(`${ROOT}/${file}`));
  const { imports } = await read("deno.json"), { specifiers } = await read("deno.lock");
  // The lock file adds what a package was resolved with: `2.2.22_fp-ts@2.16.11`.
  return Object.fromEntries(RUN_TIME.map((name) => [name, specifiers[imports[name]].split("_")[0]]));
}
