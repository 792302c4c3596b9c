// CommonJS: the smoke suite, compiled to it, on the library's sources, compiled to it, and the detector in its thread.
// Arguments: the server's address, a page.
const { startDetector } = require("@ocr-cloud/regions/detector");
const { readFileSync } = require("node:fs");
const { smoke } = require("./smoke.cjs");
const [origin, page] = process.argv.slice(2);

(async () => {
  const passed = await smoke(origin);
  const detector = startDetector();
  const regions = await detector.detect(readFileSync(page), "Regions");
  await detector.close();
  if (regions.length !== 2) throw new Error(`detector: found ${regions.length} regions instead of 2`);
  console.log(JSON.stringify({ version: process.versions.node, passed: [...passed, "detector"] }));
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
