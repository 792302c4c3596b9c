import * as E from "fp-ts/lib/Either.js";
import { some } from "fp-ts/lib/Option.js";
import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal, throws } from "node:assert/strict";
import { filter, firstValueFrom, lastValueFrom, type Subscription, toArray } from "rxjs";
import { fetchRegions } from "../../src/client/operations.ts";
import { connect, type Service } from "../../src/client/service.ts";
import { emulate, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import { malformed } from "../../src/model/error.ts";
import { BINARIZE_IMAGE, DESKEW_IMAGE } from "../../src/model/preprocessing.ts";
import type { ReadState } from "../../src/model/read_state.ts";
import type { ReadReply } from "../../src/model/reading.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import { firstState } from "../../src/polling/step.ts";
import { cancelReading, type ReadOptions, readRegions, type ReadSettings } from "../../src/stream/read.ts";
import { toEventStream } from "../../src/stream/event_stream.ts";
import { toPromise } from "../../src/stream/to_promise.ts";
import { json } from "../support/arbitrary.ts";
import { ID } from "../support/mock.ts";
import { collectUncaught } from "../support/uncaught.ts";

const IMAGE = new Uint8Array([1, 2, 3]);
const STRAIGHT = new Uint8Array([137, 80, 78, 71]);
const REGIONS = [{ left: 0, top: 8, right: 697, bottom: 441 }, { left: 0, top: 500, right: 600, bottom: 520 }];
const TEXTS = ["To Lucasta", "Going beyond the Seas."];
const RESULT = REGIONS.map((region, i) => ({ region, text: TEXTS[i] }));

/** What the emulator was asked to do. */
interface Asked {
  readonly step: string;
  readonly image: readonly number[];
  readonly request: unknown;
}

/** A service that finds two regions and their texts. It outlives its clients. */
function createWorld(options: EmulatorOptions = {}) {
  const asked: Asked[] = [];
  const posts: string[] = [];
  const bodies: unknown[] = [];
  const answer = emulate({
    workers: 10,
    detect: (image, mode) => {
      asked.push({ step: "detect", image: [...image], request: mode });
      return Promise.resolve(REGIONS);
    },
    recognize: (image, request) => {
      asked.push({ step: "recognize", image: [...image], request });
      return Promise.resolve(TEXTS);
    },
    tasks: {
      DeskewImage: ({ image }) => {
        asked.push({ step: "preprocess", image: [...image ?? []], request: null });
        return Promise.resolve([{ type: "ImagePNG", data: btoa(String.fromCharCode(...STRAIGHT)) }]);
      },
    },
    ...options,
  });
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    const kind = new URL(request.url).pathname.split("/").at(-1) ?? "";
    if (request.method === "POST" && kind !== "token") {
      posts.push(kind);
      bodies.push(await request.clone().json());
    }
    return await answer(request);
  };
  return { asked, posts, bodies, fetch };
}

function client(fetch: ReturnType<typeof emulate>): Service {
  return createClient(withToken(fetch));
}

function createClient(fetch: ReturnType<typeof emulate>): Service {
  return connect({
    token: "token",
    fetch,
    schedule: fixed({ delay: 1 }),
    retry: { minDelay: 0, maxDelay: 1 },
  });
}

/** The emulator's own tokens, so that tests need no token requests. */
function withToken(fetch: ReturnType<typeof emulate>): ReturnType<typeof emulate> {
  let token: Promise<string> | null = null;
  return async (url, init) => {
    token ??= requestToken(fetch);
    const headers = new Headers(init?.headers);
    headers.set("Authorization", `Bearer ${await token}`);
    return await fetch(url, { ...init, headers });
  };
}

async function requestToken(fetch: ReturnType<typeof emulate>): Promise<string> {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "secret" });
  const response = await fetch("https://api.aspose.cloud/connect/token", { method: "POST", body });
  return (await response.json()).access_token;
}

function collect(service: Service, settings?: ReadSettings, options?: ReadOptions): Promise<readonly ReadReply[]> {
  return lastValueFrom(readRegions(IMAGE, settings, options)(service).pipe(toArray()));
}

/** A status as `detect Completed`, the result as `done`, an error by its tag. */
function label(reply: ReadReply): string {
  if (E.isLeft(reply)) return reply.left._tag;
  return reply.right.step === "done" ? "done" : `${reply.right.step} ${reply.right.status._tag}`;
}

