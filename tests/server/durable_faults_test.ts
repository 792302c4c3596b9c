/**
 * Faults at each asynchronous operation of a durable task: the object is stopped before or after it, or the storage
 * rejects it. The client behaves like those of the example: it repeats a failed call, and fetches the status
 * repeatedly.
 */
import * as E from "fp-ts/lib/Either.js";
import type FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import type { DurableTask } from "../../src/server/durable_object.ts";
import type { Reply } from "../../src/model/reply.ts";
import { isFinal } from "../../src/model/task_status.ts";
import { completed, ID, mock, notExist, pending, processing, type Responder, text } from "../support/mock.ts";
import { createWorld, type Fault, withClock, type World } from "./durable_world.ts";

const IMAGE = new Uint8Array([1, 2, 3]);
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Longer than the platform retries an alarm. After that, only a client's request wakes the object. In milliseconds. */
const OUTLASTS_ALARMS = 10 * MINUTE;

/** Regions that are stored in three parts. */
const LARGE = Array.from({ length: 7000 }, (_, i) => [i, i, i + 1, i + 1]);

const completedLarge: Responder = () =>
  Response.json({
    id: ID,
    responseStatusCode: "Ok",
    taskStatus: "Completed",
    results: [{ type: "Other", data: btoa(JSON.stringify(LARGE)) }],
    error: null,
  });

type Kind = Omit<Fault, "at">;

const KINDS: Readonly<Record<string, Kind>> = {
  "the object is stopped before an operation": { kind: "die", done: false, count: 1 },
  "the object is stopped after an operation": { kind: "die", done: true, count: 1 },
  "the object is stopped before an operation, and so is the next object": { kind: "die", done: false, count: 2 },
  "the storage rejects one operation": { kind: "reject", done: false, count: 1 },
  "the storage rejects one operation after performing it": { kind: "reject", done: true, count: 1 },
  "the storage rejects two consecutive operations": { kind: "reject", done: false, count: 2 },
  "the storage rejects all operations for 90 seconds": { kind: "reject", done: false, ms: 90_000 },
  "the storage rejects all operations for 10 minutes": { kind: "reject", done: false, ms: OUTLASTS_ALARMS },
};

interface Scenario {
  readonly fetch?: readonly Responder[];
  readonly submit?: readonly Responder[];
  readonly begin: (task: DurableTask) => Promise<void>;
  /**
   * The tags of all replies at the end. Statuses may be missing if the object was stopped before it stored a response.
   */
  readonly ends: string;
}

const submit = (task: DurableTask): Promise<void> => task.submit({ image: IMAGE });

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "an image is submitted": {
    fetch: [pending, processing, completed],
    begin: submit,
    ends: "Pending,Processing,Completed",
  },
  "the result is stored in several parts": {
    fetch: [processing, completedLarge],
    begin: submit,
    ends: "Pending,Processing,Completed",
  },
  "the image is rejected": { submit: [text("", 413)], begin: submit, ends: "Http" },
  "an id is watched": { fetch: [pending, completed], begin: (task) => task.watch(ID), ends: "Pending,Completed" },
};

const tags = (replies: readonly Reply[]): string => replies.map((r) => E.toUnion(r)._tag).join();

const isOver = (replies: readonly Reply[]): boolean => replies.some((r) => E.isLeft(r) || isFinal(r.right));

/** Repeats a call until it succeeds. */
async function persist(world: World, clock: FakeTimers.Clock, act: (task: DurableTask) => Promise<unknown>) {
  for (let attempt = 0; attempt < 100; attempt++) {
    let state = "waiting";
    world.call(act).then(() => state = "done", () => state = "failed");
    for (let s = 0; s < 100 && state === "waiting"; s++) await clock.tickAsync(100);
    if (state === "done") return;
    await clock.tickAsync(10_000);
  }
  throw new Error("the object never answered");
}

/** Returns the replies that the client finally received, or null if there were none. */
async function listen(world: World, clock: FakeTimers.Clock): Promise<readonly Reply[] | null> {
  let heard: readonly Reply[] | null = null;
  for (let time = 0; time < 60 * MINUTE; time += MINUTE) {
    await persist(world, clock, async (task) => heard = await task.heard());
    if (heard === null || isOver(heard)) return heard;
    await clock.tickAsync(MINUTE);
  }
  return heard;
}

