import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { right } from "fp-ts/lib/Either.js";
import { emulate, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import type { Region } from "../../src/model/region.ts";
import type { DsrMode } from "../../src/model/settings.ts";
import { decodeResponse } from "../../src/model/task_status.ts";

const BASE = "https://api.aspose.cloud";
const TASKS = "/v5.0/ocr/DetectRegions";
const STATUS = "/v5.0/ocr/Utilities/GetTaskStatus";
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
const REGION: Region = { left: 0, top: 8, right: 697, bottom: 441 };
const TEXT = "text/plain; charset=utf-8";
const JSON_TEXT = "application/json; charset=utf-8";

/** A service with a token of its own, on a clock that stands until it is set. */
async function open(options: EmulatorOptions = {}) {
  const clock = { time: 0 };
  const service = emulate({ now: () => clock.time, ...options });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => service(new Request(BASE + path, init));
  const headers = { Authorization: `Bearer ${await getToken(ask)}` };
  const authorized = (method: string, path: string, body?: BodyInit): Promise<Response> =>
    ask(path, { method, headers, body });
  const send = (body: unknown): Promise<Response> => authorized("POST", TASKS, JSON.stringify(body));
  const read = async (id: string, path = TASKS) => {
    const answer = await authorized("GET", `${path}?id=${id}`);
    equal(answer.status, 200);
    return await answer.json();
  };
  return {
    clock,
    service,
    ask,
    authorized,
    send,
    read,
    submit: async (settings: unknown = {}, image = btoa("an image")): Promise<string> => {
      const answer = await send({ image, settings });
      const text = await answer.text();
      equal(answer.status, 200, text);
      return text;
    },
    status: async (id: string): Promise<string> => (await read(id)).taskStatus,
    cancel: (id: string): Promise<Response> => authorized("DELETE", `${TASKS}?id=${id}`),
  };
}

type Ask = (path: string, init: RequestInit) => Promise<Response>;

function askToken(ask: Ask, clientId = "id", clientSecret = "secret", type = "client_credentials"): Promise<Response> {
  const body = new URLSearchParams({ grant_type: type, client_id: clientId, client_secret: clientSecret });
  return ask("/connect/token", { method: "POST", body });
}

async function getToken(ask: Ask): Promise<string> {
  return (await (await askToken(ask)).json()).access_token;
}

/** A detector whose detections end when they are told to. */
function byHand() {
  const calls: {
    image: Uint8Array;
    mode: DsrMode;
    end: (regions: readonly Region[]) => void;
    fail: (reason: unknown) => void;
  }[] = [];
  const detect = (image: Uint8Array, mode: DsrMode): Promise<readonly Region[]> =>
    new Promise((end, fail) => calls.push({ image, mode, end, fail }));
  return { calls, detect };
}

/** Lets every promise settle that can. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function isProblem(answer: Response, status: number, detail?: RegExp): Promise<void> {
  const text = await answer.text();
  equal(answer.status, status, text);
  equal(answer.headers.get("Content-Type"), TEXT);
  const problem = JSON.parse(text);
  deepEqual(Object.keys(problem), ["type", "title", "status", "detail", "instance"]);
  equal(problem.type, "about:blank");
  equal(typeof problem.title, "string");
  equal(problem.status, status);
  equal(problem.instance, null);
  if (detail !== undefined) match(problem.detail, detail);
}

/** A refusal of the token endpoint, as RFC 6749 has it. */
async function isRefusal(answer: Response, expected: string): Promise<void> {
  const { error, error_description } = await answer.json();
  deepEqual([answer.status, error, typeof error_description], [400, expected, "string"]);
}

function pngHeader(width: number, height: number): string {
  const view = new DataView(new ArrayBuffer(33));
  [0x89504e47, 0x0d0a1a0a, 13, 0x49484452, width, height, 0x08020000].forEach((n, i) => view.setUint32(i * 4, n));
  return btoa(String.fromCharCode(...new Uint8Array(view.buffer)));
}

// Access tokens

Deno.test("emulate() gives a token for an urlencoded form", async () => {
  const { ask } = await open();
  const answer = await askToken(ask);
  equal(answer.status, 200);
  equal(answer.headers.get("Content-Type"), JSON_TEXT);
  equal(answer.headers.get("Cache-Control"), "no-store");
  const { access_token, ...rest } = await answer.json();
  match(access_token, /^[0-9a-f]{64}$/);
  deepEqual(rest, { expires_in: 3600, token_type: "Bearer" });
  ok(access_token !== await getToken(ask));
});

Deno.test("emulate() gives a token for a multipart form, as the Python SDK sends it", async () => {
  const { ask } = await open({ credentials: { clientId: "id", clientSecret: "sécret" } });
  const body = new FormData();
  body.set("grant_type", "client_credentials");
  body.set("client_id", "id");
  body.set("client_secret", "sécret");
  equal((await ask("/connect/token", { method: "POST", body })).status, 200);
  body.set("client_secret", new Blob(["sécret"]));
  await isRefusal(await ask("/connect/token", { method: "POST", body }), "invalid_request");
});

Deno.test("emulate() takes any credentials but empty ones, unless some are given", async () => {
  const any = await open();
  equal((await askToken(any.ask, "a", "b")).status, 200);
  await isRefusal(await askToken(any.ask, "", "b"), "invalid_client");
  await isRefusal(await askToken(any.ask, "a", ""), "invalid_client");
  const one = await open({ credentials: { clientId: "id", clientSecret: "secret" } });
  equal((await askToken(one.ask)).status, 200);
  await isRefusal(await askToken(one.ask, "id", "Secret"), "invalid_client");
  await isRefusal(await askToken(one.ask, "ID", "secret"), "invalid_client");
});

Deno.test("emulate() refuses what is no token request", async () => {
  const { ask } = await open();
  const post = (body: BodyInit | null, type?: string): Promise<Response> =>
    ask("/connect/token", { method: "POST", body, headers: type === undefined ? {} : { "Content-Type": type } });
  const form = "grant_type=client_credentials&client_id=a&client_secret=b";
  await isRefusal(await askToken(ask, "a", "b", "password"), "unsupported_grant_type");
  await isRefusal(await post(new URLSearchParams({ client_id: "a" })), "invalid_request");
  await isProblem(await post(form, "application/json"), 400, /form/);
  await isProblem(await post(new TextEncoder().encode(form)), 400, /form/);
  await isRefusal(await post("--x\r\nbroken", "multipart/form-data; boundary=x"), "invalid_request");
  await isProblem(await post(form, "multipart/form-data"), 400);
  await isProblem(await post(null), 400);
  await isProblem(await post(new URLSearchParams({ client_id: "a".repeat(20_000) })), 413);
});

Deno.test("emulate() locks a pair of credentials after five wrong tries, for ten minutes", async () => {
  const { ask, clock } = await open({ credentials: { clientId: "id", clientSecret: "secret" } });
  for (let i = 0; i < 5; i++) {
    await isRefusal(await askToken(ask, "id", "wrong"), "invalid_client");
    clock.time += 1000;
  }
  for (const time of [5000, 300_000, 603_999]) {
    clock.time = time;
    const answer = await askToken(ask, "id", "wrong");
    equal(answer.headers.get("Retry-After"), "600");
    await isProblem(answer, 429);
  }
  equal((await askToken(ask)).status, 200);
  await isRefusal(await askToken(ask, "id", "another"), "invalid_client");
  clock.time = 604_000;
  for (let i = 0; i < 5; i++) await isRefusal(await askToken(ask, "id", "wrong"), "invalid_client");
  await isProblem(await askToken(ask, "id", "wrong"), 429);
});

Deno.test("emulate() counts every 400 of a pair, and forgets them with a success or after ten minutes", async () => {
  const { ask, clock } = await open();
  const wrong = (): Promise<Response> => askToken(ask, "a", "b", "password");
  for (let i = 0; i < 4; i++) await isRefusal(await wrong(), "unsupported_grant_type");
  equal((await askToken(ask, "a", "b")).status, 200);
  for (let i = 0; i < 4; i++) await isRefusal(await wrong(), "unsupported_grant_type");
  clock.time += 600_000;
  for (let i = 0; i < 5; i++) await isRefusal(await wrong(), "unsupported_grant_type");
  await isProblem(await wrong(), 429);
  await isProblem(await askToken(ask, "a", "b"), 429);
});

Deno.test("emulate() does not remember refused pairs without bound", async () => {
  const { ask } = await open({ credentials: { clientId: "id", clientSecret: "secret" } });
  for (let i = 0; i < 5; i++) await askToken(ask, "first", "x");
  equal((await askToken(ask, "first", "x")).status, 429);
  for (let i = 0; i < 1001; i++) await askToken(ask, `other ${i}`, "x");
  equal((await askToken(ask, "first", "x")).status, 400);
});

Deno.test("emulate() does not remember tokens without bound", async () => {
  const { ask, authorized } = await open();
  for (let i = 0; i < 9999; i++) await askToken(ask);
  equal((await authorized("GET", `${TASKS}?id=1`)).status, 200);
  await askToken(ask);
  equal((await authorized("GET", `${TASKS}?id=1`)).status, 401);
});

Deno.test("emulate() answers 401 without a valid token, whatever is asked", async () => {
  const { ask, clock, authorized } = await open();
  const token = await getToken(ask);
  const headers = [
    "",
    token,
    "Bearer",
    "Bearer ",
    "Bearer x",
    `Basic ${token}`,
    `Bearer ${token} x`,
    `Bearer ${token}x`,
  ];
  for (const Authorization of headers) {
    for (const [method, path] of [["GET", TASKS], ["POST", TASKS], ["DELETE", TASKS], ["GET", STATUS]]) {
      const answer = await ask(path, { method, headers: { Authorization } });
      equal(answer.headers.get("WWW-Authenticate"), "Bearer");
      await isProblem(answer, 401);
    }
  }
  equal((await ask(`${TASKS}?id=1`, { headers: { Authorization: `bearer ${token}` } })).status, 200);
  clock.time = 3_599_999;
  equal((await authorized("GET", `${TASKS}?id=1`)).status, 200);
  clock.time = 3_600_000;
  await isProblem(await authorized("GET", `${TASKS}?id=1`), 401);
});

// The calls

Deno.test("emulate() takes an image, finds its regions and answers as the documentation shows", async () => {
  const images: [string, DsrMode][] = [];
  const { authorized, send } = await open({
    detect: (image, mode) => {
      images.push([new TextDecoder().decode(image), mode]);
      return Promise.resolve([REGION]);
    },
  });
  const sent = await send({ image: btoa("\x89 ÿ a page"), settings: { dsrMode: "LineDetector" } });
  equal(sent.status, 200);
  equal(sent.headers.get("Content-Type"), TEXT);
  const id = await sent.text();
  match(id, GUID);
  const answer = await authorized("GET", `${TASKS}?id=${id}`);
  equal(answer.status, 200);
  equal(answer.headers.get("Content-Type"), JSON_TEXT);
  deepEqual(await answer.json(), {
    id,
    responseStatusCode: "Ok",
    taskStatus: "Completed",
    results: [{ type: "Other", data: btoa("[[0,8,697,441]]") }],
    error: null,
  });
  deepEqual(images, [["\ufffd \ufffd a page", "LineDetector"]]);
});

Deno.test("emulate() answers GetTaskStatus without results", async () => {
  const { submit, read } = await open({ detect: () => Promise.resolve([REGION]) });
  const id = await submit();
  const expected = { id, responseStatusCode: "Ok", taskStatus: "Completed", results: null, error: null };
  deepEqual(await read(id, STATUS), expected);
  deepEqual({ ...await read(id), results: null }, expected);
  equal((await read(UNKNOWN, STATUS)).taskStatus, "NotExist");
});

Deno.test("emulate() finds nothing by default", async () => {
  const { submit, read } = await open();
  const id = await submit();
  deepEqual(decodeResponse(await read(id), id), right({ _tag: "Completed", id, regions: [], notices: [] }));
});

Deno.test("emulate() answers with what decodeResponse() reads, in every status", async () => {
  const { calls, detect } = byHand();
  const { submit, read, clock } = await open({ detect, pickupTime: 10 });
  const id = await submit(), failing = await submit();
  const is = async (id: string, status: unknown) => deepEqual(decodeResponse(await read(id), id), right(status));
  await is(id, { _tag: "Pending", id });
  clock.time = 10;
  await is(id, { _tag: "Processing", id });
  const polygon = [{ x: 1, y: 2 }, { x: 9, y: 3 }, { x: 5, y: 8 }];
  const regions: Region[] = [REGION, { left: 1, top: 2, right: 9, bottom: 8, polygon }];
  calls[0].end(regions);
  await settle();
  // What is sent is what was found then.
  regions.pop();
  await is(id, {
    _tag: "Completed",
    id,
    regions: [REGION, { left: 1, top: 2, right: 9, bottom: 8, polygon }],
    notices: [],
  });
  calls[1].fail(new Error("no image"));
  await settle();
  await is(failing, { _tag: "Error", id: failing, messages: ["no image"] });
  await is(UNKNOWN, { _tag: "NotExist", id: UNKNOWN, messages: [] });
});

Deno.test("emulate() knows a task by its GUID in either case, and names it as it was asked for", async () => {
  const { submit, read, cancel, status } = await open();
  const id = (await submit()).toUpperCase();
  deepEqual([(await read(id)).id, (await read(id)).taskStatus], [id, "Completed"]);
  await cancel(id);
  equal(await status(id), "NotExist");
});

Deno.test("emulate() takes the settings with rotate in either spelling, and refuses others with the path", async () => {
  const { submit, send } = await open();
  await submit({ rotate: 90 });
  await submit({ Rotate: 90, language: "German", dsrConfidence: "High", makeUpsampling: true });
  await submit(JSON.parse('{"__proto__": {"rotate": "x"}, "constructor": 1, "dsrMode": null}'));
  const image = btoa("an image");
  const cases: [unknown, RegExp][] = [
    [undefined, /^Request\/settings\/DetectionSettings: .*got nothing$/],
    [null, /^Request\/settings\/DetectionSettings: .*got null$/],
    [[], /^Request\/settings\/DetectionSettings: .*got an array of 0$/],
    [{ rotate: 1.5 }, /^Request\/settings\/DetectionSettings\/rotate: .*got 1.5$/],
    [{ Rotate: "x" }, /^Request\/settings\/DetectionSettings\/rotate: .*got "x"$/],
    [{ dsrMode: "regions" }, /^Request\/settings\/DetectionSettings\/dsrMode: .*Regions, .*got "regions"$/],
    [{ language: 1, makeSkewCorrect: 2 }, /\/language: .*got 1; .*\/makeSkewCorrect: .*got 2$/],
  ];
  for (const [settings, detail] of cases) await isProblem(await send({ image, settings }), 400, detail);
});

Deno.test("emulate() refuses a body that is no image with settings, and says what it expected", async () => {
  const { authorized, send } = await open();
  const settings = {};
  const cases: [unknown, RegExp][] = [
    [null, /^Request: expected an object, got null$/],
    [[], /^Request: expected an object, got an array of 0$/],
    ["x", /^Request: expected an object, got "x"$/],
    [{ settings }, /^Request\/image: expected an image in Base64, got nothing$/],
    [{ settings, image: null }, /^Request\/image: .*got null$/],
    [{ settings, image: 5 }, /^Request\/image: .*got 5$/],
    [{ settings, image: "" }, /^Request\/image: .*got ""$/],
    [{ settings, image: "====" }, /^Request\/image: .*got "===="$/],
    [{ settings, image: "no*base64" }, /^Request\/image: /],
    [{ settings, image: "data:image/png;base64,AAAA" }, /^Request\/image: /],
    [{ settings, image: "-_-_" }, /^Request\/image: /],
    [{ settings, image: "Zé==" }, /^Request\/image: /],
  ];
  for (const [body, detail] of cases) await isProblem(await send(body), 400, detail);
  for (const body of ["", "{", "nonsense", "{'image': 1}", new Uint8Array([0x22, 0xff, 0x22])]) {
    await isProblem(await authorized("POST", TASKS, body), 400, /^Request: expected JSON$/);
  }
  await isProblem(await authorized("POST", TASKS), 400, /^Request: expected JSON$/);
});

Deno.test("emulate() takes Base64 with escaped slashes and white space, and a byte order mark", async () => {
  const { authorized } = await open({ maxImageBytes: 3000 });
  const image = "////".repeat(1000);
  for (const text of [image.replaceAll("/", "\\/"), image.replaceAll("////", "////\\n")]) {
    const answer = await authorized("POST", TASKS, `\ufeff{"image":"${text}","settings":{}}`);
    match(await answer.text(), GUID);
  }
});

Deno.test("emulate() asks for the id of a task", async () => {
  const { authorized } = await open();
  for (const query of ["", "?id=", "?ID=1", "?di=1"]) {
    await isProblem(await authorized("GET", TASKS + query), 400, /\?id=/);
    await isProblem(await authorized("DELETE", TASKS + query), 400, /\?id=/);
    await isProblem(await authorized("GET", STATUS + query), 400, /\?id=/);
  }
});

Deno.test("emulate() answers 405 with Allow to a method that a path does not know", async () => {
  const { ask, authorized } = await open();
  const paths = [
    ["/connect/token", "POST, OPTIONS"],
    [TASKS, "GET, HEAD, POST, DELETE, OPTIONS"],
    [STATUS, "GET, HEAD, OPTIONS"],
  ];
  for (const [path, allow] of paths) {
    for (const method of ["PUT", "PATCH", "PROPFIND", "constructor", "__proto__", "HEAD", "GET", "POST", "DELETE"]) {
      if (allow.split(", ").includes(method)) continue;
      const answer = await authorized(method, path);
      equal(answer.headers.get("Allow"), allow);
      if (method !== "HEAD") await isProblem(answer, 405);
    }
    const answer = await ask(path, { method: "OPTIONS" });
    deepEqual([answer.status, answer.headers.get("Allow"), await answer.text()], [204, allow, ""]);
  }
});

Deno.test("emulate() answers HEAD like GET, without the body", async () => {
  const { authorized, submit, ask } = await open();
  const answer = await authorized("HEAD", `${TASKS}?id=${await submit()}`);
  deepEqual([answer.status, answer.headers.get("Content-Type"), await answer.text()], [200, JSON_TEXT, ""]);
  const refused = await ask(STATUS, { method: "HEAD" });
  deepEqual([refused.status, await refused.text()], [401, ""]);
});

Deno.test("emulate() answers 404 to any other path", async () => {
  const { authorized } = await open();
  const paths = [
    "/",
    "/v5.0/ocr/DetectRegions/",
    "/v5.0/ocr/detectregions",
    "/v5.0//ocr/DetectRegions",
    "//",
    "/__proto__",
  ];
  const traversals = [
    "/../../etc/passwd",
    `/${"a".repeat(100_000)}`,
    "/%2e%2e/%00",
    "/constructor",
    "/v5.0/ocr/DetectRegions%2f",
  ];
  for (const path of [...paths, ...traversals]) {
    await isProblem(await authorized("GET", path), 404);
    await isProblem(await authorized("OPTIONS", path), 404);
  }
  equal((await authorized("GET", `/x/../v5.0/ocr/./DetectRegions?id=1`)).status, 200);
});

Deno.test("emulate() answers NotExist to any id it did not give, whatever it is", async () => {
  const { read } = await open();
  for (const id of ["1", "../../etc/passwd", "x".repeat(100_000), "\0", "__proto__", "é\u{1f600}", "' OR 1=1"]) {
    const body = await read(encodeURIComponent(id));
    deepEqual(decodeResponse(body, id), right({ _tag: "NotExist", id, messages: [] }));
    equal(body.responseStatusCode, "TaskNotFound");
  }
});

// The queue

Deno.test("emulate() completes a task at once by default", async () => {
  const { submit, status } = await open();
  equal(await status(await submit()), "Completed");
});

Deno.test("emulate() shows a task as Pending, Processing and Completed", async () => {
  const { submit, status, clock } = await open({ pickupTime: 100, serviceTime: 500 });
  clock.time = 1000;
  const id = await submit();
  const seen: [number, string][] = [];
  for (const time of [1000, 1099, 1100, 1599, 1600, 3_599_999]) {
    clock.time = time;
    seen.push([time, await status(id)]);
  }
  deepEqual(seen, [
    [1000, "Pending"],
    [1099, "Pending"],
    [1100, "Processing"],
    [1599, "Processing"],
    [1600, "Completed"],
    [3_599_999, "Completed"],
  ]);
});

for (const [workers, starts] of [[1, [0, 10, 20, 30, 40]], [2, [0, 0, 10, 10, 20]], [3, [0, 0, 0, 10, 10]]] as const) {
  Deno.test(`emulate() has ${workers} worker(s) take tasks first-in-first-out`, async () => {
    const { submit, status, clock } = await open({ workers, serviceTime: 10 });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await submit());
    for (clock.time = 0; clock.time < 60; clock.time++) {
      const expected = starts.map((start) =>
        clock.time < start ? "Pending" : clock.time < start + 10 ? "Processing" : "Completed"
      );
      deepEqual(await Promise.all(ids.map(status)), expected, `at ${clock.time}`);
    }
  });

  Deno.test(`emulate() works out what ${workers} worker(s) did while nobody asked`, async () => {
    const { submit, status, clock } = await open({ workers, serviceTime: 10 });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await submit());
    clock.time = starts[4] + 9;
    equal(await status(ids[4]), "Processing");
    clock.time++;
    deepEqual(await Promise.all(ids.map(status)), Array(5).fill("Completed"));
    const late = await submit();
    equal(await status(late), "Processing");
    clock.time += 10;
    equal(await status(late), "Completed");
  });
}

