// Headless Chromium, by playwright-core, for programs whose first arguments are the folder of the tools, the browser, and a
// fresh profile's folder. The others go to `act`, after a new page and its context. An error is the program's exit status.
const { createRequire } = require("node:module");

module.exports = async (act) => {
  const [tools, executablePath, profile, ...args] = process.argv.slice(2);
  const { chromium } = createRequire(`${tools}/`)("playwright-core");
  try {
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
      await act(await context.newPage(), context, ...args);
    } finally {
      await context.close();
    }
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
};