Deno.test("readRegions() emits the statuses of both tasks with their steps, then the regions with their texts", async () => {
  const world = createWorld();
  const replies = await collect(client(world.fetch));
  deepEqual(replies.map(label), [
    "detect Pending",
    "detect Completed",
    "recognize Pending",
    "recognize Completed",
    "done",
  ]);
  const last = replies.at(-1);
  deepEqual(last, E.right({ step: "done", regions: RESULT, image: null, notices: [] }));
  deepEqual(world.posts, ["DetectRegions", "RecognizeRegions"]);
});

Deno.test("readRegions() sends both images with every preprocessing setting off, and the other settings as given", async () => {
  const world = createWorld();
  await collect(client(world.fetch), {
    language: "German",
    dsrMode: "LineDetector",
    makeSpellCheck: true,
    resultType: "Hocr",
  });
  const [detection, recognition] = world.bodies as { settings: Record<string, unknown> }[];
  for (const { settings } of [detection, recognition]) {
    equal(settings.language, "German");
    equal(settings.Rotate, 0);
    for (const name of ["SkewCorrect", "Binarization", "ContrastCorrection", "Upsampling"]) {
      equal(settings[`make${name}`], false, name);
    }
  }
  equal(detection.settings.dsrMode, "LineDetector");
  equal(recognition.settings.makeSpellCheck, true);
  deepEqual(world.asked.map(({ step, image }) => [step, image]), [["detect", [...IMAGE]], ["recognize", [...IMAGE]]]);
  deepEqual(world.asked[1].request, { language: "German", format: "Hocr", regions: REGIONS });
});

Deno.test("readRegions() uses the preprocessed image for both steps, and returns it", async () => {
  const world = createWorld();
  const replies = await collect(client(world.fetch), { preprocess: DESKEW_IMAGE });
  deepEqual(replies.map(label), [
    "preprocess Pending",
    "preprocess Completed",
    "detect Pending",
    "detect Completed",
    "recognize Pending",
    "recognize Completed",
    "done",
  ]);
  deepEqual(world.asked.map(({ step, image }) => [step, image]), [
    ["preprocess", [...IMAGE]],
    ["detect", [...STRAIGHT]],
    ["recognize", [...STRAIGHT]],
  ]);
  const result = E.toUnion(replies[6]);
  ok("step" in result && result.step === "done");
  deepEqual(result.image, STRAIGHT);
});

Deno.test("readRegions() returns the regions in reading order, each with its own text", async () => {
  const left = { left: 0, top: 10, right: 100, bottom: 500 }, right = { left: 200, top: 0, right: 300, bottom: 500 };
  const world = createWorld({
    detect: () => Promise.resolve([right, left]),
    recognize: (_, { regions }) => Promise.resolve((regions ?? []).map((region) => String(region.left))),
  });
  const service = client(world.fetch);
  const texts = async (settings: ReadSettings) =>
    (await toPromise(readRegions(IMAGE, settings)(service))).regions.map(({ region, text }) => [region, text]);
  deepEqual(await texts({}), [[left, "0"], [right, "200"]]);
  deepEqual(await texts({ direction: "rtl" }), [[right, "200"], [left, "0"]]);
  throws(() => readRegions(IMAGE, { direction: "up" as never }), { name: "RangeError", message: /direction/ });
});

Deno.test("readRegions() recognizes nothing if no regions are found", async () => {
  const world = createWorld({ detect: () => Promise.resolve([]) });
  const replies = await collect(client(world.fetch));
  deepEqual(replies.at(-1), E.right({ step: "done", regions: [], image: null, notices: [] }));
  deepEqual(world.posts, ["DetectRegions"]);
});

