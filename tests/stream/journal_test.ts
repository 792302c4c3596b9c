import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { lastValueFrom, type Observable, toArray } from "rxjs";
import { connect, type Service } from "../../src/client/service.ts";
import type { Fetch } from "../../src/client/transport.ts";
import { DESKEW_IMAGE } from "../../src/model/preprocessing.ts";
import { TextOutput } from "../../src/model/output.ts";
import { RECOGNIZE_IMAGE } from "../../src/model/recognition.ts";
import { Payload } from "../../src/model/region.ts";
import { finalStatusCodec, valueOf } from "../../src/model/reply.ts";
import { RunState } from "../../src/model/run_state.ts";
import type { DetectionSettings } from "../../src/model/settings.ts";
import { fixed } from "../../src/polling/schedule.ts";
import {
  type BatchImage,
  type BatchReply,
  detectMany,
  type DetectManyOptions,
  readMany,
  runMany,
} from "../../src/stream/batch.ts";
import { forgetTask, type JournalStorage } from "../../src/stream/journal.ts";
import { runTask } from "../../src/stream/watch.ts";
import { collectUncaught } from "../support/uncaught.ts";

const REGION = { left: 0, top: 8, right: 697, bottom: 441 };
const OPTIONS = { schedule: fixed({ delay: 1 }), retry: { minDelay: 0, maxDelay: 1 } };

/** An image whose bytes are its key. */
const imageOf = (key: string): BatchImage => ({ key, image: new TextEncoder().encode(key) });
const IMAGES = ["a", "b", "c"].map(imageOf);

/** The results of the service by the kind of the task. */
const RESULTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["DetectRegions", [Payload.encode([REGION])]],
  ["RecognizeRegions", [btoa("To Lucasta")]],
  ["RecognizeImage", [btoa("To Lucasta")]],
  ["DeskewImage", [btoa("png")]],
]);

/** A service that remembers its tasks, and a storage, which outlive the processes that use them. */
function createWorld() {
  /** The kinds of the tasks, by their ids. */
  const tasks = new Map<string, string>();
  /** How often each image was posted, by the kind and the image. */
  const posts = new Map<string, number>();
  const entries = new Map<string, unknown>();
  /** What happened, in order. */
  const log: string[] = [];
  let statusOf = (_id: string): string => "Completed";
  const handle: Fetch = async (url, init) => {
    const { pathname, searchParams } = new URL(url);
    if (pathname.endsWith("token")) {
      return Response.json({ access_token: "token", expires_in: 3600, token_type: "Bearer" });
    }
    const kind = pathname.split("/").at(-1) ?? "";
    if (init.method === "POST") {
      const { image } = await new Response(init.body).json();
      const id = `00000000-0000-4000-8000-${String(tasks.size).padStart(12, "0")}`;
      tasks.set(id, kind);
      log.push(`post ${atob(image)}`);
      const name = `${kind} ${atob(image)}`;
      posts.set(name, (posts.get(name) ?? 0) + 1);
      return new Response(id);
    }
    const id = searchParams.get("id") ?? "";
    const taskStatus = tasks.has(id) ? statusOf(id) : "NotExist";
    log.push(`fetch ${taskStatus}`);
    const results = RESULTS.get(kind)?.map((data) => ({ type: "Text", data })) ?? [];
    return taskStatus === "Completed"
      ? Response.json({ id, taskStatus, responseStatusCode: "Ok", results, error: null })
      : Response.json({ id, taskStatus, responseStatusCode: "Error", results: null, error: { messages: ["No."] } });
  };
  const storage: JournalStorage = {
    get: (key) => Promise.resolve(entries.get(key)),
    put: (key, value) => {
      const { state, last } = value as { state?: RunState; last?: unknown };
      log.push(`put ${key} ${last !== undefined ? "last" : state?.task != null ? "task" : state?.submitting}`);
      entries.set(key, JSON.parse(JSON.stringify(value)));
      return Promise.resolve();
    },
  };
  return { posts, entries, log, handle, storage, setStatus: (next: (id: string) => string) => statusOf = next };
}

