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

Deno.test("createTimers() treats a timer that fired as due regardless of performance.now()", async () => {
  // Some test runners fake `setTimeout` but not `performance`, and the two clocks may also drift apart.
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  try {
    const timers = createTimers();
    const fired: string[] = [];
    // Rounded, since a little real time passes.
    const fire = (name: string) => fired.push(`${name}@${Math.round(clock.now / 1000)}`);
    timers.set(5000, () => {
      fire("a");
      timers.set(5000, () => fire("c"));
    });
    timers.set(7000, () => fire("b"));
    await clock.tickAsync(15_000);
    deepEqual(fired, ["a@5", "b@7", "c@10"]);
    equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("createTimers() arms a timer only while an entry is pending", async () => {
  await withClock(async (clock, timers) => {
    equal(clock.countTimers(), 0);
    const entry = timers.set(10, () => {});
    equal(clock.countTimers(), 1);
    timers.cancel(entry);
    equal(clock.countTimers(), 0);
    timers.set(10, () => {});
    await clock.tickAsync(10);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() calls ten thousand callbacks on time with a single timer", async () => {
  await withClock(async (clock, timers) => {
    const delays = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_007);
    let called = 0, latest = 0;
    for (const delay of delays) {
      timers.set(delay, () => {
        called++;
        latest = Math.max(latest, performance.now() - delay);
      });
    }
    equal(clock.countTimers(), 1);
    await clock.tickAsync(10_007);
    equal(called, 10_000);
    equal(latest <= 1, true);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() calls the callbacks that are not canceled in the order in which they are due", async () => {
  const act = fc.record({ sleep: fc.nat({ max: 50 }), cancel: fc.option(fc.nat()), tick: fc.nat({ max: 20 }) });
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
    await withClock(async (clock, timers) => {
      const called: number[] = [];
      const due: (number | null)[] = [];
      const entries: TimerEntry[] = [];
      for (const { sleep, cancel, tick } of acts) {
        const name = due.push(performance.now() + sleep) - 1;
        entries.push(timers.set(sleep, () => called.push(name)));
        if (cancel !== null) {
          const other = cancel % entries.length;
          timers.cancel(entries[other]);
          if (!called.includes(other)) due[other] = null;
        }
        await clock.tickAsync(tick);
      }
      await clock.tickAsync(100);
      const times = called.map((name) => due[name] ?? NaN);
      deepEqual(times, times.toSorted((a, b) => a - b));
      deepEqual(called.toSorted(), due.flatMap((at, name) => at === null ? [] : [name]).toSorted());
      equal(clock.countTimers(), 0);
    });
  }));
});

Deno.test("createTimers() allows a callback to add and cancel timers", async () => {
  await withClock(async (clock, timers) => {
    const called: string[] = [];
    const other = timers.set(10, () => called.push("other"));
    const again = (): void => {
      called.push("again");
      if (called.length < 3) timers.set(5, again);
      timers.cancel(other);
    };
    timers.set(5, again);
    await clock.tickAsync(100);
    deepEqual(called, ["again", "again", "again"]);
  });
});

Deno.test("createTimers() supports delays longer than setTimeout does", async () => {
  await withClock(async (clock, timers) => {
    let called = 0;
    timers.set(2 ** 32, () => called++);
    await clock.tickAsync(2 ** 31);
    equal(called, 0);
    await clock.tickAsync(2 ** 31);
    equal(called, 1);
  });
});

Deno.test("createTimers() runs promise reactions between callbacks that are due at the same time", async () => {
  await withClock(async (clock, timers) => {
    const log: string[] = [];
    for (let i = 0; i < 4; i++) {
      timers.set(10, async () => {
        log.push("called");
        await null;
        log.push("done");
      });
    }
    await clock.tickAsync(10);
    equal(log.filter((what) => what === "done").length, 4);
    equal(log.indexOf("done") < log.lastIndexOf("called"), true);
  });
});

Deno.test("createTimers() keeps one timer if a callback cancels the others and adds a new one", async () => {
  await withClock(async (clock, timers) => {
    const other = timers.set(20, () => {});
    let again: TimerEntry | undefined;
    timers.set(10, () => {
      timers.cancel(other);
      again = timers.set(1000, () => {});
    });
    await clock.tickAsync(10);
    equal(clock.countTimers(), 1);
    if (again) timers.cancel(again);
    equal(clock.countTimers(), 0);
  });
});

Deno.test("createTimers() calls the other callbacks on time if one throws", async () => {
  await withClock(async (clock, timers) => {
    const called: string[] = [];
    timers.set(10, () => {
      throw new Error("failed");
    });
    timers.set(10, () => called.push("at once"));
    timers.set(20, () => called.push("later"));
    await rejects(clock.tickAsync(30), { message: "failed" });
    deepEqual(called, ["at once", "later"]);
  });
});

Deno.test("createTimers() does not block the event loop if a callback keeps adding timers of 0 ms", async () => {
  const timers = createTimers();
  let naps = 0, turns = 0, awake = true;
  const nap = (): void => {
    if (awake && ++naps < 1e5) timers.set(0, nap);
  };
  // On Workers, the clock stands still while code runs.
  const { now } = performance;
  performance.now = () => 0;
  try {
    timers.set(0, nap);
    while (naps < 3) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      turns++;
    }
  } finally {
    performance.now = now;
  }
  awake = false;
  equal(naps < 1000 * turns, true, `${naps} naps in ${turns} turns of the event loop`);
  await new Promise((resolve) => setTimeout(resolve, 20));
});
