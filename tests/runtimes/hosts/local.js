// @ts-check
// Node.js, Deno and Bun: the smoke suite, the detector and the recognizer in their threads, and files. Arguments: the
// server's address, a page.
import { startDetector } from "@ocr-cloud/regions/detector";
import { startRecognizer } from "@ocr-cloud/regions/recognizer";
import { imagesOf, openJournal, openPages } from "@ocr-cloud/regions/files";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { smoke } from "../smoke.js";

const [origin, page] = process.argv.slice(2);
const passed = await smoke(origin);

const detector = startDetector();
const image = await readFile(page);
const regions = await detector.detect(image, "Regions");
await detector.close();
expect(regions.length === 2, `detector: found ${regions.length} regions instead of 2`);
passed.push("detector");

const recognizer = startRecognizer();
const title = { left: 187, top: 105, right: 760, bottom: 145 };
const [text] = await recognizer.recognize(image, { language: "English", format: "Text", regions: [title] });
await recognizer.close();
expect(text === "BIOGRAPHICAL NOTICE.", `recognizer: read "${text}"`);
passed.push("recognizer");

const folder = await mkdtemp(join(tmpdir(), "regions-"));
for await (const { key, image } of imagesOf([page])) {
  for (const value of [0, (await image()).length]) {
    const journal = await openJournal(join(folder, "journal.jsonl"));
    expect(await journal.get(key) === (value === 0 ? undefined : 0), "journal: lost a value");
    await journal.put(key, value);
    await journal.close();
  }
}
await rm(folder, { recursive: true });
const objects = [
  "<</Type/Catalog/Pages 2 0 R>>",
  "<</Type/Pages/Kids[3 0 R]/Count 1>>",
  "<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 36]>>",
];
const body = `%PDF-1.4\n${objects.map((object, i) => `${i + 1} 0 obj${object}endobj\n`).join("")}`;
const rows = objects.map((object) => `${String(body.indexOf(object) - "1 0 obj".length).padStart(10, "0")} 00000 n \n`);
const table = `xref\n0 4\n0000000000 65535 f \n${rows.join("")}trailer<</Root 1 0 R/Size 4>>\n`;
const pdf = `${body}${table}startxref\n${body.length}\n%%EOF\n`;
const pages = await openPages(new TextEncoder().encode(pdf));
const png = await pages.read(1);
await pages.close();
expect(new DataView(png.buffer).getUint32(16) === 200, "files: the page of the PDF is not 200 pixels wide");
passed.push("files");

const version = process.versions.bun ?? process.versions.deno ?? process.versions.node;
console.log(JSON.stringify({ version, passed }));

/**
 * @param {boolean} condition
 * @param {string} message
 */
function expect(condition, message) {
  if (!condition) throw new Error(message);
}
