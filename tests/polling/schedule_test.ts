import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import * as O from "fp-ts/lib/Option.js";
import {
  exponential,
  type ExponentialOptions,
  fixed,
  type Schedule,
  type ScheduleInput,
} from "../../src/polling/schedule.ts";
import { NO_HISTORY } from "../../src/model/history.ts";
import { GUID } from "../support/arbitrary.ts";

/** The input of a schedule. */
function after(attempt: number, elapsed: number, id = GUID): ScheduleInput {
  return { id, attempt, elapsed, history: NO_HISTORY };
}

/** The times of the polls of a task that is never finished, in milliseconds from its submission. */
function pollTimes(schedule: Schedule, polls: number): readonly number[] {
  const times: number[] = [];
  for (let elapsed = 0; times.length < polls;) {
    const delay = schedule(after(times.length, elapsed));
    ok(O.isSome(delay));
    elapsed += delay.value;
    times.push(elapsed);
  }
  return times;
}

Deno.test("fixed() returns a constant delay, by default 2 s", () => {
  deepEqual(pollTimes(fixed(), 5), [2000, 4000, 6000, 8000, 10_000]);
  deepEqual(pollTimes(fixed({}), 2), [2000, 4000]);
  deepEqual(pollTimes(fixed({ delay: 0.5 }), 3), [0.5, 1, 1.5]);
  deepEqual(fixed({ delay: Infinity })(after(1, 5)), O.some(Infinity));
});

Deno.test("exponential() returns growing delays up to maxDelay", () => {
  deepEqual(pollTimes(exponential(), 4), [1000, 2500, 4750, 8125]);
  deepEqual(pollTimes(exponential({ minDelay: 100, factor: 2, maxDelay: 500 }), 6), [100, 300, 700, 1200, 1700, 2200]);
  deepEqual(pollTimes(exponential({ minDelay: 10, factor: 1 }), 3), [10, 20, 30]);
  deepEqual(pollTimes(exponential({ minDelay: 30_000 }), 3), [30_000, 60_000, 90_000]);

  // 1000 * 1.5^n is over 30 s from n = 9 on.
  const [, , , , , , , , ninth, tenth, eleventh] = pollTimes(exponential(), 11);
  equal(tenth - ninth, 30_000);
  equal(eleventh - tenth, 30_000);
  deepEqual(exponential()(after(100_000, 5)), O.some(30_000));
  deepEqual(exponential({ maxDelay: Infinity })(after(100_000, 5)), O.some(Infinity));
});

Deno.test("fixed() and exponential() depend only on the number of polls", () => {
  for (const schedule of [fixed({ delay: 1000 }), exponential({ minDelay: 1000 })]) {
    deepEqual(schedule(after(0, 0)), O.some(1000));
    deepEqual(schedule(after(1, 5000)), schedule(after(1, 0, "2")));
  }
});

Deno.test("the library's schedules return a delay of 0 or more for any input", () => {
  const over0 = fc.double({ min: Number.MIN_VALUE, noNaN: true });
  const schedule = fc.oneof(
    over0.map((delay) => fixed({ delay })),
    fc.tuple(over0, fc.double({ min: 1, noNaN: true }), over0)
      .map(([a, factor, b]) => exponential({ minDelay: Math.min(a, b), factor, maxDelay: Math.max(a, b) })),
  );
  const elapsed = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
  const progress = fc.tuple(fc.nat(), elapsed, fc.string()).map(([n, elapsed, id]) => after(n, elapsed, id));
  fc.assert(fc.property(schedule, progress, (schedule, progress) => {
    const delay = schedule(progress);
    ok(O.isSome(delay) && delay.value >= 0);
    deepEqual(schedule(progress), delay);
  }));
});

Deno.test("schedules throw a RangeError with the name and value of an option out of range", () => {
  const asExponential = "Cannot poll on an exponential schedule as";
  const cases: [() => unknown, string][] = [
    ...[0, -1, NaN, -Infinity].map((delay): [() => unknown, string] => [
      () => fixed({ delay }),
      `Cannot poll on a fixed schedule as delay must be a number greater than 0: current value is ${delay}`,
    ]),
    ...([
      [{ minDelay: 0 }, "minDelay must be a number greater than 0: current value is 0"],
      [{ minDelay: NaN }, "minDelay must be a number greater than 0: current value is NaN"],
      [{ factor: 0.99 }, "factor must be a number of 1 or more: current value is 0.99"],
      [{ factor: NaN }, "factor must be a number of 1 or more: current value is NaN"],
      [{ maxDelay: 999 }, "maxDelay must be a number of 1000 or more: current value is 999"],
      [{ minDelay: 5, maxDelay: 4 }, "maxDelay must be a number of 5 or more: current value is 4"],
      [{ maxDelay: NaN }, "maxDelay must be a number of 1000 or more: current value is NaN"],
    ] as [ExponentialOptions, string][]).map(([options, fault]): [() => unknown, string] => [
      () => exponential(options),
      `${asExponential} ${fault}`,
    ]),
  ];
  for (const [make, message] of cases) throws(make, { name: "RangeError", message });
  deepEqual(
    exponential({ minDelay: 90_000 })({ id: "1", attempt: 9, elapsed: 0, history: NO_HISTORY }),
    O.some(90_000),
  );
});
