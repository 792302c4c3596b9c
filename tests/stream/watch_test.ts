import FakeTimers from "@sinonjs/fake-timers";
import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { config, firstValueFrom, lastValueFrom, type Observable, take, timer, toArray } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import type { AbortSignalLike } from "../../src/internal/abort.ts";
import { gaveUp, http, malformed, network, unconfirmed } from "../../src/model/error.ts";
import { DETECTION, type Detection } from "../../src/model/detection.ts";
import type { PollState } from "../../src/model/poll_state.ts";
import { RECOGNIZE_IMAGE } from "../../src/model/recognition.ts";
import type { RunState } from "../../src/model/run_state.ts";
import { connect, type Retry, type Service } from "../../src/client/service.ts";
import { createMemory } from "../../src/client/memory.ts";
import type { History } from "../../src/model/history.ts";
import { exponential, fixed, type Schedule } from "../../src/polling/schedule.ts";
import { pollPolicy } from "../../src/polling/policy.ts";
import { type Next, startPoll } from "../../src/polling/step.ts";
import { type Clock, withClock } from "../support/clock.ts";
import { waiting } from "../support/waiting.ts";
import type { Reply } from "../../src/model/reply.ts";
import type { TaskStatus } from "../../src/model/task_status.ts";
import type { Begin, Poll } from "../../src/client/poll_loop.ts";
import { detectRegions, type RunOptions, runTask, statusStream, watchRegions } from "../../src/stream/watch.ts";
import {
  COMPLETED,
  completed,
  failed,
  ID,
  type Mock,
  mock,
  notExist,
  pending,
  processing,
  refused,
  reset,
  silent,
  stalled,
  text,
} from "../support/mock.ts";

// The stream alone, in virtual time. A poll is a thenable that the TestScheduler drives.

const FIRST = waiting(startPoll("1", 0, null, pollPolicy()));
const STATE = FIRST.state;
const status = (tag: "Pending" | "Processing"): TaskStatus => ({ _tag: tag, id: "1" });
const wait = (delay: number, heard: TaskStatus | null = null): Next => (
  { _tag: "Wait", state: STATE, delay, heard, failure: heard === null ? network("fetch", "gone") : null }
);
const done = (reply: Reply): Next => ({ _tag: "Done", heard: null, reply });

const VALUES = {
  p: E.right(status("Pending")),
  r: E.right(status("Processing")),
  c: E.right<never, TaskStatus>(COMPLETED),
  e: E.right<never, TaskStatus>({ _tag: "Error", id: "1", messages: ["no text"] }),
  n: E.right<never, TaskStatus>({ _tag: "NotExist", id: "1", messages: [] }),
  l: E.left(http("fetch", 404, null, "")),
  a: E.left(gaveUp("aborted", STATE)),
  u: E.left(unconfirmed(gaveUp("aborted", null))),
  m: E.left(gaveUp("maxPolls", STATE)),
} satisfies Record<string, Reply>;

/** A thenable that resolves after `ms` milliseconds of the TestScheduler, not of the event loop. */
function after(ms: number, next: Next): PromiseLike<Next> {
  return { then: (on) => timer(ms).subscribe(() => on?.(next)) as never };
}

/** A service whose timers use the TestScheduler. Nothing else of it is used. */
const SLEEPY: Service = {
  ...connect({ token: "t" }),
  timers: {
    now: () => 0,
    set: (ms, callback) => {
      const sleeping = timer(ms).subscribe(callback);
      return { callback: () => sleeping.unsubscribe(), at: 0, place: 0 };
    },
    cancel: ({ callback }) => callback(),
  },
};

/** Polls that take 1 ms and have the given outcomes. Further polls never settle. */
function polls(...outcomes: Next[]): { readonly poll: Poll<Detection>; readonly signals: AbortSignalLike[] } {
  const signals: AbortSignalLike[] = [];
  return {
    signals,
    poll: (_service, _kind, _policy, _state, _now, { signal = AbortSignal.abort() }) => {
      const next = outcomes[signals.push(signal) - 1];
      return next === undefined ? after(1e6, wait(0)) : after(1, next);
    },
  };
}

/** The stream under test. */
function stream(begin: Begin<Detection>, poll: Poll<Detection>, signal?: AbortSignal): Observable<Reply> {
  return statusStream(SLEEPY, DETECTION, pollPolicy(), signal, begin, poll);
}

function marbles(run: (helpers: Parameters<Parameters<TestScheduler["run"]>[0]>[0]) => void): void {
  new TestScheduler((actual, expected) => deepEqual(actual, expected)).run(run);
}

const begin = (delay = 0) => (): Next => ({ ...FIRST, delay });

Deno.test("statusStream() emits every status, including repeated ones, and completes with the first final one", () => {
  for (const final of ["c", "e", "n"] as const) {
    marbles(({ expectObservable }) => {
      const { poll } = polls(
        wait(4, status("Pending")),
        wait(4, status("Pending")),
        wait(4, status("Processing")),
        done(VALUES[final]),
      );
      expectObservable(stream(begin(), poll), "^ 99ms !").toBe(`-p----p----r----(${final}|)`, VALUES);
    });
  }
});