function serviceOf(fetch: Fetch): Service {
  return connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch, retry: OPTIONS.retry });
}

const collect = <A>(replies: Observable<BatchReply<A>>): Promise<readonly BatchReply<A>[]> =>
  lastValueFrom(replies.pipe(toArray()), { defaultValue: [] });

/** The last tag of each key. */
async function endings(replies: Observable<BatchReply<object>>): Promise<Readonly<Record<string, string>>> {
  const last = new Map<string, string>();
  for (const { key, reply } of await collect(replies)) {
    const value = valueOf(reply) as { _tag?: string; step?: string; status?: { _tag: string } };
    last.set(key, value._tag ?? value.status?._tag ?? value.step ?? "");
  }
  return Object.fromEntries(last);
}

const detectAll = (
  world: ReturnType<typeof createWorld>,
  options: DetectManyOptions = {},
  images: readonly BatchImage[] = IMAGES,
) => detectMany(images, {}, { ...OPTIONS, journal: world.storage, ...options })(serviceOf(world.handle));

Deno.test("an entry is written before the image is sent, after its id has arrived, and before the result is emitted", async () => {
  const world = createWorld();
  world.setStatus(() => world.log.includes("fetch Processing") ? "Completed" : "Processing");
  const journal: JournalStorage = {
    ...world.storage,
    put: async (key, value) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await world.storage.put(key, value);
    },
  };
  await detectAll(world, { journal }, [imageOf("a")])
    .forEach(({ reply }) => world.log.push(`emit ${valueOf(reply)._tag}`));
  deepEqual(world.log, [
    "put a true",
    "post a",
    "put a task",
    "emit Pending",
    "fetch Processing",
    "emit Processing",
    "fetch Completed",
    "put a last",
    "emit Completed",
  ]);
});

Deno.test("what has ended is emitted from the journal, and nothing is sent", async () => {
  const world = createWorld();
  const first = await collect(detectAll(world));
  world.log.length = 0;
  const again = await collect(detectAll(world));
  const ended = first.filter(({ reply }) => valueOf(reply)._tag === "Completed");
  equal(ended.length, 3);
  deepEqual(new Set(again), new Set(ended));
  deepEqual(world.log, []);
});

type Start = (options: DetectManyOptions) => (service: Service) => Observable<BatchReply<object>>;
type World = ReturnType<typeof createWorld>;

/**
 * Runs a batch whose process dies at an operation: at its only `put`, `get` or request with this number. The operation has
 * its effect or not, and nobody learns of it.
 *
 * @returns the last reply of each image, or null if the process died
 */
function runUntil(world: World, start: Start, resubmit: boolean, death: number, hasEffect: boolean) {
  let operations = 0, isDead = false;
  let die = (): void => {};
  const perform = async <A>(operation: () => Promise<A>): Promise<A> => {
    if (isDead) return await new Promise(() => {});
    if (++operations < death) return await operation();
    isDead = true;
    if (hasEffect) await operation();
    die();
    return await new Promise(() => {});
  };
  const journal: JournalStorage = {
    get: (key) => perform(() => world.storage.get(key)),
    put: (key, value) => perform(() => world.storage.put(key, value)),
  };
  const service = serviceOf((url, init) => perform(async () => await world.handle(url, init)));
  return new Promise<ReadonlyMap<string, E.Either<unknown, unknown>> | null>((resolve, reject) => {
    const last = new Map<string, E.Either<unknown, unknown>>();
    const subscription = start({ ...OPTIONS, concurrency: 2, journal, resubmit })(service).subscribe({
      next: ({ key, reply }) => isDead || last.set(key, reply),
      error: reject,
      complete: () => resolve(last),
    });
    die = () => {
      subscription.unsubscribe();
      resolve(null);
    };
  });
}

const isUnconfirmed = (reply: E.Either<unknown, unknown>): boolean =>
  JSON.stringify(reply).startsWith('{"_tag":"Left","left":{"_tag":"Unconfirmed"');

