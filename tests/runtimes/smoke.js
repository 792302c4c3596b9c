// @ts-check
// What the library must do in every runtime. One file, run unchanged in all of them: so plain JavaScript, and nothing
// but the web platform.
import {
  connect,
  createMemory,
  decodeResponse,
  describe,
  detectRegions,
  fixed,
  match,
  toError,
  toSvg,
  watchRegions,
} from "@ocr-cloud/regions";
import { cancelAt, fromEventStream, submitTo } from "@ocr-cloud/regions/client";
import * as core from "@ocr-cloud/regions/core";
import { createDurableTask } from "@ocr-cloud/regions/durable-object";
import { emulate } from "@ocr-cloud/regions/emulator";
import { cropImage, imageSize, inReadingOrder, PAGE_FORMATS } from "@ocr-cloud/regions/page";
import { readAlto } from "@ocr-cloud/regions/page-reader";
import { createHandler, serviceTasks } from "@ocr-cloud/regions/server";
import { lastValueFrom, toArray } from "rxjs";

const ID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
const CREDENTIALS = { clientId: "id", clientSecret: "secret" };
const REGIONS = [{ left: 0, top: 8, right: 697, bottom: 441 }];

/** A PNG of one pixel. */
const IMAGE = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="),
  (character) => character.charCodeAt(0),
);