Deno.test("statusStream() does not emit transient failures", () => {
  marbles(({ expectObservable }) => {
    const { poll } = polls(wait(4, status("Pending")), wait(4), wait(4), done(VALUES.c));
    expectObservable(stream(begin(), poll), "^ 99ms !").toBe("-p--------------(c|)", VALUES);
  });
});

Deno.test("statusStream() ends with a Left and does not use the error channel", () => {
  marbles(({ expectObservable }) => {
    const { poll } = polls(wait(4, status("Pending")), done(VALUES.l));
    expectObservable(stream(begin(), poll), "^ 99ms !").toBe("-p----(l|)", VALUES);
  });
});

Deno.test("statusStream() emits the last status before it gives up", () => {
  marbles(({ expectObservable }) => {
    const { poll } = polls({ _tag: "Done", heard: status("Processing"), reply: VALUES.m });
    expectObservable(stream(begin(), poll), "^ 99ms !").toBe("-(rm|)", VALUES);
  });
});

Deno.test("statusStream() waits for the initial delay before the first poll", () => {
  marbles(({ expectObservable }) => {
    const { poll } = polls(done(VALUES.c));
    expectObservable(stream(begin(7), poll), "^ 99ms !").toBe("--------(c|)", VALUES);
  });
});

Deno.test("statusStream() continues as long as the task is not finished", () => {
  marbles(({ expectObservable }) => {
    const poll: Poll<Detection> = () => after(1, wait(1, status("Processing")));
    expectObservable(stream(begin(), poll), "^ 11ms !").toBe("-r-r-r-r-r-r", VALUES);
  });
});

Deno.test("statusStream() emits nothing while a poll is pending", () => {
  marbles(({ expectObservable }) => {
    expectObservable(stream(begin(), polls().poll), "^ 99ms !").toBe("-", VALUES);
  });
});

Deno.test("statusStream() does nothing before a subscription and polls independently for each", () => {
  marbles(({ expectObservable, flush }) => {
    let begun = 0;
    const { poll, signals } = polls(done(VALUES.c), done(VALUES.n));
    const twice = stream(() => {
      begun++;
      return begin()();
    }, poll);
    equal(begun, 0);
    expectObservable(twice, "^ 99ms !").toBe("-(c|)", VALUES);
    expectObservable(twice, "---^ 99ms !").toBe("----(n|)", VALUES);
    flush();
    deepEqual([begun, signals.length], [2, 2]);
  });
});

Deno.test("statusStream() does not poll again after it is unsubscribed during a delay", () => {
  marbles(({ expectObservable, flush }) => {
    const { poll, signals } = polls(wait(4, status("Pending")), done(VALUES.c));
    expectObservable(stream(begin(), poll), "---!").toBe("-p", VALUES);
    flush();
    deepEqual(signals.map(({ aborted }) => aborted), [false]);
  });
});

Deno.test("statusStream() aborts the request in flight only when it is unsubscribed", () => {
  marbles(({ expectObservable, flush }) => {
    const { poll, signals } = polls(wait(4, status("Pending")));
    expectObservable(stream(begin(), poll), "--------!").toBe("-p", VALUES);
    flush();
    deepEqual(signals.map(({ aborted }) => aborted), [false, true]);
  });
  marbles(({ expectObservable, flush }) => {
    const { poll, signals } = polls(done(VALUES.c));
    expectObservable(stream(begin(), poll), "^ 99ms !").toBe("-(c|)", VALUES);
    flush();
    deepEqual(signals.map(({ aborted }) => aborted), [false], "an end of its own aborts nothing");
  });
});

Deno.test("statusStream() does not poll again after take() completes", () => {
  marbles(({ expectObservable, flush }) => {
    const { poll, signals } = polls(wait(4, status("Pending")), done(VALUES.c));
    expectObservable(stream(begin(), poll).pipe(take(1)), "^ 99ms !").toBe("-(p|)", VALUES);
    flush();
    equal(signals.length, 1);
  });
});

Deno.test("statusStream() gives up with its state when the signal aborts during a delay or a poll", () => {
  for (const [at, marble] of [[3, "-p-(a|)"], [7, "-p-----(a|)"]] as const) {
    marbles(({ expectObservable, flush }) => {
      const controller = new AbortController();
      const { poll, signals } = polls(wait(4, status("Pending")));
      timer(at).subscribe(() => controller.abort());
      expectObservable(stream(begin(), poll, controller.signal), "^ 99ms !").toBe(marble, VALUES);
      flush();
      deepEqual(signals.map(({ aborted }) => aborted), at === 7 ? [false, true] : [false]);
    });
  }
});

Deno.test("statusStream() does not poll if the signal has already aborted", () => {
  marbles(({ expectObservable, flush }) => {
    const { poll, signals } = polls(done(VALUES.c));
    expectObservable(stream(begin(), poll, AbortSignal.abort()), "^ 99ms !").toBe("(a|)", VALUES);
    flush();
    equal(signals.length, 0);
  });
});

Deno.test("statusStream() ends with the outcome of the submission if the signal aborts during it", () => {
  marbles(({ expectObservable }) => {
    const controller = new AbortController();
    const sending: Begin<Detection> = (_now, signal): PromiseLike<Next> => ({
      then: (on) => signal?.addEventListener("abort", () => on?.(done(VALUES.u))) as never,
    });
    timer(3).subscribe(() => controller.abort());
    expectObservable(stream(sending, polls().poll, controller.signal), "^ 99ms !").toBe(
      "---(u|)",
      VALUES,
    );
  });
});