Deno.test("emulate() asks the function serviceTime once a task", async () => {
  let calls = 0;
  const { submit, status, clock } = await open({ serviceTime: () => 10 ** calls++ });
  const ids = [await submit(), await submit(), await submit()];
  clock.time = 11;
  deepEqual(await Promise.all(ids.map(status)), ["Completed", "Completed", "Processing"]);
  clock.time = 110;
  equal(await status(ids[2]), "Processing");
  clock.time = 111;
  equal(await status(ids[2]), "Completed");
  equal(calls, 3);
});

Deno.test("emulate() ends a task when its detection has settled, and not before its service time", async () => {
  const { calls, detect } = byHand();
  const { submit, status, clock } = await open({ detect, serviceTime: 10 });
  const [a, b] = [await submit(), await submit()];
  clock.time = 25;
  deepEqual([await status(a), await status(b)], ["Processing", "Pending"]);
  calls[0].end([]);
  await settle();
  deepEqual([await status(a), await status(b)], ["Completed", "Processing"]);
  calls[1].end([]);
  await settle();
  clock.time = 34;
  equal(await status(b), "Processing");
  clock.time = 35;
  equal(await status(b), "Completed");
});

Deno.test("emulate() detects at once, as many images at a time as there are workers, in order", async () => {
  const { calls, detect } = byHand();
  const { submit, clock } = await open({ detect, workers: 2, pickupTime: 1e6 });
  for (const name of ["a", "b", "c", "d"]) await submit({}, btoa(name));
  const begun = (): string => calls.map(({ image }) => new TextDecoder().decode(image)).join("");
  equal(begun(), "ab");
  clock.time = 5;
  calls[1].end([]);
  await settle();
  equal(begun(), "abc");
  calls[0].fail(new Error("no"));
  calls[2].end([]);
  await settle();
  equal(begun(), "abcd");
  calls[3].end([]);
  await settle();
  await submit({}, btoa("e"));
  equal(begun(), "abcde");
});

