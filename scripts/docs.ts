// Writes the API reference of all entry points as HTML into out/docs, a page for each `@category`.
import { pathToFileURL } from "node:url";
import { runDeno } from "./lib/process.ts";

const OUTPUT = "out/docs";

const { name, exports }: { readonly name: string; readonly exports: Readonly<Record<string, string>> } = JSON.parse(
  await Deno.readTextFile("deno.json"),
);
const folder = await Deno.makeTempDir();
// Deno groups by category only if there is a single entry point and its name ends in .d.ts.
const entry = `${folder}/index.d.ts`;
const lines = Object.values(exports).map((path) => `export * from "${pathToFileURL(path)}";\n`);
await Deno.writeTextFile(entry, lines.join(""));
await Deno.mkdir(OUTPUT, { recursive: true });
// Pages of names that no longer exist would stay.
await Deno.remove(OUTPUT, { recursive: true });
const status = await runDeno([
  "doc",
  "--html",
  // Without it, Deno warns about imports inside the type declarations of fp-ts and rxjs.
  "--quiet",
  "--config=deno.json",
  `--name=${name}`,
  `--output=${OUTPUT}`,
  entry,
]);
await Deno.remove(folder, { recursive: true });
if (status === 0) console.log(`The API reference starts at ${OUTPUT}/index.html`);
Deno.exit(status);
