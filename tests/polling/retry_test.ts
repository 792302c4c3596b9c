import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import * as O from "fp-ts/lib/Option.js";
import {
  gaveUp,
  http,
  malformed,
  network,
  permissionDenied,
  type RegionsError,
  timeout,
  tooLarge,
  unauthorized,
  unconfirmed,
} from "../../src/model/error.ts";
import { jitter, retryDelay, type RetryOptions, retryPolicy } from "../../src/polling/retry.ts";
import { GUID } from "../support/arbitrary.ts";

Deno.test("retryPolicy() applies defaults and throws a RangeError for options out of range", () => {
  deepEqual(retryPolicy(), { maxAttempts: 3, minDelay: 500, maxDelay: 30_000 });
  deepEqual(retryPolicy({ maxAttempts: undefined }), retryPolicy({}));
  for (
    const options of [
      { maxAttempts: 1, minDelay: 0, maxDelay: 0 },
      { maxAttempts: Infinity, minDelay: 7, maxDelay: Infinity },
    ]
  ) deepEqual(retryPolicy(options), options);
  const cases: [RetryOptions, string][] = [
    [{ maxAttempts: 0 }, "retry.maxAttempts must be a number of 1 or more: current value is 0"],
    [{ maxAttempts: NaN }, "retry.maxAttempts must be a number of 1 or more: current value is NaN"],
    [{ minDelay: -1 }, "retry.minDelay must be a number of 0 or more: current value is -1"],
    [{ maxDelay: 499 }, "retry.maxDelay must be a number of 500 or more: current value is 499"],
    [{ minDelay: 9, maxDelay: 8 }, "retry.maxDelay must be a number of 9 or more: current value is 8"],
  ];
  for (const [options, fault] of cases) {
    throws(() => retryPolicy(options), { name: "RangeError", message: `Cannot retry as ${fault}` });
  }
});

/** Every error, and whether it is transient. */
const ERRORS: readonly (readonly [RegionsError, boolean])[] = [
  [network("fetch", "reset"), true],
  [timeout("fetch", 30_000), true],
  ...[408, 425, 429, 500, 502, 503, 599].map((status) => [http("fetch", status, null, ""), true] as const),
  ...[0, 301, 400, 403, 404, 407, 409, 424, 426, 428, 430, 499].map((status) =>
    [http("fetch", status, null, ""), false] as const
  ),
  [malformed(["a"]), true],
  [permissionDenied("fetch", "no net access"), false],
  [unauthorized("fetch", "expired"), false],
  [tooLarge("fetch", 1), false],
  [unconfirmed(network("submit", "reset")), false],
  [gaveUp("deadline", null), false],
];

Deno.test("retryDelay() retries only transient failures", () => {
  const policy = retryPolicy({ minDelay: 1000, maxDelay: 6000 });
  for (const [error, passes] of ERRORS) {
    deepEqual(retryDelay(policy, error, 1, 1, 0.5), passes ? O.some(500) : O.none);
  }
});

Deno.test("retryDelay() doubles the upper bound with each failure up to maxDelay, with full jitter", () => {
  const policy = retryPolicy({ minDelay: 1000, maxDelay: 6000 });
  const bounds = [1000, 2000, 4000, 6000, 6000];
  for (const random of [0, 0.25, 0.999]) {
    bounds.forEach((bound, i) => {
      deepEqual(retryDelay(policy, network("fetch", ""), i + 1, 0, random), O.some(random * bound));
    });
  }
  deepEqual(retryDelay(policy, network("fetch", ""), 100_000, 0, 0.5), O.some(3000));
  deepEqual(retryDelay(retryPolicy({ minDelay: 0 }), network("fetch", ""), 9, 0, 0.5), O.some(0));
});

Deno.test("retryDelay() waits at least as long as Retry-After, even beyond maxDelay", () => {
  const policy = retryPolicy({ minDelay: 1000, maxDelay: 6000 });
  const delayAfter = (retryAfter: number | null, failures: number, status = 429): O.Option<number> =>
    retryDelay(policy, http("fetch", status, retryAfter, ""), failures, 0, 0.5);
  deepEqual(delayAfter(null, 2), O.some(1000));
  deepEqual(delayAfter(0, 2), O.some(1000));
  deepEqual(delayAfter(999, 2), O.some(1000));
  deepEqual(delayAfter(1001, 2), O.some(1001));
  deepEqual(delayAfter(600_000, 1), O.some(600_000));
  deepEqual(delayAfter(2 ** 31, 1, 503), O.some(2 ** 31));
  deepEqual(delayAfter(5000, 1, 404), O.none);
});

Deno.test("retryDelay() retries a malformed response once, even with other failures in between", () => {
  const policy = retryPolicy();
  ok(O.isSome(retryDelay(policy, malformed(["a"]), 7, 1, 0.5)));
  deepEqual(retryDelay(policy, malformed(["a"]), 2, 2, 0.5), O.none);
  ok(O.isSome(retryDelay(policy, network("fetch", ""), 3, 2, 0.5)));
});

Deno.test(
  "retryDelay() returns a number for any count of failures and any delays",
  () => {
    for (const options of [{ minDelay: 0 }, { maxDelay: Infinity }, { minDelay: 0, maxDelay: Infinity }]) {
      for (const random of [0, 0.5]) {
        const delay = retryDelay(retryPolicy(options), network("fetch", ""), 2000, 0, random);
        ok(O.isSome(delay) && delay.value >= 0, JSON.stringify([options, random, delay]));
      }
    }
  },
);

Deno.test("jitter() is the hash of the id and the attempt by FNV-1a and MurmurHash3", () => {
  // Computed by another implementation, in Python.
  const cases: [string, number, number][] = [
    ["", 0, 0.6689221884589642],
    ["1", 0, 0.33251127949915826],
    ["1", 1, 0.3942956554237753],
    ["日本", 7, 0.13335768482647836],
    [GUID, 0, 0.21452998835593462],
    [GUID, 1, 0.36363692162558436],
    [GUID, 2, 0.6921481431927532],
  ];
  for (const [id, attempt, expected] of cases) {
    equal(jitter(id, attempt), expected);
    equal(jitter(id, attempt), expected);
  }
});

Deno.test("jitter() is distributed evenly over [0, 1) across ids and attempts", () => {
  const N = 10_000, TENTHS = 10;
  const spread = (values: readonly number[]): void => {
    const counts: number[] = new Array(TENTHS).fill(0);
    for (const value of values) {
      ok(value >= 0 && value < 1);
      counts[Math.floor(value * TENTHS)]++;
    }
    for (const count of counts) ok(Math.abs(count - N / TENTHS) < N / TENTHS / 5, counts.join(" "));
    const mean = values.reduce((sum, value) => sum + value, 0) / N;
    ok(Math.abs(mean - 0.5) < 0.02, String(mean));
  };
  const numbers = [...new Array(N).keys()];
  spread(numbers.map((n) => jitter(GUID, n)));
  spread(numbers.map((n) => jitter(`${n.toString(16).padStart(8, "0")}${GUID.slice(8)}`, 0)));
  spread(numbers.map((n) => jitter(String(n), n % 3)));
  // Neighbors must not be correlated: clients that start with one task each, and the polls of a client.
  spread(numbers.map((n) => (jitter(GUID, n) - jitter(GUID, n + 1) + 1) % 1));
});

Deno.test("jitter() is at least 0 and less than 1 for any id and attempt", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.maxSafeNat(), (id, attempt) => {
    const value = jitter(id, attempt);
    ok(value >= 0 && value < 1);
  }));
});
