import { strictEqual as equal, throws } from "node:assert/strict";
import { atLeast } from "../../src/internal/check.ts";

Deno.test("atLeast() returns a valid number and throws a RangeError with any other value", () => {
  for (const value of [0, 1, 1e300, Infinity]) equal(atLeast("count", "n", value, 0), value);
  equal(atLeast("count", "n", Number.MIN_VALUE, Number.MIN_VALUE), Number.MIN_VALUE);
  const cases: [unknown, number, string][] = [
    [-1, 0, "of 0 or more: current value is -1"],
    [NaN, 0, "of 0 or more: current value is NaN"],
    [undefined, 0, "of 0 or more: current value is nothing"],
    ["soon", 0, 'of 0 or more: current value is "soon"'],
    [{}, 2, "of 2 or more: current value is an object"],
    [0, Number.MIN_VALUE, "greater than 0: current value is 0"],
  ];
  for (const [value, min, fault] of cases) {
    throws(() => atLeast("count", "n", value as number, min), {
      name: "RangeError",
      message: `Cannot count as n must be a number ${fault}`,
    });
  }
});

Deno.test("atLeast() throws for numeric strings", () => {
  // `startedAt + "300000"` is a text, and a deadline in the far future.
  throws(() => atLeast("count", "n", "300000" as never, 0), {
    name: "RangeError",
    message: 'Cannot count as n must be a number of 0 or more: current value is "300000"',
  });
  throws(() => atLeast("count", "n", null as never, 0), RangeError);
});