Deno.test("emulate() makes a failed detection the task's Error, however it fails", async () => {
  const hostile = Object.defineProperty(new Error(), "message", {
    get: () => {
      throw new Error("never");
    },
  });
  const failures: [() => Promise<readonly Region[]>, RegExp][] = [
    [() => Promise.reject(new Error("cannot read the image")), /^cannot read the image$/],
    [() => Promise.reject("a text"), /^a text$/],
    [() => Promise.reject(undefined), /^No reason is given, but nothing\.$/],
    [() => Promise.reject(Object.create(null)), /^No reason is given, but an object\.$/],
    [() => Promise.reject(new Error("")), /^No reason/],
    [() => Promise.reject(hostile), /^No reason/],
    [() => {
      throw new TypeError("thrown at once");
    }, /^thrown at once$/],
    [() => {
      throw null;
    }, /^No reason is given, but null\.$/],
    ...[
      undefined,
      null,
      "x",
      [1],
      [{ ...REGION, left: NaN }],
      [{ ...REGION, left: 698 }],
      [{ ...REGION, polygon: [] }],
      [{ ...REGION, polygon: [{ x: 1, y: 2 }] }],
      [{ ...REGION, polygon: [{ x: 1, y: 2 }, { x: 0, y: 0 }] }],
    ].map((junk): [() => Promise<readonly Region[]>, RegExp] => [
      () => Promise.resolve(junk as unknown as readonly Region[]),
      /^The detector's answer is no list of regions\.$/,
    ]),
  ];
  for (const [detect, message] of failures) {
    const { submit, read } = await open({ detect });
    const id = await submit();
    await settle();
    const body = await read(id);
    deepEqual([body.taskStatus, body.responseStatusCode, body.error.messages.length], ["Error", "Error", 1]);
    match(body.error.messages[0], message);
    ok(decodeResponse(body, id)._tag === "Right");
    // It works on.
    const next = await submit();
    await settle();
    equal((await read(next)).taskStatus, "Error");
  }
});

