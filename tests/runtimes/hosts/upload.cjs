// A page with a file input and an <output>, in Chromium. Further arguments: the page's URL, an image. Prints what the page
// shows when the task is finished.
const withPage = require("./with_page.cjs");

withPage(async (page, _context, url, image) => {
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url);
  await page.locator("input[type=file]").setInputFiles(image);
  // Until then, the text is empty, or ends with: Check again in a few seconds.
  const output = page.locator("output", { hasText: /\w/, hasNotText: "Check again" });
  await output.waitFor({ timeout: 60_000 });
  if (errors.length > 0) throw new Error(errors.join("; "));
  console.log(await output.textContent());
});
