// Vercel's edge-runtime. Arguments: the folder of the tools, the bundled script, the server's address.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const [tools, script, origin] = process.argv.slice(2);
const { EdgeRuntime } = createRequire(`${tools}/`)("edge-runtime");

(async () => {
  const runtime = new EdgeRuntime();
  runtime.evaluate(readFileSync(script, "utf8"));
  const passed = await runtime.evaluate(`smoke(${JSON.stringify(origin)})`);
  console.log(JSON.stringify({ version: createRequire(`${tools}/`)("edge-runtime/package.json").version, passed }));
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
