// Writes the API reference of every entry point as HTML into out/docs.
import { run } from "./run.ts";

const OUTPUT = "out/docs";

const { name, exports }: { readonly name: string; readonly exports: Readonly<Record<string, string>> } = JSON.parse(
  await Deno.readTextFile("deno.json"),
);
await Deno.mkdir(OUTPUT, { recursive: true });
// Pages of names that no longer exist would stay.
await Deno.remove(OUTPUT, { recursive: true });
// Without --quiet, Deno warns about imports inside the type declarations of fp-ts and rxjs.
const status = await run([
  "doc",
  "--html",
  "--quiet",
  `--name=${name}`,
  `--output=${OUTPUT}`,
  ...Object.values(exports),
]);
if (status === 0) console.log(`The API reference starts at ${OUTPUT}/index.html`);
Deno.exit(status);