Deno.test("statusStream() reports errors of its subscriber and continues", async () => {
  const reported: unknown[] = [];
  config.onUnhandledError = (error) => reported.push(error);
  try {
    let seen = 0;
    const outcomes = [wait(0, status("Pending")), done(VALUES.c)];
    await new Promise<void>((complete) =>
      stream(begin(), () => Promise.resolve(outcomes.shift() ?? wait(0))).subscribe({
        next: () => {
          seen++;
          throw new Error("of the consumer");
        },
        complete,
      })
    );
    await new Promise((later) => setTimeout(later, 0));
    deepEqual([seen, reported.map(String)], [2, ["Error: of the consumer", "Error: of the consumer"]]);
  } finally {
    config.onUnhandledError = null;
  }
});

// The stream with requests and fake timers

const IMAGE = new Uint8Array([1, 2, 3]);
const schedule = fixed({ delay: 1000 });

interface World {
  readonly clock: Clock;
  readonly service: (mock: Mock, retries?: Retry[]) => Service;
}

function inWorld(name: string, test: (world: World) => Promise<void>): void {
  withClock(name, (clock) => {
    const service = (mock: Mock, retries: Retry[] = []): Service =>
      connect({
        credentials: { clientId: "id", clientSecret: "secret" },
        fetch: mock.fetch,
        schedule,
        retry: { minDelay: 100, maxDelay: 100 },
        onRetry: (retry) => retries.push(retry),
      });
    return test({ clock, service });
  });
}

/** Returns the values of a stream within `ms` milliseconds. */
async function collect(clock: Clock, stream: Observable<Reply>, ms = 600_000): Promise<Reply[]> {
  const all = lastValueFrom(stream.pipe(toArray()));
  await clock.tickAsync(ms);
  return await all;
}

const tags = (replies: readonly Reply[]): string[] => replies.map((r) => E.isRight(r) ? r.right._tag : r.left._tag);

inWorld("watchRegions() polls immediately if the age of the task is unknown", async ({ clock, service }) => {
  const world = mock({ fetch: [pending, processing, completed] });
  deepEqual(await collect(clock, watchRegions(ID)(service(world)), 2001), [
    E.right({ _tag: "Pending", id: ID }),
    E.right({ _tag: "Processing", id: ID }),
    E.right(COMPLETED),
  ]);
  deepEqual(world.calls, ["token", "fetch", "fetch", "fetch"]);
});

inWorld("watchRegions() follows the schedule if the age of the task is known", async ({ clock, service }) => {
  const world = mock();
  const subscription = watchRegions(ID, { submittedAt: Date.now() - 400 })(service(world)).subscribe();
  await clock.tickAsync(599);
  deepEqual(world.calls, []);
  await clock.tickAsync(1);
  deepEqual(world.calls, ["token", "fetch"]);
  subscription.unsubscribe();
});

inWorld("watchRegions() emits Error and NotExist as statuses and completes", async ({ clock, service }) => {
  deepEqual(await collect(clock, watchRegions(ID)(service(mock({ fetch: [failed("no", "text")] })))), [
    E.right({ _tag: "Error", id: ID, messages: ["no", "text"] }),
  ]);
  deepEqual(await collect(clock, watchRegions(ID)(service(mock({ fetch: [notExist] })))), [
    E.right({ _tag: "NotExist", id: ID, messages: [] }),
  ]);
});

inWorld("watchRegions() retries transient failures and reports them only to onRetry", async ({ clock, service }) => {
  const world = mock({
    fetch: [
      refused,
      text("", 503),
      text("<html>"),
      text("", 429, { "Retry-After": "7" }),
      pending,
      text("{}"),
      completed,
    ],
  });
  const retries: Retry[] = [];
  deepEqual(tags(await collect(clock, watchRegions(ID)(service(world, retries)))), ["Pending", "Completed"]);
  deepEqual(retries.map(({ call, id, error, failures }) => [call, id, error._tag, failures]), [
    ["fetch", ID, "Network", 1],
    ["fetch", ID, "Http", 2],
    ["fetch", ID, "Malformed", 3],
    ["fetch", ID, "Http", 4],
    ["fetch", ID, "Malformed", 1],
  ]);
  equal(retries.every(({ delay }) => delay >= 0 && delay <= 100 || delay === 7000), true);
  equal(retries[3].delay, 7000);
});

inWorld("watchRegions() ends after two consecutive malformed responses", async ({ clock, service }) => {
  const world = mock({ fetch: [text('{"taskStatus":"Paused","responseStatusCode":"Ok"}')] });
  deepEqual(await collect(clock, watchRegions(ID)(service(world))), [
    E.left(
      malformed([
        'Response/taskStatus: expected one of Pending, Processing, Completed, Error, NotExist, got "Paused"',
      ]),
    ),
  ]);
  deepEqual(world.calls, ["token", "fetch", "fetch"]);
});

inWorld("watchRegions() ends immediately with a permanent failure", async ({ clock, service }) => {
  const world = mock({ fetch: [text('{"title":"Forbidden","detail":"No plan."}', 403)] });
  deepEqual(await collect(clock, watchRegions(ID)(service(world))), [
    E.left(http("fetch", 403, null, "Forbidden: No plan.")),
  ]);
  equal(world.calls.length, 2);
});