for (
  const [name, start, kinds] of [
    ["detectMany()", (options: DetectManyOptions) => detectMany(IMAGES, {}, options), 1],
    ["readMany()", (options: DetectManyOptions) => readMany(IMAGES, {}, options), 2],
  ] as const
) {
  for (const hasEffect of [false, true]) {
    const when = hasEffect ? "after" : "before";
    Deno.test(`${name} that dies ${when} the effect of any operation sends nothing twice, and loses nothing`, async () => {
      let deaths = 0;
      for (let death = 1, isOver = false; !isOver; death++) {
        const world = createWorld();
        isOver = await runUntil(world, start, false, death, hasEffect) !== null;
        // The next process dies as well, and the third one completes.
        if (!isOver) await runUntil(world, start, false, 1 + death % 7, hasEffect);
        const ended = await runUntil(world, start, false, Infinity, false);
        ok(ended !== null);
        deepEqual([...ended.keys()].toSorted(), ["a", "b", "c"]);
        for (const [image, count] of world.posts) equal(count, 1, `${image} at ${death}`);
        const unconfirmed = [...ended.values()].filter(isUnconfirmed).length;
        equal([...ended.values()].filter(E.isRight).length, 3 - unconfirmed, `${death}`);
        if (isOver) equal(unconfirmed, 0);
        deaths = death;
      }
      ok(deaths > 5 * 3 * kinds, `${deaths}`);
    });

    Deno.test(`${name} that dies ${when} the effect of any operation ends every image with resubmit`, async () => {
      for (let death = 1, isOver = false; !isOver; death++) {
        const world = createWorld();
        isOver = await runUntil(world, start, false, death, hasEffect) !== null;
        const ended = await runUntil(world, start, true, Infinity, false);
        ok(ended !== null && ended.size === 3 && [...ended.values()].every(E.isRight), `${death}`);
        // At most the images that were being sent are sent again.
        ok([...world.posts.values()].every((count) => count <= 2), `${death}`);
        ok([...world.posts.values()].filter((count) => count === 2).length <= 2, `${death}`);
      }
    });
  }
}

Deno.test("an image whose submission was interrupted is Unconfirmed, and sent again only with resubmit", async () => {
  const world = createWorld();
  const images = [imageOf("a")];
  await new Promise<void>((resolve) => {
    const never: Fetch = (url, init) => {
      if (init.method !== "POST" || url.endsWith("token")) return world.handle(url, init);
      subscription.unsubscribe();
      resolve();
      return new Promise(() => {});
    };
    const subscription = detectMany(images, {}, { ...OPTIONS, journal: world.storage })(serviceOf(never)).subscribe();
  });
  deepEqual(await endings(detectAll(world, {}, images)), { a: "Unconfirmed" });
  deepEqual(await endings(detectAll(world, {}, images)), { a: "Unconfirmed" });
  equal(world.posts.size, 0);
  deepEqual(await endings(detectAll(world, { resubmit: true }, images)), { a: "Completed" });
  deepEqual([...world.posts.values()], [1]);
});

Deno.test("with resubmit, tasks that failed or expired are run again, and those that completed are not", async () => {
  const world = createWorld();
  const statuses = ["Completed", "Error", "NotExist"];
  world.setStatus((id) => statuses[Number(id.slice(-1))]);
  const options = { concurrency: 1 };
  const expected = { a: "Completed", b: "Error", c: "NotExist" };
  deepEqual(await endings(detectAll(world, options)), expected);
  deepEqual(await endings(detectAll(world, options)), expected);
  equal(world.posts.get("DetectRegions b"), 1);
  world.setStatus(() => "Completed");
  deepEqual(await endings(detectAll(world, { ...options, resubmit: true })), {
    a: "Completed",
    b: "Completed",
    c: "Completed",
  });
  deepEqual([...world.posts.values()], [1, 2, 2]);
});

