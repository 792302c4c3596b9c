import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { lastValueFrom, toArray } from "rxjs";
import { createMemory } from "../../src/client/memory.ts";
import { connect } from "../../src/client/service.ts";
import type { History } from "../../src/model/history.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import { createDurableTask, type DurableStorage, type DurableTask } from "../../src/server/durable_object.ts";
import { http, network, unconfirmed } from "../../src/model/error.ts";
import type { Reply } from "../../src/model/reply.ts";
import { COMPLETED, completed, ID, mock, pending, processing, silent, text } from "../support/mock.ts";
import { createWorld, withClock } from "./durable_world.ts";

const IMAGE = new Uint8Array([1, 2, 3]);
const DAY = 86_400_000;

const collect = (task: DurableTask): Promise<Reply[]> =>
  lastValueFrom(task.replies().pipe(toArray()), { defaultValue: [] });

const tags = (replies: readonly Reply[]): string[] => replies.map((r) => E.isRight(r) ? r.right._tag : r.left._tag);

withClock(
  "a durable task submits its image, polls on alarms, records each change, and finally deletes everything",
  async (clock) => {
    const { fetch, calls } = mock({ fetch: [pending, pending, processing, completed] });
    const { task, values, alarm } = createWorld({ fetch, calls, requests: [] });
    await task().submit({ image: IMAGE });
    const live = collect(task());
    await clock.tickAsync(4000);
    deepEqual(tags(await live), ["Pending", "Processing", "Completed"]);
    deepEqual(await collect(task()), await live);
    deepEqual(calls, ["submit", "fetch", "fetch", "fetch", "fetch"]);
    equal(alarm(), Date.now() + DAY);
    await clock.tickAsync(DAY);
    deepEqual([values.size, alarm(), await collect(task())], [0, null, []]);
    equal(calls.length, 5);
  },
);

withClock("a durable task is Pending as soon as the service has accepted it, before the first poll", async (clock) => {
  const service = mock({ submit: [() => new Promise((give) => setTimeout(() => give(new Response(ID)), 300))] });
  const { task, restart } = createWorld(service, { schedule: fixed({ delay: 5000 }) });
  const sent = task().submit({ image: IMAGE });
  await clock.tickAsync(299);
  const live: Reply[] = [];
  const listener = task().replies().subscribe((reply) => live.push(reply));
  deepEqual(await task().heard(), []);
  await clock.tickAsync(1);
  await sent;
  const accepted = [E.right({ _tag: "Pending", id: ID })];
  deepEqual([live, await task().heard(), await restart().heard()], [accepted, accepted, accepted]);
  deepEqual(service.calls, ["submit"]);
  listener.unsubscribe();
  await clock.tickAsync(5000);
  deepEqual(tags(await collect(task())), ["Pending", "Completed"]);
});

withClock("a durable task continues after its object is stopped, and replays its changes", async (clock) => {
  const service = mock({ fetch: [pending, processing, completed] });
  const { task, restart } = createWorld(service);
  await task().submit({ image: IMAGE });
  await clock.tickAsync(1500);
  restart();
  const again = collect(task());
  await clock.tickAsync(2000);
  deepEqual(tags(await again), ["Pending", "Processing", "Completed"]);
  deepEqual(service.calls, ["submit", "fetch", "fetch", "fetch"]);
  deepEqual(await collect(restart()), await again);
});

withClock(
  "a durable task whose object is stopped during the submission ends with Unconfirmed and is not resubmitted",
  async (clock) => {
    const service = mock({ submit: [silent] });
    const { task, restart } = createWorld(service);
    task().submit({ image: IMAGE });
    await clock.tickAsync(100);
    const later = restart();
    await later.submit({ image: IMAGE });
    await clock.tickAsync(60_000);
    deepEqual(await collect(later), [
      E.left(unconfirmed(network("submit", "the Durable Object was stopped during the submission"))),
    ]);
    deepEqual(service.calls, ["submit"]);
  },
);

withClock("a durable task waits for a slow submission", async (clock) => {
  const service = mock({ submit: [() => new Promise((give) => setTimeout(() => give(new Response(ID)), 25_000))] });
  const { task } = createWorld(service);
  const sent = Promise.all([task().submit({ image: IMAGE }), task().submit({ image: IMAGE }), task().watch(ID)]);
  await clock.tickAsync(27_000);
  await sent;
  deepEqual(await collect(task()), [E.right({ _tag: "Pending", id: ID }), E.right(COMPLETED)]);
  deepEqual(service.calls, ["submit", "fetch"]);
});

