// The smoke suite as CommonJS.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { esbuild, nodePath, NODES } from "../../scripts/lib/npm.ts";
import type { Manifest } from "../../scripts/lib/pack.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import { hasCommonJs } from "./package.ts";
import { copy, type Project, ROOT } from "./project.ts";

/**
 * The folder of `commonjs.cjs`, which requires the package. A package that has no CommonJS is replaced by its sources,
 * compiled to CommonJS.
 */
export async function buildCommonJs({ tools, consumer, manifest }: Project): Promise<string> {
  const folder = join(consumer, "commonjs");
  await copy(join(consumer, "hosts"), folder, ["commonjs.cjs"]);
  await esbuild(tools, consumer, [
    join(consumer, "smoke.js"),
    "--bundle",
    "--packages=external",
    "--platform=node",
    "--format=cjs",
    `--outfile=${join(folder, "smoke.cjs")}`,
  ]);
  if (!hasCommonJs(manifest)) await compileSources(folder, tools, manifest);
  return folder;
}

async function compileSources(folder: string, tools: string, { name, exports }: Manifest): Promise<void> {
  const sources = join(folder, "sources"), target = join(folder, "node_modules", name);
  await copy(ROOT, sources, ["mod.ts", "src"]);
  for (const { name, parentPath } of await readdir(join(sources, "src"), { withFileTypes: true, recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(parentPath, name);
    // CommonJS has no import.meta. What the npm build puts in its place is the same.
    const text = (await Deno.readTextFile(file)).replaceAll(
      "import.meta.url",
      `require("node:url").pathToFileURL(__filename).href`,
    );
    await Deno.writeTextFile(file, text);
  }
  const compilerOptions = {
    module: "commonjs",
    moduleResolution: "bundler",
    target: "es2022",
    lib: ["ES2022", "DOM", "DOM.Iterable"],
    types: ["node"],
    typeRoots: [join(tools, "node_modules/@types")],
    strict: true,
    esModuleInterop: true,
    skipLibCheck: true,
    rewriteRelativeImportExtensions: true,
    rootDir: sources,
    outDir: target,
  };
  const config = join(folder, "tsconfig.json");
  await Deno.writeTextFile(config, JSON.stringify({ compilerOptions, include: ["sources"] }));
  const tsc = join(tools, "node_modules/typescript/bin/tsc");
  succeed(await run([nodePath(tools, NODES[0]), tsc, "--project", config]), "tsc");
  await Deno.writeTextFile(join(target, "package.json"), JSON.stringify({ name, exports }));
}
