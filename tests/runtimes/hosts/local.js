// @ts-check
// Node.js, Deno and Bun: the smoke suite, and the detector in its thread. Arguments: the server's address, a page.
import { startDetector } from "@ocr-cloud/regions/detector";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { smoke } from "../smoke.js";

const [origin, page] = process.argv.slice(2);
const passed = await smoke(origin);

const detector = startDetector();
const regions = await detector.detect(await readFile(page), "Regions");
await detector.close();
expect(regions.length === 2, `detector: found ${regions.length} regions instead of 2`);
passed.push("detector");

const version = process.versions.bun ?? process.versions.deno ?? process.versions.node;
console.log(JSON.stringify({ version, passed }));

/**
 * @param {boolean} condition
 * @param {string} message
 */
function expect(condition, message) {
  if (!condition) throw new Error(message);
}