Deno.test("the order of the settings, and those that are undefined, make no difference", async () => {
  const world = createWorld();
  const run = (settings: DetectionSettings) =>
    collect(detectMany(IMAGES, settings, { ...OPTIONS, journal: world.storage })(serviceOf(world.handle)));
  await run({ dsrMode: "LineDetector", rotate: 10 });
  await run({ rotate: 10, language: undefined, dsrMode: "LineDetector" });
  deepEqual([...world.posts.values()], [1, 1, 1]);
});

Deno.test("another image under the same key, and other settings, are sent", async () => {
  const world = createWorld();
  await collect(detectAll(world));
  await collect(detectAll(world, {}, [{ ...imageOf("a"), image: new TextEncoder().encode("A") }]));
  deepEqual([...world.posts.keys()].at(-1), "DetectRegions A");
  await collect(
    detectMany([imageOf("b")], { dsrMode: "LineDetector" }, { ...OPTIONS, journal: world.storage })(
      serviceOf(world.handle),
    ),
  );
  equal(world.posts.get("DetectRegions b"), 2);
  const read = () => readMany([imageOf("c")], {}, { ...OPTIONS, journal: world.storage })(serviceOf(world.handle));
  deepEqual(await endings(read()), { c: "done" });
  world.log.length = 0;
  deepEqual(await endings(read()), { c: "done" });
  deepEqual(world.log, []);
});

Deno.test("an image that is refused or cannot be read leaves the journal as it was, so that it is sent later", async () => {
  const world = createWorld();
  const refuse: Fetch = (url, init) =>
    init.method === "POST" && !url.endsWith("token")
      ? Promise.resolve(new Response("", { status: 400 }))
      : world.handle(url, init);
  const images: BatchImage[] = [imageOf("a"), {
    key: "b",
    image: () => {
      throw new Error("b is a HEIC file");
    },
  }];
  const options = { ...OPTIONS, journal: world.storage };
  deepEqual(await endings(detectMany(images, {}, options)(serviceOf(refuse))), { a: "Http", b: "Unreadable" });
  equal(world.entries.has("b"), false);
  deepEqual(await endings(detectAll(world, {}, [imageOf("a"), imageOf("b")])), { a: "Completed", b: "Completed" });
  deepEqual([...world.posts.values()], [1, 1]);
});

Deno.test("a canceled task is forgotten, so that its image is sent again", async () => {
  const world = createWorld();
  world.setStatus(() => "Processing");
  const controller = new AbortController();
  const images = [imageOf("a")];
  const replies = detectAll(world, { signal: controller.signal }, images);
  setTimeout(() => controller.abort(), 20);
  deepEqual(await endings(replies), { a: "GaveUp" });
  await forgetTask(world.storage, "a");
  await forgetTask(world.storage, "unknown");
  deepEqual([...world.entries.keys()], ["a"]);
  world.setStatus(() => "Completed");
  deepEqual(await endings(detectAll(world, {}, images)), { a: "Completed" });
  deepEqual([...world.posts.values()], [2]);
  await forgetTask(world.storage, "a");
  deepEqual(await endings(detectAll(world, {}, images)), { a: "Completed" });
  deepEqual([...world.posts.values()], [2]);
});

Deno.test("a reading that preprocesses the image is emitted from the journal with its image", async () => {
  const world = createWorld();
  const read = () =>
    readMany([imageOf("a")], { preprocess: DESKEW_IMAGE }, { ...OPTIONS, journal: world.storage })(
      serviceOf(world.handle),
    );
  const first = await collect(read());
  const [again] = await collect(read());
  deepEqual(again, first.at(-1));
  ok(E.isRight(again.reply) && again.reply.right.step === "done");
  deepEqual(again.reply.right.image, new TextEncoder().encode("png"));
});

Deno.test("runMany() keeps a journal of tasks of any kind", async () => {
  const world = createWorld();
  const journal = { storage: world.storage, state: RunState, last: finalStatusCodec(TextOutput) };
  const run = () =>
    runMany(
      IMAGES,
      (image, context) => runTask(RECOGNIZE_IMAGE, { image }, { ...OPTIONS, ...context }),
      { journal },
    )(serviceOf(world.handle));
  const first = await collect(run());
  const isLast = ({ reply }: BatchReply<{ _tag: string }>): boolean => valueOf(reply)._tag === "Completed";
  deepEqual((await collect(run())).map(({ key }) => key).toSorted(), ["a", "b", "c"]);
  deepEqual(first.filter(isLast).length, 3);
  deepEqual([...world.posts.values()], [1, 1, 1]);
});