inWorld("watchRegions() ends with a Retry-After that exceeds its deadline", async ({ clock, service }) => {
  for (const seconds of ["301", "1e12"]) {
    const world = mock({ fetch: [text("", 429, { "Retry-After": seconds })] });
    deepEqual(await collect(clock, watchRegions(ID)(service(world)), 10), [
      E.left(http("fetch", 429, Number(seconds) * 1000, "")),
    ]);
  }
});

inWorld("watchRegions() polls a last time at its deadline and then gives up", async ({ clock, service }) => {
  const world = mock({ fetch: [pending] });
  const replies: Reply[] = [];
  watchRegions(ID, { deadline: 2500 })(service(world)).subscribe((reply) => replies.push(reply));
  await clock.tickAsync(2499);
  deepEqual(tags(replies), ["Pending", "Pending", "Pending"]);
  await clock.tickAsync(1);
  deepEqual(tags(replies).slice(3), ["Pending", "GaveUp"]);
  const last = replies[4];
  equal(E.isLeft(last) && last.left._tag === "GaveUp" && last.left.reason, "deadline");
  equal(world.calls.length, 5);
});

inWorld(
  "watchRegions() receives the status of a task that finished before its deadline",
  async ({ clock, service }) => {
    const world = mock({ fetch: [pending, completed] });
    const options = { deadline: 2500, schedule: fixed({ delay: 60_000 }) };
    deepEqual(tags(await collect(clock, watchRegions(ID, options)(service(world)), 2500)), ["Pending", "Completed"]);
  },
);

inWorld("watchRegions() allows its last poll at most five seconds", async ({ clock, service }) => {
  for (const answer of [silent, stalled]) {
    const replies: Reply[] = [];
    const world = mock({ fetch: [pending, answer] });
    const options = { deadline: 2500, schedule: fixed({ delay: 60_000 }) };
    watchRegions(ID, options)(service(world)).subscribe((reply) => replies.push(reply));
    await clock.tickAsync(7499);
    deepEqual(tags(replies), ["Pending"]);
    await clock.tickAsync(1);
    deepEqual(tags(replies), ["Pending", "GaveUp"]);
    equal(world.calls.length, 3);
  }
});

inWorld(
  "watchRegions() allows its last poll at most five seconds, including the token request",
  async ({ clock, service }) => {
    const replies: Reply[] = [];
    const world = mock({ token: [stalled] });
    watchRegions(ID, { deadline: 2500 })(service(world)).subscribe((reply) => replies.push(reply));
    await clock.tickAsync(5000);
    deepEqual([tags(replies), world.calls], [["GaveUp"], ["token"]]);
    equal(world.requests[0].signal.aborted, true, "nobody waits for the token any more");
  },
);

for (const jump of [-3_600_000, 3_600_000]) {
  inWorld(
    `watchRegions() keeps its deadline when the system clock jumps by ${jump / 3_600_000} h`,
    async ({ clock, service }) => {
      const world = mock({ fetch: [pending] });
      const replies: Reply[] = [];
      watchRegions(ID, { deadline: 2500 })(service(world)).subscribe((reply) => replies.push(reply));
      await clock.tickAsync(500);
      clock.setSystemTime(Date.now() + jump);
      await clock.tickAsync(1999);
      deepEqual(tags(replies), ["Pending", "Pending", "Pending"]);
      await clock.tickAsync(1);
      deepEqual(tags(replies).slice(3), ["Pending", "GaveUp"]);
    },
  );
}

