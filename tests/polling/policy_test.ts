import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { NO_HISTORY } from "../../src/model/history.ts";
import { adaptive } from "../../src/polling/adaptive.ts";
import { fixed, type ScheduleInput } from "../../src/polling/schedule.ts";
import { type PollOptions, pollPolicy } from "../../src/polling/policy.ts";
import { GUID } from "../support/arbitrary.ts";

const DEADLINE = 60_000;
const POLICY = pollPolicy({
  schedule: fixed({ delay: 2000 }),
  deadline: DEADLINE,
  maxPolls: 10,
  retry: { minDelay: 1000, maxDelay: 6000 },
});

Deno.test("pollPolicy() applies defaults and throws a RangeError for options out of range", () => {
  const { schedule, ...others } = pollPolicy();
  deepEqual(others, {
    deadline: 300_000,
    maxPolls: Infinity,
    minDelay: 0,
    retry: { maxAttempts: 3, minDelay: 500, maxDelay: 30_000 },
  });
  const input: ScheduleInput = { id: GUID, attempt: 2, elapsed: 4000, history: NO_HISTORY };
  deepEqual(schedule(input), adaptive()(input));
  deepEqual(pollPolicy({ deadline: undefined, schedule: undefined }).deadline, 300_000);
  deepEqual(pollPolicy(POLICY), POLICY);

  const cases: [PollOptions, string][] = [
    [{ deadline: 0 }, "watch a task as deadline must be a number greater than 0: current value is 0"],
    [{ deadline: NaN }, "watch a task as deadline must be a number greater than 0: current value is NaN"],
    [{ maxPolls: 0 }, "watch a task as maxPolls must be a number of 1 or more: current value is 0"],
    [{ maxPolls: NaN }, "watch a task as maxPolls must be a number of 1 or more: current value is NaN"],
    [{ minDelay: -1 }, "watch a task as minDelay must be a number of 0 or more: current value is -1"],
    [{ retry: { maxAttempts: 0 } }, "retry as retry.maxAttempts must be a number of 1 or more: current value is 0"],
  ];
  for (const [options, fault] of cases) {
    throws(() => pollPolicy(options), { name: "RangeError", message: `Cannot ${fault}` });
  }
});