withClock("watch() polls immediately and accepts only one id", async (clock) => {
  const service = mock({ fetch: [pending, completed] });
  const { task } = createWorld(service);
  await task().watch(ID);
  await task().watch("another");
  await clock.tickAsync(2000);
  deepEqual(tags(await collect(task())), ["Pending", "Completed"]);
  equal(service.requests.every(({ url }) => url.endsWith(ID)), true);
});

withClock("a hundred subscribers share the polls of one", async (clock) => {
  const service = mock({ fetch: [pending, processing, completed] });
  const { task } = createWorld(service);
  await task().submit({ image: IMAGE });
  const all = Promise.all(Array.from({ length: 100 }, () => collect(task())));
  await clock.tickAsync(5000);
  for (const replies of await all) deepEqual(tags(replies), ["Pending", "Processing", "Completed"]);
  equal(service.calls.length, 4);
});

withClock("cancel() stops polling immediately, deletes the storage and completes the streams", async (clock) => {
  const service = mock({ fetch: [pending] });
  const { task, values, alarm } = createWorld(service);
  await task().submit({ image: IMAGE });
  await clock.tickAsync(1500);
  const live = collect(task());
  deepEqual(await task().cancel(), E.right(undefined));
  deepEqual([values.size, alarm(), tags(await live)], [0, null, ["Pending"]]);
  await clock.tickAsync(DAY);
  deepEqual(service.calls, ["submit", "fetch", "cancel"]);
  deepEqual(await task().cancel(), E.right(undefined));
});

withClock("a task that is canceled during a poll is not restored by the response", async (clock) => {
  const service = mock({ fetch: [() => new Promise((give) => setTimeout(() => give(completed2()), 500))] });
  const { task, values, alarm } = createWorld(service);
  await task().submit({ image: IMAGE });
  await clock.tickAsync(1100);
  await task().cancel();
  await clock.tickAsync(1000);
  deepEqual([values.size, alarm()], [0, null]);
});

withClock("a task continues if the service does not cancel it", async (clock) => {
  const service = mock({ fetch: [pending, completed], cancel: [text("", 403)] });
  const { task } = createWorld(service);
  await task().submit({ image: IMAGE });
  await clock.tickAsync(1500);
  deepEqual(await task().cancel(), E.left(http("cancel", 403, null, "")));
  await clock.tickAsync(1000);
  deepEqual(tags(await collect(task())), ["Pending", "Completed"]);
});

withClock(
  "a durable task continues after its storage rejected all operations for a minute",
  async (clock) => {
    const service = mock({ fetch: [pending, completed] });
    const created = createWorld(service);
    await created.task().submit({ image: IMAGE });
    created.broken = true;
    await clock.tickAsync(60_000);
    created.broken = false;
    await clock.tickAsync(63_000);
    deepEqual(tags(await collect(created.task())), ["Pending", "Completed"]);
  },
);

withClock("a state of another version ends a durable task with Malformed and without further alarms", async (clock) => {
  const service = mock({ fetch: [pending] });
  const { task, values, restart } = createWorld(service);
  await task().submit({ image: IMAGE });
  values.set("task", { version: 2 });
  const later = restart();
  await clock.tickAsync(2000);
  deepEqual(tags(await collect(later)), ["Malformed"]);
  equal(service.calls.length, 1);
});

withClock("the rejection of an image is the final reply", async () => {
  const service = mock({ submit: [text("", 413)] });
  const { task } = createWorld(service);
  await task().submit({ image: IMAGE });
  deepEqual(await collect(task()), [E.left(http("submit", 413, null, ""))]);
});

function completed2(): Response {
  return Response.json({ id: ID, responseStatusCode: "Ok", taskStatus: "Completed", results: [], error: null });
}

withClock("a task that is canceled during its submission stays canceled", async (clock) => {
  const service = mock({
    submit: [() => new Promise((give) => setTimeout(() => give(new Response(ID)), 5000))],
    fetch: [pending],
  });
  const { task, values, alarm } = createWorld(service);
  const sent = task().submit({ image: IMAGE });
  await clock.tickAsync(100);
  const canceled = task().cancel();
  await clock.tickAsync(20_000);
  await sent;
  deepEqual(await canceled, E.right(undefined));
  deepEqual([values.size, alarm(), service.calls], [0, null, ["submit", "cancel"]]);
});

