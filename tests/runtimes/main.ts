// The package, tried as its user would: packed, looked into, installed into an empty project, compiled against, and run
// in every runtime. A line for each, and at the end a line of counts.
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists, installTools, nodePath, NODES } from "../../scripts/lib/npm.ts";
import { type Installed, type Manifest, packAndInstall } from "../../scripts/lib/pack.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };
import { leakedPaths, missingDeclarations, missingTargets } from "./package.ts";
import { type Loopback, serveLoopback } from "./server.ts";

interface Check {
  readonly name: string;
  readonly version: string;
  /** Rejects with what is wrong; the result is what to show, and the version where only a run tells it. */
  readonly run: () => Promise<string | Report>;
}

/** What a runtime prints of itself. */
interface Report {
  readonly version: string;
  readonly passed: readonly string[];
}

/** Where everything is. */
interface Project extends Installed {
  /** The folder of the packages that check others. */
  readonly tools: string;
  /** How many names the package exports at run time. */
  readonly names: number;
  readonly server: Loopback;
}

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../..");
const PAGE = join(ROOT, "examples/pages/lucasta.047.jpg");
const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** What is installed to test the package, of `versions.json`. */
const TOOLS: readonly (keyof typeof versions.packages | "node")[] = [
  "node",
  "@arethetypeswrong/cli",
  "@types/node",
  "bun",
  "edge-runtime",
  "esbuild",
  "miniflare",
  "playwright-core",
  "publint",
  "typescript",
  "typescript-5.4",
];

/** So many checks at a time. */
const CONCURRENCY = 2;

const MODULES = [
  { module: "node16", moduleResolution: "node16" },
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" },
];

