/**
 * Tests of examples/web in Chromium, against the handler of `./server` in a process of its own and an emulator of the
 * service behind it. Requires chromium, or the browser that the environment variable CHROMIUM names.
 *
 * Pass a part of a title to run only some of the checks.
 */
import { startBackEnd } from "./back_end.ts";
import { openPage, startBrowser } from "./browser.ts";
import { ACCESS } from "./check_access.ts";
import { FAILURES } from "./check_failures.ts";
import { RESULTS } from "./check_results.ts";
import { TASKS } from "./check_tasks.ts";
import { startService } from "./service.ts";

/** The time limit for the whole run, in milliseconds. Only on a machine that is very busy does it take as long. */
const LIMIT = 900_000;

const started = performance.now();
const [service, browser] = await Promise.all([startService(), startBrowser()]);
let backEnd = await startBackEnd(service.url);
const end = async (status: number): Promise<never> => {
  console.log(`${Math.round((performance.now() - started) / 1000)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  await Promise.allSettled([backEnd.kill(), browser.close(), service.close()]);
  Deno.exit(status);
};
let isLate = false;
setTimeout(() => {
  isLate = true;
  failed++;
  console.log(`FAILED the run: not within ${LIMIT} ms`);
  end(1);
}, LIMIT);

let isStopped = false;
const start = async (): Promise<void> => {
  backEnd = await startBackEnd(service.url, Number(new URL(backEnd.url).port));
  isStopped = false;
};
let passed = 0, failed = 0;
for (const { title, options, expected, run } of [...RESULTS, ...TASKS, ...FAILURES, ...ACCESS]) {
  if (!title.includes(Deno.args[0] ?? "")) continue;
  const since = performance.now();
  try {
    const { page, checkClean } = await openPage(browser, backEnd.url, options, expected);
    try {
      await run({
        page,
        service,
        stop: () => {
          isStopped = true;
          return backEnd.kill();
        },
        start,
      });
      await checkClean();
    } finally {
      await page.context().close();
      if (isStopped) await start();
    }
    passed++;
    console.log(`ok     ${title} (${Math.round(performance.now() - since)} ms)`);
  } catch (error) {
    if (isLate) break;
    failed++;
    console.log(`FAILED ${title}\n${error instanceof Error ? error.stack : error}`);
  }
}
if (!isLate) await end(failed === 0 && passed > 0 ? 0 : 1);
