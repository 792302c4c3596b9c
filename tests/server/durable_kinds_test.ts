import * as E from "fp-ts/lib/Either.js";
import { some } from "fp-ts/lib/Option.js";
import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { lastValueFrom, toArray } from "rxjs";
import { malformed } from "../../src/model/error.ts";
import { BINARIZE_IMAGE, DESKEW_IMAGE } from "../../src/model/preprocessing.ts";
import { RECOGNIZE_IMAGE, RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import type { Reply } from "../../src/model/reply.ts";
import type { Schedule } from "../../src/polling/schedule.ts";
import type { DurableTask } from "../../src/server/durable_object.ts";
import { toEventStream } from "../../src/stream/event_stream.ts";
import { base64, IMAGE, SAMPLES } from "../support/kinds.ts";
import { COMPLETED, completed, done, ID, mock, pending, processing } from "../support/mock.ts";
import { REGION, STATE } from "../support/statuses.ts";
import { createWorld, createWorldOf, VALUE_LIMIT, withClock } from "./durable_world.ts";

const A = { type: "Text", data: "YQ==" };

function collect<Input, A extends object>(task: DurableTask<Input, A>): Promise<Reply<A>[]> {
  return lastValueFrom(task.replies().pipe(toArray()), { defaultValue: [] });
}

const tags = (replies: readonly Reply<object>[]): string[] => replies.map((reply) => E.toUnion(reply)._tag);

for (const { kind, input, results, output } of SAMPLES) {
  withClock(`a durable task of ${kind.name} survives its objects, and so does its output`, async (clock) => {
    const service = mock({ fetch: [pending, processing, done(...results)] });
    const { task, restart, values, alarm } = createWorldOf(kind, service);
    await task().submit(input);
    for (let polls = 0; polls < 3; polls++) {
      await clock.tickAsync(1000);
      restart();
    }
    const replies = await collect(task());
    deepEqual(tags(replies), ["Pending", "Processing", "Completed"]);
    deepEqual(replies[2], E.right({ _tag: "Completed", id: ID, ...output, notices: [] }));
    deepEqual(service.calls, ["submit", "fetch", "fetch", "fetch"]);
    equal(service.requests.every(({ url }) => new URL(url).pathname === kind.path), true);
    await clock.tickAsync(86_400_000);
    deepEqual([values.size, alarm()], [0, null]);
  });
}

withClock("a durable task keeps a file that exceeds the limit of the storage", async (clock) => {
  const file = Uint8Array.from({ length: 10 * VALUE_LIMIT }, (_, i) => i * i % 251);
  const { task, restart } = createWorldOf(DESKEW_IMAGE, mock({ fetch: [done({ data: base64(file) })] }));
  await task().submit({ image: IMAGE });
  await clock.tickAsync(1500);
  const [, reply] = await collect(restart());
  ok(E.isRight(reply) && reply.right._tag === "Completed");
  // An assertion of equality would print both files.
  ok(base64(reply.right.file) === base64(file));
});

withClock("a durable task requires one text per region, even after its object was stopped", async (clock) => {
  const input = { image: IMAGE, regions: [REGION, REGION] };
  for (const count of [1, 2, 3]) {
    const { task, restart } = createWorldOf(
      RECOGNIZE_REGIONS,
      mock({ fetch: [pending, done(...Array(count).fill(A))] }),
    );
    await task().submit(input);
    await clock.tickAsync(1500);
    restart();
    await clock.tickAsync(5000);
    const [, reply] = await collect(restart());
    deepEqual(
      reply,
      count === 2
        ? E.right({ _tag: "Completed", id: ID, texts: ["a", "a"], notices: [] })
        : E.left(malformed([`Response/results: expected 2 results, got an array of ${count}`])),
    );
  }
});

withClock(
  "a durable task is scheduled by the history of its kind, and continues after a schedule that throws",
  async (clock) => {
    const spans: number[] = [];
    let isBroken = true;
    const schedule: Schedule = ({ attempt, history }) => {
      if (isBroken) throw new Error("broken");
      if (attempt === 0) spans.push(history.spans.length);
      return some(1000);
    };
    const service = mock({ fetch: [done(A)] });
    const { task } = createWorldOf(RECOGNIZE_IMAGE, service, { schedule });
    await rejects(task().submit({ image: IMAGE }), /broken/);
    isBroken = false;
    for (let tasks = 0; tasks < 3; tasks++) {
      await clock.tickAsync(1500);
      deepEqual(tags(await collect(task())), ["Pending", "Completed"]);
      await task().cancel();
      await task().submit({ image: IMAGE });
    }
    // The first task's time of submission is not known.
    deepEqual(spans, [0, 1, 2]);
  },
);

withClock("watch() polls a task of any kind at the path of that kind", async (clock) => {
  const service = mock({ fetch: [done(A)] });
  const { task } = createWorldOf(RECOGNIZE_IMAGE, service);
  await task().watch(ID);
  await clock.tickAsync(1000);
  deepEqual(await collect(task()), [E.right({ _tag: "Completed", id: ID, text: "a", notices: [] })]);
  equal(new URL(service.requests[0].url).pathname, RECOGNIZE_IMAGE.path);
});

withClock("cancel() cancels a task of any kind at the path of that kind", async (clock) => {
  const service = mock({ fetch: [pending] });
  const { task, values, alarm } = createWorldOf(RECOGNIZE_IMAGE, service);
  await task().submit({ image: IMAGE });
  await clock.tickAsync(1500);
  deepEqual(await task().cancel(), E.right(undefined));
  deepEqual([values.size, alarm(), service.calls.at(-1)], [0, null, "cancel"]);
  equal(new URL(service.requests.at(-1)?.url ?? "").pathname, RECOGNIZE_IMAGE.path);
});

withClock("toEventStream() writes the bytes that a durable task stored", async (clock) => {
  const { task, restart } = createWorldOf(BINARIZE_IMAGE, mock({ fetch: [done({ data: "iVBORw==" })] }));
  await task().submit({ image: IMAGE });
  await clock.tickAsync(1500);
  const events = await new Response(toEventStream(restart().replies(), { heartbeat: Infinity })).text();
  ok(events.includes(`id: 2\ndata: {"_tag":"Completed","id":"${ID}","file":{"$base64":"iVBORw=="},"notices":[]}\n`));
});

// What earlier versions stored

/** The state of a detection as version 1 stored it. */
const { kind: _kind, results: _results, ...rest } = STATE;
const OLD_STATE = { ...rest, version: 1, id: ID };

withClock("a detection that an earlier version stored without a kind is continued", async (clock) => {
  const heard = [{ _tag: "Pending", id: ID }];
  for (const state of [OLD_STATE, { ...STATE, id: ID }]) {
    const service = mock({ fetch: [processing, completed] });
    const { values, restart, task } = createWorld(service);
    const recent = { ...state, startedAt: Date.now() - 5000 };
    values.set("task", { version: 1, _tag: "Polling", dueAt: Date.now() - 3_600_000, heard, state: recent });
    await restart().heard();
    await clock.tickAsync(3000);
    deepEqual(tags(await collect(task())), ["Pending", "Processing", "Completed"]);
    deepEqual(service.calls, ["fetch", "fetch"]);
  }
});

withClock("the reply that an earlier version stored without a kind is returned", async () => {
  const { values, restart } = createWorld(mock());
  values.set("reply:0", new TextEncoder().encode(JSON.stringify(E.right(COMPLETED))));
  values.set("task", { version: 1, _tag: "Over", dueAt: Date.now() + 1000, heard: [], parts: 1 });
  deepEqual(await collect(restart()), [E.right(COMPLETED)]);
});

withClock("an object that holds a task of another kind ends with Malformed and sends nothing", async (clock) => {
  const polling = { version: 1, _tag: "Polling", heard: [] };
  const state = { ...STATE, id: ID };
  const records: object[] = [
    { ...polling, state },
    { ...polling, state: OLD_STATE },
    { ...polling, kind: "DetectRegions", state },
    { ...polling, kind: "BinarizeImage", state: { ...state, kind: "BinarizeImage" } },
    { version: 1, _tag: "Sending" },
    { version: 1, kind: "DetectRegions", _tag: "Over", heard: [], parts: 1 },
  ];
  for (const record of records) {
    const service = mock();
    const { values, restart, task } = createWorldOf(RECOGNIZE_IMAGE, service);
    values.set("task", { ...record, dueAt: Date.now() });
    await restart().alarm();
    await clock.tickAsync(2000);
    const [reply] = await collect(task());
    ok(E.isLeft(reply) && reply.left._tag === "Malformed", JSON.stringify(reply));
    ok(
      reply.left.errors.some((line) => line.includes("/kind: expected RecognizeImage, got ")),
      reply.left.errors.join("\n"),
    );
    deepEqual(service.calls, []);
  }
});

withClock(
  "a durable task of any kind is polled even if the schedule throws, with its number of results",
  async (clock) => {
    const schedule: Schedule = () => {
      throw new RangeError("of the schedule");
    };
    const service = mock({ fetch: [done(A)] });
    const { task } = createWorldOf(RECOGNIZE_REGIONS, service, { schedule });
    await rejects(task().submit({ image: IMAGE, regions: [REGION, REGION] }), /of the schedule/);
    await clock.tickAsync(120_000);
    deepEqual(tags(await collect(task())), ["Pending", "Malformed"]);
    equal(service.requests.every(({ url }) => new URL(url).pathname === RECOGNIZE_REGIONS.path), true);
  },
);