Deno.test("watchRegions() polls and keeps its deadline if timers are faked but performance is not", async () => {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  try {
    const world = mock({ fetch: [pending] });
    const service = connect({ token: "token", fetch: world.fetch, schedule });
    const replies: Reply[] = [];
    watchRegions(ID, { deadline: 10_500 })(service).subscribe((reply) => replies.push(reply));
    await clock.tickAsync(12_000);
    deepEqual(tags(replies), [...Array(12).fill("Pending"), "GaveUp"]);
    equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

inWorld("watchRegions() polls immediately if the first poll is overdue", async ({ clock, service }) => {
  for (const submittedAt of [Date.now() - 17 * 60_000 - 1000, Date.now() - 300_000, 0]) {
    const world = mock();
    const late = { ...service(world), schedule: undefined };
    deepEqual(tags(await collect(clock, watchRegions(ID, { submittedAt })(late), 1)), ["Completed"]);
  }
});

inWorld("watchRegions() learns nothing from an implausible submittedAt", async ({ clock, service }) => {
  const day = 86_400_000;
  const ages = [Date.now(), Date.now() - Date.now() / 1000, -60_000, day + 10_000];
  for (const age of ages) {
    const learning = service(mock({ fetch: [pending, completed] }));
    await collect(clock, watchRegions(ID, { submittedAt: Date.now() - age })(learning), 10_000);
    deepEqual(learning.memory.history().spans, [], `${age} ms ago`);
  }
  const learning = service(mock({ fetch: [pending, completed] }));
  await collect(clock, watchRegions(ID, { submittedAt: Date.now() - 5000 })(learning), 10_000);
  deepEqual(learning.memory.history().spans, [[5000, 6000]]);
});

Deno.test("watchRegions() throws a RangeError if submittedAt is not finite", () => {
  for (const submittedAt of [NaN, Infinity]) {
    throws(() => watchRegions(ID, { submittedAt }), {
      name: "RangeError",
      message: "Cannot watch a task as submittedAt must be a time in milliseconds since 1970: " +
        `current value is ${submittedAt}`,
    });
  }
});

inWorld("watchRegions() resumes from the JSON of the state in GaveUp", async ({ clock, service }) => {
  const world = mock({ fetch: [pending, pending, processing, completed] });
  const options = { maxPolls: 2 };
  const first = await collect(clock, watchRegions(ID, options)(service(world)), 5000);
  deepEqual(tags(first), ["Pending", "Pending", "GaveUp"]);
  const end = first[2];
  const state = E.isLeft(end) && end.left._tag === "GaveUp" ? end.left.state : null;
  const resume: PollState = JSON.parse(JSON.stringify(state));
  const second = await collect(clock, watchRegions(ID, { ...options, resume })(service(world)), 5000);
  deepEqual(tags(second), ["Processing", "Completed"]);
});

inWorld("watchRegions() does not resume before the next poll is due", async ({ clock, service }) => {
  const world = mock({ fetch: [pending, completed] });
  const [, end] = await collect(clock, watchRegions(ID, { maxPolls: 1 })(service(world)), 10);
  const resume = E.isLeft(end) && end.left._tag === "GaveUp" && end.left.state !== null ? end.left.state : undefined;
  const stream = watchRegions(ID, resume === undefined ? {} : { resume })(service(world));
  const subscription = stream.subscribe();
  await clock.tickAsync(989);
  equal(world.calls.filter((call) => call === "fetch").length, 1);
  await clock.tickAsync(1);
  equal(world.calls.filter((call) => call === "fetch").length, 2);
  subscription.unsubscribe();
});

inWorld("watchRegions() ends with Malformed if resume is not a PollState", async ({ clock, service }) => {
  const resume: PollState = JSON.parse('{"version":3,"id":"1"}');
  const [reply] = await collect(clock, watchRegions("1", { resume })(service(mock())));
  equal(
    E.isLeft(reply) && reply.left._tag === "Malformed" && reply.left.errors[0],
    "PollState/version: expected version 1 or 2, got 3",
  );
});

Deno.test("watchRegions() throws a RangeError for the state of another task and for options out of range", () => {
  throws(() => watchRegions("2", { resume: STATE }), {
    name: "RangeError",
    message: "Cannot resume the watch of task 2 as the state must be of the same task",
  });
  throws(() => watchRegions("2", { deadline: 0 })(connect({ token: "t" })), {
    name: "RangeError",
    message: "Cannot watch a task as deadline must be a number greater than 0: current value is 0",
  });
});

inWorld("watchRegions() errors if the schedule throws", async ({ clock, service }) => {
  const errors: string[] = [];
  const broken = (): never => {
    throw new Error("of the schedule");
  };
  watchRegions(ID, { schedule: broken })(service(mock({ fetch: [pending] }))).subscribe({
    error: (e) => errors.push(String(e)),
  });
  await clock.tickAsync(1);
  deepEqual(errors, ["Error: of the schedule"]);
});

inWorld(
  "watchRegions() aborts the request in flight when it is unsubscribed and sends nothing more",
  async ({ clock, service }) => {
    const world = mock({ fetch: [stalled] });
    const subscription = watchRegions(ID)(service(world)).subscribe();
    await clock.tickAsync(1);
    subscription.unsubscribe();
    equal(world.requests[1].signal.aborted, true);
    equal(clock.countTimers(), 0);
    await clock.tickAsync(600_000);
    deepEqual(world.calls, ["token", "fetch"]);
  },
);

inWorld("watchRegions() ends one subscription without affecting another", async ({ clock, service }) => {
  const world = mock({ token: [() => new Promise((give) => setTimeout(() => give(tokenResponse()), 50))] });
  const stream = watchRegions(ID)(service(world));
  const one = stream.subscribe();
  const replies: Reply[] = [];
  stream.subscribe((reply) => replies.push(reply));
  await clock.tickAsync(10);
  one.unsubscribe();
  await clock.tickAsync(50);
  deepEqual([tags(replies), world.calls], [["Completed"], ["token", "fetch"]]);
});

inWorld("watchRegions() leaves no listener on a signal after 1,000 polls", async ({ clock, service }) => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  let most = 0;
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    most = Math.max(most, ++listeners);
    return add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    return remove(...args);
  };
  const world = mock({ fetch: [...Array(999).fill(pending), completed] });
  const all = collect(clock, watchRegions(ID, { signal, deadline: Infinity })(service(world)), 1_000_000);
  equal((await all).length, 1000);
  deepEqual([most, listeners], [1, 0]);
});

inWorld("watchRegions() supports delays longer than setTimeout does", async ({ clock, service }) => {
  const world = mock({ fetch: [pending, completed] });
  const options = { schedule: fixed({ delay: 2 ** 40 }), deadline: Infinity };
  const subscription = watchRegions(ID, options)(service(world)).subscribe();
  await clock.tickAsync(600_000);
  deepEqual(world.calls, ["token", "fetch"]);
  subscription.unsubscribe();
});

inWorld("detectRegions() submits, emits Pending, waits and does not poll immediately", async ({ clock, service }) => {
  const world = mock({ fetch: [processing, completed] });
  const replies: Reply[] = [];
  detectRegions(IMAGE)(service(world)).subscribe((reply) => replies.push(reply));
  await clock.tickAsync(999);
  deepEqual([replies, world.calls], [[E.right({ _tag: "Pending", id: ID })], ["token", "submit"]]);
  await clock.tickAsync(1001);
  deepEqual(tags(replies), ["Pending", "Processing", "Completed"]);
  deepEqual(world.calls, ["token", "submit", "fetch", "fetch"]);
});

inWorld("detectRegions() emits Pending only after its state has been saved", async ({ clock, service }) => {
  const log: string[] = [];
  const onState = async ({ task }: RunState): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    log.push(task === null ? "saved the intention" : "saved the id");
  };
  detectRegions(IMAGE, {}, { onState, onSubmit: () => log.push("onSubmit") })(service(mock()))
    .subscribe((reply) => log.push(...tags([reply])));
  await clock.tickAsync(300);
  deepEqual(log, ["saved the intention", "onSubmit", "saved the id", "Pending"]);
  await clock.tickAsync(1000);
  equal(log.at(-1), "Completed");
});