Deno.test("emulate() forgets a task that is cancelled, done or not, and frees its place", async () => {
  const { calls, detect } = byHand();
  const { submit, status, cancel, clock } = await open({ detect, serviceTime: 10 });
  const [done, processing, pending, last] = [
    await submit(),
    await submit(),
    await submit(),
    await submit({}, btoa("L")),
  ];
  calls[0].end([REGION]);
  await settle();
  clock.time = 12;
  deepEqual(await Promise.all([done, processing, pending, last].map(status)), [
    "Completed",
    "Processing",
    "Pending",
    "Pending",
  ]);
  for (const id of [done, pending]) {
    const answer = await cancel(id);
    deepEqual([answer.status, await answer.text()], [200, ""]);
  }
  deepEqual(await Promise.all([done, processing, pending, last].map(status)), [
    "NotExist",
    "Processing",
    "NotExist",
    "Pending",
  ]);
  clock.time = 15;
  await cancel(processing);
  deepEqual(await Promise.all([processing, last].map(status)), ["NotExist", "Processing"]);
  // Its detection cannot be stopped, and ends unheard; that of the pending task is never begun.
  equal(calls.length, 2);
  calls[1].fail(new Error("unheard"));
  await settle();
  equal(calls.length, 3);
  equal(calls[2].image[0], 0x4c);
  calls[2].end([]);
  await settle();
  clock.time = 24;
  equal(await status(last), "Processing");
  clock.time = 25;
  equal(await status(last), "Completed");
  equal(await status(processing), "NotExist");
  equal((await cancel(UNKNOWN)).status, 200);
  equal((await cancel(processing)).status, 200);
});

