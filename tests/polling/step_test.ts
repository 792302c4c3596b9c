import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import {
  brief,
  gaveUp,
  http,
  malformed,
  network,
  type RegionsError,
  timeout,
  tooLarge,
  unauthorized,
  unconfirmed,
} from "../../src/model/error.ts";
import { type History, NO_HISTORY } from "../../src/model/history.ts";
import { adaptive } from "../../src/polling/adaptive.ts";
import { PollState } from "../../src/model/poll_state.ts";
import { waiting } from "../support/waiting.ts";
import { exponential, fixed, type Schedule, type ScheduleInput } from "../../src/polling/schedule.ts";
import { type Next, resumePoll, startPoll, step, type Wait } from "../../src/polling/step.ts";
import { type PollOptions, type PollPolicy, pollPolicy } from "../../src/polling/policy.ts";
import type { Reply } from "../../src/model/reply.ts";
import { isFinal, type TaskStatus } from "../../src/model/task_status.ts";
import { GUID, json, pollState, regionsError, taskStatus } from "../support/arbitrary.ts";

const NOW = 1_700_000_000_000;
const DEADLINE = 60_000;
const POLICY = pollPolicy({
  schedule: fixed({ delay: 2000 }),
  deadline: DEADLINE,
  maxPolls: 10,
  retry: { minDelay: 1000, maxDelay: 6000 },
});

/** The jitter of this task, by attempt: see schedule_test.ts. */
const JITTER = [0.21452998835593462, 0.36363692162558436, 0.6921481431927532, 0.34986905800178647, 0.09258750989101827];

const FRESH: PollState = {
  version: 2,
  kind: "DetectRegions",
  id: GUID,
  results: null,
  sizeClass: null,
  submittedAt: null,
  startedAt: NOW - 10_000,
  dueAt: NOW,
  polls: 0,
  heard: 0,
  heardAt: null,
  failures: 0,
  malformed: 0,
  failure: null,
};

/** States, and the delay before a failed poll is retried in each of them. */
const STATES = {
  "fresh": { state: FRESH, backoff: JITTER[0] * 1000 },
  "heard twice": {
    state: { ...FRESH, polls: 5, heard: 2, heardAt: NOW - 2000 },
    backoff: JITTER[2] * 1000,
  },
  "failing": {
    state: { ...FRESH, polls: 4, heard: 1, heardAt: NOW - 9000, failures: 3, failure: "It was down." },
    backoff: JITTER[4] * 6000,
  },
  "not understood once": {
    state: { ...FRESH, polls: 1, failures: 1, malformed: 1, failure: "It was a page." },
    backoff: JITTER[1] * 2000,
  },
  "at the last poll": {
    state: { ...FRESH, polls: 9, heard: 3, heardAt: NOW - 2000 },
    backoff: JITTER[3] * 1000,
  },
  "just before the deadline": {
    state: { ...FRESH, startedAt: NOW - DEADLINE + 7, polls: 2 },
    backoff: JITTER[0] * 1000,
  },
  "after the deadline": {
    state: { ...FRESH, startedAt: NOW - DEADLINE - 7, polls: 2 },
    backoff: JITTER[0] * 1000,
  },
} satisfies Record<string, { state: PollState; backoff: number }>;

const UNFINISHED: readonly TaskStatus[] = [{ _tag: "Pending", id: GUID }, { _tag: "Processing", id: GUID }];
const FINAL: readonly TaskStatus[] = [
  { _tag: "Completed", id: GUID, regions: [], notices: [] },
  { _tag: "Error", id: GUID, messages: ["No text."] },
  { _tag: "NotExist", id: GUID, messages: [] },
];
const PASSING: readonly RegionsError[] = [network("fetch", "reset"), timeout("fetch", 30_000), timeout("token", 1)];
const PASSING_HTTP = [408, 425, 429, 500, 503].map((status) => http("fetch", status, null, ""));
const FATAL: readonly RegionsError[] = [
  ...[0, 301, 400, 404, 410].map((status) => http("fetch", status, null, "")),
  http("fetch", 404, 1000, ""),
  unauthorized("fetch", "expired"),
  tooLarge("fetch", 1_048_576),
  unconfirmed(network("submit", "reset")),
];
const NOT_UNDERSTOOD = malformed(["Response: expected an object, got null"]);