Deno.test("readRegions() ends with the first step that fails", async () => {
  const fail = () => Promise.reject(new Error("unreadable"));
  const cases: [EmulatorOptions, readonly string[]][] = [
    [{ tasks: { DeskewImage: fail } }, ["preprocess Error"]],
    [{ detect: fail }, ["preprocess Completed", "detect Error"]],
    [{ recognize: fail }, ["preprocess Completed", "detect Completed", "recognize Error"]],
  ];
  for (const [options, labels] of cases) {
    const service = client(createWorld(options).fetch);
    const replies = (await collect(service, { preprocess: DESKEW_IMAGE })).map(label);
    deepEqual(replies.filter((reply) => !reply.endsWith(" Pending")), labels);
    await rejects(toPromise(readRegions(IMAGE, { preprocess: DESKEW_IMAGE })(service)), {
      message: "The task failed (unreadable). Check the image and the settings, then submit it again.",
    });
  }
});

Deno.test("readRegions() ends with Malformed if there is not one text for each region", async () => {
  const world = createWorld({
    tasks: { RecognizeRegions: () => Promise.resolve([{ type: "Text", data: btoa("one") }]) },
  });
  const replies = await collect(client(world.fetch));
  deepEqual(replies.map(label), ["detect Pending", "detect Completed", "recognize Pending", "Malformed"]);
  const [error] = replies.slice(-1).map(E.toUnion);
  ok("errors" in error);
  deepEqual(error.errors, ["Response/results: expected 2 results, got an array of 1"]);
});

Deno.test("readRegions() throws for an invalid image or setting before anything is sent", () => {
  throws(() => readRegions("scan.png" as never), { name: "TypeError", message: /^Cannot submit an image/ });
  throws(() => readRegions(IMAGE, { language: "Klingon" as never }), { name: "RangeError", message: /language/ });
  throws(() => readRegions(IMAGE, { makeSpellCheck: 1 as never }), { name: "RangeError", message: /makeSpellCheck/ });
  throws(() => readRegions(IMAGE, { resultType: "Pdf" as never }), { name: "RangeError", message: /resultType/ });
  throws(() => readRegions(IMAGE, {}, { deadline: 0 })(client(createWorld().fetch)), { name: "RangeError" });
});

Deno.test("readRegions() ends with Malformed, and records no submission, if the regions cannot be sent", async () => {
  const world = createWorld({ detect: () => Promise.resolve([{ left: 0, top: 0, right: 2 ** 31, bottom: 1 }]) });
  const states: ReadState[] = [];
  const replies = await collect(client(world.fetch), {}, { onState: (state) => void states.push(state) });
  deepEqual(replies.map(label), ["detect Pending", "detect Completed", "Malformed"]);
  deepEqual(
    replies.at(-1),
    E.left(malformed(["Cannot recognize region 1 as its coordinates must be 32-bit integers"])),
  );
  deepEqual(states.map(({ step, submitting }) => [step, submitting]), [["detect", true], ["detect", false]]);
});

Deno.test("readRegions() leaves preprocessing off even if the settings contain more than their type allows", async () => {
  const world = createWorld();
  const settings = { language: "German", makeSkewCorrect: true, rotate: 90 } as const;
  await collect(client(world.fetch), settings);
  for (const { settings } of world.bodies as { settings: Record<string, unknown> }[]) {
    deepEqual([settings.makeSkewCorrect, settings.Rotate], [false, 0]);
  }
});

Deno.test("readRegions() throws if the kind of the preprocessing rejects the image, before anything is sent", () => {
  const encode = () => {
    throw new RangeError("not this image");
  };
  throws(() => readRegions(IMAGE, { preprocess: { ...DESKEW_IMAGE, encode } }), { message: "not this image" });
});

/** A client of a service that answers polls as told, and submissions with the id of the kind. */
function scripted(answer: (kind: string) => object | null | Promise<null>): Service {
  return createClient(async (url, init) => {
    const { pathname } = new URL(String(url));
    const kind = pathname.split("/").at(-1) ?? "";
    if (init?.method === "POST") return new Response(ID);
    const body = await answer(kind);
    return Response.json(body ?? { responseStatusCode: "Error", taskStatus: "NotExist" });
  });
}

const FOUND = { responseStatusCode: "Ok", taskStatus: "Completed", results: [{ data: btoa("[[0,8,697,441]]") }] };
const READ = { ...FOUND, results: [{ data: btoa("To Lucasta") }] };
const PNG = { ...FOUND, results: [{ data: btoa("png") }] };