Deno.test("emulate() keeps results for 24 hours from the sending of the image", async () => {
  const { ask, submit, clock, service } = await open();
  const ids = [await submit()];
  clock.time = 1000;
  ids.push(await submit());
  const look = async (): Promise<string[]> => {
    const headers = { Authorization: `Bearer ${await getToken(ask)}` };
    return Promise.all(ids.map(async (id) => {
      const answer = await service(new Request(`${BASE}${TASKS}?id=${id}`, { headers }));
      return (await answer.json()).taskStatus;
    }));
  };
  clock.time = 86_399_999;
  deepEqual(await look(), ["Completed", "Completed"]);
  clock.time = 86_400_000;
  deepEqual(await look(), ["NotExist", "Completed"]);
  clock.time = 86_401_000;
  deepEqual(await look(), ["NotExist", "NotExist"]);
});

Deno.test("emulate() frees the worker of a task whose retention ends before it does", async () => {
  const { calls, detect } = byHand();
  const { submit, status, clock } = await open({ detect, retention: 100 });
  const hung = await submit();
  clock.time = 50;
  const next = await submit();
  equal(await status(next), "Pending");
  clock.time = 120;
  deepEqual([await status(hung), await status(next)], ["NotExist", "Processing"]);
  clock.time = 150;
  equal(await status(next), "NotExist");
  // The image of `next` went with it.
  calls[0].end([]);
  await settle();
  equal(calls.length, 1);
});

Deno.test("emulate() does not go back when the clock does", async () => {
  const { submit, status, clock } = await open({ serviceTime: 10 });
  const id = await submit();
  clock.time = 10;
  equal(await status(id), "Completed");
  clock.time = -1000;
  equal(await status(id), "Completed");
  const next = await submit();
  clock.time = 19;
  equal(await status(next), "Processing");
  clock.time = NaN;
  equal(await status(next), "Processing");
  clock.time = 20;
  equal(await status(next), "Completed");
});

