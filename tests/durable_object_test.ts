import * as E from "fp-ts/lib/Either.js";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { lastValueFrom, toArray } from "rxjs";
import { createDurableTask, type DurableStorage, type DurableTask } from "../src/durable_object.ts";
import { http, network, unconfirmed } from "../src/error.ts";
import { connect } from "../src/request.ts";
import { fixed } from "../src/schedule.ts";
import type { Reply } from "../src/task_status.ts";
import { COMPLETED, completed, ID, type Mock, mock, pending, processing, silent, text } from "./mock.ts";

const IMAGE = new Uint8Array([1, 2, 3]);
const DAY = 86_400_000;

/** A storage that outlives its object, and an alarm that wakes whichever object there is. */
function world(mock: Mock, slow = 0): {
  readonly task: () => DurableTask;
  readonly restart: () => DurableTask;
  readonly values: Map<string, unknown>;
  readonly alarm: () => number | null;
  /** Refuses everything but the alarm. */
  broken: boolean;
  /** Refuses to write. */
  deaf: boolean;
} {
  const values = new Map<string, unknown>();
  let alarm: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lives = 0;
  const make = (): DurableTask => {
    const mine = ++lives;
    // What a dead object still asks for never happens.
    const alive = <T>(act: () => T): Promise<T> =>
      mine !== lives
        ? new Promise(() => {})
        : result.broken
        ? Promise.reject(new Error("storage"))
        : slow === 0
        ? Promise.resolve(act())
        : new Promise((done) => {
          const result = act();
          setTimeout(() => done(result), slow);
        });
    const storage: DurableStorage = {
      get: <T>(key: string) => alive(() => structuredClone(values.get(key)) as T | undefined),
      put: (key, value) =>
        result.deaf ? Promise.reject(new Error("put")) : alive(() => void values.set(key, structuredClone(value))),
      deleteAll: () => alive(() => values.clear()),
      setAlarm: (at) =>
        // The alarm survives a fault of the rest.
        mine !== lives ? new Promise(() => {}) : new Promise((done) => {
          alarm = at;
          clearTimeout(timer);
          timer = setTimeout(() => {
            alarm = null;
            task.alarm();
          }, Math.max(0, at - Date.now()));
          done();
        }),
      deleteAlarm: () =>
        alive(() => {
          alarm = null;
          clearTimeout(timer);
        }),
    };
    return createDurableTask(storage, connect({ token: "t", fetch: mock.fetch, schedule: fixed({ delay: 1000 }) }));
  };
  const result = {
    task: () => task,
    restart: () => task = make(),
    values,
    alarm: () => alarm,
    broken: false,
    deaf: false,
  };
  let task = make();
  return result;
}

function withClock(name: string, test: (clock: ReturnType<typeof FakeTimers.install>) => Promise<void>): void {
  Deno.test(name, async () => {
    const clock = FakeTimers.install({ now: 1_800_000_000_000, toFake: ["setTimeout", "clearTimeout", "Date"] });
    try {
      await test(clock);
    } finally {
      clock.uninstall();
    }
  });
}

const collect = (task: DurableTask): Promise<Reply[]> =>
  lastValueFrom(task.replies().pipe(toArray()), { defaultValue: [] });

const tags = (replies: readonly Reply[]): string[] => replies.map((r) => E.isRight(r) ? r.right._tag : r.left._tag);

withClock("a durable task sends, polls on alarms, keeps each change, and forgets all in the end", async (clock) => {
  const { fetch, calls } = mock({ fetch: [pending, pending, processing, completed] });
  const { task, values, alarm } = world({ fetch, calls, requests: [] });
  await task().submit(IMAGE);
  const live = collect(task());
  await clock.tickAsync(4000);
  deepEqual(tags(await live), ["Pending", "Processing", "Completed"]);
  deepEqual(await collect(task()), await live);
  deepEqual(calls, ["submit", "fetch", "fetch", "fetch", "fetch"]);
  equal(alarm(), Date.now() + DAY);
  await clock.tickAsync(DAY);
  deepEqual([values.size, alarm(), await collect(task())], [0, null, []]);
  equal(calls.length, 5);
});

withClock("a durable task goes on after its object has died, and tells again what it told", async (clock) => {
  const service = mock({ fetch: [pending, processing, completed] });
  const { task, restart } = world(service);
  await task().submit(IMAGE);
  await clock.tickAsync(1500);
  restart();
  const again = collect(task());
  await clock.tickAsync(2000);
  deepEqual(tags(await again), ["Pending", "Processing", "Completed"]);
  deepEqual(service.calls, ["submit", "fetch", "fetch", "fetch"]);
  deepEqual(await collect(restart()), await again);
});

withClock("a durable task does not send again what it was sending when it died", async (clock) => {
  const service = mock({ submit: [silent] });
  const { task, restart } = world(service);
  task().submit(IMAGE);
  await clock.tickAsync(100);
  const later = restart();
  await later.submit(IMAGE);
  await clock.tickAsync(60_000);
  deepEqual(await collect(later), [
    E.left(unconfirmed(network("submit", "the object died while it was sending"))),
  ]);
  deepEqual(service.calls, ["submit"]);
});

withClock("a durable task waits for an image that takes its time", async (clock) => {
  const service = mock({ submit: [() => new Promise((give) => setTimeout(() => give(new Response(ID)), 25_000))] });
  const { task } = world(service);
  const sent = Promise.all([task().submit(IMAGE), task().submit(IMAGE), task().watch(ID)]);
  await clock.tickAsync(27_000);
  await sent;
  deepEqual(await collect(task()), [E.right(COMPLETED)]);
  deepEqual(service.calls, ["submit", "fetch"]);
});

