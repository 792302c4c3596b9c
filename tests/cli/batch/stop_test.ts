import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { install } from "@sinonjs/fake-timers";
import { createStop } from "../../../src/cli/batch/stop.ts";

Deno.test("a batch stops at once if no image is being sent, and the first reason counts", async () => {
  const user = new AbortController(), stop = createStop(user.signal, () => {});
  deepEqual([stop.reason(), stop.signal.aborted], [null, false]);
  await stop.beginSending("a");
  stop.endSending("a");
  user.abort();
  stop.because("fault");
  deepEqual([stop.reason(), stop.signal.aborted], ["user", true]);
  await stop.beginSending("b");
  stop.close();
});

Deno.test("a batch stops when the images that are being sent have been, and sends no other", async () => {
  const stop = createStop(new AbortController().signal, () => {});
  await Promise.all([stop.beginSending("a"), stop.beginSending("b")]);
  stop.because("fault");
  let isAdmitted = false;
  const other = stop.beginSending("c").then(() => isAdmitted = true);
  stop.endSending("a");
  await Promise.resolve();
  deepEqual([stop.signal.aborted, isAdmitted], [false, false]);
  stop.endSending("b");
  await other;
  equal(stop.signal.aborted, true);
  stop.close();
});

Deno.test("a batch stops after a grace period, however long an image takes to be sent", async () => {
  const clock = install({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const stop = createStop(new AbortController().signal, () => {}, 100);
    await stop.beginSending("a");
    stop.because("user");
    clock.tick(99);
    equal(stop.signal.aborted, false);
    clock.tick(1);
    equal(stop.signal.aborted, true);
    stop.close();
    equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});
