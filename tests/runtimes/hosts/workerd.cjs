// workerd, by miniflare. Arguments: the folder of the tools, the bundled Worker, the server's address.
const { createRequire } = require("node:module");
const [tools, script, origin] = process.argv.slice(2);
const { Miniflare } = createRequire(`${tools}/`)("miniflare");

(async () => {
  const miniflare = new Miniflare({
    modules: true,
    scriptPath: script,
    compatibilityDate: "2026-04-01",
    compatibilityFlags: ["enable_request_signal"],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
  });
  try {
    const url = await miniflare.ready;
    const response = await fetch(`${url}?origin=${origin}`, { signal: AbortSignal.timeout(120_000) });
    if (!response.ok) throw new Error(await response.text());
    const { passed } = await response.json();
    console.log(JSON.stringify({ version: createRequire(`${tools}/`)("workerd/package.json").version, passed }));
  } finally {
    await miniflare.dispose();
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
