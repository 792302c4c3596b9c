/** Tests with fake timers. */
import { strictEqual as equal } from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";

export type Clock = ReturnType<typeof FakeTimers.install>;

/** Registers a test with fake timers. It fails if any of them is left. */
export function withClock(name: string, test: (clock: Clock) => Promise<void>): void {
  Deno.test(name, async () => {
    const clock = FakeTimers.install({
      now: 1_800_000_000_000,
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
    });
    try {
      await test(clock);
      equal(clock.countTimers(), 0, "timers left");
    } finally {
      clock.uninstall();
    }
  });
}
