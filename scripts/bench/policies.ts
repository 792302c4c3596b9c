/** When others ask next, as schedules. */
import * as O from "fp-ts/lib/Option.js";
import { exponential, fixed, type Schedule } from "../../src/core.ts";
import { jitter } from "../../src/polling/retry.ts";

/** Those that learn nothing, by their names in the tables. */
export const POLICIES: Readonly<Record<string, Schedule>> = {
  "fixed 1 s (.NET sample)": fixed({ delay: 1000 }),
  "6 s, 7 s, 8 s, … (command-line tool)": ({ attempt }) => O.some(6000 + 1000 * attempt),
  // `pollUntilDone` polls at once, and then every `intervalInMs`.
  "at once, then 2 s (core-lro)": ({ attempt }) => O.some(attempt === 0 ? 0 : 2000),
  "AWS's waiter, 2 s to 120 s": awsWaiter,
  "exponential (ours)": exponential(),
};

/** At once, then by the formula of @smithy/util-waiter 4 and its defaults: random between the least and the doubled. */
function awsWaiter({ id, attempt }: Parameters<Schedule>[0]): ReturnType<Schedule> {
  const [least, most] = [2000, 120_000];
  if (attempt === 0) return O.some(0);
  if (attempt > Math.log2(most / least) + 1) return O.some(most);
  return O.some(least + jitter(id, attempt) * (Math.min(least * 2 ** (attempt - 1), most) - least));
}
