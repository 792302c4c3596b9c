// Builds the npm package with dnt: ES modules and CommonJS, declarations, the program `ocr-regions`. All of its facts come
// from the root's deno.json. Then packs it, and tests the tarball in every runtime and bundler. Run it with
// `deno task npm`; it needs JSR, npm, Node.js and Chromium.
import { build, emptyDir } from "@deno/dnt";
import { readTexts } from "../lib/files.ts";
import { run, runDeno, succeed } from "../lib/process.ts";
import { completeExports, type Exports } from "./metadata.ts";
import {
  completed,
  entryPoints,
  type Facts,
  type Manifest,
  manifest,
  NO_POLYFILLS,
  portableTests,
  withoutPonyfill,
  withPolyfills,
} from "./plan.ts";
import { withAbsoluteLinks } from "./readme.ts";

const OUT = "./npm";
const TESTS = "./tests";
/** What scripts share with tests. */
const LIB = "scripts/lib";
/** Where the tarball goes. */
const PACKED = "./out/npm";
const COPIED = ["LICENSE", "CHANGELOG.md"];
const FORMATS = ["esm", "script"];

// All paths start at the root, also those that dnt resolves.
Deno.chdir(new URL("../..", import.meta.url));
const facts: Facts = JSON.parse(await Deno.readTextFile("deno.json"));
const lib = await readTexts(LIB, /\.ts$/);
const tests = portableTests(
  new Map([
    ...await readTexts(TESTS, /\.ts$/),
    ...[...lib].map(([path, text]) => [`../${LIB}/${path}`, text] as const),
  ]),
);

await emptyDir(OUT);
await build({
  entryPoints: [...entryPoints(facts)],
  outDir: OUT,
  package: { ...manifest(facts) },
  shims: { deno: { test: "dev" } },
  polyfills: NO_POLYFILLS,
  typeCheck: "both",
  // The tests are checked by Deno, and with a newer library than Node.js 20 has.
  filterDiagnostic: ({ file }) => !/\/npm\/src\/(?:tests|scripts)\//.test(file?.fileName ?? ""),
  compilerOptions: { target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable"] },
  // They would lead to sources, which are not published.
  declarationMap: false,
  rootTestDir: TESTS,
  testPattern: `{${tests.join(",")}}`,
  postBuild: finish,
});
await emptyDir(PACKED);
succeed(await run(["npm", "pack", "--silent", `--pack-destination=../${PACKED}`], { cwd: OUT }), "npm pack");
const [{ name }] = await Array.fromAsync(Deno.readDir(PACKED));
const tarball = `${PACKED}/${name}`;
console.log(`Testing ${tarball}`);
Deno.exit(await runDeno(["run", "-A", "--config=deno.json", "tests/runtimes/main.ts", `--package=${tarball}`]));

/** Before the tests are run, so that they run on what is published. */
async function finish(): Promise<void> {
  for (const format of FORMATS) await removePolyfills(format);
  // Bundlers read the package.json nearest to a module.
  for (const format of FORMATS) await edit(`${format}/package.json`, (written) => ({ ...written, sideEffects: false }));
  await edit("package.json", ({ exports, ...written }) => ({
    ...completed(written, facts),
    exports: completeExports(exports as Exports),
  }));
  for (const file of COPIED) await Deno.copyFile(file, `${OUT}/${file}`);
  await Deno.writeTextFile(`${OUT}/README.md`, withAbsoluteLinks(await Deno.readTextFile("README.md"), facts));
}

/** Removes the stand-in for `import.meta`, the one polyfill that dnt adds to every package with CommonJS. */
async function removePolyfills(format: string): Promise<void> {
  const folder = `${OUT}/${format}`;
  for (const [path, text] of await readTexts(folder, /\.(?:js|d\.ts)$/)) {
    if (path.startsWith("_dnt.polyfills.")) await Deno.remove(`${folder}/${path}`);
    else await Deno.writeTextFile(`${folder}/${path}`, withoutPonyfill(text));
  }
  const files = withPolyfills(await readTexts(folder, /\.(?:js|d\.ts)$/));
  if (files.length > 0) {
    throw new Error(`Cannot build the package as polyfills remain in ${format}: ${files.join(", ")}`);
  }
}

async function edit(path: string, change: (written: Manifest) => Manifest): Promise<void> {
  const file = `${OUT}/${path}`;
  const written: Manifest = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(file, `${JSON.stringify(change(written), null, 2)}\n`);
}