/** @type {Readonly<Record<string, (origin: string) => void | Promise<void>>>} */
const CHECKS = {
  "decode": () => {
    const body = { responseStatusCode: "Ok", taskStatus: "Completed", results: [{ data: "W1swLCA4LCA2OTcsIDQ0MV1d" }] };
    const status = decodeResponse({ id: ID, ...body }, ID);
    equal(status, { _tag: "Right", right: { _tag: "Completed", id: ID, regions: REGIONS, notices: [] } });
    equal(core.Payload.encode(REGIONS), "W1swLDgsNjk3LDQ0MV1d");
  },

  "watch": async (origin) => {
    const service = connect({ credentials: CREDENTIALS, baseUrl: origin, memory: createMemory() });
    const replies = await lastValueFrom(
      detectRegions(IMAGE, { dsrMode: "LineDetector" }, { schedule: fixed({ delay: 40 }) })(service).pipe(toArray()),
    );
    const tags = replies.map((reply) => reply._tag === "Right" ? reply.right._tag : describe(reply));
    equal([...new Set(tags)], ["Pending", "Processing", "Completed"]);
    const last = replies[replies.length - 1];
    if (last._tag === "Left") throw toError(last.left);
    const count = match({
      Pending: () => 0,
      Processing: () => 0,
      Completed: ({ regions }) => regions.length,
      Error: () => 0,
      NotExist: () => 0,
    });
    equal(count(last.right), 1);
    equal(await core.fetchRegions(last.right.id)(service)(), last);
    equal((await core.cancelTask(last.right.id)(service)())._tag, "Right");
    equal(
      await lastValueFrom(watchRegions(last.right.id)(service)),
      right({ _tag: "NotExist", id: last.right.id, messages: [] }),
    );
  },

  "abort": async (origin) => {
    const service = connect({ token: "token", baseUrl: `${origin}/stalled` });
    const controller = new AbortController();
    const reply = lastValueFrom(watchRegions(ID, { signal: controller.signal })(service));
    await until(async () => await stalled(origin) === 1, "the request to be there");
    controller.abort();
    const { _tag, left } = /** @type {import("fp-ts/lib/Either.js").Left<core.RegionsError>} */ (await reply);
    equal([_tag, left._tag, left._tag === "GaveUp" && left.reason], ["Left", "GaveUp", "aborted"]);
    await until(async () => await stalled(origin) === 0, "the signal to end the request");

    const subscription = watchRegions(ID)(service).subscribe();
    await until(async () => await stalled(origin) === 1, "the second request to be there");
    subscription.unsubscribe();
    await until(async () => await stalled(origin) === 0, "unsubscribing to end the request");
  },

  "Malformed": async (origin) => {
    const options = { token: "token", retry: { minDelay: 1, maxDelay: 1 } };
    const path = `Response/taskStatus: expected one of Pending, Processing, Completed, Error, NotExist, got "Paused"`;
    const error = { _tag: "Malformed", errors: [path] };
    equal(decodeResponse({ responseStatusCode: "Ok", taskStatus: "Paused" }), { _tag: "Left", left: error });
    const watched = watchRegions(ID)(connect({ ...options, baseUrl: `${origin}/paused` }));
    equal(await lastValueFrom(watched), { _tag: "Left", left: error });
    const page = await lastValueFrom(watchRegions(ID)(connect({ ...options, baseUrl: `${origin}/page` })));
    equal(page._tag === "Left" && page.left._tag, "Malformed");
  },

  "SVG": () => {
    const drawing = toSvg(REGIONS, { image: IMAGE });
    equal(drawing.startsWith("<svg ") && drawing.trimEnd().endsWith("</svg>"), true);
    equal(drawing.includes("data:image/png;base64,iVBORw0KGgo"), true);
  },

  "page": () => {
    const [heading, left, right] = [[0, 0, 90, 10], [0, 20, 40, 90], [50, 15, 90, 90]]
      .map(([left, top, right, bottom]) => ({ left, top, right, bottom }));
    equal(inReadingOrder([right, left, heading]), [heading, left, right]);
  },

  "crop": async () => {
    equal(imageSize(IMAGE), { width: 1, height: 1 });
    const crops = await cropImage(IMAGE, REGIONS)();
    equal(crops._tag === "Left" ? crops.left.reason : crops.right, "document" in globalThis ? [null] : "unsupported");
  },

  "formats": () => {
    const page = { regions: [{ region: REGIONS[0], text: "one\ntwo" }], size: { width: 700, height: 500 } };
    const alto = PAGE_FORMATS.find(({ name }) => name === "alto");
    equal(readAlto(alto?.write(page) ?? ""), right([page]));
  },

  "emulator": async () => {
    const service = core.connect({ credentials: CREDENTIALS, fetch: emulate() });
    equal(await core.fetchRegions(ID)(service)(), right({ _tag: "NotExist", id: ID, messages: [] }));
  },

  "client": async (origin) => {
    const url = await submitTo(`${origin}/tasks`)(IMAGE, { dsrMode: "LineDetector" })();
    if (url._tag === "Left") throw toError(url.left);
    const replies = await lastValueFrom(fromEventStream(url.right).pipe(toArray()));
    const tags = replies.map((reply) => reply._tag === "Right" ? reply.right._tag : describe(reply));
    equal([...new Set(tags)], ["Pending", "Processing", "Completed"]);
    const last = replies[replies.length - 1];
    equal(last._tag === "Right" && last.right._tag === "Completed" && last.right.regions, REGIONS);
    equal((await cancelAt(url.right)())._tag, "Right");

    const controller = new AbortController();
    const reply = lastValueFrom(fromEventStream(`${origin}/stalled/1`, { signal: controller.signal }));
    await until(async () => await stalled(origin) === 1, "the stream to be there");
    controller.abort();
    equal(await reply, { _tag: "Left", left: { _tag: "GaveUp", reason: "aborted", state: null } });
    await until(async () => await stalled(origin) === 0, "the signal to end the stream");

    const subscription = fromEventStream(`${origin}/stalled/1`).subscribe();
    await until(async () => await stalled(origin) === 1, "the second stream to be there");
    subscription.unsubscribe();
    await until(async () => await stalled(origin) === 0, "unsubscribing to end the stream");
  },

  "server": async () => {
    const emulator = emulate({ detect: () => Promise.resolve(REGIONS) });
    const service = connect({ credentials: CREDENTIALS, fetch: emulator, schedule: fixed({ delay: 10 }) });
    const secret = "a secret of at least 32 characters";
    let subject = "ann";
    const handle = createHandler({ tasks: serviceTasks(service), secret, authorize: () => subject });
    const headers = { "Content-Type": "image/png" };
    const submitted = await handle(new Request("http://localhost/tasks", { method: "POST", body: IMAGE, headers }));
    const { id } = await submitted.json();
    const events = await (await handle(new Request(`http://localhost/tasks/${id}/events`))).text();
    equal(events.match(/^data: {"_tag":"Completed"/m) !== null, true);
    subject = "bob";
    equal((await handle(new Request(`http://localhost/tasks/${id}`))).status, 404);
  },

  "durable-object": async () => {
    const task = createDurableTask(createStorage(), connect({ credentials: CREDENTIALS, fetch: emulate() }));
    equal(await task.heard(), null);
    await task.watch(ID);
    await task.alarm();
    equal(await task.heard(), [right({ _tag: "NotExist", id: ID, messages: [] })]);
  },
};

/**
 * Runs all of it.
 *
 * @param {string} origin where the gate's server is
 * @returns {Promise<string[]>} what passed; rejects with the first that did not
 */
export async function smoke(origin) {
  const passed = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check(origin);
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
    passed.push(name);
  }
  return passed;
}

/** @returns {import("@ocr-cloud/regions/durable-object").DurableStorage} */
function createStorage() {
  const values = new Map();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    put: (key, value) => Promise.resolve(void values.set(key, value)),
    deleteAll: () => Promise.resolve(values.clear()),
    setAlarm: () => Promise.resolve(),
    deleteAlarm: () => Promise.resolve(),
  };
}

/** @param {unknown} value */
function right(value) {
  return { _tag: "Right", right: value };
}

/**
 * @param {unknown} actual
 * @param {unknown} expected
 */
function equal(actual, expected) {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`expected ${wanted}, got ${found}`);
}

/** @param {string} origin */
async function stalled(origin) {
  return Number(await (await fetch(`${origin}/stalled/count`)).text());
}

/**
 * @param {() => Promise<boolean>} condition
 * @param {string} what
 */
async function until(condition, what) {
  // Long enough for a busy machine.
  for (let tries = 0; tries < 1000; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}
