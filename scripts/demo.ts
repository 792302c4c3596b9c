// Reads a page with the emulator: shows its regions and their texts, and draws both over the page.
import { parse, resolve } from "node:path";
import process from "node:process";
import { main, ofProcess } from "../src/cli/cli.ts";
import { toTable } from "../src/cli/result.ts";
import { type RegionText, toSvg } from "../mod.ts";

// A task runs in the project's folder; the user's path is meant from where the user is.
const image = Deno.args[0] === undefined
  ? "examples/pages/lucasta.047.jpg"
  : resolve(Deno.env.get("INIT_CWD") ?? "", Deno.args[0]);
const svg = `out/${parse(image).name}.svg`;

let json = "";
const stdout = { write: (text: string) => void (json += text) };
const status = await main(["read", image, "--emulate", "--json"], { ...ofProcess(), stdout });
if (status === 0) {
  const { regions }: { readonly regions: readonly RegionText[] } = JSON.parse(json);
  console.log(toTable(regions.map(({ region }) => region)));
  regions.forEach(({ text }, i) => console.log(`${i + 1}\n${text}`));
  const drawing = toSvg(regions.map(({ region }) => region), {
    image: await Deno.readFile(image),
    texts: regions.map(({ text }) => text),
  });
  await Deno.mkdir("out", { recursive: true });
  await Deno.writeTextFile(svg, drawing);
  console.log(`Drawn over the page: ${svg}`);
}
process.exitCode = status;
