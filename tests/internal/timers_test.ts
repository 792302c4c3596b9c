import fc from "fast-check";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, rejects, strictEqual as equal } from "node:assert/strict";
import { createTimers, type TimerEntry, type Timers } from "../../src/internal/timers.ts";

type Clock = ReturnType<typeof FakeTimers.install>;

async function withClock(test: (clock: Clock, timers: Timers) => Promise<void>): Promise<void> {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    await test(clock, createTimers());
  } finally {
    clock.uninstall();
  }
}

Deno.test("createTimers() takes a timer that fired for due, whatever performance.now() says", async () => {
  // As test runners fake them that leave `performance` alone, and as clocks that differ.
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  try {
    const timers = createTimers();
    const fired: string[] = [];
    // What little real time goes by does not count.
    const fire = (name: string) => fired.push(`${name}@${Math.round(clock.now / 1000)}`);
    timers.sleep(5000, () => {
      fire("a");
      timers.sleep(5000, () => fire("c"));
    });
    timers.sleep(7000, () => fire("b"));
    await clock.tickAsync(15_000);
    deepEqual(fired, ["a@5", "b@7", "c@10"]);
    equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("createTimers() starts no timer before somebody sleeps, and leaves none", async () => {
  await withClock(async (clock, timers) => {
    equal(clock.countTimers(), 0);
    const sleeper = timers.sleep(10, () => {});
    equal(clock.countTimers(), 1);
    timers.cancel(sleeper);
    equal(clock.countTimers(), 0);
    timers.sleep(10, () => {});
    await clock.tickAsync(10);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() wakes ten thousand sleepers on one timer, each in its time", async () => {
  await withClock(async (clock, timers) => {
    const delays = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_007);
    let woken = 0, latest = 0;
    for (const delay of delays) {
      timers.sleep(delay, () => {
        woken++;
        latest = Math.max(latest, performance.now() - delay);
      });
    }
    equal(clock.countTimers(), 1);
    await clock.tickAsync(10_007);
    equal(woken, 10_000);
    equal(latest <= 1, true);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() wakes whoever sleeps, in the order of their times, and nobody who was let go", async () => {
  const act = fc.record({ sleep: fc.nat({ max: 50 }), cancel: fc.option(fc.nat()), tick: fc.nat({ max: 20 }) });
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
    await withClock(async (clock, timers) => {
      const woken: number[] = [];
      const due: (number | null)[] = [];
      const sleepers: TimerEntry[] = [];
      for (const { sleep, cancel, tick } of acts) {
        const name = due.push(performance.now() + sleep) - 1;
        sleepers.push(timers.sleep(sleep, () => woken.push(name)));
        if (cancel !== null) {
          const other = cancel % sleepers.length;
          timers.cancel(sleepers[other]);
          if (!woken.includes(other)) due[other] = null;
        }
        await clock.tickAsync(tick);
      }
      await clock.tickAsync(100);
      const times = woken.map((name) => due[name] ?? NaN);
      deepEqual(times, times.toSorted((a, b) => a - b));
      deepEqual(woken.toSorted(), due.flatMap((at, name) => at === null ? [] : [name]).toSorted());
      equal(clock.countTimers(), 0);
    });
  }));
});

Deno.test("createTimers() lets a sleeper sleep again, and others go, while it wakes", async () => {
  await withClock(async (clock, timers) => {
    const woken: string[] = [];
    const other = timers.sleep(10, () => woken.push("other"));
    const again = (): void => {
      woken.push("again");
      if (woken.length < 3) timers.sleep(5, again);
      timers.cancel(other);
    };
    timers.sleep(5, again);
    await clock.tickAsync(100);
    deepEqual(woken, ["again", "again", "again"]);
  });
});

Deno.test("createTimers() sleeps through times that no timer can hold", async () => {
  await withClock(async (clock, timers) => {
    let woken = 0;
    timers.sleep(2 ** 32, () => woken++);
    await clock.tickAsync(2 ** 31);
    equal(woken, 0);
    await clock.tickAsync(2 ** 31);
    equal(woken, 1);
  });
});

Deno.test("createTimers() lets what one sleeper leaves to be done be done before the last is woken", async () => {
  await withClock(async (clock, timers) => {
    const log: string[] = [];
    for (let i = 0; i < 4; i++) {
      timers.sleep(10, async () => {
        log.push("woken");
        await null;
        log.push("done");
      });
    }
    await clock.tickAsync(10);
    equal(log.filter((what) => what === "done").length, 4);
    equal(log.indexOf("done") < log.lastIndexOf("woken"), true);
  });
});

Deno.test("createTimers() leaves no timer where a sleeper ends the others and sleeps again", async () => {
  await withClock(async (clock, timers) => {
    const other = timers.sleep(20, () => {});
    let again: TimerEntry | undefined;
    timers.sleep(10, () => {
      timers.cancel(other);
      again = timers.sleep(1000, () => {});
    });
    await clock.tickAsync(10);
    equal(clock.countTimers(), 1);
    if (again) timers.cancel(again);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() wakes the others, in time, also where one fails", async () => {
  await withClock(async (clock, timers) => {
    const woken: string[] = [];
    timers.sleep(10, () => {
      throw new Error("fault");
    });
    timers.sleep(10, () => woken.push("at once"));
    timers.sleep(20, () => woken.push("later"));
    await rejects(clock.tickAsync(30), { message: "fault" });
    deepEqual(woken, ["at once", "later"]);
  });
});

Deno.test("createTimers() lets others go on while somebody sleeps for no time at all, again and again", async () => {
  const timers = createTimers();
  let naps = 0, awake = true;
  const nap = (): void => {
    if (awake && ++naps < 1e5) timers.sleep(0, nap);
  };
  timers.sleep(0, nap);
  await new Promise((resolve) => setTimeout(resolve, 20));
  awake = false;
  equal(naps > 1 && naps < 1000, true, `${naps} naps`);
  await new Promise((resolve) => setTimeout(resolve, 20));
});