Deno.test("readRegions() returns the notices of all steps", async () => {
  const answers = new Map([["DeskewImage", PNG], ["DetectRegions", FOUND], ["RecognizeRegions", READ]]);
  const service = scripted((kind) => ({ ...answers.get(kind), error: { warnings: [kind] } }));
  const { notices } = await toPromise(readRegions(IMAGE, { preprocess: DESKEW_IMAGE })(service));
  deepEqual(notices, ["DeskewImage", "DetectRegions", "RecognizeRegions"]);
});

Deno.test("readRegions() does not take a new task for an unknown one, even if it is resumed", async () => {
  let polls = 0;
  const service = scripted((kind) => kind === "DetectRegions" && ++polls % 2 === 0 ? FOUND : null);
  const states: ReadState[] = [];
  const watch = (resume?: ReadState) =>
    firstValueFrom(
      readRegions(IMAGE, {}, { resume, onState: (state) => void states.push(state) })(service)
        .pipe(filter((reply) => label(reply) !== "detect Pending")),
    );
  equal(label(await watch()), "detect Completed");
  equal(label(await watch(states.find(({ task }) => task !== null))), "detect Completed");
});

Deno.test("readRegions() schedules each step by the history of its kind and of the size class", async () => {
  const service = scripted((kind) => kind === "DetectRegions" ? FOUND : READ);
  for (const before of [2, 3]) service.memory.learn([1, before], "RecognizeRegions");
  service.memory.learn([1, 2], "DetectRegions", "large");
  const lengths: number[] = [];
  const schedule: Schedule = ({ history }) => {
    lengths.push(history.spans.length);
    return some(1);
  };
  await collect(service, {}, { schedule });
  deepEqual(lengths.splice(0), [0, 2]);
  await collect(service, {}, { schedule, sizeClass: "large" });
  deepEqual(lengths, [1, 0]);
});

Deno.test("readRegions() stops at its signal while it fetches the preprocessed image again", async () => {
  const controller = new AbortController();
  const service = scripted(() => (queueMicrotask(() => controller.abort()), new Promise(() => {})));
  const resume: ReadState = {
    version: 1,
    step: "detect",
    submitting: false,
    task: null,
    preprocessed: ID,
    regions: [],
    notices: [],
  };
  const { signal } = controller;
  const replies = await collect(service, { preprocess: DESKEW_IMAGE }, { resume, signal, deadline: 2000 });
  deepEqual(replies.map(E.toUnion).map((error) => "reason" in error && error.reason), ["aborted"]);
});

Deno.test("toPromise() resolves to the result of readRegions()", async () => {
  const { regions } = await toPromise(readRegions(IMAGE)(client(createWorld().fetch)));
  deepEqual(regions, RESULT);
});

Deno.test("toEventStream() repeats only the last value of readRegions(), not the last one of a step", async () => {
  const statuses = readRegions(IMAGE, { preprocess: DESKEW_IMAGE })(client(createWorld().fetch));
  const events = await new Response(toEventStream(statuses, { lastEventId: "7" })).text();
  equal(events.match(/^id: /gm)?.length, 1);
  ok(events.startsWith('id: 7\ndata: {"step":"done","regions":[{"region":{"left":0,'), events);
  ok(events.includes(`"image":{"$base64":"${btoa(String.fromCharCode(...STRAIGHT))}"}`));
});

Deno.test("readRegions() gives up at the deadline of all steps together, and resumes", async () => {
  const world = createWorld({ serviceTime: 60 });
  const states: ReadState[] = [];
  const options: ReadOptions = { deadline: 90, onState: (state) => void states.push(state) };
  const replies = await collect(client(world.fetch), {}, options);
  deepEqual(label(replies[replies.length - 1]), "GaveUp");
  const rest = await collect(client(world.fetch), {}, { resume: json(states[states.length - 1]) as ReadState });
  equal(label(rest[rest.length - 1]), "done");
  deepEqual(world.posts, ["DetectRegions", "RecognizeRegions"]);
});