/** The expected next actions. The deadline may shorten `retry` and `wait`. */
type End = "wait" | "retry" | "done" | "maxPolls" | "deadline";

/** The expected action for each outcome in each state, in the order of STATES. */
const TABLE: readonly { readonly outcomes: readonly Reply[]; readonly ends: readonly End[] }[] = [
  {
    outcomes: UNFINISHED.map((status) => E.right(status)),
    ends: ["wait", "wait", "wait", "wait", "maxPolls", "wait", "deadline"],
  },
  {
    outcomes: FINAL.map((status) => E.right(status)),
    ends: ["done", "done", "done", "done", "done", "done", "done"],
  },
  {
    outcomes: [...PASSING, ...PASSING_HTTP].map((error) => E.left(error)),
    ends: ["retry", "retry", "retry", "retry", "maxPolls", "retry", "deadline"],
  },
  {
    outcomes: [E.left(NOT_UNDERSTOOD)],
    ends: ["retry", "retry", "retry", "done", "maxPolls", "retry", "deadline"],
  },
  {
    outcomes: FATAL.map((error) => E.left(error)),
    ends: ["done", "done", "done", "done", "done", "done", "done"],
  },
];

/** Returns the action after an outcome in the notation of the table. */
function expected(end: End, reply: Reply, state: PollState, backoff: number): Next {
  if (end === "done") return { _tag: "Done", heard: null, reply };
  const polled = { ...state, polls: state.polls + 1 };
  const planned: PollState = E.isRight(reply)
    ? { ...polled, heard: state.heard + 1, heardAt: NOW, failures: 0, malformed: 0, failure: null, dueAt: NOW + 2000 }
    : {
      ...polled,
      failures: state.failures + 1,
      malformed: state.malformed + (reply.left._tag === "Malformed" ? 1 : 0),
      failure: brief(reply.left),
      dueAt: NOW + backoff,
    };
  const heard = E.isRight(reply) ? reply.right : null;
  if (end === "maxPolls" || end === "deadline") return { _tag: "Done", heard, reply: E.left(gaveUp(end, planned)) };
  const left = state.startedAt + DEADLINE - NOW;
  return {
    _tag: "Wait",
    state: planned,
    delay: Math.min(left, end === "wait" ? 2000 : backoff),
    heard,
    failure: E.isLeft(reply) ? reply.left : null,
  };
}

Deno.test("step() handles every outcome in every state, updates the counts, and does not modify its argument", () => {
  for (const { outcomes, ends } of TABLE) {
    for (const reply of outcomes) {
      ends.forEach((end, i) => {
        const [name, { state, backoff }] = Object.entries(STATES)[i];
        const before = JSON.stringify(state);
        deepEqual(
          step(Object.freeze(state), reply, NOW, POLICY),
          expected(end, reply, state, backoff),
          `${JSON.stringify(reply)} where the polling is ${name}`,
        );
        equal(JSON.stringify(state), before);
      });
    }
  }
});

Deno.test("step() polls for five minutes on the adaptive schedule by default", () => {
  const delay = adaptive()({ id: GUID, attempt: 1, elapsed: 10_000, history: NO_HISTORY });
  const next = step(FRESH, E.right(UNFINISHED[0]), NOW, pollPolicy());
  ok(next._tag === "Wait");
  deepEqual(O.some(next.delay), delay);
  const old = { ...FRESH, submittedAt: NOW - 10_000, startedAt: NOW - 299_999 };
  const late = step(old, E.right(UNFINISHED[0]), NOW, pollPolicy());
  ok(late._tag === "Wait");
  equal(late.delay, 1);
  deepEqual(O.some(late.state.dueAt), O.map((ms: number) => NOW + ms)(delay));
});

/** A schedule that records its inputs. */
function spied(delay: O.Option<number>): { readonly schedule: Schedule; readonly inputs: ScheduleInput[] } {
  const inputs: ScheduleInput[] = [];
  const schedule: Schedule = (input) => {
    inputs.push(input);
    return delay;
  };
  return { schedule, inputs };
}