Deno.test("emulate() agrees with a queue that is played millisecond by millisecond", async () => {
  const step = fc.record({
    wait: fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, fc.nat(60)),
    act: fc.constantFrom("submit", "submit", "look", "cancel"),
    which: fc.nat(9),
    takes: fc.nat(12),
  });
  const options = fc.record({ workers: fc.integer({ min: 1, max: 3 }), pickupTime: fc.nat(5), retention: fc.nat(60) });
  await fc.assert(
    fc.asyncProperty(options, fc.array(step, { maxLength: 20 }), async (options, steps) => {
      let takes = 0;
      const { submit, status, cancel, clock } = await open({ ...options, serviceTime: () => takes });
      const played = play(options);
      const ids: string[] = [];
      for (const step of steps) {
        for (let i = 0; i < step.wait; i++) played.tick();
        clock.time += step.wait;
        takes = step.takes;
        if (step.act === "submit") {
          ids.push(await submit());
          played.submit(takes);
        } else if (step.act === "cancel" && step.which < ids.length) {
          await cancel(ids[step.which]);
          played.cancel(step.which);
        } else if (step.act === "look") {
          deepEqual(await Promise.all(ids.map(status)), played.statuses());
        }
      }
      deepEqual(await Promise.all(ids.map(status)), played.statuses());
    }),
    { numRuns: 200 },
  );
});

/** The same queue in the plainest way: a clock that ticks, and workers who look up at each tick. */
function play({ workers, pickupTime, retention }: { workers: number; pickupTime: number; retention: number }) {
  const tasks: { status: string; sent: number; takes: number; ends: number }[] = [];
  let time = 0;
  const look = (): void => {
    for (const task of tasks) {
      if (time >= task.sent + retention) task.status = "NotExist";
      if (task.status === "Processing" && time >= task.ends) task.status = "Completed";
    }
    for (const task of tasks) {
      if (task.status !== "Pending") continue;
      const busy = tasks.filter(({ status }) => status === "Processing").length;
      if (busy >= workers || time < task.sent + pickupTime) break;
      task.status = task.takes === 0 ? "Completed" : "Processing";
      task.ends = time + task.takes;
    }
  };
  return {
    tick: (): void => {
      time++;
      look();
    },
    submit: (takes: number): void => {
      tasks.push({ status: "Pending", sent: time, takes, ends: Infinity });
      look();
    },
    cancel: (which: number): void => {
      tasks[which].status = "NotExist";
      look();
    },
    statuses: (): string[] => tasks.map(({ status }) => status),
  };
}

Deno.test("emulate() takes no more than maxQueue unfinished tasks", async () => {
  const { submit, send, cancel, clock } = await open({ maxQueue: 3, serviceTime: 10 });
  const ids = [await submit(), await submit(), await submit()];
  const isFull = async (): Promise<void> => {
    const answer = await send({ image: "AAAA", settings: {} });
    equal(answer.headers.get("Retry-After"), "1");
    await isProblem(answer, 429, /queue is full/);
  };
  await isFull();
  clock.time = 9;
  await isFull();
  clock.time = 10;
  await submit();
  await isFull();
  for (const id of ids.slice(1)) {
    await cancel(id);
    await submit();
    await isFull();
  }
});

Deno.test("emulate() gives the place of a task that is done, or cancelled while it waits, to another", async () => {
  const one = await open({ maxQueue: 1, serviceTime: 10 });
  await one.submit();
  one.clock.time = 9;
  equal((await one.send({ image: "AAAA", settings: {} })).status, 429);
  one.clock.time = 10;
  await one.submit();
  const four = await open({ maxQueue: 4, serviceTime: 10 });
  const ids = [await four.submit(), await four.submit(), await four.submit(), await four.submit()];
  equal((await four.send({ image: "AAAA", settings: {} })).status, 429);
  await four.cancel(ids[2]);
  await four.submit();
  equal((await four.send({ image: "AAAA", settings: {} })).status, 429);
});

Deno.test("emulate() takes 1000 unfinished tasks by default, and none with a maxQueue of 0", async () => {
  const { submit, send } = await open({ serviceTime: 10 });
  for (let i = 0; i < 1000; i++) await submit();
  equal((await send({ image: "AAAA", settings: {} })).status, 429);
  const closed = await open({ maxQueue: 0 });
  equal((await closed.send({ image: "AAAA", settings: {} })).status, 429);
});

Deno.test("emulate() takes no more than maxQueue tasks of those that are sent at the same time", async () => {
  const { send } = await open({ maxQueue: 3, serviceTime: 10 });
  const answers = await Promise.all(Array.from({ length: 8 }, () => send({ image: "AAAA", settings: {} })));
  deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 429, 429, 429, 429, 429]);
});

// Hostile input

Deno.test("emulate() refuses images over maxImageBytes", async () => {
  const { submit, send } = await open({ maxImageBytes: 1000 });
  await submit({}, btoa("x".repeat(1000)));
  await isProblem(await send({ image: btoa("x".repeat(1001)), settings: {} }), 413, /over 1000 bytes/);
  await isProblem(await send({ image: btoa("x".repeat(100_000)), settings: {} }), 413);
  const { submit: submitByDefault } = await open();
  await submitByDefault({}, "A".repeat(20_000_000 / 3 * 4 - 4 / 3 * 2) + "AA==");
});