Deno.test("readRegions() counts the time of fetching the preprocessed image again towards the deadline", async () => {
  const startedAt = performance.now();
  const fetch = async (url: string | URL | Request): Promise<Response> => {
    if (String(url).includes("DetectRegions")) {
      return Response.json({ responseStatusCode: "NotReady", taskStatus: "Processing" });
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    const results = [{ type: "ImagePNG", data: btoa("png") }];
    return Response.json({ responseStatusCode: "Ok", taskStatus: "Completed", results });
  };
  const task = firstState({ kind: "DetectRegions", id: "2" }, null, Date.now(), Date.now());
  const resume: ReadState = {
    version: 1,
    step: "detect",
    submitting: false,
    task,
    preprocessed: "1",
    regions: [],
    notices: [],
  };
  const replies = await collect(createClient(fetch), { preprocess: DESKEW_IMAGE }, { deadline: 400, resume });
  const elapsed = performance.now() - startedAt;
  deepEqual(replies.slice(0, 2).map(label), ["preprocess Completed", "detect Processing"]);
  equal(label(replies[replies.length - 1]), "GaveUp");
  ok(elapsed < 600, `${elapsed} ms`);
});

Deno.test("readRegions() gives up at the deadline while the second image is being sent", async () => {
  const world = createWorld({ serviceTime: 300 });
  const stalling = (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
    String(url).endsWith("RecognizeRegions") ? new Promise(() => {}) : world.fetch(url, init);
  const startedAt = performance.now();
  const replies = await collect(client(stalling), {}, { deadline: 400 });
  equal(label(replies[replies.length - 1]), "Unconfirmed");
  const elapsed = performance.now() - startedAt;
  ok(elapsed < 650, `${elapsed} ms`);
});

Deno.test("readRegions() stops sending once it is unsubscribed, and cancelReading() cancels the current task", async () => {
  const world = createWorld({ serviceTime: 60_000 });
  const states: ReadState[] = [];
  const service = client(world.fetch);
  const subscription: Subscription = await new Promise((resolve) => {
    const subscribed = readRegions(IMAGE, {}, { onState: (state) => void states.push(state) })(service).subscribe(
      () => resolve(subscribed),
    );
  });
  subscription.unsubscribe();
  const [{ task }] = states.slice(-1);
  ok(task);
  deepEqual(await cancelReading(states[states.length - 1])(service)(), E.right(undefined));
  deepEqual(await fetchRegions(task.id)(service)(), E.right({ _tag: "NotExist", id: task.id, messages: [] }));
});

Deno.test("cancelReading() sends nothing before a task was submitted", async () => {
  const world = createWorld();
  const states: ReadState[] = [];
  await collect(client(world.fetch), {}, { onState: (state) => void states.push(state) });
  const silent = connect({ token: "t", fetch: () => Promise.reject(new Error("sent")) });
  deepEqual(await cancelReading(states[0])(silent)(), E.right(undefined));
});

Deno.test("cancelReading() cancels a preprocessing task, and throws if it is not told its kind", async () => {
  const world = createWorld({ serviceTime: 60_000 });
  const canceled: string[] = [];
  const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (init?.method === "DELETE") canceled.push(new URL(String(url)).pathname);
    return world.fetch(url, init);
  };
  const settings = { preprocess: DESKEW_IMAGE }, states: ReadState[] = [];
  const service = client(fetch);
  const onState = (state: ReadState): void => void states.push(state);
  await collect(service, settings, { onState, deadline: 50 });
  const [state] = states.slice(-1);
  const message = "Cannot cancel a reading as settings.preprocess must be of the kind DeskewImage";
  throws(() => cancelReading(state), { name: "RangeError", message });
  throws(() => cancelReading(state, { preprocess: BINARIZE_IMAGE }), { name: "RangeError", message });
  deepEqual(await cancelReading(state, settings)(service)(), E.right(undefined));
  deepEqual(canceled, [DESKEW_IMAGE.path]);
});

Deno.test("readRegions() sends nothing if onState() rejects before the submission, and continues if it does afterwards", async () => {
  const world = createWorld();
  const failing = (when: (state: ReadState) => boolean): ReadOptions => ({
    onState: (state) => when(state) ? Promise.reject(new Error("disk full")) : undefined,
  });
  await rejects(collect(client(world.fetch), {}, failing(({ submitting }) => submitting)), /disk full/);
  deepEqual(world.posts, []);
  const uncaught = await collectUncaught(async () => {
    const replies = await collect(client(world.fetch), {}, failing(({ task }) => task !== null));
    equal(label(replies[replies.length - 1]), "done");
  });
  deepEqual(uncaught.map(String), ["Error: disk full", "Error: disk full"]);
});

Deno.test("readRegions() calls onState() with the state before the submission again if the service rejected the image", async () => {
  const world = createWorld({ maxImageBytes: 2 });
  const states: ReadState[] = [];
  const [reply] = await collect(client(world.fetch), {}, { onState: (state) => void states.push(state) });
  equal(label(reply), "Http");
  deepEqual(states.map(({ submitting, task }) => [submitting, task]), [[true, null], [false, null]]);
});

Deno.test("readRegions() throws if it is resumed with other settings, and returns Malformed for something else", async () => {
  const world = createWorld();
  const states: ReadState[] = [];
  const service = client(world.fetch);
  await collect(service, {}, { onState: (state) => void states.push(state) });
  const message = "Cannot resume a reading as its state must be that of a reading with the same settings";
  throws(() => readRegions(IMAGE, { preprocess: DESKEW_IMAGE }, { resume: states[0] }), {
    name: "RangeError",
    message,
  });
  const [last] = states.slice(-1);
  for (
    const other of [{ step: "detect" }, { regions: [] }, { regions: REGIONS.slice(1) }, { preprocessed: "1" }] as const
  ) {
    throws(() => readRegions(IMAGE, {}, { resume: { ...last, ...other } }), { name: "RangeError", message });
  }
  for (const step of ["preprocess", "recognize"] as const) {
    const preprocessed = step === "preprocess" ? "1" : null;
    const resume: ReadState = { ...last, step, preprocessed, task: null };
    throws(() => readRegions(IMAGE, { preprocess: DESKEW_IMAGE }, { resume }), { name: "RangeError", message });
  }
  const [reply] = await collect(service, {}, { resume: { version: 2 } as never });
  equal(label(reply), "Malformed");
});

/** A process that is killed at its `at`-th contact with the world: before or after a request or a write. */
function createProcess(fetch: ReturnType<typeof emulate>, at: number) {
  let contacts = 0;
  let disk = null as string | null;
  const isAlive = (): boolean => ++contacts < at;
  const never = new Promise<never>(() => {});
  return {
    contacts: () => contacts,
    stored: (): ReadState | null => disk === null ? null : JSON.parse(disk),
    fetch: async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      if (contacts >= at || !isAlive()) return await never;
      const response = await fetch(url, init);
      return isAlive() ? response : await never;
    },
    onState: async (state: ReadState): Promise<void> => {
      if (contacts >= at || !isAlive()) return await never;
      disk = JSON.stringify(state);
      return isAlive() ? undefined : await never;
    },
  };
}