Deno.test("step() calls the schedule once after each status that is not final", () => {
  const { schedule, inputs } = spied(O.some(5));
  const history: History = { version: 1, spans: [[2000, 3100]] };
  const policy = pollPolicy({ ...POLICY, schedule });
  step(FRESH, E.right(UNFINISHED[0]), NOW, policy, history);
  step({ ...FRESH, heard: 6, polls: 8 }, E.right(UNFINISHED[1]), NOW + 1, policy, history);
  step({ ...FRESH, submittedAt: NOW - 99 }, E.right(UNFINISHED[1]), NOW, policy, history);
  deepEqual(inputs, [
    { id: GUID, attempt: 1, elapsed: 10_000, history },
    { id: GUID, attempt: 7, elapsed: 10_001, history },
    { id: GUID, attempt: 1, elapsed: 99, history },
  ]);
  for (const status of FINAL) step(FRESH, E.right(status), NOW, policy);
  for (const error of [...PASSING, ...FATAL, NOT_UNDERSTOOD]) step(FRESH, E.left(error), NOW, policy);
  equal(inputs.length, 3);
});

Deno.test("step() gives up with the last status if the schedule returns none", () => {
  const [heard] = UNFINISHED;
  const { schedule } = spied(O.none);
  const state = { ...FRESH, polls: 1, heard: 1, heardAt: NOW };
  deepEqual(step(FRESH, E.right(heard), NOW, pollPolicy({ schedule })), {
    _tag: "Done",
    heard,
    reply: E.left(gaveUp("schedule", state)),
  });
  equal(step(FRESH, E.left(PASSING[0]), NOW, pollPolicy({ schedule }))._tag, "Wait");
});

Deno.test("step() throws for an invalid delay and rethrows errors of the schedule", () => {
  const heard = E.right(UNFINISHED[0]);
  for (const delay of [NaN, -1, -Infinity]) {
    throws(() => step(FRESH, heard, NOW, pollPolicy({ schedule: () => O.some(delay) })), {
      name: "RangeError",
      message:
        `Cannot wait for the next poll as the schedule's delay must be a number of 0 or more: current value is ${delay}`,
    });
  }
  const fault = new Error("fault");
  const schedule = (): never => {
    throw fault;
  };
  throws(() => step(FRESH, heard, NOW, pollPolicy({ schedule })), fault);
});

Deno.test("step() keeps dueAt a valid date for any delay of the schedule", () => {
  for (const delay of [Infinity, Number.MAX_VALUE, 1e20]) {
    const policy = pollPolicy({ schedule: () => O.some(delay), deadline: Infinity });
    for (const next of [step(FRESH, E.right(UNFINISHED[0]), NOW, policy), startPoll(GUID, NOW, NOW, policy)]) {
      ok(next._tag === "Wait");
      equal(next.state.dueAt, NOW + 1000 * 365 * 24 * 60 * 60 * 1000);
      equal(next.delay, next.state.dueAt - NOW);
      deepEqual(PollState.decode(json(next.state)), E.right(next.state));
    }
  }
});

Deno.test("step() never waits less than minDelay after a status or a failure", () => {
  const policy = pollPolicy({ ...POLICY, minDelay: 5000 });
  for (const reply of [E.right(UNFINISHED[0]), E.left(PASSING[0]), E.left(NOT_UNDERSTOOD), E.left(PASSING_HTTP[0])]) {
    const next = step(FRESH, reply, NOW, policy);
    ok(next._tag === "Wait");
    equal(next.delay, 5000);
    equal(next.state.dueAt, NOW + 5000);
  }
  const longer = step(FRESH, E.right(UNFINISHED[0]), NOW, pollPolicy({ ...POLICY, minDelay: 1999 }));
  ok(longer._tag === "Wait");
  equal(longer.delay, 2000);
});