inWorld("detectRegions() emits Pending even if its schedule never polls", async ({ clock, service }) => {
  const world = mock();
  const replies = await collect(clock, detectRegions(IMAGE, {}, { schedule: () => O.none })(service(world)), 0);
  deepEqual(tags(replies), ["Pending", "GaveUp"]);
  const [, last] = replies;
  ok(E.isLeft(last) && last.left._tag === "GaveUp");
  // The state has not heard of the task, so `NotExist` is not final yet.
  deepEqual([last.left.reason, last.left.state?.id, last.left.state?.heard], ["schedule", ID, 0]);
  deepEqual(world.calls, ["token", "submit"]);
});

inWorld("detectRegions() ends with its state if it is aborted while it emits Pending", async ({ clock, service }) => {
  const world = mock();
  const controller = new AbortController();
  const replies: Reply[] = [];
  detectRegions(IMAGE, {}, { signal: controller.signal })(service(world)).subscribe((reply) => {
    if (replies.push(reply) === 1) controller.abort();
  });
  await clock.tickAsync(0);
  deepEqual(tags(replies), ["Pending", "GaveUp"]);
  const [, last] = replies;
  ok(E.isLeft(last) && last.left._tag === "GaveUp");
  deepEqual([last.left.reason, last.left.state?.id, world.calls], ["aborted", ID, ["token", "submit"]]);
});

inWorld(
  "detectRegions() can be left at Pending, after which nothing is sent or learned",
  async ({ clock, service }) => {
    const world = mock();
    const client = service(world);
    let aborted = 0;
    const fetch: typeof client.fetch = (url, init) => {
      init?.signal?.addEventListener("abort", () => aborted++);
      return world.fetch(url, init);
    };
    const reply = firstValueFrom(detectRegions(IMAGE)({ ...client, fetch }));
    await clock.tickAsync(0);
    deepEqual(await reply, E.right({ _tag: "Pending", id: ID }));
    equal(clock.countTimers(), 0);
    await clock.tickAsync(10_000);
    deepEqual([world.calls, aborted], [["token", "submit"], 0]);
    deepEqual(client.memory.history("DetectRegions").spans, []);
  },
);

inWorld(
  "detectRegions() calls onSubmit before the first poll, so that a failure cannot lose the id",
  async ({ clock, service }) => {
    const told: string[] = [];
    const world = mock({ fetch: [text("", 403)] });
    const replies = await collect(clock, detectRegions(IMAGE, {}, { onSubmit: (id) => told.push(id) })(service(world)));
    deepEqual([told, tags(replies)], [[ID], ["Pending", "Http"]]);
    const lost = mock({ submit: [refused] });
    await collect(clock, detectRegions(IMAGE, {}, { onSubmit: (id) => told.push(id) })(service(lost)));
    equal(told.length, 1);
  },
);

inWorld(
  "detectRegions() calls onState before the submission and after it, and resumes from both",
  async ({ clock, service }) => {
    const states: RunState[] = [];
    const log: string[] = [];
    const world = mock({ submit: [() => (log.push("submit"), new Response(ID))] });
    const onState = (state: RunState): void => {
      states.push(state);
      log.push(state.task === null ? "before" : "after");
    };
    await collect(clock, detectRegions(IMAGE, {}, { onState })(service(world)));
    deepEqual(log, ["before", "submit", "after"]);
    deepEqual(states.map(({ submitting, task }) => [submitting, task?.id]), [[true, undefined], [false, ID]]);
    const sent = world.calls.length;
    const interrupted = await collect(
      clock,
      detectRegions(IMAGE, {}, { resume: JSON.parse(JSON.stringify(states[0])) })(service(world)),
    );
    const cause = network("submit", "the process ended during the submission");
    deepEqual(interrupted, [E.left(unconfirmed(cause))]);
    equal(world.calls.length, sent);
    deepEqual(tags(await collect(clock, detectRegions(IMAGE, {}, { resume: states[1] })(service(world)))), [
      "Completed",
    ]);
    equal(log.filter((entry) => entry === "submit").length, 1);
    const again = detectRegions(IMAGE, {}, { resume: { ...states[0], submitting: false } })(service(world));
    deepEqual(tags(await collect(clock, again)), ["Pending", "Completed"]);
    equal(log.filter((entry) => entry === "submit").length, 2);
  },
);

