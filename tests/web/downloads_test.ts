import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { FORMATS, writeFile } from "../../examples/web/downloads.ts";
import type { Action } from "../../examples/web/state.ts";
import { add, after, found, read, submitted } from "./cards.ts";

const formatOf = (name: string) => FORMATS.find((format) => format.name === name) ?? FORMATS[0];

async function textOf(name: string, ...actions: readonly Action[]): Promise<string> {
  const [card] = after(add("scan.1.png"), submitted(1), found(1), ...actions).cards;
  return await (await writeFile(card, formatOf(name))).text();
}

Deno.test("every format is written, with and without texts, and the files have different names", async () => {
  const [bare] = after(add("scan.1.png"), submitted(1), found(1)).cards;
  const [whole] = after(add("scan.1.png"), submitted(1), found(1), read(1, "first", "second")).cards;
  const names = new Set<string>();
  for (const format of FORMATS) {
    const file = await writeFile(whole, format);
    names.add(file.name);
    match(file.name, /^scan\.1\./);
    ok(/first[^]*second/.test(await file.text()), format.name);
    ok(!(await (await writeFile(bare, format)).text()).includes("first"), format.name);
  }
  equal(names.size, FORMATS.length);
});

Deno.test("the SVG contains the image and the size of the page", async () => {
  const svg = await textOf("SVG");
  match(svg, /width="100" height="200"/);
  ok(svg.includes(`base64,${btoa("scan.1.png")}`));
});

Deno.test("the JSON is the content of the page", async () => {
  const { regions, size, imageName } = JSON.parse(await textOf("JSON", read(1, "first", "second")));
  deepEqual(regions.map(({ text }: { text: string }) => text), ["first", "second"]);
  deepEqual(size, { width: 100, height: 200 });
  equal(imageName, "scan.1.png");
});