Deno.test("step() waits at least as long as Retry-After and ends if that is beyond the deadline", () => {
  const left = FRESH.startedAt + DEADLINE - NOW;
  const after = (status: number, retryAfter: number, policy: PollPolicy = POLICY): Next =>
    step(FRESH, E.left(http("fetch", status, retryAfter, "")), NOW, policy);
  const cases: [number, number][] = [
    [0, JITTER[0] * 1000],
    [200, JITTER[0] * 1000],
    [215, 215],
    [5000, 5000],
    [left - 1, left - 1],
  ];
  for (const status of [408, 425, 429, 500, 503]) {
    for (const [retryAfter, delay] of cases) {
      const next = after(status, retryAfter);
      ok(next._tag === "Wait");
      equal(next.delay, delay);
      equal(next.state.dueAt, NOW + delay);
    }
    for (const retryAfter of [left, left + 1, 2 ** 31, Number.MAX_VALUE]) {
      const reply = E.left(http("fetch", status, retryAfter, ""));
      deepEqual(after(status, retryAfter), { _tag: "Done", heard: null, reply });
    }
  }
  // If the deadline has already passed, that is the reason, and the state is kept.
  const late = step(STATES["after the deadline"].state, E.left(http("fetch", 429, 5000, "")), NOW, POLICY);
  ok(late._tag === "Done" && E.isLeft(late.reply) && late.reply.left._tag === "GaveUp");
  equal(late.reply.left.reason, "deadline");
  equal(late.reply.left.state?.dueAt, NOW + 5000);
  const endless = after(429, 2 ** 40, pollPolicy({ ...POLICY, deadline: Infinity }));
  ok(endless._tag === "Wait");
  equal(endless.delay, 2 ** 40);
});

Deno.test("step() ends after two malformed responses without a status in between", () => {
  const policy = pollPolicy({ ...POLICY, maxPolls: Infinity });
  const end = (...replies: readonly Reply[]): readonly Next["_tag"][] => {
    const tags: Next["_tag"][] = [];
    let state = FRESH;
    for (const reply of replies) {
      const next = step(state, reply, NOW, policy);
      tags.push(next._tag);
      if (next._tag === "Wait") state = next.state;
    }
    return tags;
  };
  const page = E.left(NOT_UNDERSTOOD), down = E.left(PASSING[0]), pending = E.right(UNFINISHED[0]);
  deepEqual(end(page, page), ["Wait", "Done"]);
  deepEqual(end(page, down, down, page), ["Wait", "Wait", "Wait", "Done"]);
  deepEqual(end(page, pending, page, pending, page, page), ["Wait", "Wait", "Wait", "Wait", "Wait", "Done"]);
});

Deno.test("step() truncates the description of a failure", () => {
  const next = step(FRESH, E.left(network("fetch", "x".repeat(10_000))), NOW, POLICY);
  ok(next._tag === "Wait");
  equal(next.state.failure, `Network: ${"x".repeat(291)}…`);
});

Deno.test("step() counts failed polls toward maxPolls", () => {
  for (const maxPolls of [1, 2, 7]) {
    const policy = pollPolicy({ ...POLICY, maxPolls });
    for (const replies of [[E.right(UNFINISHED[0])], [E.left(PASSING[0]), E.right(UNFINISHED[1])]]) {
      let next: Next = startPoll(GUID, NOW, null, policy);
      let polls = 0;
      for (; next._tag === "Wait"; polls++) next = step(next.state, replies[polls % replies.length], NOW, policy);
      equal(polls, maxPolls);
      ok(E.isLeft(next.reply) && next.reply.left._tag === "GaveUp");
      equal(next.reply.left.reason, "maxPolls");
      equal(next.reply.left.state?.polls, maxPolls);
    }
  }
});

Deno.test("startPoll() polls immediately if the submission time is unknown, and otherwise by the schedule", () => {
  const { schedule, inputs } = spied(O.some(700));
  const policy = pollPolicy({ ...POLICY, schedule });
  const state = { ...FRESH, startedAt: NOW, dueAt: NOW };
  const wait = (state: PollState, delay: number): Wait => ({ _tag: "Wait", state, delay, heard: null, failure: null });
  deepEqual(startPoll(GUID, NOW, null, policy), wait(state, 0));
  deepEqual(inputs, []);
  deepEqual(startPoll(GUID, NOW, NOW, policy), wait({ ...state, submittedAt: NOW, dueAt: NOW + 700 }, 700));
  deepEqual(
    startPoll(GUID, NOW, NOW - 300, policy),
    wait({ ...state, submittedAt: NOW - 300, dueAt: NOW + 400 }, 400),
  );
  // If the clock was set back, the first poll is neither later nor earlier.
  deepEqual(waiting(startPoll(GUID, NOW, NOW + 5000, policy)).delay, 700);
  deepEqual(inputs, Array(3).fill({ id: GUID, attempt: 0, elapsed: 0, history: NO_HISTORY }));

  const history: History = { version: 1, spans: [[2000, 3100]] };
  startPoll(GUID, NOW, NOW, policy, history);
  deepEqual(inputs.slice(3), [{ id: GUID, attempt: 0, elapsed: 0, history }]);
  ok(waiting(startPoll(GUID, NOW, NOW, pollPolicy())).delay > 0);
  equal(waiting(startPoll(GUID, NOW, NOW, pollPolicy({ minDelay: 60_000 }))).delay, 60_000);
  throws(() => startPoll(GUID, NOW, NOW, pollPolicy({ schedule: () => O.some(NaN) })), RangeError);
});

