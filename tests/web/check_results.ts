/**
 * Tests of what the page shows.
 *
 * @module
 */
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import type { DsrMode, Region } from "@ocr-cloud/regions";
import { FORMATS } from "../../examples/web/downloads.ts";
import { cardOf, choose, waitForAll } from "./browser.ts";
import { type Check, LATIN, PAGES, POEM } from "./check.ts";

/** The regions that are drawn for an image. */
async function drawn(page: Page, name: string): Promise<readonly Region[]> {
  const id = await cardOf(page, name).getAttribute("id");
  const rows: readonly (readonly number[])[] = await page.evaluate(
    `Array.from(document.querySelectorAll("#${id} .regions rect"), (rect) =>
      ["x", "y", "width", "height"].map((key) => Number(rect.getAttribute(key))))`,
  );
  return rows.map(([x, y, width, height]) => ({ left: x, top: y, right: x + width, bottom: y + height }));
}

/** The regions that are highlighted in the picture and in the table, and the numbers that are. */
function highlighted(page: Page): Promise<readonly unknown[]> {
  return page.evaluate(`[
    Array.from(document.querySelectorAll(".regions .active"), (it) => Number(it.dataset.region)),
    Array.from(document.querySelectorAll("tr.active"), (it) => Number(it.dataset.region)),
    Array.from(document.querySelectorAll(".labels .active text"), (it) => Number(it.textContent)),
  ]`);
}

export const RESULTS: readonly Check[] = [
  ...([["LineDetector", "Lines"], ["TextDetector", "Words"], ["Regions", "Blocks"]] as const).map(
    ([mode, name]): Check => ({
      title: `every example page shows the regions that the API finds: ${name}`,
      run: async ({ page, service }) => {
        await page.uncheck("[data-setting=readsText]");
        await page.selectOption("[data-setting=dsrMode]", name);
        await choose(page, ...PAGES);
        await waitForAll(page, PAGES.length, "done");
        for (const { name, bytes } of PAGES) {
          const expected = await service.detect(bytes, mode satisfies DsrMode);
          ok(expected.length > 0);
          deepEqual(await drawn(page, name), expected, name);
          equal(await cardOf(page, name).locator("tbody tr").count(), expected.length);
        }
      },
    }),
  ),
  {
    title: "the table shows the text that the API reads, and the text area all of it",
    run: async ({ page, service }) => {
      await page.selectOption("[data-setting=language]", "English");
      await choose(page, POEM);
      await waitForAll(page, 1, "done");
      const expected = (await service.read(POEM.bytes, "LineDetector")).map(({ text }) => text);
      deepEqual(
        (await page.locator(".text").allTextContents()).map((it) => it.trim()),
        expected.map((it) => it.trim()),
      );
      await page.hover("tbody tr:nth-child(5)");
      equal(await page.inputValue("textarea"), expected[4]);
    },
  },
  {
    title: "a region and its row are highlighted together, in both directions",
    run: async ({ page }) => {
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM);
      await waitForAll(page, 1, "done");
      await page.hover("tbody tr:nth-child(3)");
      deepEqual(await highlighted(page), [[2], [2], [3]]);
      await page.locator(".regions g").nth(20).hover();
      deepEqual(await highlighted(page), [[20], [20], [21]]);
      // The row of the last region is scrolled into view, within the table.
      const last = await page.locator("tbody tr").count() - 1;
      await page.locator(".regions g").nth(last).hover();
      const [row, rows] = [
        await page.locator("tr.active").boundingBox(),
        await page.locator(".rows").boundingBox(),
      ];
      ok(row !== null && rows !== null && row.y >= rows.y && row.y + row.height <= rows.y + rows.height + 1);
    },
  },
  {
    title: "the picture is zoomed with buttons and the wheel, and moved with the mouse",
    run: async ({ page }) => {
      await page.uncheck("[data-setting=readsText]");
      await choose(page, LATIN);
      await waitForAll(page, 1, "done");
      const picture = page.locator("svg.page");
      const viewBox = async (): Promise<readonly number[]> =>
        (await picture.getAttribute("viewBox") ?? "").split(" ").map(Number);
      const whole = await viewBox();
      deepEqual(whole, [0, 0, 1052, 1524]);
      await picture.scrollIntoViewIfNeeded();
      const box = await picture.boundingBox() ?? { x: 0, y: 0, width: 1, height: 1 };
      const at = { x: box.x + box.width / 4, y: box.y + box.height / 4 };
      await page.mouse.move(at.x, at.y);
      await page.keyboard.down("Control");
      await page.mouse.wheel(0, -200);
      await page.keyboard.up("Control");
      await page.waitForSelector("svg.zoomed");
      const zoomed = await viewBox();
      ok(zoomed[2] < whole[2] / 2);
      // What is under the pointer has not moved.
      ok(Math.abs(zoomed[0] + zoomed[2] / 4 - whole[2] / 4) < 5);
      ok(Math.abs(zoomed[1] + zoomed[3] / 4 - whole[3] / 4) < 5);
      await page.mouse.down();
      await page.mouse.move(at.x - 40, at.y - 30, { steps: 4 });
      await page.mouse.up();
      const moved = await viewBox();
      ok(Math.abs(moved[0] - zoomed[0] - 40 * zoomed[2] / box.width) < 5);
      ok(Math.abs(moved[1] - zoomed[1] - 30 * zoomed[3] / box.height) < 5);
      await page.click("text=Whole page");
      deepEqual(await viewBox(), whole);
      await page.locator(".regions g").first().dblclick();
      ok((await viewBox())[2] < whole[2]);
      await page.click("text=Whole page");
      await page.click("[aria-label='Zoom in']");
      equal((await page.locator(".zoom output").textContent())?.trim(), "150 %");
    },
  },
  {
    title: "every format can be downloaded, and no object URL is left",
    run: async ({ page, service }) => {
      await choose(page, POEM);
      await waitForAll(page, 1, "done");
      const expected = await service.detect(POEM.bytes, "LineDetector");
      for (const { title, extension } of FORMATS) {
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          page.locator("footer button", { hasText: RegExp(`^${title}$`) }).click(),
        ]);
        equal(download.suggestedFilename(), `lucasta.047${extension}`);
        const text = await readFile(await download.path(), "utf8");
        ok(text.length > 100 && /dejected/.test(text), title);
        if (title !== "JSON") continue;
        const { regions } = JSON.parse(text);
        deepEqual(regions.map(({ region }: { region: Region }) => region), expected);
      }
      equal(await page.evaluate("urls.size"), 1);
    },
  },
];
