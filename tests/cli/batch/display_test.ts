import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { createDisplay, type Progress, toLines } from "../../../src/cli/batch/display.ts";
import { network } from "../../../src/model/error.ts";
import { createTerminal } from "../../../src/cli/terminal.ts";
import { widthOf } from "../../../src/cli/width.ts";
import { screenOf } from "../screen.ts";

const NOTHING: Progress = { items: new Map(), completed: 0, failed: 0, worked: 0, total: null, startedAt: 0 };
const ITEMS = new Map([
  ["scans/a.jpg", { label: "Pending", startedAt: 0 }],
  ["scans/long/name.jpg", { label: "Sending", startedAt: 58_800 }],
]);

Deno.test("there is a live line for each item, and one for all", () => {
  deepEqual(
    toLines(
      { ...NOTHING, items: ITEMS, completed: 11, failed: 1, worked: 12, total: 200 },
      { columns: 80, rows: 24 },
      60_000,
    ),
    [
      "scans/a.jpg          Pending   60 s",
      "scans/long/name.jpg  Sending  1.2 s",
      "12 of 200 done (1 failed), 12/min, about 15 min left",
    ],
  );
});

Deno.test("the live lines name no rate before an item has ended, and no remaining time without a total", () => {
  const size = { columns: 80, rows: 24 };
  deepEqual(toLines({ ...NOTHING, total: 5 }, size, 100), ["0 of 5 done"]);
  // What the journal had already took no time.
  deepEqual(toLines({ ...NOTHING, completed: 9, total: 10 }, size, 100), ["9 of 10 done"]);
  deepEqual(toLines({ ...NOTHING, completed: 3, worked: 1 }, size, 60_000), ["3 done, 1.0/min"]);
  deepEqual(toLines({ ...NOTHING, completed: 4, worked: 2, total: 5 }, size, 1000), [
    "4 of 5 done, 120/min, about 1 s left",
  ]);
});

Deno.test("on a narrow terminal, keys are cut at their start", () => {
  const lines = toLines({
    ...NOTHING,
    items: new Map([["漢字/漢字漢字.jpg", { label: "Pending", startedAt: 0 }], ...ITEMS]),
  }, {
    columns: 27,
    rows: 24,
  }, 60_000);
  deepEqual(lines, [
    "…漢字.jpg   Pending   60 s",
    "…ans/a.jpg  Pending   60 s",
    "…/name.jpg  Sending  1.2 s",
    "0 done",
  ]);
  ok(lines.every((line) => widthOf(line) < 27));
});

Deno.test("more items than fit on the terminal are counted", () => {
  const items = new Map(Array.from({ length: 100 }, (_, i) => [`${i}.jpg`, { label: "Pending", startedAt: 0 }]));
  const lines = toLines({ ...NOTHING, items }, { columns: 80, rows: 5 }, 1000);
  deepEqual(lines, ["0.jpg  Pending  1 s", "1.jpg  Pending  1 s", "… and 98 more", "0 done"]);
});

/** A display whose clock is set by hand. */
function displayOn(tty: { columns: number } | null, verbosity: { quiet?: boolean; verbose?: boolean } = {}) {
  let written = "", now = 0;
  const terminal = createTerminal({
    env: { NO_COLOR: "1" },
    stdout: { write: () => {} },
    stderr: { write: (text) => void (written += text), ...tty === null ? {} : { isTTY: true, ...tty } },
    signal: new AbortController().signal,
  });
  const display = createDisplay(terminal, { quiet: false, verbose: false, ...verbosity }, () => 2, () => now);
  return {
    display,
    wait: (ms: number) => void (now += ms),
    said: async () => {
      display.close();
      await terminal.print("");
      return await new Promise<readonly string[]>((resolve) => setTimeout(() => resolve(screenOf(written)), 0));
    },
  };
}

/** Shows an item that is completed, one that fails, and a failure that is retried. */
function show({ display, wait }: ReturnType<typeof displayOn>): void {
  const failure = { call: "fetch", id: null, error: network("fetch", "connection refused"), failures: 1 } as const;
  display.begin("a", "Sending");
  display.begin("b", "Sending");
  wait(500);
  display.status("a", "Pending");
  display.retry({ ...failure, delay: 1000 });
  display.retry({ ...failure, delay: 2000 });
  wait(1000);
  display.complete("a", "1 region found");
  display.fail("b", "It failed.");
}

const RETRY =
  "The connection to the service failed (connection refused). Check the network and the address, then try again.";

Deno.test("without a terminal, there is a line for each item that has ended, and for a failure that is new", async () => {
  const shown = displayOn(null);
  show(shown);
  deepEqual(await shown.said(), [`${RETRY} Trying again in 1 s.`, "a: 1 region found (1.5 s)", "b: It failed.", ""]);
});

Deno.test("on a terminal, there is a line for each item that has failed", async () => {
  const shown = displayOn({ columns: 200 });
  show(shown);
  deepEqual(await shown.said(), [`${RETRY} Trying again in 1 s.`, "b: It failed.", ""]);
});

Deno.test("--verbose shows every status and every failure, and --quiet only items that have failed", async () => {
  const verbose = displayOn(null, { verbose: true });
  show(verbose);
  deepEqual(await verbose.said(), [
    "a: Pending (500 ms)",
    `${RETRY} Trying again in 1 s.`,
    `${RETRY} Trying again in 2 s.`,
    "a: 1 region found (1.5 s)",
    "b: It failed.",
    "",
  ]);
  const quiet = displayOn({ columns: 80 }, { quiet: true });
  show(quiet);
  deepEqual(await quiet.said(), ["b: It failed.", ""]);
  equal((await quiet.said()).length, 2);
});
