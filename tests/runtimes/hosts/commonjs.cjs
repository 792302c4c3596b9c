// CommonJS: the smoke suite, compiled to it, on the library's sources, compiled to it, and the detector
// and the recognizer in their threads. Arguments: the server's address, a page.
const { startDetector } = require("@ocr-cloud/regions/detector");
const { startRecognizer } = require("@ocr-cloud/regions/recognizer");
const { readFileSync } = require("node:fs");
const { smoke } = require("./smoke.cjs");
const [origin, page] = process.argv.slice(2);

(async () => {
  const passed = await smoke(origin);
  const detector = startDetector();
  const image = readFileSync(page);
  const regions = await detector.detect(image, "Regions");
  await detector.close();
  if (regions.length !== 2) throw new Error(`detector: found ${regions.length} regions instead of 2`);
  const recognizer = startRecognizer();
  const title = { left: 187, top: 105, right: 760, bottom: 145 };
  const [text] = await recognizer.recognize(image, { language: "English", format: "Text", regions: [title] });
  await recognizer.close();
  if (text !== "BIOGRAPHICAL NOTICE.") throw new Error(`recognizer: read "${text}"`);
  passed.push("detector", "recognizer");
  console.log(JSON.stringify({ version: process.versions.node, passed }));
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
