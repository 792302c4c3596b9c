/**
 * Pages in Chromium, which record everything that must not happen.
 *
 * @module
 */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";

/** Starts Chromium, or the browser that `CHROMIUM` names. */
export async function startBrowser(): Promise<Browser> {
  const name = Deno.env.get("CHROMIUM") ?? "chromium";
  return await chromium.launch({
    executablePath: await pathOf(name),
    headless: true,
    chromiumSandbox: false,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"],
  });
}

/** The path of a program. */
async function pathOf(name: string): Promise<string> {
  if (name.includes("/")) return name;
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${folder}/${name}`;
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  throw new Error(`${name} was not found. Run .ci/tools, or set CHROMIUM to the path of a browser.`);
}

/** A page of the browser, and what it does wrong. */
export interface TestPage {
  readonly page: Page;
  /** Throws if there was an error in the console, a violation of the policy, or a shift of the layout. */
  readonly checkClean: () => Promise<void>;
}

/**
 * Runs before the scripts of the page. `faults` are violations of the policy, and shifts of the layout that no click or key
 * has caused; `urls` are the object URLs that have not been revoked.
 */
const RECORDER = `
  globalThis.faults = [];
  globalThis.urls = new Set();
  addEventListener("securitypolicyviolation", (event) => {
    faults.push("policy: " + event.effectiveDirective + " " + event.blockedURI);
  });
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (!hadRecentInput) faults.push("layout shift of " + value + ": " + sources.map(toText).join("; "));
    }
  }).observe({ type: "layout-shift", buffered: true });
  const toText = ({ node, previousRect: from, currentRect: to }) =>
    [node?.nodeName, node?.className ?? node?.textContent, ...[from, to].map(({ x, y, width, height }) => [x, y, width, height])].join(" ");
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (object) => {
    const url = createObjectURL.call(URL, object);
    urls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    urls.delete(url);
    revokeObjectURL.call(URL, url);
  };
`;

/**
 * Opens the page.
 *
 * @param expected Messages of the console that the test provokes.
 */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  expected: RegExp = /^$/,
): Promise<TestPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    const isFault = message.type() === "error" || message.type() === "warning";
    if (isFault && !expected.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  await page.addInitScript(RECORDER);
  await page.goto(url);
  await page.waitForSelector(".summary");
  return {
    page,
    checkClean: async () => {
      deepEqual(faults.concat(await page.evaluate("faults")), []);
    },
  };
}

/** Adds images to the page. */
export async function choose(page: Page, ...files: readonly TestFile[]): Promise<void> {
  await page.setInputFiles(
    "#files",
    files.map(({ name, bytes }) => ({
      name,
      mimeType: name.endsWith(".png") ? "image/png" : "image/jpeg",
      buffer: bytes,
    })),
  );
}

/** An image file. */
export interface TestFile {
  readonly name: string;
  // deno-lint-ignore no-node-globals
  readonly bytes: Buffer;
}

/** The card of an image. */
export function cardOf(page: Page, name: string): Locator {
  return page.locator(".card", { has: page.locator("h3", { hasText: name }) });
}

/**
 * Waits until an expression is true in the page. Playwright's own `waitForFunction` evaluates a text in a way that the
 * policy of the page does not permit.
 */
export async function until(page: Page, expression: string, limit = 60_000): Promise<void> {
  const end = performance.now() + limit;
  while (!await page.evaluate(expression)) {
    if (performance.now() > end) throw new Error(`Not within ${limit} ms: ${expression}`);
    await page.waitForTimeout(50);
  }
}

/** Waits until there are so many cards, and all have this status. */
export async function waitForAll(page: Page, count: number, status: "done" | "failed" | "canceled"): Promise<void> {
  const numberOf = (selector: string): string => `document.querySelectorAll("${selector}").length`;
  await until(page, `${numberOf(".card")} === ${count} && ${numberOf(`.card.${status}`)} === ${count}`);
}

/** Checks that axe finds nothing. */
export async function checkAccessibility(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const violations: readonly { id: string; nodes: readonly { html: string; failureSummary?: string }[] }[] = await page
    .evaluate("axe.run().then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes })))");
  deepEqual(
    violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map((it) => `${it.html}: ${it.failureSummary}`)]),
    [],
  );
}