Deno.test("startPoll() gives up if the schedule returns none", () => {
  const { schedule } = spied(O.none);
  const state = { ...FRESH, submittedAt: NOW, startedAt: NOW, dueAt: NOW };
  const done = { _tag: "Done", heard: null, reply: E.left(gaveUp("schedule", state)) };
  deepEqual(startPoll(GUID, NOW, NOW, pollPolicy({ schedule })), done);
  equal(startPoll(GUID, NOW, null, pollPolicy({ schedule }))._tag, "Wait");
});

Deno.test("startPoll() polls immediately if the first poll is overdue", () => {
  const schedules = [adaptive(), fixed({ delay: 2000 }), exponential()];
  const ages = [60_000, 300_000, 17 * 60_000, 86_400_000, 57 * 365 * 86_400_000];
  for (const schedule of schedules) {
    for (const age of ages) equal(waiting(startPoll(GUID, NOW, NOW - age, pollPolicy({ schedule }))).delay, 0);
  }
});

Deno.test("startPoll() counts the deadline from the start of the watch, not from the end of the submission", () => {
  const policy = pollPolicy({ schedule: fixed({ delay: 900 }), deadline: 1000 });
  const next = waiting(startPoll(GUID, NOW, NOW, policy, NO_HISTORY, NOW - 600));
  equal(next.delay, 400);
  equal(next.state.startedAt, NOW - 600);
});

Deno.test("startPoll() and resumePoll() wait no longer than until the deadline", () => {
  const policy = pollPolicy({ schedule: fixed({ delay: 600_000 }), deadline: 1000 });
  const first = waiting(startPoll(GUID, NOW, NOW, policy));
  equal(first.delay, 1000);
  equal(first.state.dueAt, NOW + 600_000);
  const later = { ...FRESH, dueAt: NOW + 600_000 };
  equal(resumePoll(later, NOW, policy).delay, 1000);
  equal(resumePoll(later, NOW, policy).state.dueAt, NOW + 600_000);
  equal(resumePoll(later, NOW, pollPolicy()).delay, 300_000);
  equal(resumePoll(later, NOW, policy, NOW - 400).delay, 600);
});

Deno.test("resumePoll() restarts the deadline and the counts of polls and failures and keeps the rest", () => {
  const stored: PollState = {
    ...FRESH,
    submittedAt: NOW - 99_999,
    dueAt: NOW + 300,
    polls: 9,
    heard: 4,
    heardAt: NOW - 5,
    failures: 3,
    malformed: 1,
    failure: "It was down.",
  };
  const state = { ...stored, startedAt: NOW, polls: 0, failures: 0, malformed: 0, failure: null };
  deepEqual(resumePoll(stored, NOW, POLICY), { _tag: "Wait", state, delay: 300, heard: null, failure: null });
  equal(resumePoll(stored, NOW + 300, POLICY).delay, 0);
  equal(resumePoll(stored, NOW + 9999, POLICY).delay, 0);
  equal(resumePoll(stored, NOW + 9999, POLICY).state.dueAt, NOW + 300);
});

Deno.test("resumePoll() waits no longer than planned if the clock was set back", () => {
  const stored: PollState = { ...FRESH, startedAt: NOW, heard: 2, heardAt: NOW + 5000, dueAt: NOW + 7000 };
  for (const back of [3_600_000, 400 * 86_400_000]) {
    const next = resumePoll(stored, NOW - back, pollPolicy({ deadline: Infinity }));
    equal(next.delay, 2000);
    equal(next.state.dueAt, NOW - back + 2000);
  }
});