const folder = await Deno.makeTempDir();
let passed = 0;
let failed = 0;
try {
  const project = await prepare(folder);
  try {
    await runAll([...packageChecks(project), ...typeChecks(project), ...runtimeChecks(project)]);
  } finally {
    await project.server.close();
  }
} catch (error) {
  show(false, "package", "", error instanceof Error ? error.message : String(error));
} finally {
  await Deno.remove(folder, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);

async function prepare(folder: string): Promise<Project> {
  const [tools, installed] = await Promise.all([
    installTools(TOOLS),
    packAndInstall(ROOT, folder),
  ]);
  const { consumer, manifest } = installed;
  await copy(HERE, consumer, ["smoke.js", "hosts", "types"]);
  const names = await writeNames(consumer, manifest);
  await bundle(tools, consumer, "worker.js", "esm");
  const script = await bundle(tools, consumer, "global.js", "iife");
  const server = serveLoopback(
    new Map([
      ["/page.html", `<!doctype html><meta charset="utf-8"><script src="/global.js"></script>`],
      ["/global.js", await Deno.readTextFile(script)],
    ]),
  );
  return { ...installed, tools, names, server };
}

function packageChecks({ tools, tarball, consumer, manifest, files }: Project): readonly Check[] {
  const node = nodePath(tools, NODES[0]);
  const bin = (path: string): string => join(tools, "node_modules", path);
  return [
    {
      name: "exports",
      version: manifest.version,
      run: () => none(missingTargets(manifest, files), Object.keys(manifest.exports).join(" ")),
    },
    {
      name: "declarations",
      version: manifest.version,
      run: () => none(missingDeclarations(manifest, files), `of ${Object.keys(manifest.exports).length} exports`),
    },
    {
      name: "paths of this machine",
      version: manifest.version,
      run: () => none(leakedPaths(files, [ROOT, homedir(), Deno.cwd()]), `none in ${files.size} files`),
    },
    {
      name: "publint",
      version: versions.packages.publint,
      run: async () => {
        const target = join(consumer, "node_modules", manifest.name);
        succeed(await run([node, bin("publint/src/cli.js"), "--pack", "false", target]), "publint");
        return "no fault";
      },
    },
    {
      name: "are the types wrong",
      version: versions.packages["@arethetypeswrong/cli"],
      run: async () => {
        // Deno's packer makes ES modules only: a `require` of it needs Node.js 20.19 or later, which has one for them,
        // and the resolution of Node.js 10 knows no exports. What dnt makes is to be held against the profile `node16`.
        const args = ["--profile", "esm-only", "--format", "table-flipped", "--no-emoji", tarball];
        succeed(await run([node, bin("@arethetypeswrong/cli/dist/index.js"), ...args]), "attw");
        return "profile esm-only";
      },
    },
  ];
}

/** A project that uses the library, compiled by the oldest and the newest compiler, in each way of finding modules. */
function typeChecks({ tools, consumer, names }: Project): readonly Check[] {
  const compilers = [
    { version: versions.packages["typescript-5.4"].replace(/^.*@/, ""), package: "typescript-5.4" },
    { version: versions.packages.typescript, package: "typescript" },
  ];
  const compilerOptions = {
    target: "es2022",
    lib: ["ES2022", "DOM", "DOM.Iterable"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  return compilers.flatMap(({ version, package: compiler }) =>
    MODULES.map(({ module, moduleResolution }) => ({
      name: `TypeScript, ${moduleResolution}`,
      version,
      run: async () => {
        const config = join(consumer, `tsconfig.${version}.${moduleResolution}.json`);
        const options = { ...compilerOptions, module, moduleResolution };
        await Deno.writeTextFile(config, JSON.stringify({ compilerOptions: options, include: ["types"] }));
        const tsc = join(tools, "node_modules", compiler, "bin/tsc");
        succeed(await run([nodePath(tools, NODES[0]), tsc, "--project", config]), "tsc");
        return `${names} names have types`;
      },
    }))
  );
}

/** A file that uses every name that the package has at run time, so that one without a type does not compile. */
async function writeNames(consumer: string, { name, exports }: Manifest): Promise<number> {
  // To import ./bin is to run the program.
  const specifiers = Object.keys(exports).filter((entry) => entry !== "./bin").map((entry) => name + entry.slice(1));
  const list = `async (specifier) => Object.keys(await import(specifier))`;
  const script = `console.log(JSON.stringify(await Promise.all(${JSON.stringify(specifiers)}.map(${list}))))`;
  const args = ["eval", "--node-modules-dir=manual", script];
  const names: string[][] = JSON.parse(succeed(await run([Deno.execPath(), ...args], { cwd: consumer }), "import"));
  const text = specifiers.map((specifier, entry) =>
    `import * as entry${entry} from "${specifier}";\n` +
    names[entry].map((name) => `export const ${name}${entry}: unknown = entry${entry}.${name};\n`).join("")
  );
  await Deno.writeTextFile(join(consumer, "types", "names.ts"), text.join(""));
  return names.flat().length;
}

function runtimeChecks(project: Project): readonly Check[] {
  const { tools, consumer, server: { origin } } = project;
  const host = (name: string): string => join(consumer, "hosts", name);
  const node = nodePath(tools, NODES[0]);
  const report = async (command: readonly string[]): Promise<Report> => {
    const stdout = succeed(await run(command, { cwd: consumer }), "the smoke suite");
    return JSON.parse(stdout.slice(stdout.lastIndexOf("\n") + 1));
  };
  return [
    {
      name: "Deno",
      version: Deno.version.deno,
      run: () =>
        report([Deno.execPath(), "run", "-A", "--quiet", "--node-modules-dir=manual", host("local.js"), origin, PAGE]),
    },
    ...NODES.map((version) => ({
      name: `Node.js ${parseInt(version)}`,
      version,
      run: () => report([nodePath(tools, version), host("local.js"), origin, PAGE]),
    })),
    {
      name: "Bun",
      version: versions.packages.bun,
      run: () => report([bunPath(tools), host("local.js"), origin, PAGE]),
    },
    {
      name: "workerd",
      version: versions.packages.miniflare,
      run: () => report([node, host("workerd.cjs"), tools, join(consumer, "worker.js"), origin]),
    },
    {
      name: "Vercel edge-runtime",
      version: versions.packages["edge-runtime"],
      run: () => report([node, host("edge.cjs"), tools, join(consumer, "global.js"), origin]),
    },
    {
      name: "Chromium",
      version: "",
      run: async () => {
        if (!await exists(CHROMIUM)) {
          throw new Error(
            `${CHROMIUM} is missing: apt-get install -y --no-install-recommends chromium, or set CHROMIUM`,
          );
        }
        return await report([node, host("chromium.cjs"), tools, CHROMIUM, join(consumer, "profile"), origin]);
      },
    },
    {
      name: "CommonJS, Node.js 20",
      version: NODES[0],
      run: async () => {
        const commonJs = await buildCommonJs(project);
        const { version, passed } = await report([node, join(commonJs, "commonjs.cjs"), origin, PAGE]);
        // npm starts a program by a link: then Node.js calls it by the link's name.
        const link = join(commonJs, "ocr-regions");
        await Deno.symlink(join(commonJs, "node_modules", project.manifest.name, "src/cli/bin.js"), link);
        const usage = succeed(await run([node, link, "--help"]), "ocr-regions --help");
        if (!usage.includes("ocr-regions detect IMAGE")) throw new Error("ocr-regions --help says nothing");
        return { version, passed: [...passed, "ocr-regions"] };
      },
    },
  ];
}

/** The sources and the smoke suite as CommonJS, in a project of its own; its folder. */
async function buildCommonJs({ tools, consumer, manifest }: Project): Promise<string> {
  const project = join(consumer, "commonjs");
  const sources = join(project, "sources");
  const target = join(project, "node_modules", manifest.name);
  await copy(ROOT, sources, ["mod.ts", "src"]);
  for (const { name, parentPath } of await readdir(join(sources, "src"), { withFileTypes: true, recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(parentPath, name);
    // CommonJS has no import.meta. What dnt puts in its place comes to the same.
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
  const config = join(project, "tsconfig.json");
  await Deno.writeTextFile(config, JSON.stringify({ compilerOptions, include: ["sources"] }));
  const node = nodePath(tools, NODES[0]);
  succeed(await run([node, join(tools, "node_modules/typescript/bin/tsc"), "--project", config]), "tsc");
  const { name, exports } = manifest;
  await Deno.writeTextFile(join(target, "package.json"), JSON.stringify({ name, exports }));
  await Deno.copyFile(join(HERE, "hosts/commonjs.cjs"), join(project, "commonjs.cjs"));
  const suite = `--outfile=${join(project, "smoke.cjs")}`;
  await esbuild(tools, consumer, [join(consumer, "smoke.js"), "--format=cjs", suite]);
  return project;
}

/** Bundles one of the hosts, as a bundler for the edge does. */
async function bundle(tools: string, consumer: string, host: string, format: "esm" | "iife"): Promise<string> {
  const outfile = join(consumer, host);
  const args = ["--bundle", "--platform=browser", "--conditions=workerd,worker,browser", "--target=es2022"];
  await esbuild(tools, consumer, [
    join(consumer, "hosts", host),
    ...args,
    `--format=${format}`,
    `--outfile=${outfile}`,
  ]);
  return outfile;
}

async function esbuild(tools: string, cwd: string, args: readonly string[]): Promise<void> {
  const program = [nodePath(tools, NODES[0]), join(tools, "node_modules/esbuild/bin/esbuild")];
  succeed(await run([...program, "--log-level=error", ...args], { cwd }), "esbuild");
}

function bunPath(tools: string): string {
  const arch = Deno.build.arch === "aarch64" ? "aarch64" : "x64";
  return join(tools, "node_modules/@oven", `bun-${Deno.build.os}-${arch}`, "bin/bun");
}

/** Runs all of them, some at a time, and shows each in its place. */
async function runAll(checks: readonly Check[]): Promise<void> {
  const waiting = [...checks];
  const outcomes = new Map<Check, () => void>();
  let shown = 0;
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      outcomes.set(check, await settle(check));
      for (let show = outcomes.get(checks[shown]); show !== undefined; show = outcomes.get(checks[shown])) {
        show();
        shown++;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

/** The line that a check comes to. */
async function settle(check: Check): Promise<() => void> {
  const { name, version } = check;
  try {
    const result = await check.run();
    return typeof result === "string"
      ? () => show(true, name, version, result)
      : () => show(true, name, result.version, result.passed.join(" "));
  } catch (error) {
    return () => show(false, name, version, error instanceof Error ? error.message : String(error));
  }
}

function show(ok: boolean, name: string, version: string, detail: string): void {
  console.log(`${ok ? "ok    " : "FAILED"} ${name.padEnd(24)} ${version.padEnd(14)} ${detail}`);
  if (ok) passed++;
  else failed++;
}

function none(faults: readonly string[], detail: string): Promise<string> {
  return faults.length === 0 ? Promise.resolve(detail) : Promise.reject(new Error(faults.join("; ")));
}

/** Copies files, and folders with what is in them. */
async function copy(from: string, to: string, names: readonly string[]): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for (const name of names) {
    const source = join(from, name), target = join(to, name);
    if (!(await Deno.stat(source)).isDirectory) await Deno.copyFile(source, target);
    else await copy(source, target, (await Array.fromAsync(Deno.readDir(source))).map((entry) => entry.name));
  }
}