/** Checks that nothing is stored after the retention period and, if necessary, another call of a client. */
async function expectNothingLeft(world: World, clock: FakeTimers.Clock): Promise<void> {
  await clock.tickAsync(2 * DAY);
  await persist(world, clock, (task) => task.heard());
  await clock.tickAsync(MINUTE);
  expectEmpty(world);
}

function expectEmpty(world: World): void {
  deepEqual([[...world.values.keys()], world.alarm()], [[], null], "something is left");
}

/** Whether the words occur in this order, with the same last word. */
function isSubsequence(some: string, all: string): boolean {
  const words = all.split(",");
  const rest = some.split(",").reduce((from, word) => from < 0 ? from : words.indexOf(word, from) + 1 || -1, 0);
  return rest === words.length;
}

/** Runs a test with the fault at each operation, until there are no more operations. */
async function atEach(kind: Kind, run: (fault: Fault) => Promise<number>): Promise<void> {
  for (let at = 1; at < 100; at++) {
    try {
      if (await run({ ...kind, at }) < at) return;
    } catch (error) {
      throw new Error(`at operation ${at}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error("more operations than expected");
}

for (const [scenario, { fetch, submit, begin, ends }] of Object.entries(SCENARIOS)) {
  for (const [title, kind] of Object.entries(KINDS)) {
    withClock(`nothing is lost when ${scenario} and at any point ${title}`, async (clock) => {
      await atEach(kind, async (fault) => {
        const service = mock({ ...fetch && { fetch }, ...submit && { submit } });
        const world = createWorld(service, { fault });
        await persist(world, clock, begin);
        const heard = await listen(world, clock);
        const sent = service.calls.filter((call) => call === "submit").length;
        ok(sent <= 1, `the image was sent ${sent} times`);
        // The outcome of a submission is uncertain only if the object was stopped during it.
        const isOpen = kind.kind === "die" && tags(heard ?? []) === "Unconfirmed";
        if (isOpen) equal(tagOf(world.heldAtDeath()), "Sending");
        else if (kind.kind === "die") ok(isSubsequence(tags(heard ?? []), ends), `it ended as ${heard && tags(heard)}`);
        else equal(tags(heard ?? []), ends);
        const last = heard?.at(-1);
        if (last && E.isRight(last) && last.right._tag === "Completed" && fetch?.includes(completedLarge)) {
          deepEqual(last.right.regions.map(({ left, top, right, bottom }) => [left, top, right, bottom]), LARGE);
        }
        await expectNothingLeft(world, clock);
        return world.operations();
      });
    });
  }
}

for (const [title, kind] of Object.entries(KINDS)) {
  withClock(`a canceled task leaves nothing behind if at any point ${title}`, async (clock) => {
    await atEach(kind, async (fault) => {
      // After the cancellation, the service no longer knows the task.
      const fetch: Responder = (request) => (service.calls.includes("cancel") ? notExist : pending)(request);
      const service = mock({ fetch: [fetch] });
      const world = createWorld(service, { fault });
      await persist(world, clock, submit);
      await clock.tickAsync(1500);
      await persist(world, clock, async (task) => ok(E.isRight(await task.cancel())));
      ok(service.calls.filter((call) => call === "submit").length <= 1);
      await expectNothingLeft(world, clock);
      return world.operations();
    });
  });

  withClock(`a task whose client never returns finishes and is deleted if at any point ${title}`, async (clock) => {
    // No client would wake the object.
    if (kind.ms === OUTLASTS_ALARMS) return;
    await atEach(kind, async (fault) => {
      const service = mock({ fetch: [pending, completed] });
      const world = createWorld(service, { fault });
      world.call(submit).catch(() => {});
      await clock.tickAsync(2 * DAY);
      expectEmpty(world);
      const { calls } = service;
      ok(calls.filter((call) => call === "submit").length <= 1);
      // A submitted task was polled until it was finished, unless the id was lost with the object.
      const lost = kind.kind === "die" && tagOf(world.heldAtDeath()) === "Sending";
      if (calls.includes("submit") && !lost) ok(calls.filter((call) => call === "fetch").length >= 2, "not polled");
      return world.operations();
    });
  });
}

function tagOf(stored: unknown): unknown {
  return typeof stored === "object" && stored !== null && "_tag" in stored ? stored._tag : null;
}
