// The projects that the package is installed into, and what checks it there.
import { basename, join } from "node:path";
import { esbuild, installTools } from "../../scripts/lib/npm.ts";
import { install, type Installed, packWithDeno } from "../../scripts/lib/pack.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };
import { once } from "./checks.ts";
import { modulesOf } from "./package.ts";
import { type Loopback, serveLoopback } from "./server.ts";

export const ROOT = new URL("../..", import.meta.url).pathname;

/** A scan, with two regions. */
export const PAGE = join(ROOT, "examples/pages/lucasta.047.jpg");

const HERE = join(ROOT, "tests/runtimes");

/** What is copied into the projects. */
const SOURCES = ["smoke.js", "hosts", "types", "bundlers"];

/** What is installed to test the package, of `versions.json`. */
const TOOLS: readonly (keyof typeof versions.packages | "node")[] = [
  "node",
  "@annotorious/annotorious",
  "@arethetypeswrong/cli",
  "@rollup/plugin-commonjs",
  "@rollup/plugin-node-resolve",
  "@types/node",
  "bun",
  "edge-runtime",
  "esbuild",
  "jest",
  "miniflare",
  "playwright-core",
  "publint",
  "rollup",
  "typescript",
  "typescript-5.4",
  "typescript-5.9",
  "typescript-6",
  "vite",
  "vitest",
  "webpack",
];

/** Exports that need a runtime with files and threads. No other may import a module of Node.js. */
const NOT_FOR_BROWSERS = ["./cli", "./detector", "./files", "./recognizer"];

/** Where everything is. */
export interface Project extends Installed {
  readonly tarball: string;
  /** The folder of a project with the oldest peers that the package accepts. The main one has the newest. */
  readonly oldest: () => Promise<string>;
  /** The folder of the packages that check others. */
  readonly tools: string;
  /** How many names the package exports at run time. */
  readonly names: number;
  readonly server: Loopback;
  /** The hosts in one file each, as bundlers make them for browsers and for Workers. */
  readonly bundles: { readonly script: () => Promise<string>; readonly worker: () => Promise<string> };
}

/** Installs a tarball, or what Deno packs, in `folder`. */
export async function prepare(folder: string, file: string | undefined): Promise<Project> {
  const tarball = file ?? await packWithDeno(ROOT, folder);
  const tools = await installTools(TOOLS);
  const installed = await install(tarball, join(folder, "newest"), [
    "tesseract.js-core",
    "@tesseract.js-data/eng",
    "@hyzyla/pdfium",
  ]);
  const { consumer } = installed;
  await copy(HERE, consumer, SOURCES);
  const names = await writeModules(installed);
  const server = serveLoopback();
  return {
    ...installed,
    tarball,
    oldest: once(async () => {
      const peers = Object.entries(versions.peers).map(([name, version]) => `${name}@${version}`);
      const oldest = await install(tarball, join(folder, "oldest"), peers);
      await copy(consumer, oldest.consumer, [...SOURCES, "browser.js"]);
      return oldest.consumer;
    }),
    tools,
    names,
    server,
    bundles: {
      script: once(async () => {
        const script = await bundle(tools, consumer, "browser.js", "iife");
        server.files.set("/page.html", `<!doctype html><meta charset="utf-8"><script src="/global.js"></script>`);
        server.files.set("/global.js", await Deno.readTextFile(script));
        return script;
      }),
      worker: once(() => bundle(tools, consumer, "worker.js", "esm")),
    },
  };
}

/** Bundles an entry point of a project with esbuild; the result is the path of the bundle. */
export async function bundle(
  tools: string,
  consumer: string,
  entry: "browser.js" | "hosts/page.js" | "worker.js",
  format: "esm" | "iife",
  more: readonly string[] = [],
): Promise<string> {
  const outfile = join(consumer, `esbuild.${basename(entry)}`);
  const platform = format === "iife" ? [] : ["--conditions=workerd,worker,browser"];
  const options = ["--bundle", "--platform=browser", ...platform, "--target=es2022", `--format=${format}`, ...more];
  await esbuild(tools, consumer, [join(consumer, entry), ...options, `--outfile=${outfile}`]);
  return outfile;
}

/**
 * Writes `browser.js` and `worker.js`, which are hosts that import everything that runs in browsers, and `types/names.ts`,
 * which uses every name that the package has at run time, so that one without a type does not compile. Returns the number
 * of names.
 */
async function writeModules({ consumer, manifest }: Installed): Promise<number> {
  const modules = modulesOf(manifest).map((entry) => ({ entry, specifier: manifest.name + entry.slice(1) }));
  const portable = modules.filter(({ entry }) => !NOT_FOR_BROWSERS.includes(entry));
  const list = portable.map((_, index) => `entry${index}`).join(", ");
  const entries = portable.map(({ specifier }, index) => `import * as entry${index} from "${specifier}";\n`).join("") +
    `globalThis.entries = [${list}];\n`;
  await Deno.writeTextFile(join(consumer, "browser.js"), `import "./hosts/global.js";\n${entries}`);
  await Deno.writeTextFile(join(consumer, "worker.js"), `export { default } from "./hosts/worker.js";\n${entries}`);

  const imports = modules.map(({ specifier }) => `Object.keys(await import("${specifier}"))`);
  const args = ["eval", "--node-modules-dir=manual", `console.log(JSON.stringify([${imports.join(", ")}]))`];
  const names: string[][] = JSON.parse(succeed(await run([Deno.execPath(), ...args], { cwd: consumer }), "import"));
  const text = modules.map(({ specifier }, index) =>
    `import * as entry${index} from "${specifier}";\n` +
    names[index].map((name) => `export const ${name}${index}: unknown = entry${index}.${name};\n`).join("")
  );
  await Deno.writeTextFile(join(consumer, "types", "names.ts"), text.join(""));
  return names.flat().length;
}

/** Copies files, and folders with what is in them. */
export async function copy(from: string, to: string, names: readonly string[]): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for (const name of names) {
    const source = join(from, name), target = join(to, name);
    if (!(await Deno.stat(source)).isDirectory) await Deno.copyFile(source, target);
    else await copy(source, target, (await Array.fromAsync(Deno.readDir(source))).map((entry) => entry.name));
  }
}
