// The npm package, made of the sources by dnt: ES modules and CommonJS, declarations, the program `ocr-regions`. All of
// its facts come from the root's deno.json. Run it by `deno task npm`; it needs JSR, npm and Node.js.
import { build, emptyDir } from "@deno/dnt";
import {
  bundlerFields,
  entryPoints,
  type Facts,
  isOnlyPonyfill,
  type Manifest,
  manifest,
  portableTests,
  withoutOptional,
  withoutPonyfill,
} from "./plan.ts";

const OUT = "./npm";
const TESTS = "./tests";
const COPIED = ["README.md", "LICENSE", "CHANGELOG.md"];

// Paths are meant from the root, dnt's among them.
Deno.chdir(new URL("../..", import.meta.url));
const facts: Facts = JSON.parse(await Deno.readTextFile("deno.json"));
const tests = portableTests(await readTexts(TESTS, /^\w+\.ts$/));

await emptyDir(OUT);
await build({
  entryPoints: [...entryPoints(facts)],
  outDir: OUT,
  package: manifest(facts),
  shims: { deno: { test: "dev" } },
  typeCheck: "both",
  // The tests are checked by Deno, and with a newer library than Node.js 20 has.
  filterDiagnostic: (diagnostic) => !diagnostic.file?.fileName.includes("/npm/src/tests/"),
  compilerOptions: { target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable"] },
  rootTestDir: TESTS,
  testPattern: `{${tests.join(",")}}`,
  postBuild: finish,
});

/** Before the tests are run, so that they run on what is published. */
async function finish(): Promise<void> {
  for (const format of ["esm", "script"]) await removePonyfill(`${OUT}/${format}`);
  const modules = await readTexts(`${OUT}/esm`, /\.js$/);
  const fields = bundlerFields([...modules].filter(([path]) => !path.startsWith("tests/")).map(([, text]) => text));
  await edit(`${OUT}/esm/package.json`, (written) => ({ ...written, ...fields }));
  await edit(`${OUT}/script/package.json`, (written) => ({ ...written, sideEffects: false }));
  await edit(`${OUT}/package.json`, (written) => ({ ...withoutOptional(written), browser: fields.browser }));
  for (const file of COPIED) await Deno.copyFile(file, `${OUT}/${file}`);
}

async function removePonyfill(folder: string): Promise<void> {
  const texts = await readTexts(folder, /\.(?:js|d\.ts)$/);
  if (!isOnlyPonyfill(texts.get("_dnt.polyfills.js") ?? "")) return;
  let isUsed = false;
  for (const [path, text] of texts) {
    const own = withoutPonyfill(text);
    if (own !== text) await Deno.writeTextFile(`${folder}/${path}`, own);
    isUsed ||= own.includes("/_dnt.polyfills.js");
  }
  if (isUsed) return;
  for (const suffix of ["js", "d.ts"]) await Deno.remove(`${folder}/_dnt.polyfills.${suffix}`);
}

async function edit(file: string, change: (written: Manifest) => Manifest): Promise<void> {
  const written: Manifest = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(file, `${JSON.stringify(change(written), null, 2)}\n`);
}

/** The texts of the files with such a name, by their paths in the folder. */
async function readTexts(folder: string, name: RegExp, prefix = ""): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for await (const entry of Deno.readDir(`${folder}/${prefix}`)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) { for (const text of await readTexts(folder, name, `${path}/`)) texts.set(...text); }
    else if (name.test(entry.name)) texts.set(path, await Deno.readTextFile(`${folder}/${path}`));
  }
  return texts;
}