Deno.test("step() ends a watch with the poll at or after its deadline and with that poll's status", () => {
  const end = FRESH.startedAt + DEADLINE;
  for (const now of [end, end + 1, end + 3_600_000]) {
    const next = step(FRESH, E.right(UNFINISHED[0]), now, POLICY);
    ok(next._tag === "Done" && E.isLeft(next.reply) && next.reply.left._tag === "GaveUp");
    deepEqual([next.reply.left.reason, next.heard], ["deadline", UNFINISHED[0]]);
    const completed: Reply = E.right({ _tag: "Completed", id: GUID, regions: [], notices: [] });
    deepEqual(step(FRESH, completed, now, POLICY), { _tag: "Done", heard: null, reply: completed });
  }
});

Deno.test("step() polls again if the service does not know a task within ten seconds of its submission", () => {
  const unknown: readonly Reply[] = [
    E.right({ _tag: "NotExist", id: GUID, messages: [] }),
    E.left(http("fetch", 404, null, "")),
  ];
  const first: PollState = { ...FRESH, startedAt: NOW, submittedAt: NOW, heard: 0, heardAt: null };
  for (const reply of unknown) {
    for (const age of [0, 5000, 9999, -100]) {
      const next = step(first, reply, NOW + age, POLICY);
      ok(next._tag === "Wait");
      deepEqual([next.heard, next.state.failures, next.state.heard], [null, 1, 0]);
      deepEqual(next.failure, E.isLeft(reply) ? reply.left : null);
      ok(next.delay <= 500);
    }
    const done = { _tag: "Done", heard: null, reply };
    deepEqual(step(first, reply, NOW + 10_000, POLICY), done);
    // The submission time is unknown, or the clock was set back too far.
    deepEqual(step({ ...first, submittedAt: null }, reply, NOW, POLICY), done);
    deepEqual(step(first, reply, NOW - 3_600_000, POLICY), done);
    // A status was received before, so the task was canceled since.
    deepEqual(step({ ...first, heard: 1, heardAt: NOW }, reply, NOW + 1, POLICY), done);
  }
});

Deno.test("step() ends at the deadline even if the service does not know the task yet", () => {
  const first: PollState = { ...FRESH, startedAt: NOW, submittedAt: NOW, heard: 0, heardAt: null };
  const next = step(
    first,
    E.right({ _tag: "NotExist", id: GUID, messages: [] }),
    NOW + 1000,
    pollPolicy({ deadline: 1000 }),
  );
  ok(next._tag === "Done" && E.isLeft(next.reply) && next.reply.left._tag === "GaveUp");
  equal(next.reply.left.reason, "deadline");
  equal(next.reply.left.state?.failure, "NotExist");
});

Deno.test("step() does not count an aborted poll as a failure and keeps the state", () => {
  deepEqual(step(FRESH, E.left(gaveUp("aborted", null)), NOW, POLICY), {
    _tag: "Done",
    heard: null,
    reply: E.left(gaveUp("aborted", FRESH)),
  });
});

Deno.test("step() passes a plausible age to the schedule", () => {
  const day = 86_400_000;
  const cases = [[NOW - 4000, 4000], [NOW - day, day], [NOW - day - 1, 50], [NOW + 1, 50], [0, 50], [
    null,
    50,
  ]] as const;
  for (const [submittedAt, elapsed] of cases) {
    const { schedule, inputs } = spied(O.some(700));
    step(
      { ...FRESH, startedAt: NOW - 50, submittedAt },
      E.right(UNFINISHED[0]),
      NOW,
      pollPolicy({ ...POLICY, schedule }),
    );
    equal(inputs[0].elapsed, elapsed);
  }
});

/** Any outcome of a poll. Outcomes that continue the watch are more frequent than those that end it. */
const reply: fc.Arbitrary<Reply> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<Reply>(...UNFINISHED.map(E.right), ...PASSING.map(E.left), E.left(NOT_UNDERSTOOD)),
  },
  { weight: 1, arbitrary: regionsError.map((error): Reply => E.left(error)) },
  { weight: 1, arbitrary: taskStatus.map((status): Reply => E.right(status)) },
);

