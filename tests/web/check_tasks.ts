/**
 * Tests of adding, following, canceling and removing images.
 *
 * @module
 */
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { cardOf, choose, until, waitForAll } from "./browser.ts";
import { BOOK, type Check, POEM } from "./check.ts";

/** Dispatches an event with a file, as a paste or a drop does. */
const SEND = `async (type) => {
  const blob = await (await fetch("/pages/lucasta.047.jpg")).blob();
  const data = new DataTransfer();
  data.items.add(new File([blob], type + ".jpg", { type: blob.type }));
  document.body.dispatchEvent(type === "paste"
    ? new ClipboardEvent(type, { clipboardData: data, bubbles: true })
    : new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}`;

export const TASKS: readonly Check[] = [
  {
    title: "images are chosen, dropped, pasted, or picked from the examples",
    run: async ({ page }) => {
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM);
      await page.evaluate(`(${SEND})("drop")`);
      await page.waitForSelector("#card-2");
      await page.evaluate(`(${SEND})("paste")`);
      await page.waitForSelector("#card-3");
      await page.click("[data-example='cavalerie.29.jpg']");
      await waitForAll(page, 4, "done");
      deepEqual(await page.locator("h3").allTextContents(), [
        "lucasta.047.jpg",
        "drop.jpg",
        "paste.jpg",
        "cavalerie.29.jpg",
      ]);
    },
  },
  {
    title: "of many images, three are processed at a time",
    run: async ({ page, service }) => {
      await page.uncheck("[data-setting=readsText]");
      const before = service.requests.submitted;
      const release = service.hold();
      await choose(page, ...Array(8).fill(POEM));
      await page.waitForSelector("#card-8");
      await until(page, "document.querySelectorAll('.card.running').length === 3");
      await page.waitForTimeout(500);
      equal(service.requests.submitted - before, 3);
      equal((await page.locator(".summary p").textContent())?.trim(), "3 in progress, 5 waiting");
      release();
      await waitForAll(page, 8, "done");
      equal(service.requests.submitted - before, 8);
    },
  },
  {
    title: "the status, the time and the polls are shown while a task is in progress",
    run: async ({ page, service }) => {
      const release = service.hold();
      await page.uncheck("[data-setting=readsText]");
      await choose(page, BOOK);
      await page.waitForSelector("text=Finding regions: in progress");
      const facts = async (): Promise<readonly number[]> =>
        (await page.locator(".facts span").allTextContents()).map(parseFloat);
      const [time, polls] = await facts();
      await until(page, `parseFloat(document.querySelector(".facts span:last-child").textContent) > ${polls}`);
      ok((await facts())[0] > time);
      release();
      await waitForAll(page, 1, "done");
      const last = await facts();
      await page.waitForTimeout(300);
      deepEqual(await facts(), last);
    },
  },
  {
    title: "a task that is canceled is canceled in the service, and can be run again",
    run: async ({ page, service }) => {
      const release = service.hold();
      const { canceled } = service.requests;
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM);
      await page.waitForSelector("text=Finding regions: in progress");
      await page.click("text=Cancel");
      await waitForAll(page, 1, "canceled");
      equal(service.requests.canceled - canceled, 1);
      release();
      await page.click("text=Run again");
      await waitForAll(page, 1, "done");
      ok(await page.locator(".regions g").count() > 20);
    },
  },
  {
    title: "what has happened is said to screen readers",
    run: async ({ page, service }) => {
      const news = (text: string): Promise<void> =>
        until(page, `document.getElementById("news").textContent.includes(${JSON.stringify(text)})`);
      await page.uncheck("[data-setting=readsText]");
      const release = service.hold();
      await choose(page, POEM);
      await news("1 image added.");
      release();
      await news("lucasta.047.jpg: 32 regions found.");
      await page.click("text=Remove finished");
      await news("1 image removed.");
    },
  },
  {
    title: "images are freed with their cards",
    run: async ({ page }) => {
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM, BOOK, POEM, BOOK, POEM);
      await waitForAll(page, 5, "done");
      equal(await page.evaluate("urls.size"), 5);
      await cardOf(page, "lucasta").first().locator("button", { hasText: "Remove" }).click();
      equal(await page.evaluate("urls.size"), 4);
      await page.click("text=Remove finished");
      equal(await page.evaluate("urls.size"), 0);
      equal(await page.locator(".card").count(), 0);
    },
  },
];
