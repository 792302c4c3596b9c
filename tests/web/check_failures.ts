/**
 * Tests of what goes wrong.
 *
 * @module
 */
import { match, ok, strictEqual as equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { choose, waitForAll } from "./browser.ts";
import { type Check, POEM } from "./check.ts";

/** What Chromium itself writes to the console when a request fails. */
const FAILED_REQUEST = /^Failed to load resource/;

export const FAILURES: readonly Check[] = [
  {
    title: "a file that is not an image fails, and says why",
    run: async ({ page }) => {
      await choose(page, { name: "broken.jpg", bytes: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]) });
      await waitForAll(page, 1, "failed");
      match(await page.textContent(".note.problem") ?? "", /The task failed \(Cannot read the image: .*header/);
      equal(await page.locator("svg.page image").count(), 0);
      await page.click(".actions >> text=Remove");
      equal(await page.locator(".card").count(), 0);
    },
  },
  {
    title: "an image that only the service can read is drawn without its picture",
    run: async ({ page }) => {
      await page.uncheck("[data-setting=readsText]");
      await choose(page, { name: "page.png", bytes: toPnm() });
      await waitForAll(page, 1, "done");
      await page.waitForSelector("text=The browser cannot show this image.");
      match(await page.textContent(".note") ?? "", /No text was found in this image\./);
    },
  },
  {
    title: "a service that is overloaded is a failure that can be repeated",
    expected: FAILED_REQUEST,
    run: async ({ page, service }) => {
      const accept = service.refuse();
      await choose(page, POEM);
      await waitForAll(page, 1, "failed");
      match(await page.textContent(".note.problem") ?? "", /503/);
      accept();
      await page.click("text=Run again");
      await waitForAll(page, 1, "done");
    },
  },
  {
    title: "a back end that is gone before an image is submitted is a failure that can be repeated",
    expected: FAILED_REQUEST,
    run: async ({ page, stop, start }) => {
      await stop();
      await choose(page, POEM);
      await waitForAll(page, 1, "failed");
      await start();
      await page.click("text=Run again");
      await waitForAll(page, 1, "done");
    },
  },
  {
    title: "a task survives a crash of the back end, and is not submitted again",
    expected: FAILED_REQUEST,
    run: async ({ page, service, stop, start }) => {
      const { submitted } = service.requests;
      const release = service.hold();
      await page.uncheck("[data-setting=readsText]");
      await choose(page, POEM);
      await page.waitForSelector("text=Finding regions: in progress");
      await stop();
      await page.waitForSelector("text=Connection lost, trying again");
      const polls = parseFloat(await page.textContent(".facts span:last-child") ?? "");
      await start();
      await page.waitForSelector("text=Finding regions: in progress");
      release();
      await waitForAll(page, 1, "done");
      equal(service.requests.submitted - submitted, 1);
      equal(await page.locator(".regions g").count(), 32);
      ok(parseFloat(await page.textContent(".facts span:last-child") ?? "") > polls);
    },
  },
];

/** A white page as a portable bitmap, which no browser shows. */
function toPnm(): Buffer {
  const size = 200;
  return Buffer.concat([Buffer.from(`P5 ${size} ${size} 255\n`), Buffer.alloc(size * size, 255)]);
}
