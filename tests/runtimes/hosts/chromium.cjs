// The smoke suite in Chromium. Further arguments: the server's address, the path of the page, which loads a bundled script.
const withPage = require("./with_page.cjs");

withPage(async (page, context, origin, path) => {
  await page.goto(`${origin}${path}`);
  const passed = await page.evaluate((origin) => globalThis.smoke(origin), origin);
  console.log(JSON.stringify({ version: context.browser()?.version() ?? "unknown", passed }));
});
