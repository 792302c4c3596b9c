// @ts-check
// Node.js, Deno and Bun: the smoke suite, and the detector and the recognizer in their threads. Arguments: the server's address, a page.
import { startDetector } from "@ocr-cloud/regions/detector";
import { startRecognizer } from "@ocr-cloud/regions/recognizer";
import { readFile } from "node:fs/promises";
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

const version = process.versions.bun ?? process.versions.deno ?? process.versions.node;
console.log(JSON.stringify({ version, passed }));

/**
 * @param {boolean} condition
 * @param {string} message
 */
function expect(condition, message) {
  if (!condition) throw new Error(message);
}
