/**
 * Tests of access: the keyboard, screen readers, colors, small screens, reduced motion.
 *
 * @module
 */
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { BrowserContextOptions, Page } from "playwright-core";
import { checkAccessibility, choose, waitForAll } from "./browser.ts";
import { BOOK, type Check, POEM } from "./check.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["light, on a telephone", { ...PHONE, colorScheme: "light" }],
  ["dark, on a telephone", { ...PHONE, colorScheme: "dark" }],
];

/** What has the focus: its label, and whether it is seen to have it. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const shape = element.querySelector(":scope > rect");
  const label = element.labels?.[0] ?? element;
  const seen = [element, label].some((it) => getComputedStyle(it).outlineStyle !== "none");
  return {
    name: (element.getAttribute("aria-label") ?? label.innerText ?? element.outerHTML).trim().split("\\n")[0],
    seen: seen || shape !== null && parseFloat(getComputedStyle(shape).strokeWidth) > 3,
  };
})()`;

interface Focused {
  readonly name: string;
  readonly seen: boolean;
}

async function press(page: Page, key: string): Promise<string> {
  await page.keyboard.press(key);
  const { name, seen }: Focused = await page.evaluate(FOCUSED);
  ok(seen, `the focus on "${name}" cannot be seen`);
  return name;
}

export const ACCESS: readonly Check[] = [
  {
    title: "everything can be done with the keyboard, and the focus is always seen",
    run: async ({ page }) => {
      const order: string[] = [];
      for (let i = 0; i < 9; i++) order.push(await press(page, "Tab"));
      deepEqual(order, [
        "Choose images",
        "Scanned page",
        "Book photo",
        "Patent form",
        "Latin book",
        "Find",
        "Confidence",
        "Language",
        "Read the text",
      ]);
      await page.keyboard.press("Space");
      for (let i = 0; i < 7; i++) await press(page, "Shift+Tab");
      await page.keyboard.press("Enter");
      await waitForAll(page, 1, "done");
      const rest: string[] = [];
      for (let i = 0; i < 30 && rest.at(-1) !== "Web Annotation"; i++) rest.push(await press(page, "Tab"));
      deepEqual(rest.slice(rest.indexOf("Remove finished")), [
        "Remove finished",
        "Cancel: lucasta.047.jpg",
        "Run again: lucasta.047.jpg",
        "Remove: lucasta.047.jpg",
        "lucasta.047.jpg. Plus and minus zoom, 0 shows the whole page, the arrow keys move it.",
        "Region 1",
        "Zoom out",
        "Zoom in",
        "Whole page",
        "Region 1",
        "Text of region 1",
        "SVG",
        "JSON",
        "PAGE XML",
        "ALTO",
        "hOCR",
        "Plain text",
        "Markdown",
        "CSV",
        "COCO",
        "Web Annotation",
      ]);
    },
  },
  {
    title: "the arrow keys move among the regions, Enter zooms, and 0 shows the whole page",
    run: async ({ page }) => {
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM);
      await waitForAll(page, 1, "done");
      const active = (): Promise<readonly (string | null)[]> =>
        Promise.all([".regions .active", "tr.active"].map((it) => page.getAttribute(it, "data-region")));
      const viewBox = (): Promise<string | null> => page.getAttribute("svg.page", "viewBox");
      const whole = await viewBox();

      await page.focus("tbody button");
      equal(await press(page, "ArrowDown"), "Region 2");
      deepEqual(await active(), ["1", "1"]);
      equal(await press(page, "End"), "Region 32");
      equal(await press(page, "ArrowUp"), "Region 31");
      await page.keyboard.press("Enter");
      ok(await viewBox() !== whole);

      await page.focus("svg.page");
      const zoomed = await viewBox();
      await page.keyboard.press("ArrowUp");
      ok(await viewBox() !== zoomed);
      await page.keyboard.press("0");
      equal(await viewBox(), whole);
      await page.keyboard.press("+");
      ok(await viewBox() !== whole);
      await page.keyboard.press("Escape");
      equal(await viewBox(), whole);

      equal(await press(page, "Tab"), "Region 31");
      equal(await press(page, "Home"), "Region 1");
      deepEqual(await active(), ["0", "0"]);
      await page.keyboard.press("Enter");
      ok(await viewBox() !== whole);
    },
  },
  {
    title: "the focus stays where it is when the progress changes, and moves on when a card is removed",
    run: async ({ page, service }) => {
      await page.uncheck("[data-setting=readsText]");
      const release = service.hold();
      await choose(page, POEM, BOOK);
      await page.waitForSelector("#card-2");
      await page.focus("#card-1 .actions button");
      release();
      await waitForAll(page, 2, "done");
      const focused = (): Promise<Focused> => page.evaluate(FOCUSED);
      equal((await focused()).name, "Cancel: lucasta.047.jpg");
      await page.keyboard.press("Enter");
      equal(await page.locator(".card.done").count(), 2);
      await page.focus("#card-1 .actions button:last-child");
      await page.keyboard.press("Enter");
      equal(await page.evaluate("document.activeElement.id"), "card-2");
      await page.focus("#card-2 .actions button:last-child");
      await page.keyboard.press("Enter");
      equal(await page.evaluate("document.activeElement.id"), "files");
    },
  },
  ...LOOKS.map(([name, options]): Check => ({
    title: `axe finds no violation: ${name}`,
    options,
    run: async ({ page, service }) => {
      await checkAccessibility(page);
      const release = service.hold();
      await choose(page, POEM, { name: "broken.jpg", bytes: Buffer.from([0xff, 0xd8, 0xff]) });
      await page.waitForSelector("text=Finding regions: in progress");
      await checkAccessibility(page);
      release();
      await page.waitForSelector(".card.done");
      await page.waitForSelector(".card.failed");
      await page.focus("tbody tr:nth-child(4) button");
      await page.waitForTimeout(600);
      await checkAccessibility(page);
    },
  })),
  {
    title: "nothing is cut off at the width of a small telephone",
    options: { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true },
    run: async ({ page }) => {
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM);
      await waitForAll(page, 1, "done");
      ok(await page.evaluate("document.scrollingElement.scrollWidth <= 320"));
    },
  },
  {
    title: "nothing moves if motion is to be reduced",
    options: { reducedMotion: "reduce" },
    run: async ({ page, service }) => {
      const release = service.hold();
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM);
      await page.waitForSelector("text=Finding regions: in progress");
      equal(await page.evaluate("document.getAnimations().length"), 0);
      release();
      await waitForAll(page, 1, "done");
      equal(await page.evaluate("document.getAnimations().length"), 0);
    },
  },
];