Deno.test("emulate() refuses images over maxPixels by their header, before anything is decoded", async () => {
  let detections = 0;
  const { submit, send } = await open({ detect: () => Promise.resolve(detections++ < 0 ? [REGION] : []) });
  await submit({}, pngHeader(10_000, 10_000));
  equal(detections, 1);
  const answer = await send({ image: pngHeader(10_001, 10_000), settings: {} });
  await isProblem(answer, 400, /^Request\/image: expected at most 100000000 pixels, got 10001 x 10000$/);
  equal(detections, 1);
  const small = await open({ maxPixels: 6 });
  await small.submit({}, pngHeader(3, 2));
  equal((await small.send({ image: pngHeader(7, 1), settings: {} })).status, 400);
});

Deno.test("emulate() counts the pixels of a GIF's frames, which its screen may hide", async () => {
  const { send } = await open();
  const frame = ",\0\0\0\0\x00\x7d\x00\x7d\0\x02\0";
  const hidden = btoa(`GIF89a\x01\0\x01\0\0\0\0${frame};`);
  await isProblem(await send({ image: hidden, settings: {} }), 400, /at most 100000000 pixels, got 32000 x 32000$/);
  const twice = btoa(`GIF89a\x01\0\x01\0\0\0\0${frame}${frame};`);
  await isProblem(await send({ image: twice, settings: {} }), 400, /got 2048000000 in all frames$/);
});

Deno.test("emulate() makes an image that no detector can read a task, not an HTTP error", async () => {
  const { submit, status } = await open({ detect: () => Promise.reject(new Error("not an image")) });
  const id = await submit({}, btoa("not an image"));
  await settle();
  equal(await status(id), "Error");
});

