/**
 * A durable task at each point at which it waits: the object dies before or after it, or the storage refuses. A client
 * does what the example's clients do: it repeats a call that failed, and asks now and then.
 */
import * as E from "fp-ts/lib/Either.js";
import type FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import type { DurableTask } from "../../src/server/durable_object.ts";
import { isFinal, type Reply } from "../../src/model/task_status.ts";
import { type Answer, completed, ID, mock, notExist, pending, processing, text } from "../support/mock.ts";
import { createWorld, type Fault, withClock, type World } from "./durable_world.ts";

const IMAGE = new Uint8Array([1, 2, 3]);
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Longer than the platform retries an alarm: after that only a client wakes the object. */
const OUTLASTS_ALARMS = 10 * MINUTE;

/** Regions that take three parts. */
const LARGE = Array.from({ length: 7000 }, (_, i) => [i, i, i + 1, i + 1]);

const completedLarge: Answer = () =>
  Response.json({
    id: ID,
    responseStatusCode: "Ok",
    taskStatus: "Completed",
    results: [{ type: "Other", data: btoa(JSON.stringify(LARGE)) }],
    error: null,
  });

type Kind = Omit<Fault, "at">;

const KINDS: Readonly<Record<string, Kind>> = {
  "the object dies before it": { kind: "die", done: false, count: 1 },
  "the object dies after it": { kind: "die", done: true, count: 1 },
  "the object dies before it, and the next one as well": { kind: "die", done: false, count: 2 },
  "the storage refuses once": { kind: "reject", done: false, count: 1 },
  "the storage refuses once, although it was done": { kind: "reject", done: true, count: 1 },
  "the storage refuses twice in a row": { kind: "reject", done: false, count: 2 },
  "the storage refuses for 90 seconds": { kind: "reject", done: false, ms: 90_000 },
  "the storage refuses for 10 minutes": { kind: "reject", done: false, ms: OUTLASTS_ALARMS },
};

interface Scenario {
  readonly fetch?: readonly Answer[];
  readonly submit?: readonly Answer[];
  readonly begin: (task: DurableTask) => Promise<void>;
  /** The tags of all replies in the end. Statuses may be missing if an object died with the answer. */
  readonly ends: string;
}

const submit = (task: DurableTask): Promise<void> => task.submit(IMAGE);

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "an image is sent and polled": {
    fetch: [pending, processing, completed],
    begin: submit,
    ends: "Pending,Processing,Completed",
  },
  "the result takes several parts": {
    fetch: [processing, completedLarge],
    begin: submit,
    ends: "Processing,Completed",
  },
  "the image is refused": { submit: [text("", 413)], begin: submit, ends: "Http" },
  "an id is watched": { fetch: [pending, completed], begin: (task) => task.watch(ID), ends: "Pending,Completed" },
};

const tags = (replies: readonly Reply[]): string => replies.map((r) => E.toUnion(r)._tag).join();

const isOver = (replies: readonly Reply[]): boolean => replies.some((r) => E.isLeft(r) || isFinal(r.right));

/** Does it until the object answers. */
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

/** What the client heard in the end, null where there was nothing to hear. */
async function listen(world: World, clock: FakeTimers.Clock): Promise<readonly Reply[] | null> {
  let heard: readonly Reply[] | null = null;
  for (let time = 0; time < 60 * MINUTE; time += MINUTE) {
    await persist(world, clock, async (task) => heard = await task.heard());
    if (heard === null || isOver(heard)) return heard;
    await clock.tickAsync(MINUTE);
  }
  return heard;
}

/** After the retention, and if need be after one more call of a client, nothing is stored. */
async function expectNothingLeft(world: World, clock: FakeTimers.Clock): Promise<void> {
  await clock.tickAsync(2 * DAY);
  await persist(world, clock, (task) => task.heard());
  await clock.tickAsync(MINUTE);
  expectEmpty(world);
}

function expectEmpty(world: World): void {
  deepEqual([[...world.values.keys()], world.alarm()], [[], null], "something is left");
}

/** Whether the words occur in that order, up to the same last one. */
function isSubsequence(some: string, all: string): boolean {
  const words = all.split(",");
  const rest = some.split(",").reduce((from, word) => from < 0 ? from : words.indexOf(word, from) + 1 || -1, 0);
  return rest === words.length;
}

/** Runs it with the fault at each operation, until there is no operation of that number. */
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
    withClock(`nothing is lost if, when ${scenario}, at any point ${title}`, async (clock) => {
      await atEach(kind, async (fault) => {
        const service = mock({ ...fetch && { fetch }, ...submit && { submit } });
        const world = createWorld(service, { fault });
        await persist(world, clock, begin);
        const heard = await listen(world, clock);
        const sent = service.calls.filter((call) => call === "submit").length;
        ok(sent <= 1, `the image was sent ${sent} times`);
        // Only the death of an object that is sending leaves open what became of the image.
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
  withClock(`a cancelled task leaves nothing behind if at any point ${title}`, async (clock) => {
    await atEach(kind, async (fault) => {
      // Once it is cancelled, the service does not know it any more.
      const fetch: Answer = (request) => (service.calls.includes("cancel") ? notExist : pending)(request);
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

  withClock(`a task whose client never returns ends and is deleted, if at any point ${title}`, async (clock) => {
    // Nobody would wake it.
    if (kind.ms === OUTLASTS_ALARMS) return;
    await atEach(kind, async (fault) => {
      const service = mock({ fetch: [pending, completed] });
      const world = createWorld(service, { fault });
      world.call(submit).catch(() => {});
      await clock.tickAsync(2 * DAY);
      expectEmpty(world);
      const { calls } = service;
      ok(calls.filter((call) => call === "submit").length <= 1);
      // What was sent was polled to its end, unless the id died with the object.
      const lost = kind.kind === "die" && tagOf(world.heldAtDeath()) === "Sending";
      if (calls.includes("submit") && !lost) ok(calls.filter((call) => call === "fetch").length >= 2, "not polled");
      return world.operations();
    });
  });
}

function tagOf(stored: unknown): unknown {
  return typeof stored === "object" && stored !== null && "_tag" in stored ? stored._tag : null;
}