inWorld("detectRegions() sends nothing if onState rejects before the submission", async ({ clock, service }) => {
  const world = mock();
  const onState = (): Promise<void> => Promise.reject(new Error("disk full"));
  const errors: unknown[] = [];
  detectRegions(IMAGE, {}, { onState })(service(world)).subscribe({ error: (error) => errors.push(error) });
  await clock.tickAsync(1000);
  deepEqual(errors.map(String), ["Error: disk full"]);
  deepEqual(world.calls, []);
});

inWorld(
  "detectRegions() calls onState with the state before the submission again if the image was refused",
  async ({ clock, service }) => {
    const states: RunState[] = [];
    const world = mock({ submit: [text("", 400)] });
    await collect(clock, detectRegions(IMAGE, {}, { onState: (state) => void states.push(state) })(service(world)));
    deepEqual(states.map(({ submitting, task }) => [submitting, task]), [[true, null], [false, null]]);
  },
);

inWorld(
  "runTask() refuses the state of a task of another kind, and reports one that is malformed",
  async ({ clock, service }) => {
    const state: RunState = { version: 1, submitting: false, task: STATE };
    throws(() => runTask(RECOGNIZE_IMAGE, { image: IMAGE }, { resume: state }), {
      name: "RangeError",
      message: `Cannot resume the task ${STATE.id} as its state must be of the kind RecognizeImage`,
    });
    const broken = { ...state, version: 2 } as unknown as RunState;
    const world = mock();
    deepEqual(tags(await collect(clock, detectRegions(IMAGE, {}, { resume: broken })(service(world)))), ["Malformed"]);
    deepEqual(world.calls, []);
  },
);

inWorld("detectRegions() prefers its own schedule to that of the service", async ({ clock, service }) => {
  const world = mock();
  const subscription = detectRegions(IMAGE, {}, { schedule: exponential({ minDelay: 50 }) })(service(world))
    .subscribe();
  await clock.tickAsync(50);
  deepEqual(world.calls, ["token", "submit", "fetch"]);
  subscription.unsubscribe();
});

inWorld("detectRegions() uses the schedule of the service if its own is undefined", async ({ clock }) => {
  const world = mock();
  const service = connect({ token: "t", fetch: world.fetch, schedule: fixed({ delay: 50 }) });
  const subscription = detectRegions(IMAGE, {}, { schedule: undefined })(service).subscribe();
  await clock.tickAsync(50);
  deepEqual(world.calls, ["submit", "fetch"]);
  subscription.unsubscribe();
});

inWorld(
  "detectRegions() sends the image once and ends with Unconfirmed if the response is lost",
  async ({ clock, service }) => {
    for (
      const [answer, tag] of [
        [reset, "Network"],
        [text("<html>Welcome"), "Malformed"],
        [text("", 500), "Http"],
        [silent, "Timeout"],
      ] as const
    ) {
      const world = mock({ submit: [answer] });
      const [reply, ...others] = await collect(clock, detectRegions(IMAGE)(service(world)));
      equal(E.isLeft(reply) && reply.left._tag === "Unconfirmed" && reply.left.cause._tag, tag);
      deepEqual([others, world.calls], [[], ["token", "submit"]]);
    }
  },
);

inWorld("detectRegions() applies its deadline to the submission as well", async ({ clock, service }) => {
  const world = mock({ submit: [silent] });
  const replies: Reply[] = [];
  detectRegions(IMAGE, {}, { deadline: 700 })(service(world)).subscribe((reply) => replies.push(reply));
  await clock.tickAsync(700);
  deepEqual(replies, [E.left(unconfirmed({ _tag: "Timeout", call: "submit", after: 700 }))]);
});

inWorld("detectRegions() counts its deadline from the subscription", async ({ clock, service }) => {
  const world = mock({
    submit: [() => new Promise((give) => setTimeout(() => give(new Response(ID)), 600))],
    fetch: [pending],
  });
  const replies: Reply[] = [];
  detectRegions(IMAGE, {}, { deadline: 2000 })(service(world)).subscribe((reply) => replies.push(reply));
  await clock.tickAsync(1999);
  deepEqual(tags(replies), ["Pending", "Pending"]);
  await clock.tickAsync(1);
  deepEqual(tags(replies), ["Pending", "Pending", "Pending", "GaveUp"]);
});

inWorld(
  "detectRegions() limits the delay of its first poll to the time left until the deadline",
  async ({ clock, service }) => {
    const world = mock({ submit: [() => new Promise((give) => setTimeout(() => give(new Response(ID)), 600))] });
    const options = { deadline: 1000, schedule: fixed({ delay: 900 }) };
    const replies = await collect(clock, detectRegions(IMAGE, {}, options)(service(world)), 1000);
    deepEqual(tags(replies), ["Pending", "Completed"]);
  },
);

inWorld("detectRegions() sends no image if no time is left after the token request", async ({ clock }) => {
  const world = mock();
  const { performance } = globalThis;
  const busy = connect({
    fetch: world.fetch,
    // Simulates a busy process: the deadline passes before its timer can fire.
    token: () => {
      globalThis.performance = { ...performance, now: () => performance.now() + 800 } as Performance;
      return Promise.resolve("token");
    },
  });
  try {
    const replies = await collect(clock, detectRegions(IMAGE, {}, { deadline: 700 })(busy), 2000);
    deepEqual(replies, [E.left(gaveUp("deadline", null))]);
    deepEqual(world.calls, []);
  } finally {
    globalThis.performance = performance;
  }
});