for (const settings of [{}, { preprocess: DESKEW_IMAGE }] as const) {
  const name = "preprocess" in settings ? " with preprocessing" : "";
  Deno.test(`readRegions()${name} sends nothing twice and loses nothing wherever its process is killed`, async () => {
    let killed = 0;
    for (let at = 1;; at++) {
      const world = createWorld();
      const first = createProcess(world.fetch, at);
      let isComplete = false;
      const watch = readRegions(IMAGE, settings, { onState: first.onState })(client(first.fetch));
      const subscription = watch.subscribe({ complete: () => isComplete = true });
      while (!isComplete && first.contacts() < at) await new Promise((resolve) => setTimeout(resolve, 0));
      subscription.unsubscribe();
      if (isComplete) break;
      killed++;
      const before = world.posts.length;
      const stored = first.stored();
      const resume = stored === null ? undefined : stored;
      const replies = await collect(client(world.fetch), settings, { resume });
      const last = replies[replies.length - 1];
      if (stored?.submitting) {
        equal(label(last), "Unconfirmed", `killed at ${at}`);
        equal(world.posts.length, before, `killed at ${at}: sent again`);
        const again = await collect(client(world.fetch), settings, { resume: { ...stored, submitting: false } });
        deepEqual(E.toUnion(again[again.length - 1]), { ...E.toUnion(again[again.length - 1]), regions: RESULT });
      } else {
        deepEqual(E.toUnion(last), { ...E.toUnion(last), step: "done", regions: RESULT }, `killed at ${at}`);
        equal(new Set(world.posts).size, world.posts.length, `killed at ${at}: ${world.posts}`);
      }
    }
    ok(killed >= 10, `${killed}`);
  });
}
