// A page with a file input and an <output>, in headless Chromium. Arguments: the folder of the tools, the browser, a fresh
// profile's folder, the page's URL, an image. Prints what the page shows when the task is finished.
const { createRequire } = require("node:module");
const [tools, executablePath, profile, url, image] = process.argv.slice(2);
const { chromium } = createRequire(`${tools}/`)("playwright-core");

(async () => {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    chromiumSandbox: false,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"],
    timeout: 120_000,
  });
  try {
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(url);
    await page.locator("input[type=file]").setInputFiles(image);
    const output = page.locator("output", { hasText: /finished|failed|\. [A-Z].*\.$/ });
    await output.filter({ hasNotText: "Check again" }).waitFor({ timeout: 60_000 });
    if (errors.length > 0) throw new Error(errors.join("; "));
    console.log(await output.textContent());
  } finally {
    await context.close();
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