withClock("a durable task watches an id, at once, and one only", async (clock) => {
  const service = mock({ fetch: [pending, completed] });
  const { task } = world(service);
  await task().watch(ID);
  await task().watch("another");
  await clock.tickAsync(2000);
  deepEqual(tags(await collect(task())), ["Pending", "Completed"]);
  equal(service.requests.every(({ url }) => url.endsWith(ID)), true);
});

withClock("a hundred who listen cost the polls of one", async (clock) => {
  const service = mock({ fetch: [pending, processing, completed] });
  const { task } = world(service);
  await task().submit(IMAGE);
  const all = Promise.all(Array.from({ length: 100 }, () => collect(task())));
  await clock.tickAsync(5000);
  for (const replies of await all) deepEqual(tags(replies), ["Pending", "Processing", "Completed"]);
  equal(service.calls.length, 4);
});

withClock("a cancelled task stops polling at once, leaves no storage, and ends its streams", async (clock) => {
  const service = mock({ fetch: [pending] });
  const { task, values, alarm } = world(service);
  await task().submit(IMAGE);
  await clock.tickAsync(1500);
  const live = collect(task());
  deepEqual(await task().cancel(), E.right(undefined));
  deepEqual([values.size, alarm(), tags(await live)], [0, null, ["Pending"]]);
  await clock.tickAsync(DAY);
  deepEqual(service.calls, ["submit", "fetch", "cancel"]);
  deepEqual(await task().cancel(), E.right(undefined));
});

withClock("a task cancelled in the middle of a poll is not brought back by its answer", async (clock) => {
  const service = mock({ fetch: [() => new Promise((give) => setTimeout(() => give(completed2()), 500))] });
  const { task, values, alarm } = world(service);
  await task().submit(IMAGE);
  await clock.tickAsync(1100);
  await task().cancel();
  await clock.tickAsync(1000);
  deepEqual([values.size, alarm()], [0, null]);
});

withClock("a task that the service does not drop goes on", async (clock) => {
  const service = mock({ fetch: [pending, completed], cancel: [text("", 403)] });
  const { task } = world(service);
  await task().submit(IMAGE);
  await clock.tickAsync(1500);
  deepEqual(await task().cancel(), E.left(http("cancel", 403, null, "")));
  await clock.tickAsync(1000);
  deepEqual(tags(await collect(task())), ["Pending", "Completed"]);
});

withClock("an alarm never throws, and comes again when its storage failed", async (clock) => {
  const service = mock({ fetch: [pending, completed] });
  const created = world(service);
  await created.task().submit(IMAGE);
  created.broken = true;
  await clock.tickAsync(1500);
  ok(created.alarm() !== null);
  created.broken = false;
  await clock.tickAsync(63_000);
  deepEqual(tags(await collect(created.task())), ["Pending", "Completed"]);
});

withClock("a state of a foreign form ends a durable task as Malformed, and no alarm loops", async (clock) => {
  const service = mock({ fetch: [pending] });
  const { task, values, restart } = world(service);
  await task().submit(IMAGE);
  values.set("state", { version: 2 });
  const later = restart();
  await clock.tickAsync(2000);
  deepEqual(tags(await collect(later)), ["Malformed"]);
  equal(service.calls.length, 1);
});

withClock("an image that was refused is the last word", async () => {
  const service = mock({ submit: [text("", 413)] });
  const { task } = world(service);
  await task().submit(IMAGE);
  deepEqual(await collect(task()), [E.left(http("submit", 413, null, ""))]);
});

function completed2(): Response {
  return Response.json({ id: ID, responseStatusCode: "Ok", taskStatus: "Completed", results: [], error: null });
}

withClock("a task that is cancelled while its image is being sent stays cancelled", async (clock) => {
  const service = mock({
    submit: [() => new Promise((give) => setTimeout(() => give(new Response(ID)), 5000))],
    fetch: [pending],
  });
  const { task, values, alarm } = world(service);
  const sent = task().submit(IMAGE);
  await clock.tickAsync(100);
  const cancelled = task().cancel();
  await clock.tickAsync(20_000);
  await sent;
  deepEqual(await cancelled, E.right(undefined));
  deepEqual([values.size, alarm(), service.calls], [0, null, ["submit", "cancel"]]);
});

withClock("who comes while a status is being written hears it once", async (clock) => {
  const service = mock({ fetch: [pending, processing, completed] });
  const w = world(service, 50);
  await Promise.all([w.task().submit(IMAGE), clock.tickAsync(200)]);
  const all: Promise<Reply[]>[] = [];
  for (let at = 0; at < 5000; at += 10) {
    all.push(collect(w.task()));
    await clock.tickAsync(10);
  }
  await clock.tickAsync(5000);
  const seen = new Set((await Promise.all(all)).map((r) => tags(r).join()));
  deepEqual([...seen], ["Pending,Processing,Completed"]);
});

withClock("a last word that could not be stored is not forgotten at the next alarm", async (clock) => {
  const service = mock({ fetch: [completed] });
  const w = world(service);
  await w.task().submit(IMAGE);
  w.deaf = true;
  await clock.tickAsync(1500);
  w.deaf = false;
  await clock.tickAsync(61_000);
  deepEqual(tags(await collect(w.task())), ["Completed"]);
});
