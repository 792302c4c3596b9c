// Headless Chromium, by playwright-core. Arguments: the folder of the tools, the browser, a fresh profile's folder, the
// server's address, the path of the page, which loads a bundled script.
const { createRequire } = require("node:module");
const [tools, executablePath, profile, origin, path] = process.argv.slice(2);
const { chromium } = createRequire(`${tools}/`)("playwright-core");

(async () => {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    chromiumSandbox: false,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-quic",
      "--no-first-run",
      "--disable-component-update",
      "--disable-sync",
    ],
    timeout: 120_000,
  });
  try {
    const page = await context.newPage();
    await page.goto(`${origin}${path}`);
    const passed = await page.evaluate((origin) => globalThis.smoke(origin), origin);
    console.log(JSON.stringify({ version: context.browser()?.version() ?? "unknown", passed }));
  } finally {
    await context.close();
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
