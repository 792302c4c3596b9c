// @ts-check
// Node.js, Deno and Bun: the smoke suite, and what only they can do: the detector in its thread, and the command line.
import { main } from "@ocr-cloud/regions/cli";
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

const help = await command("--help");
expect(help.status === 0 && help.stdout.includes("ocr-regions detect IMAGE"), `cli: --help says ${help.stdout}`);
const detected = await command("detect", page, "--emulate", "--json");
const status = JSON.parse(detected.stdout);
expect(detected.status === 0 && status._tag === "Completed" && status.regions.length === 2, `cli: ${detected.stdout}`);
passed.push("cli");

const version = process.versions.bun ?? process.versions.deno ?? process.versions.node;
console.log(JSON.stringify({ version, passed }));

/** @param {string[]} args */
async function command(...args) {
  let stdout = "";
  const io = {
    env: {},
    stdout: { write: (/** @type {string} */ text) => stdout += text },
    stderr: { write: () => {} },
    signal: new AbortController().signal,
  };
  return { status: await main(args, io), stdout };
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
function expect(condition, message) {
  if (!condition) throw new Error(message);
}
