/** The `EventSource` of Chromium, as a reader. */
import { chromium } from "playwright-core";
import type { OnEvent, Reader } from "./readers.ts";

const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** Opens a page of an origin, which must serve one. */
export async function openChromium(
  origin: string,
): Promise<{ readonly read: Reader; readonly close: () => Promise<void> }> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  const listeners = new Map<string, OnEvent>();
  await page.exposeFunction("report", (key: string, data: string, id: string) => listeners.get(key)?.(data, id));
  await page.goto(origin);
  await page.evaluate(`
    globalThis.sources = new Map();
    globalThis.openSource = (key) => {
      const source = new EventSource(key + "/events");
      source.onmessage = ({ data, lastEventId }) => report(key, data, lastEventId);
      sources.set(key, source);
    };
    globalThis.closeSource = (key) => sources.get(key).close();
  `);
  const read: Reader = (taskUrl, onEvent) => {
    const key = JSON.stringify(taskUrl);
    listeners.set(taskUrl, onEvent);
    const opened = page.evaluate(`openSource(${key})`);
    const close = (): Promise<void> => opened.then(() => page.evaluate<void>(`closeSource(${key})`)).catch(() => {});
    return { close: () => void close() };
  };
  // Chromium does so over plain HTTP only. With TLS, it notices that the connection was not closed properly.
  return { read: Object.assign(read, { trustsHeaders: true }), close: () => browser.close() };
}
