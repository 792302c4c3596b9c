import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal, throws } from "node:assert/strict";
import { lastValueFrom, map, NEVER, Observable, of, take, throwError, timer, toArray } from "rxjs";
import { unreadable } from "../../src/model/error.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { type BatchContext, type BatchImage, type BatchReply, detectMany, runMany } from "../../src/stream/batch.ts";
import { readRegions } from "../../src/stream/read.ts";
import { COMPLETED, done, failed, mock, pending, stalled } from "../support/mock.ts";
import { serviceOf } from "../support/service.ts";

const IMAGE = new Uint8Array([1, 2, 3]);
const service = serviceOf(mock());

const keys = (count: number): readonly BatchImage[] =>
  Array.from({ length: count }, (_, i) => ({ key: String(i), image: IMAGE }));

const collect = <A>(replies: Observable<BatchReply<A>>): Promise<BatchReply<A>[]> =>
  lastValueFrom(replies.pipe(toArray()), { defaultValue: [] });

const keysOf = (replies: readonly BatchReply<unknown>[]): readonly string[] => replies.map(({ key }) => key);

Deno.test("detectMany() emits the statuses of each image with its key, up to the final one", async () => {
  const world = mock({ fetch: [pending, failed("Blank page."), done({ data: "W10=" })] });
  const submitted: string[] = [];
  const options = {
    concurrency: 1,
    schedule: fixed({ delay: 1 }),
    onSubmit: (key: string, id: string) => submitted.push(key + id),
  };
  const replies = await collect(detectMany(keys(2), { dsrMode: "Regions" }, options)(serviceOf(world)));
  deepEqual(
    replies.map(({ key, reply }) => [key, E.toUnion(reply)._tag]),
    [["0", "Pending"], ["0", "Pending"], ["0", "Error"], ["1", "Pending"], ["1", "Completed"]],
  );
  deepEqual(submitted, [`0${COMPLETED.id}`, `1${COMPLETED.id}`]);
  equal((await world.requests[1].json()).settings.dsrMode, "Regions");
});

Deno.test("detectMany() reports invalid settings and options before anything is started", () => {
  throws(() => detectMany([], { rotate: 0.5 }), RangeError);
  throws(() => detectMany([], {}, { concurrency: 0 }), {
    name: "RangeError",
    message: "Cannot run many tasks as concurrency must be a number of 1 or more: current value is 0",
  });
});

Deno.test("an image that fails or cannot be read ends no other", async () => {
  const world = mock({ submit: [() => new Response("", { status: 400 }), () => new Response(COMPLETED.id)] });
  const images: BatchImage[] = [
    { key: "refused", image: IMAGE },
    {
      key: "gone",
      image: () => {
        throw new Error("no such file");
      },
    },
    { key: "locked", image: () => Promise.reject(new Error("permission denied")) },
    { key: "read", image: () => Promise.resolve(new Blob([IMAGE])) },
  ];
  const options = { schedule: fixed({ delay: 1 }), concurrency: 1 };
  const replies = await collect(detectMany(images, {}, options)(serviceOf(world)));
  deepEqual(replies.map(({ key, reply }) => [key, E.toUnion(reply)._tag]), [
    ["refused", "Http"],
    ["gone", "Unreadable"],
    ["locked", "Unreadable"],
    ["read", "Pending"],
    ["read", "Completed"],
  ]);
  deepEqual(replies[1].reply, E.left(unreadable("no such file")));
});

Deno.test("an image is read only when its turn has come, and the next one is requested only then", async () => {
  const log: string[] = [];
  async function* images() {
    for (let i = 0;; i++) {
      log.push(`pull ${i}`);
      yield await Promise.resolve({
        key: String(i),
        image: () => {
          log.push(`read ${i}`);
          return IMAGE;
        },
      });
    }
  }
  let running = 0, most = 0;
  const run = () => () =>
    new Observable<E.Either<never, number>>((subscriber) => {
      most = Math.max(most, ++running);
      const timeout = setTimeout(() => {
        running--;
        subscriber.next(E.right(1));
        subscriber.complete();
      }, 1);
      return () => clearTimeout(timeout);
    });
  const replies = await collect(runMany(images(), run, { concurrency: 3 })(service).pipe(take(20)));
  equal(replies.length, 20);
  equal(most, 3);
  ok(log.length <= 2 * 23, `${log.length}`);
  deepEqual(
    log.filter((line) => line.startsWith("pull")).length >= log.filter((line) => line.startsWith("read")).length,
    true,
  );
});

Deno.test("images from an array, a generator and an asynchronous generator are all processed", async () => {
  function* generate() {
    yield* keys(50);
  }
  async function* generateLater() {
    for (const image of keys(50)) yield await Promise.resolve(image);
  }
  /** Every third image takes longer. */
  const run = (_: unknown, { key }: BatchContext) => () =>
    Number(key) % 3 === 0 ? timer(1).pipe(map(() => E.right(1))) : of(E.right(1));
  for (const images of [() => keys(50), generate, generateLater]) {
    for (const concurrency of [1, 7, Infinity]) {
      const replies = await collect(runMany(images(), run, { concurrency })(service));
      const sorted = keysOf(replies).toSorted((a, b) => Number(a) - Number(b));
      deepEqual(sorted, keys(50).map(({ key }) => key));
      if (concurrency === 1) deepEqual(keysOf(replies), sorted);
    }
  }
  deepEqual(await collect(runMany([], run)(service)), []);
});