inWorld("detectRegions() polls again if the service does not know the task yet", async ({ clock, service }) => {
  const retries: Retry[] = [];
  const world = mock({ fetch: [notExist, text("", 404), notExist, processing, completed] });
  const replies = await collect(clock, detectRegions(IMAGE)(service(world, retries)), 10_000);
  deepEqual(tags(replies), ["Pending", "Processing", "Completed"]);
  deepEqual(retries.map(({ error }) => error._tag), ["Http"]);
});

inWorld("detectRegions() ends with NotExist ten seconds after the submission", async ({ clock, service }) => {
  const world = mock({ fetch: [notExist] });
  const { retry } = service(world);
  const patient = { ...service(world), retry: { ...retry, minDelay: 1000, maxDelay: 1000 } };
  const replies = await collect(clock, detectRegions(IMAGE)(patient), 20_000);
  deepEqual(tags(replies), ["Pending", "NotExist"]);
  ok(world.calls.length > 10);
});

/** Where the caller's own code aborts, and when. */
const ABORTS: readonly (readonly [place: string, at: number, options: (abort: () => void) => RunOptions])[] = [
  ["inside onSubmit", 0, (abort) => ({ onSubmit: abort })],
  ["a microtask after onSubmit", 0, (abort) => ({ onSubmit: () => queueMicrotask(abort) })],
  ["two microtasks after onSubmit", 0, (abort) => ({ onSubmit: () => queueMicrotask(() => queueMicrotask(abort)) })],
  ...[0, 1].map((call) =>
    [`inside the schedule's call ${call}`, 1000 * call, (abort: () => void): RunOptions => ({
      schedule: ({ attempt }) => {
        if (attempt === call) abort();
        return O.some(1000);
      },
    })] as const
  ),
];

for (const [place, at, optionsOf] of ABORTS) {
  inWorld(
    `detectRegions() ends immediately with its state when it is aborted ${place}`,
    async ({ clock, service }) => {
      const retries: Retry[] = [];
      const controller = new AbortController();
      const { signal } = controller;
      const world = mock({ fetch: [pending] });
      const options = { deadline: Infinity, signal, ...optionsOf(() => controller.abort()) };
      const replies: Reply[] = [];
      detectRegions(IMAGE, {}, options)(service(world, retries)).subscribe((reply) => replies.push(reply));
      await clock.tickAsync(at);
      const last = replies.at(-1);
      ok(last !== undefined && E.isLeft(last) && last.left._tag === "GaveUp", JSON.stringify(replies));
      deepEqual([last.left.reason, last.left.state?.id, retries], ["aborted", ID, []]);
    },
  );
}

inWorld("watchRegions() adds one listener to a signal that many watches share", async ({ clock, service }) => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const shared = service(mock({ fetch: [pending] }));
  const subscriptions = Array.from({ length: 20 }, () => watchRegions(ID, { signal })(shared).subscribe());
  await clock.tickAsync(100);
  equal(listeners, 1);
  for (const subscription of subscriptions) subscription.unsubscribe();
  equal(listeners, 0);
});

inWorld("detectRegions() tells what an aborted signal left behind", async ({ clock, service }) => {
  for (
    const [at, calls, expected] of [
      [0, [], gaveUp("aborted", null)],
      [25, ["token"], gaveUp("aborted", null)],
      [75, ["token", "submit"], unconfirmed(gaveUp("aborted", null))],
    ] as const
  ) {
    const late = (response: () => Response) => () =>
      new Promise<Response>((give) => setTimeout(() => give(response()), 50));
    const world = mock({ token: [late(tokenResponse)], submit: [late(() => new Response(ID))] });
    const controller = new AbortController();
    if (at === 0) controller.abort();
    else setTimeout(() => controller.abort(), at);
    const replies = await collect(clock, detectRegions(IMAGE, {}, { signal: controller.signal })(service(world)), 200);
    deepEqual(replies, [E.left(expected)]);
    deepEqual(world.calls, calls);
  }
});

function tokenResponse(): Response {
  return Response.json({ access_token: "token", expires_in: 3600, token_type: "Bearer" });
}

Deno.test("watchRegions() and detectRegions() pass the durations in the memory to the schedule, from the first poll on", async () => {
  const history: History = { version: 1, spans: [[2000, 3100]] };
  const run = async (start: (service: Service) => Observable<Reply>): Promise<unknown> => {
    const seen: unknown[] = [];
    const schedule: Schedule = ({ attempt, history }) => {
      seen.push([attempt, history]);
      return O.some(0);
    };
    const { fetch } = mock({ fetch: [pending, completed] });
    await lastValueFrom(
      start(connect({ token: "t", fetch, memory: createMemory({ DetectRegions: history }), schedule })),
    );
    return seen;
  };
  const expected = [[0, history], [1, history]];
  deepEqual(await run(watchRegions(ID, { submittedAt: Date.now() })), expected);
  deepEqual(await run(detectRegions(new Uint8Array([1]))), expected);
});