Deno.test("emulate() refuses deep and wide JSON before it is parsed", async () => {
  const { authorized } = await open();
  const bodies = [
    "[".repeat(100_000) + "]".repeat(100_000),
    '{"image":'.repeat(100_000) + "1" + "}".repeat(100_000),
    `{"image":"AAAA","settings":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "[".repeat(20_000_000),
    `[${"{},".repeat(1_000_000)}0]`,
    `[${"1,".repeat(1_000_000)}0]`,
  ];
  for (const body of bodies) {
    await isProblem(await authorized("POST", TASKS, body), 400, /^Request: expected .*, got \d+ parts$/);
  }
  await isProblem(
    await authorized("POST", TASKS, `{"image":"AAAA","settings":${"[".repeat(900)}${"]".repeat(900)}}`),
    400,
    /^Request\/settings/,
  );
});

Deno.test("emulate() stops reading a body that does not end, and lets go of it", async () => {
  const { authorized } = await open({ maxImageBytes: 1_000_000 });
  for (const [path, limit] of [[TASKS, 3_065_536], ["/connect/token", 16_384]] as const) {
    let read = 0, cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => {
        read += 10_000;
        controller.enqueue(new Uint8Array(10_000));
      },
      cancel: () => {
        cancelled = true;
        return new Promise(() => {});
      },
    });
    await isProblem(await authorized("POST", path, body), 413, new RegExp(`over ${limit} bytes`));
    ok(cancelled);
    ok(read <= limit + 30_000, `${read} bytes were read`);
  }
});

Deno.test("emulate() lets go of a body that it does not read", async () => {
  const { ask, authorized } = await open({ maxQueue: 0 });
  const cancelled: string[] = [];
  const body = (name: string): BodyInit => new ReadableStream({ cancel: () => void cancelled.push(name) });
  equal((await ask(TASKS, { method: "POST", body: body("no token") })).status, 401);
  equal((await authorized("POST", TASKS, body("queue full"))).status, 429);
  equal((await authorized("POST", "/nowhere", body("no path"))).status, 404);
  equal((await authorized("PUT", TASKS, body("no method"))).status, 405);
  deepEqual(cancelled, ["no token", "queue full", "no path", "no method"]);
});

Deno.test("emulate() answers 400 to a body that breaks off, is no bytes or was read before", async () => {
  const { authorized, service } = await open();
  const bodies = [
    new ReadableStream({ start: (controller) => controller.error(new Error("at once")) }),
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"image":')),
      pull: (controller) => controller.error(new Error("half way")),
    }),
    new ReadableStream({
      start: (controller) => {
        controller.enqueue("{}");
        controller.close();
      },
    }),
  ];
  for (const body of bodies) {
    const [a, b] = body.tee();
    await isProblem(await authorized("POST", TASKS, a), 400, /broke off/);
    await isProblem(await authorized("POST", "/connect/token", b), 400, /broke off/);
  }
  const read = new Request(`${BASE}/connect/token`, { method: "POST", body: new URLSearchParams({ a: "b" }) });
  await read.text();
  await isProblem(await service(read), 400);
  const locked = new Request(`${BASE}/connect/token`, { method: "POST", body: new URLSearchParams({ a: "b" }) });
  locked.body?.getReader();
  await isProblem(await service(locked), 400);
});

Deno.test("emulate() reads a body in any pieces", async () => {
  const { authorized } = await open();
  const bytes = new TextEncoder().encode(
    JSON.stringify({ image: btoa("é".repeat(6000)), settings: { more: "日本" } }),
  );
  for (const size of [1, 7, 4096, 5000]) {
    let at = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(0));
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
        if (at >= bytes.length) controller.close();
      },
    });
    equal((await authorized("POST", TASKS, body)).status, 200);
  }
});

Deno.test("emulate() answers 500 where an option of its own fails, and works on", async () => {
  let takes = NaN;
  const { send, submit, status } = await open({ serviceTime: () => takes });
  await isProblem(
    await send({ image: "AAAA", settings: {} }),
    500,
    /^Cannot emulate the service as serviceTime must be a number of 0 or more: current value is NaN$/,
  );
  takes = 0;
  equal(await status(await submit()), "Completed");
});

Deno.test("emulate() never throws and never answers 500, whatever the request", async () => {
  const { service, ask, submit } = await open({
    maxImageBytes: 1000,
    credentials: { clientId: "id", clientSecret: "s" },
  });
  const token = await (await askToken(ask, "id", "s")).json().then(({ access_token }) => access_token);
  const known = token === undefined ? "" : await submit().catch(() => "");
  const method = fc.constantFrom("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH", "x", "__proto__");
  const path = fc.oneof(
    fc.constantFrom(TASKS, STATUS, "/connect/token", "/", `${TASKS}/..`),
    fc.webPath(),
    fc.string({ unit: "binary" }).map((s) => `/${encodeURIComponent(s.toWellFormed())}`),
  );
  const query = fc.oneof(
    fc.constantFrom("", `?id=${known}`, "?id=%", "?id=%00", "?id=%ff", "?"),
    fc.webQueryParameters().map((s) => `?${s}`),
    fc.string().map((s) => `?id=${s}`),
  );
  const authorization = fc.oneof(
    { weight: 4, arbitrary: fc.constant(`Bearer ${token}`) },
    fc.stringMatching(/^[ -~]{0,30}$/),
  );
  const type = fc.constantFrom(
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    ";;;",
    "",
  );
  const settings = fc.oneof(
    fc.record({
      rotate: fc.oneof(fc.integer(), fc.jsonValue()),
      Rotate: fc.jsonValue(),
      dsrMode: fc.oneof(fc.constantFrom("Regions", "TextDetector"), fc.jsonValue()),
    }, { requiredKeys: [] }),
    fc.jsonValue(),
  );
  const image = fc.oneof(
    fc.base64String(),
    fc.uint8Array().map((b) => btoa(String.fromCharCode(...b))),
    fc.jsonValue(),
  );
  const part = 'Content-Disposition: form-data; name="client_id"';
  const body: fc.Arbitrary<BodyInit> = fc.oneof(
    fc.record({ image, settings }, { requiredKeys: [] }).map((body) => JSON.stringify(body)),
    fc.jsonValue().map((body) => JSON.stringify(body)),
    fc.string(),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    fc.string().map((s) => `--x\r\n${part}\r\n\r\n${s}\r\n--x--`),
    fc.dictionary(fc.constantFrom("grant_type", "client_id", "client_secret"), fc.string()).map((form) =>
      new URLSearchParams(form)
    ),
    fc.array(fc.uint8Array()).map((chunks) =>
      new ReadableStream({
        pull: (controller) => {
          const chunk = chunks.pop();
          if (chunk === undefined) controller.error(new Error("broken"));
          else controller.enqueue(chunk);
        },
      })
    ),
  );
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(method, path, query, authorization, type, body, async (method, path, query, auth, type, body) => {
      const headers = { "Authorization": auth, "Content-Type": type };
      const bare = method === "GET" || method === "HEAD";
      const request = new Request(BASE + path + query, { method, headers, body: bare ? null : body });
      const answer = await service(request);
      await answer.text();
      statuses.add(answer.status);
      ok([200, 204, 400, 401, 404, 405, 413, 429].includes(answer.status), String(answer.status));
    }),
    { numRuns: 1000 },
  );
  for (const status of [200, 204, 400, 401, 404, 405]) ok(statuses.has(status), `${status} never came`);
});

Deno.test("emulate() refuses numbers out of their range", () => {
  const names = [
    "workers",
    "serviceTime",
    "pickupTime",
    "retention",
    "maxQueue",
    "maxImageBytes",
    "maxPixels",
    "maxQueuedBytes",
  ] as const;
  for (const name of names) {
    const min = name === "workers" ? 1 : 0;
    for (const value of [NaN, -1, min - 0.5, -Infinity]) {
      throws(() => emulate({ [name]: value }), {
        name: "RangeError",
        message: `Cannot emulate the service as ${name} must be a number of ${min} or more: current value is ${value}`,
      });
    }
    emulate({ [name]: min });
    emulate({ [name]: Infinity });
  }
});

// On a socket

Deno.test("emulate() can be served on a socket", async () => {
  const service = emulate({ detect: () => Promise.resolve([REGION]), maxImageBytes: 100_000 });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => service(request));
  const base = `http://127.0.0.1:${server.addr.port}`;
  const ask: Ask = (path, init) => fetch(base + path, init);
  const form = new FormData();
  for (const [name, value] of [["grant_type", "client_credentials"], ["client_id", "a"], ["client_secret", "b"]]) {
    form.set(name, value);
  }
  const { access_token } = await (await ask("/connect/token", { method: "POST", body: form })).json();
  ok(access_token !== await getToken(ask));
  const headers = { Authorization: `Bearer ${access_token}` };
  const body = JSON.stringify({ image: btoa("an image"), settings: {} });
  const id = await (await ask(TASKS, { method: "POST", headers, body })).text();
  const answer = await ask(`${TASKS}?id=${id}`, { headers });
  const status = { _tag: "Completed", id, regions: [REGION], notices: [] };
  deepEqual(decodeResponse(await answer.json(), id), right(status));
  deepEqual(await (await ask(`${TASKS}?id=${id}`, { method: "HEAD", headers })).text(), "");
  deepEqual(await (await ask(`${TASKS}?id=${id}`, { method: "DELETE", headers })).text(), "");
  equal((await (await ask(`${TASKS}?id=${id}`, { headers })).json()).taskStatus, "NotExist");
  // Refusals of long bodies arrive, and the connection can be used again.
  for (let i = 0; i < 3; i++) {
    await isProblem(await ask(TASKS, { method: "POST", headers, body: "x".repeat(3_000_000) }), 413);
    await isProblem(await ask(TASKS, { method: "POST", body: "x".repeat(3_000_000) }), 401);
  }
  // A client that leaves in the middle of its body harms nobody.
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const head =
    `POST ${TASKS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${access_token}\r\nContent-Length: 999\r\n\r\n{`;
  await socket.write(new TextEncoder().encode(head));
  socket.close();
  const controller = new AbortController();
  controller.abort();
  await rejects(ask(TASKS, { method: "POST", headers, body, signal: controller.signal }));
  match(await (await ask(TASKS, { method: "POST", headers, body })).text(), GUID);
  await server.shutdown();
});