Deno.test("unsubscribing stops the tasks that are under way, and closes the images", async () => {
  const log: string[] = [];
  async function* images() {
    try {
      for (const image of keys(10)) yield await Promise.resolve(image);
    } finally {
      log.push("closed");
    }
  }
  const run = (_: unknown, { key }: BatchContext) => () =>
    new Observable<never>(() => {
      log.push(`start ${key}`);
      return () => log.push(`stop ${key}`);
    });
  const subscription = runMany(images(), run, { concurrency: 2 })(service).subscribe();
  while (log.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, 5));
  subscription.unsubscribe();
  await new Promise((resolve) => setTimeout(resolve, 5));
  deepEqual(log, ["start 0", "start 1", "stop 0", "stop 1", "closed"]);
});

Deno.test("unsubscribing while an image is awaited or read starts nothing", async () => {
  let resolve: (image: BatchImage) => void = () => {};
  const awaited = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise<IteratorResult<BatchImage>>((settle) => resolve = (value) => settle({ done: false, value })),
    }),
  };
  let started = 0;
  const run = () => () => (started++, NEVER);
  runMany(awaited, run)(service).subscribe().unsubscribe();
  resolve({ key: "1", image: () => (started++, IMAGE) });
  let finish: (image: Uint8Array) => void = () => {};
  const reading = runMany([{ key: "1", image: () => new Promise<Uint8Array>((settle) => finish = settle) }], run)(
    service,
  ).subscribe();
  await new Promise((settle) => setTimeout(settle, 1));
  reading.unsubscribe();
  finish(IMAGE);
  await new Promise((settle) => setTimeout(settle, 5));
  equal(started, 0);
});

Deno.test("an abort starts no further image, and ends those that are under way", async () => {
  const controller = new AbortController();
  const world = mock({ fetch: [stalled] });
  const replies = collect(
    detectMany(keys(10), {}, { concurrency: 2, signal: controller.signal, schedule: fixed({ delay: 1 }) })(
      serviceOf(world),
    ),
  );
  while (world.calls.filter((call) => call === "fetch").length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  controller.abort();
  const ended = (await replies).filter(({ reply }) => E.isLeft(reply));
  deepEqual(keysOf(ended).toSorted(), ["0", "1"]);
  ok(ended.every(({ reply }) => E.isLeft(reply) && reply.left._tag === "GaveUp" && reply.left.reason === "aborted"));
  equal(world.calls.filter((call) => call === "submit").length, 2);
  deepEqual(await collect(runMany(keys(3), () => () => NEVER, { signal: AbortSignal.abort() })(service)), []);
});

Deno.test("the stream errors if the images, or the stream of one, do", async () => {
  async function* images() {
    yield* keys(1);
    await Promise.resolve();
    throw new Error("the folder is gone");
  }
  await rejects(collect(runMany(images(), () => () => of(E.right(1)))(service)), /the folder is gone/);
  const broken = () => () => throwError(() => new Error("the callback is broken"));
  await rejects(collect(runMany(keys(3), broken)(service)), /the callback is broken/);
});

Deno.test("runMany() runs tasks of any kind, readings included", async () => {
  const world = mock({ fetch: [done({ data: "W10=" })] });
  const replies = await collect(
    runMany(keys(2), (image) => readRegions(image, {}, { schedule: fixed({ delay: 1 }) }))(serviceOf(world)),
  );
  const last = replies.filter(({ reply }) => E.isRight(reply) && reply.right.step === "done");
  deepEqual(keysOf(last).toSorted(), ["0", "1"]);
});

Deno.test("a batch of 20,000 images completes without keeping them", async () => {
  let alive = 0, most = 0;
  function* images(): Iterable<BatchImage> {
    for (let i = 0; i < 20_000; i++) {
      most = Math.max(most, ++alive);
      yield { key: String(i), image: IMAGE };
    }
  }
  let count = 0;
  await runMany(images(), () => () => of(E.right(1)), { concurrency: 5 })(service).forEach(() => {
    alive--;
    count++;
  });
  equal(count, 20_000);
  ok(most <= 6, String(most));
});

Deno.test("an abort while the next image is awaited ends the stream, and the image is not started", async () => {
  const controller = new AbortController();
  let supply = (): void => {};
  const started: string[] = [];
  const images = async function* (): AsyncGenerator<BatchImage> {
    yield { key: "0", image: IMAGE };
    await new Promise<void>((resolve) => supply = resolve);
    yield { key: "1", image: IMAGE };
  };
  const run = (_: unknown, { key }: BatchContext) => () => {
    started.push(key);
    return of(E.right(key));
  };
  const replies = collect(runMany(images(), run, { signal: controller.signal })(service));
  await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort();
  deepEqual(keysOf(await replies), ["0"]);
  supply();
  await new Promise((resolve) => setTimeout(resolve, 10));
  deepEqual(started, ["0"]);
});
