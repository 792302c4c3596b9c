import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import type { Card } from "../../examples/web/card.ts";
import { canWrite, FORMATS, writeFile } from "../../examples/web/downloads.ts";
import { add, after, found, read, submitted } from "./cards.ts";

const ADDED = [{ _tag: "Choose", settings: { readsText: false } }, add("scan.1.png"), submitted(1)] as const;
const [RUNNING] = after(...ADDED).cards;
const [BARE] = after(...ADDED, found(1)).cards;
const [WHOLE] = after(add("scan.1.png"), submitted(1), found(1), submitted(1), read(1, "first", "second")).cards;

async function textOf(card: Card, title: string): Promise<string> {
  const format = FORMATS.find((format) => format.title === title) ?? FORMATS[0];
  return await (await writeFile(card, format)).text();
}

Deno.test("every format is written, and the files have different names", async () => {
  const names = new Set<string>();
  for (const format of FORMATS) {
    ok(canWrite(WHOLE, format));
    const file = await writeFile(WHOLE, format);
    names.add(file.name);
    match(file.name, /^scan\.1\.[a-z]/);
    ok(/first[^]*second/.test(await file.text()), format.title);
  }
  equal(names.size, FORMATS.length);
});

Deno.test("a format is offered if the card has what it needs", () => {
  const titles = (card: Card): readonly string[] =>
    FORMATS.filter((format) => !canWrite(card, format)).map(({ title }) => title);
  equal(titles(RUNNING).length, FORMATS.length);
  deepEqual(titles(BARE), ["Plain text", "Markdown"]);
});

Deno.test("the SVG contains the image, the size of the page, and the texts if they are known", async () => {
  const svg = await textOf(WHOLE, "SVG");
  match(svg, /width="100" height="200"/);
  ok(svg.includes(`base64,${btoa("scan.1.png")}`));
  match(await textOf(BARE, "SVG"), /role="img"/);
});

Deno.test("the JSON is the content of the page", async () => {
  const { regions, size, imageName } = JSON.parse(await textOf(WHOLE, "JSON"));
  deepEqual(regions.map(({ text }: { text: string }) => text), ["first", "second"]);
  deepEqual(size, { width: 100, height: 200 });
  equal(imageName, "scan.1.png");
});
