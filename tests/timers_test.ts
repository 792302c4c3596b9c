import fc from "fast-check";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { createTimers, type Sleeper, type Timers } from "../src/timers.ts";

type Clock = ReturnType<typeof FakeTimers.install>;

function withClock(test: (clock: Clock, timers: Timers) => void): void {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    test(clock, createTimers());
  } finally {
    clock.uninstall();
  }
}

Deno.test("createTimers() starts no timer before somebody sleeps, and leaves none", () => {
  withClock((clock, timers) => {
    equal(clock.countTimers(), 0);
    const sleeper = timers.sleep(10, () => {});
    equal(clock.countTimers(), 1);
    timers.cancel(sleeper);
    equal(clock.countTimers(), 0);
    timers.sleep(10, () => {});
    clock.tick(10);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() wakes ten thousand sleepers on one timer, each in its time", () => {
  withClock((clock, timers) => {
    const delays = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_007);
    let woken = 0, latest = 0;
    for (const delay of delays) {
      timers.sleep(delay, () => {
        woken++;
        latest = Math.max(latest, performance.now() - delay);
      });
    }
    equal(clock.countTimers(), 1);
    clock.tick(10_007);
    equal(woken, 10_000);
    equal(latest <= 1, true);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() wakes whoever sleeps, in the order of their times, and nobody who was let go", () => {
  const act = fc.record({ sleep: fc.nat({ max: 50 }), cancel: fc.option(fc.nat()), tick: fc.nat({ max: 20 }) });
  fc.assert(fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
    withClock((clock, timers) => {
      const woken: number[] = [];
      const due: (number | null)[] = [];
      const sleepers: Sleeper[] = [];
      for (const { sleep, cancel, tick } of acts) {
        const name = due.push(performance.now() + sleep) - 1;
        sleepers.push(timers.sleep(sleep, () => woken.push(name)));
        if (cancel !== null) {
          const other = cancel % sleepers.length;
          timers.cancel(sleepers[other]);
          if (!woken.includes(other)) due[other] = null;
        }
        clock.tick(tick);
      }
      clock.tick(100);
      const times = woken.map((name) => due[name] ?? NaN);
      deepEqual(times, times.toSorted((a, b) => a - b));
      deepEqual(woken.toSorted(), due.flatMap((at, name) => at === null ? [] : [name]).toSorted());
      equal(clock.countTimers(), 0);
    });
  }));
});

Deno.test("createTimers() lets a sleeper sleep again, and others go, while it wakes", () => {
  withClock((clock, timers) => {
    const woken: string[] = [];
    const other = timers.sleep(10, () => woken.push("other"));
    const again = (): void => {
      woken.push("again");
      if (woken.length < 3) timers.sleep(5, again);
      timers.cancel(other);
    };
    timers.sleep(5, again);
    clock.tick(100);
    deepEqual(woken, ["again", "again", "again"]);
  });
});

Deno.test("createTimers() sleeps through times that no timer can hold", () => {
  withClock((clock, timers) => {
    let woken = 0;
    timers.sleep(2 ** 32, () => woken++);
    clock.tick(2 ** 31);
    equal(woken, 0);
    clock.tick(2 ** 31);
    equal(woken, 1);
  });
});
