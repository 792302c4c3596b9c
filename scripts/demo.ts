// Detects the regions of a page with the emulator, shows them, and draws them over the page.
import { parse, resolve } from "node:path";
import process from "node:process";
import { main, ofProcess } from "../src/cli/cli.ts";

// A task runs in the project's folder; the user's path is meant from where the user is.
const image = Deno.args[0] === undefined
  ? "examples/pages/lucasta.047.jpg"
  : resolve(Deno.env.get("INIT_CWD") ?? "", Deno.args[0]);
const svg = `out/${parse(image).name}.svg`;

const status = await main(["detect", image, "--emulate", "--svg", svg], ofProcess());
if (status === 0) console.log(`\nDrawn over the page: ${svg}`);
process.exitCode = status;