withClock("a subscriber that arrives while a status is being stored receives it once", async (clock) => {
  const service = mock({ fetch: [pending, processing, completed] });
  const w = createWorld(service, { latency: 50 });
  await Promise.all([w.task().submit({ image: IMAGE }), clock.tickAsync(400)]);
  const all: Promise<Reply[]>[] = [];
  for (let at = 0; at < 5000; at += 10) {
    all.push(collect(w.task()));
    await clock.tickAsync(10);
  }
  await clock.tickAsync(5000);
  const seen = new Set((await Promise.all(all)).map((r) => tags(r).join()));
  deepEqual([...seen], ["Pending,Processing,Completed"]);
});

withClock("a final reply that could not be stored is stored by the next alarm and not deleted", async (clock) => {
  const service = mock({ fetch: [completed] });
  const w = createWorld(service);
  await w.task().submit({ image: IMAGE });
  w.readOnly = true;
  await clock.tickAsync(1500);
  w.readOnly = false;
  await clock.tickAsync(61_000);
  deepEqual(tags(await collect(w.task())), ["Pending", "Completed"]);
});

withClock("alarm() rejects only if no other alarm can be set, so that the platform retries it", async (clock) => {
  const w = createWorld(mock({ fetch: [pending] }));
  await w.task().submit({ image: IMAGE });
  await clock.tickAsync(500);
  w.readOnly = true;
  await clock.tickAsync(500);
  ok((w.alarm() ?? 0) > Date.now());
  w.broken = true;
  await rejects(w.task().alarm(), /the storage rejects the operation/);
});

withClock("if the schedule throws, submit() rejects, and the id is polled nevertheless", async (clock) => {
  const service = mock({ fetch: [processing, completed] });
  const schedule = (): never => {
    throw new RangeError("of the schedule");
  };
  const w = createWorld(service, { schedule });
  await rejects(w.task().submit({ image: IMAGE }), /of the schedule/);
  await clock.tickAsync(120_000);
  deepEqual(tags(await collect(w.task())), ["Pending", "Completed"]);
});

withClock("a cancellation does not delete a later task", async (clock) => {
  const late = (): Promise<Response> => new Promise((give) => setTimeout(() => give(new Response("")), 1000));
  const service = mock({ fetch: [pending], cancel: [late, text("")] });
  const { task } = createWorld(service);
  await task().submit({ image: IMAGE });
  const slow = task().cancel();
  await clock.tickAsync(500);
  await task().cancel();
  await task().submit({ image: IMAGE });
  await clock.tickAsync(5000);
  deepEqual(await slow, E.right(undefined));
  ok(await task().heard() !== null);
  equal(service.calls.filter((call) => call === "submit").length, 2);
});

withClock("a retention of any length results in a valid alarm", async (clock) => {
  const w = createWorld(mock(), { retention: Infinity });
  await w.task().watch(ID);
  await clock.tickAsync(DAY);
  ok((w.alarm() ?? 0) < Date.UTC(2189, 0));
  deepEqual(await collect(w.task()), [E.right(COMPLETED)]);
});

/** A storage that never fails; `get` decides when a read of it returns. */
function createStorage(get: (read: () => unknown) => Promise<unknown>): DurableStorage {
  const values = new Map<string, unknown>();
  return {
    get: <T>(key: string) => get(() => values.get(key)) as Promise<T | undefined>,
    put: (key, value) => Promise.resolve(void values.set(key, value)),
    deleteAll: () => Promise.resolve(values.clear()),
    setAlarm: () => Promise.resolve(),
    deleteAlarm: () => Promise.resolve(),
  };
}

withClock("a durable task passes the durations in the memory to the schedule, from the first poll on", async () => {
  const history: History = { version: 1, spans: [[2000, 3100]] };
  const seen: History[] = [];
  const schedule: Schedule = ({ history }) => {
    seen.push(history);
    return O.some(1000);
  };
  const service = connect({
    token: "t",
    fetch: mock().fetch,
    memory: createMemory({ DetectRegions: history }),
    schedule,
  });
  await createDurableTask(createStorage((read) => Promise.resolve(read())), service).submit({ image: IMAGE });
  deepEqual(seen, [history]);
});

withClock("a durable task does not forget a task that it got while it was reading its storage", async () => {
  const reads: (() => void)[] = [];
  // The first call reads an empty storage, and hears of it only after the second call has written to it.
  const storage = createStorage((read) => {
    const value = read();
    return new Promise((resolve) => reads.push(() => resolve(value)));
  });
  const task = createDurableTask(storage, connect({ token: "t", fetch: mock().fetch }));
  const early = task.heard();
  const watching = task.watch(ID);
  await Promise.resolve();
  reads[1]();
  await watching;
  reads[0]();
  await early;
  deepEqual(await task.heard(), []);
});