Deno.test("an entry that the library has not written ends the batch before anything is sent", async () => {
  const cases: [unknown, RegExp][] = [
    ["text", /"a" must be an entry of version 1$/],
    [{ version: 2, digest: "0" }, /"a" must be an entry of version 1$/],
    [{ version: 1 }, /"a" must be an entry of version 1$/],
  ];
  for (const [entry, message] of cases) {
    const world = createWorld();
    world.entries.set("a", entry);
    // One at a time, so that no other image is being hashed when the batch ends.
    await rejects(collect(detectAll(world, { concurrency: 1 })), message);
    equal(world.posts.size, 0);
  }
  const world = createWorld();
  await collect(detectAll(world, {}, [imageOf("a")]));
  const entry = world.entries.get("a") as Record<string, unknown>;
  const broken: [Record<string, unknown>, RegExp][] = [
    [{ last: { _tag: "Completed", id: "1", regions: [{}], notices: [] } }, /"a" must be valid: /],
    [{ last: undefined, state: { version: 1, submitting: "no", task: null } }, /"a" must be valid: .*submitting/],
  ];
  for (const [change, message] of broken) {
    world.entries.set("a", { ...entry, ...change });
    await rejects(collect(detectAll(world, {}, [imageOf("a")])), message);
  }
  equal(world.posts.get("DetectRegions a"), 1);
});

Deno.test("if the journal cannot be written before a submission, nothing is sent, and the stream errors", async () => {
  const world = createWorld();
  const journal = { ...world.storage, put: () => Promise.reject(new Error("disk full")) };
  await rejects(collect(detectAll(world, { journal, concurrency: 1 })), /disk full/);
  equal(world.posts.size, 0);
});

Deno.test("if the journal cannot be written after a submission, the task goes on, and the error is reported", async () => {
  const world = createWorld();
  let puts = 0;
  const journal: JournalStorage = {
    ...world.storage,
    put: (key, value) => ++puts === 1 ? world.storage.put(key, value) : Promise.reject(new Error("disk full")),
  };
  const uncaught = await collectUncaught(async () => {
    deepEqual(await endings(detectAll(world, { journal }, [imageOf("a")])), { a: "Completed" });
  });
  deepEqual(uncaught.map(String), ["Error: disk full", "Error: disk full"]);
});

Deno.test("of two images with the same key, the second is Unreadable, whether the first is in progress or not", async () => {
  for (const concurrency of [1, 2]) {
    const world = createWorld();
    const images = [imageOf("a"), { key: "a", image: new Uint8Array([1]) }, imageOf("b")];
    const replies = await collect(detectAll(world, { concurrency }, images));
    const tags = replies.map(({ key, reply }) => `${key} ${valueOf(reply)._tag}`);
    deepEqual(tags.toSorted(), ["a Completed", "a Pending", "a Unreadable", "b Completed", "b Pending"]);
    deepEqual([...world.posts.values()], [1, 1]);
  }
});

Deno.test("an image as a Blob is recognized by its bytes, and a broken one is Unreadable", async () => {
  const world = createWorld();
  const blob = { key: "a", image: new Blob(["a"]) };
  await collect(detectAll(world, {}, [blob]));
  await collect(detectAll(world, {}, [imageOf("a")]));
  deepEqual([...world.posts.values()], [1]);
  const gone = Object.assign(new Blob(["b"]), { arrayBuffer: () => Promise.reject(new Error("it was deleted")) });
  const [{ reply }] = await collect(detectAll(world, {}, [{ key: "b", image: gone }]));
  match(JSON.stringify(reply), /"_tag":"Unreadable","cause":"it was deleted"/);
});