/** A schedule that returns arbitrary delays or none. */
const schedule: fc.Arbitrary<Schedule> = fc.array(
  fc.oneof(fc.nat(300), fc.constantFrom(0, 1e9, Infinity), fc.constant(null)).map(O.fromNullable),
  { minLength: 1, maxLength: 10 },
).map((delays) => ({ attempt }) => delays[attempt % delays.length]);

const policy: fc.Arbitrary<PollPolicy> = fc.record({
  schedule,
  deadline: fc.integer({ min: 1, max: 2000 }),
  maxPolls: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 2000 })),
  minDelay: fc.constantFrom(0, 0, 1, 50, 1e6),
  retry: fc.record({ minDelay: fc.nat(100), maxDelay: fc.integer({ min: 100, max: 1e6 }) }, {
    noNullPrototype: true,
  }),
}, { noNullPrototype: true }).map(pollPolicy);

Deno.test("step() ends in time for any replies, and each state is unchanged by JSON", () => {
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(
      policy,
      fc.array(reply, { minLength: 1, maxLength: 12 }),
      fc.option(fc.nat(5000)),
      fc.integer({ min: 1, max: 40 }),
      (policy, replies, age, latency) => {
        let now = NOW;
        let next: Next = startPoll(GUID, now, age === null ? null : now - age, policy);
        // Like the watch: wait, then poll. A poll takes some time.
        for (let polls = 0; next._tag === "Wait"; polls++) {
          const { state, delay }: Wait = next;
          ok(Number.isFinite(state.dueAt) && Number.isFinite(delay) && delay >= 0);
          ok(now + delay <= state.startedAt + policy.deadline);
          deepEqual(PollState.decode(json(state)), E.right(state));
          equal(state.polls, polls);
          ok(polls <= policy.maxPolls && polls <= policy.deadline + 1);
          now += delay + latency;
          const heard = replies[polls % replies.length];
          next = step(Object.freeze(state), heard, now, policy);
          deepEqual(step(json(state) as PollState, heard, now, policy), next);
        }
        ok(next._tag === "Done");
        ok(E.isLeft(next.reply) || isFinal(next.reply.right));
        ok(next.heard === null || !isFinal(next.heard));
        const end = E.isLeft(next.reply) ? next.reply.left : next.reply.right;
        const reason = end._tag === "GaveUp" ? end.reason : end._tag;
        ends.set(reason, (ends.get(reason) ?? 0) + 1);
      },
    ),
    { numRuns: 2000 },
  );
  for (const reason of ["deadline", "maxPolls", "schedule", "Completed", "NotExist", "Malformed", "Unauthorized"]) {
    ok((ends.get(reason) ?? 0) > 5, `${reason} is hardly tried: ${JSON.stringify([...ends])}`);
  }
});

Deno.test("step() accepts any valid state and keeps dueAt finite", () => {
  const year3000 = 32_503_680_000_000;
  const sane = fc.tuple(pollState, fc.nat(year3000), fc.nat(1000)).map(([state, startedAt, failures]): PollState => ({
    ...state,
    startedAt,
    submittedAt: null,
    failures,
    polls: failures,
    heard: failures,
  }));
  fc.assert(
    fc.property(sane, reply, fc.nat(year3000), policy, (state, reply, now, policy) => {
      const next = step(state, reply, now, policy);
      if (next._tag === "Done") return;
      ok(Number.isFinite(next.state.dueAt) && next.state.dueAt >= now);
      ok(Number.isFinite(next.delay) && next.delay >= 0);
      deepEqual(PollState.decode(json(next.state)), E.right(next.state));
      deepEqual(step(json(state) as PollState, reply, now, policy), next);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("step() keeps dueAt finite after any number of failures and for any delays", () => {
  const bounds: readonly PollOptions[] = [
    { retry: { minDelay: 0 } },
    { retry: { maxDelay: Infinity } },
    { retry: { minDelay: Infinity, maxDelay: Infinity } },
    { minDelay: Infinity },
  ];
  for (const options of bounds) {
    const policy = pollPolicy({ ...options, deadline: Infinity });
    const next = step({ ...FRESH, failures: 2000, polls: 2000 }, E.left(PASSING[0]), NOW, policy);
    ok(next._tag === "Wait");
    ok(Number.isFinite(next.state.dueAt) && Number.isFinite(next.delay), JSON.stringify([options, next.state.dueAt]));
  }
});
