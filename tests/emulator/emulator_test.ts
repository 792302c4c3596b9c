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

/** Creates an emulator with an access token and a clock that only the test advances. */
async function open(options: EmulatorOptions = {}) {
  const clock = { time: 0 };
  const service = emulate({ now: () => clock.time, ...options });
  const call = (path: string, init: RequestInit = {}): Promise<Response> => service(new Request(BASE + path, init));
  const headers = { Authorization: `Bearer ${await getToken(call)}` };
  const authorized = (method: string, path: string, body?: BodyInit): Promise<Response> =>
    call(path, { method, headers, body });
  const send = (body: unknown): Promise<Response> => authorized("POST", TASKS, JSON.stringify(body));
  const read = async (id: string, path = TASKS) => {
    const response = await authorized("GET", `${path}?id=${id}`);
    equal(response.status, 200);
    return await response.json();
  };
  return {
    clock,
    service,
    call,
    authorized,
    send,
    read,
    submit: async (settings: unknown = {}, image = btoa("an image")): Promise<string> => {
      const response = await send({ image, settings });
      const text = await response.text();
      equal(response.status, 200, text);
      return text;
    },
    status: async (id: string): Promise<string> => (await read(id)).taskStatus,
    cancel: (id: string): Promise<Response> => authorized("DELETE", `${TASKS}?id=${id}`),
  };
}

type Call = (path: string, init: RequestInit) => Promise<Response>;

function requestToken(
  call: Call,
  clientId = "id",
  clientSecret = "secret",
  type = "client_credentials",
): Promise<Response> {
  const body = new URLSearchParams({ grant_type: type, client_id: clientId, client_secret: clientSecret });
  return call("/connect/token", { method: "POST", body });
}

async function getToken(call: Call): Promise<string> {
  return (await (await requestToken(call)).json()).access_token;
}

/** A detector whose calls are completed by the test. */
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

/** Waits until all promises that can settle have settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function isProblem(response: Response, status: number, detail?: RegExp): Promise<void> {
  const text = await response.text();
  equal(response.status, status, text);
  equal(response.headers.get("Content-Type"), TEXT);
  const problem = JSON.parse(text);
  deepEqual(Object.keys(problem), ["type", "title", "status", "detail", "instance"]);
  equal(problem.type, "about:blank");
  equal(typeof problem.title, "string");
  equal(problem.status, status);
  equal(problem.instance, null);
  if (detail !== undefined) match(problem.detail, detail);
}

/** Checks an error response of the token endpoint (RFC 6749, section 5.2). */
async function isRefusal(response: Response, expected: string): Promise<void> {
  const { error, error_description } = await response.json();
  deepEqual([response.status, error, typeof error_description], [400, expected, "string"]);
}

function pngHeader(width: number, height: number): string {
  const view = new DataView(new ArrayBuffer(33));
  [0x89504e47, 0x0d0a1a0a, 13, 0x49484452, width, height, 0x08020000].forEach((n, i) => view.setUint32(i * 4, n));
  return btoa(String.fromCharCode(...new Uint8Array(view.buffer)));
}

// Access tokens

Deno.test("emulate() issues a token for a URL-encoded form", async () => {
  const { call } = await open();
  const response = await requestToken(call);
  equal(response.status, 200);
  equal(response.headers.get("Content-Type"), JSON_TEXT);
  equal(response.headers.get("Cache-Control"), "no-store");
  const { access_token, ...rest } = await response.json();
  match(access_token, /^[0-9a-f]{64}$/);
  deepEqual(rest, { expires_in: 3600, token_type: "Bearer" });
  ok(access_token !== await getToken(call));
});

Deno.test("emulate() issues a token for a multipart form, which the Python SDK sends", async () => {
  const { call } = await open({ credentials: { clientId: "id", clientSecret: "sécret" } });
  const body = new FormData();
  body.set("grant_type", "client_credentials");
  body.set("client_id", "id");
  body.set("client_secret", "sécret");
  equal((await call("/connect/token", { method: "POST", body })).status, 200);
  body.set("client_secret", new Blob(["sécret"]));
  await isRefusal(await call("/connect/token", { method: "POST", body }), "invalid_request");
});

Deno.test("emulate() accepts any credentials that are not empty if none are configured", async () => {
  const any = await open();
  equal((await requestToken(any.call, "a", "b")).status, 200);
  await isRefusal(await requestToken(any.call, "", "b"), "invalid_client");
  await isRefusal(await requestToken(any.call, "a", ""), "invalid_client");
  const one = await open({ credentials: { clientId: "id", clientSecret: "secret" } });
  equal((await requestToken(one.call)).status, 200);
  await isRefusal(await requestToken(one.call, "id", "Secret"), "invalid_client");
  await isRefusal(await requestToken(one.call, "ID", "secret"), "invalid_client");
});

Deno.test("emulate() rejects invalid token requests", async () => {
  const { call } = await open();
  const post = (body: BodyInit | null, type?: string): Promise<Response> =>
    call("/connect/token", { method: "POST", body, headers: type === undefined ? {} : { "Content-Type": type } });
  const form = "grant_type=client_credentials&client_id=a&client_secret=b";
  await isRefusal(await requestToken(call, "a", "b", "password"), "unsupported_grant_type");
  await isRefusal(await post(new URLSearchParams({ client_id: "a" })), "invalid_request");
  await isProblem(await post(form, "application/json"), 400, /form/);
  await isProblem(await post(new TextEncoder().encode(form)), 400, /form/);
  await isRefusal(await post("--x\r\nbroken", "multipart/form-data; boundary=x"), "invalid_request");
  await isProblem(await post(form, "multipart/form-data"), 400);
  await isProblem(await post(null), 400);
  await isProblem(await post(new URLSearchParams({ client_id: "a".repeat(20_000) })), 413);
});

Deno.test("emulate() locks credentials for ten minutes after five failures", async () => {
  const { call, clock } = await open({ credentials: { clientId: "id", clientSecret: "secret" } });
  for (let i = 0; i < 5; i++) {
    await isRefusal(await requestToken(call, "id", "wrong"), "invalid_client");
    clock.time += 1000;
  }
  for (const time of [5000, 300_000, 603_999]) {
    clock.time = time;
    const response = await requestToken(call, "id", "wrong");
    equal(response.headers.get("Retry-After"), "600");
    await isProblem(response, 429);
  }
  equal((await requestToken(call)).status, 200);
  await isRefusal(await requestToken(call, "id", "another"), "invalid_client");
  clock.time = 604_000;
  for (let i = 0; i < 5; i++) await isRefusal(await requestToken(call, "id", "wrong"), "invalid_client");
  await isProblem(await requestToken(call, "id", "wrong"), 429);
});

Deno.test("emulate() counts each 400 for a pair of credentials until a success or for ten minutes", async () => {
  const { call, clock } = await open();
  const wrong = (): Promise<Response> => requestToken(call, "a", "b", "password");
  for (let i = 0; i < 4; i++) await isRefusal(await wrong(), "unsupported_grant_type");
  equal((await requestToken(call, "a", "b")).status, 200);
  for (let i = 0; i < 4; i++) await isRefusal(await wrong(), "unsupported_grant_type");
  clock.time += 600_000;
  for (let i = 0; i < 5; i++) await isRefusal(await wrong(), "unsupported_grant_type");
  await isProblem(await wrong(), 429);
  await isProblem(await requestToken(call, "a", "b"), 429);
});

Deno.test("emulate() keeps a limited number of rejected credentials", async () => {
  const { call } = await open({ credentials: { clientId: "id", clientSecret: "secret" } });
  for (let i = 0; i < 5; i++) await requestToken(call, "first", "x");
  equal((await requestToken(call, "first", "x")).status, 429);
  for (let i = 0; i < 1001; i++) await requestToken(call, `other ${i}`, "x");
  equal((await requestToken(call, "first", "x")).status, 400);
});

Deno.test("emulate() keeps a limited number of tokens", async () => {
  const { call, authorized } = await open();
  for (let i = 0; i < 9999; i++) await requestToken(call);
  equal((await authorized("GET", `${TASKS}?id=1`)).status, 200);
  await requestToken(call);
  equal((await authorized("GET", `${TASKS}?id=1`)).status, 401);
});

Deno.test("emulate() responds with 401 to every task request without a valid token", async () => {
  const { call, clock, authorized } = await open();
  const token = await getToken(call);
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
      const response = await call(path, { method, headers: { Authorization } });
      equal(response.headers.get("WWW-Authenticate"), "Bearer");
      await isProblem(response, 401);
    }
  }
  equal((await call(`${TASKS}?id=1`, { headers: { Authorization: `bearer ${token}` } })).status, 200);
  clock.time = 3_599_999;
  equal((await authorized("GET", `${TASKS}?id=1`)).status, 200);
  clock.time = 3_600_000;
  await isProblem(await authorized("GET", `${TASKS}?id=1`), 401);
});

// Requests

Deno.test("emulate() accepts an image, detects its regions and responds as documented", async () => {
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
  const response = await authorized("GET", `${TASKS}?id=${id}`);
  equal(response.status, 200);
  equal(response.headers.get("Content-Type"), JSON_TEXT);
  deepEqual(await response.json(), {
    id,
    responseStatusCode: "Ok",
    taskStatus: "Completed",
    results: [{ type: "Other", data: btoa("[[0,8,697,441]]") }],
    error: null,
  });
  deepEqual(images, [["\ufffd \ufffd a page", "LineDetector"]]);
});

Deno.test("emulate() responds to GetTaskStatus without results", async () => {
  const { submit, read } = await open({ detect: () => Promise.resolve([REGION]) });
  const id = await submit();
  const expected = { id, responseStatusCode: "Ok", taskStatus: "Completed", results: null, error: null };
  deepEqual(await read(id, STATUS), expected);
  deepEqual({ ...await read(id), results: null }, expected);
  equal((await read(UNKNOWN, STATUS)).taskStatus, "NotExist");
});

Deno.test("emulate() finds no regions by default", async () => {
  const { submit, read } = await open();
  const id = await submit();
  deepEqual(decodeResponse(await read(id), id), right({ _tag: "Completed", id, regions: [], notices: [] }));
});

Deno.test("emulate() sends responses that decodeResponse() accepts in every status", async () => {
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
  // The emulator made a copy, so later changes to the array have no effect.
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

Deno.test("emulate() treats task ids as case-insensitive and returns them in the case of the request", async () => {
  const { submit, read, cancel, status } = await open();
  const id = (await submit()).toUpperCase();
  deepEqual([(await read(id)).id, (await read(id)).taskStatus], [id, "Completed"]);
  await cancel(id);
  equal(await status(id), "NotExist");
});

Deno.test("emulate() accepts both spellings of rotate and names the path of an invalid setting", async () => {
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

Deno.test("emulate() rejects a body without a valid image and states what it expected", async () => {
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

Deno.test("emulate() accepts escaped slashes and whitespace in Base64, and a byte order mark", async () => {
  const { authorized } = await open({ maxImageBytes: 3000 });
  const image = "////".repeat(1000);
  for (const text of [image.replaceAll("/", "\\/"), image.replaceAll("////", "////\\n")]) {
    const response = await authorized("POST", TASKS, `\ufeff{"image":"${text}","settings":{}}`);
    match(await response.text(), GUID);
  }
});

Deno.test("emulate() rejects task requests without an id", async () => {
  const { authorized } = await open();
  for (const query of ["", "?id=", "?ID=1", "?di=1"]) {
    await isProblem(await authorized("GET", TASKS + query), 400, /\?id=/);
    await isProblem(await authorized("DELETE", TASKS + query), 400, /\?id=/);
    await isProblem(await authorized("GET", STATUS + query), 400, /\?id=/);
  }
});

Deno.test("emulate() responds with 405 and Allow to an unsupported method", async () => {
  const { call, authorized } = await open();
  const paths = [
    ["/connect/token", "POST, OPTIONS"],
    [TASKS, "GET, HEAD, POST, DELETE, OPTIONS"],
    [STATUS, "GET, HEAD, OPTIONS"],
  ];
  for (const [path, allow] of paths) {
    for (const method of ["PUT", "PATCH", "PROPFIND", "constructor", "__proto__", "HEAD", "GET", "POST", "DELETE"]) {
      if (allow.split(", ").includes(method)) continue;
      const response = await authorized(method, path);
      equal(response.headers.get("Allow"), allow);
      if (method !== "HEAD") await isProblem(response, 405);
    }
    const response = await call(path, { method: "OPTIONS" });
    deepEqual([response.status, response.headers.get("Allow"), await response.text()], [204, allow, ""]);
  }
});

Deno.test("emulate() responds to HEAD as to GET, without the body", async () => {
  const { authorized, submit, call } = await open();
  const response = await authorized("HEAD", `${TASKS}?id=${await submit()}`);
  deepEqual([response.status, response.headers.get("Content-Type"), await response.text()], [200, JSON_TEXT, ""]);
  const refused = await call(STATUS, { method: "HEAD" });
  deepEqual([refused.status, await refused.text()], [401, ""]);
});

Deno.test("emulate() responds with 404 to unknown paths", async () => {
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

Deno.test("emulate() responds with NotExist to every unknown id", async () => {
  const { read } = await open();
  for (const id of ["1", "../../etc/passwd", "x".repeat(100_000), "\0", "__proto__", "é\u{1f600}", "' OR 1=1"]) {
    const body = await read(encodeURIComponent(id));
    deepEqual(decodeResponse(body, id), right({ _tag: "NotExist", id, messages: [] }));
    equal(body.responseStatusCode, "TaskNotFound");
  }
});

// The queue

Deno.test("emulate() completes tasks immediately by default", async () => {
  const { submit, status } = await open();
  equal(await status(await submit()), "Completed");
});

Deno.test("emulate() reports a task as Pending, then Processing, then Completed", async () => {
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
  Deno.test(`emulate() processes tasks first in, first out with ${workers} worker(s)`, async () => {
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

  Deno.test(`emulate() catches up with the work of ${workers} worker(s) after a time without requests`, async () => {
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

Deno.test("emulate() calls serviceTime once per task", async () => {
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

Deno.test("emulate() completes a task once its detection has settled and its service time has passed", async () => {
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

Deno.test("emulate() starts detection immediately, in order, on one image per worker", async () => {
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

Deno.test("emulate() ends a task with Error however its detection fails", async () => {
  const hostile = Object.defineProperty(new Error(), "message", {
    get: () => {
      throw new Error("never");
    },
  });
  const failures: [() => Promise<readonly Region[]>, RegExp][] = [
    [() => Promise.reject(new Error("cannot read the image")), /^cannot read the image$/],
    [() => Promise.reject("a text"), /^a text$/],
    [() => Promise.reject(undefined), /^No error message, got nothing\.$/],
    [() => Promise.reject(Object.create(null)), /^No error message, got an object\.$/],
    [() => Promise.reject(new Error("")), /^No error message, got ""\.$/],
    [() => Promise.reject(hostile), /^The error message could not be read\.$/],
    [() => {
      throw new TypeError("thrown at once");
    }, /^thrown at once$/],
    [() => {
      throw null;
    }, /^No error message, got null\.$/],
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
      /^The detector returned something other than an array of regions\.$/,
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
    // The queue continues to work.
    const next = await submit();
    await settle();
    equal((await read(next)).taskStatus, "Error");
  }
});

Deno.test("emulate() removes a canceled task, finished or not, and frees its worker", async () => {
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
    const response = await cancel(id);
    deepEqual([response.status, await response.text()], [200, ""]);
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
  // Detection that is in progress continues, but its result is ignored. That of the pending task never starts.
  equal(calls.length, 2);
  calls[1].fail(new Error("ignored"));
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

Deno.test("emulate() keeps results for 24 hours after the submission", async () => {
  const { call, submit, clock, service } = await open();
  const ids = [await submit()];
  clock.time = 1000;
  ids.push(await submit());
  const statuses = async (): Promise<string[]> => {
    const headers = { Authorization: `Bearer ${await getToken(call)}` };
    return Promise.all(ids.map(async (id) => {
      const response = await service(new Request(`${BASE}${TASKS}?id=${id}`, { headers }));
      return (await response.json()).taskStatus;
    }));
  };
  clock.time = 86_399_999;
  deepEqual(await statuses(), ["Completed", "Completed"]);
  clock.time = 86_400_000;
  deepEqual(await statuses(), ["NotExist", "Completed"]);
  clock.time = 86_401_000;
  deepEqual(await statuses(), ["NotExist", "NotExist"]);
});

Deno.test("emulate() frees the worker of a task whose retention period ends during detection", async () => {
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
  // The image of `next` was dropped along with its task.
  calls[0].end([]);
  await settle();
  equal(calls.length, 1);
});

Deno.test("emulate() never reverts a status when the clock is set back", async () => {
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

Deno.test("emulate() agrees with a simulation that advances by single milliseconds", async () => {
  const step = fc.record({
    wait: fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, fc.nat(60)),
    act: fc.constantFrom("submit", "submit", "read", "cancel"),
    which: fc.nat(9),
    takes: fc.nat(12),
  });
  const options = fc.record({ workers: fc.integer({ min: 1, max: 3 }), pickupTime: fc.nat(5), retention: fc.nat(60) });
  await fc.assert(
    fc.asyncProperty(options, fc.array(step, { maxLength: 20 }), async (options, steps) => {
      let takes = 0;
      const { submit, status, cancel, clock } = await open({ ...options, serviceTime: () => takes });
      const reference = createReference(options);
      const ids: string[] = [];
      for (const step of steps) {
        for (let i = 0; i < step.wait; i++) reference.tick();
        clock.time += step.wait;
        takes = step.takes;
        if (step.act === "submit") {
          ids.push(await submit());
          reference.submit(takes);
        } else if (step.act === "cancel" && step.which < ids.length) {
          await cancel(ids[step.which]);
          reference.cancel(step.which);
        } else if (step.act === "read") {
          deepEqual(await Promise.all(ids.map(status)), reference.statuses());
        }
      }
      deepEqual(await Promise.all(ids.map(status)), reference.statuses());
    }),
    { numRuns: 200 },
  );
});

/** The simplest implementation of the queue, as a reference: it updates all tasks at each tick of its clock. */
function createReference(
  { workers, pickupTime, retention }: { workers: number; pickupTime: number; retention: number },
) {
  const tasks: { status: string; sent: number; takes: number; ends: number }[] = [];
  let time = 0;
  const update = (): void => {
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
      update();
    },
    submit: (takes: number): void => {
      tasks.push({ status: "Pending", sent: time, takes, ends: Infinity });
      update();
    },
    cancel: (which: number): void => {
      tasks[which].status = "NotExist";
      update();
    },
    statuses: (): string[] => tasks.map(({ status }) => status),
  };
}

Deno.test("emulate() accepts at most maxQueue unfinished tasks", async () => {
  const { submit, send, cancel, clock } = await open({ maxQueue: 3, serviceTime: 10 });
  const ids = [await submit(), await submit(), await submit()];
  const isFull = async (): Promise<void> => {
    const response = await send({ image: "AAAA", settings: {} });
    equal(response.headers.get("Retry-After"), "1");
    await isProblem(response, 429, /queue is full/);
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

Deno.test("emulate() accepts another task once one is completed or canceled", async () => {
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

Deno.test("emulate() accepts 1000 unfinished tasks by default and none if maxQueue is 0", async () => {
  const { submit, send } = await open({ serviceTime: 10 });
  for (let i = 0; i < 1000; i++) await submit();
  equal((await send({ image: "AAAA", settings: {} })).status, 429);
  const closed = await open({ maxQueue: 0 });
  equal((await closed.send({ image: "AAAA", settings: {} })).status, 429);
});

Deno.test("emulate() enforces maxQueue on concurrent submissions", async () => {
  const { send } = await open({ maxQueue: 3, serviceTime: 10 });
  const responses = await Promise.all(Array.from({ length: 8 }, () => send({ image: "AAAA", settings: {} })));
  deepEqual(responses.map(({ status }) => status).sort(), [200, 200, 200, 429, 429, 429, 429, 429]);
});

// Malicious input

Deno.test("emulate() rejects images larger than maxImageBytes", async () => {
  const { submit, send } = await open({ maxImageBytes: 1000 });
  await submit({}, btoa("x".repeat(1000)));
  await isProblem(await send({ image: btoa("x".repeat(1001)), settings: {} }), 413, /exceeds the limit of 1000 bytes/);
  await isProblem(await send({ image: btoa("x".repeat(100_000)), settings: {} }), 413);
  const { submit: submitByDefault } = await open();
  await submitByDefault({}, "A".repeat(20_000_000 / 3 * 4 - 4 / 3 * 2) + "AA==");
});

Deno.test("emulate() rejects images larger than maxPixels by their header", async () => {
  let detections = 0;
  const { submit, send } = await open({ detect: () => Promise.resolve(detections++ < 0 ? [REGION] : []) });
  await submit({}, pngHeader(10_000, 10_000));
  equal(detections, 1);
  const response = await send({ image: pngHeader(10_001, 10_000), settings: {} });
  await isProblem(response, 400, /^Request\/image: expected at most 100000000 pixels, got 10001 x 10000$/);
  equal(detections, 1);
  const small = await open({ maxPixels: 6 });
  await small.submit({}, pngHeader(3, 2));
  equal((await small.send({ image: pngHeader(7, 1), settings: {} })).status, 400);
});

Deno.test("emulate() counts the pixels of all frames of a GIF", async () => {
  const { send } = await open();
  const frame = ",\0\0\0\0\x00\x7d\x00\x7d\0\x02\0";
  const hidden = btoa(`GIF89a\x01\0\x01\0\0\0\0${frame};`);
  await isProblem(await send({ image: hidden, settings: {} }), 400, /at most 100000000 pixels, got 32000 x 32000$/);
  const twice = btoa(`GIF89a\x01\0\x01\0\0\0\0${frame}${frame};`);
  await isProblem(await send({ image: twice, settings: {} }), 400, /got 2048000000 in all frames$/);
});

Deno.test("emulate() accepts an image that the detector cannot read and ends its task with Error", async () => {
  const { submit, status } = await open({ detect: () => Promise.reject(new Error("not an image")) });
  const id = await submit({}, btoa("not an image"));
  await settle();
  equal(await status(id), "Error");
});

Deno.test("emulate() rejects deeply nested and very wide JSON before parsing it", async () => {
  const { authorized } = await open();
  const bodies = [
    "[".repeat(200_000) + "]".repeat(200_000),
    '{"image":'.repeat(200_000) + "1" + "}".repeat(200_000),
    `{"image":"AAAA","settings":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
    "[".repeat(20_000_000),
    `[${"{},".repeat(1_000_000)}0]`,
    `[${"1,".repeat(1_000_000)}0]`,
  ];
  for (const body of bodies) {
    await isProblem(await authorized("POST", TASKS, body), 400, /^Request: expected .*, got over 100000 values$/);
  }
  await isProblem(
    await authorized("POST", TASKS, `{"image":"AAAA","settings":${"[".repeat(90_000)}${"]".repeat(90_000)}}`),
    400,
    /^Request\/settings/,
  );
});

Deno.test("emulate() stops reading an endless body and cancels it", async () => {
  const { authorized } = await open({ maxImageBytes: 1_000_000 });
  for (const [path, limit] of [[TASKS, 3_065_536], ["/connect/token", 16_384]] as const) {
    let read = 0, canceled = false;
    const body = new ReadableStream({
      pull: (controller) => {
        read += 10_000;
        controller.enqueue(new Uint8Array(10_000));
      },
      cancel: () => {
        canceled = true;
        return new Promise(() => {});
      },
    });
    await isProblem(await authorized("POST", path, body), 413, new RegExp(`exceeds the limit of ${limit} bytes`));
    ok(canceled);
    ok(read <= limit + 30_000, `${read} bytes were read`);
  }
});

Deno.test("emulate() cancels bodies that it does not read", async () => {
  const { call, authorized } = await open({ maxQueue: 0 });
  const canceled: string[] = [];
  const body = (name: string): BodyInit => new ReadableStream({ cancel: () => void canceled.push(name) });
  equal((await call(TASKS, { method: "POST", body: body("no token") })).status, 401);
  equal((await authorized("POST", TASKS, body("queue full"))).status, 429);
  equal((await authorized("POST", "/nowhere", body("no path"))).status, 404);
  equal((await authorized("PUT", TASKS, body("no method"))).status, 405);
  deepEqual(canceled, ["no token", "queue full", "no path", "no method"]);
});

Deno.test("emulate() responds with 400 to a body that fails, is not bytes or was already read", async () => {
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
    await isProblem(await authorized("POST", TASKS, a), 400, /incomplete/);
    await isProblem(await authorized("POST", "/connect/token", b), 400, /incomplete/);
  }
  const read = new Request(`${BASE}/connect/token`, { method: "POST", body: new URLSearchParams({ a: "b" }) });
  await read.text();
  await isProblem(await service(read), 400);
  const locked = new Request(`${BASE}/connect/token`, { method: "POST", body: new URLSearchParams({ a: "b" }) });
  locked.body?.getReader();
  await isProblem(await service(locked), 400);
});

Deno.test("emulate() reads a body in chunks of any size", async () => {
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

Deno.test("emulate() responds with 500 if one of its options throws, and continues to work", async () => {
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

Deno.test("emulate() never throws and never responds with 500 to arbitrary requests", async () => {
  const { service, call, submit } = await open({
    maxImageBytes: 1000,
    credentials: { clientId: "id", clientSecret: "s" },
  });
  const token = await (await requestToken(call, "id", "s")).json().then(({ access_token }) => access_token);
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
      const response = await service(request);
      await response.text();
      statuses.add(response.status);
      ok([200, 204, 400, 401, 404, 405, 413, 429].includes(response.status), String(response.status));
    }),
    { numRuns: 1000 },
  );
  for (const status of [200, 204, 400, 401, 404, 405]) ok(statuses.has(status), `${status} never came`);
});

Deno.test("emulate() throws a RangeError for numbers out of range", () => {
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

// Over HTTP

Deno.test("emulate() can be served over HTTP", async () => {
  const service = emulate({ detect: () => Promise.resolve([REGION]), maxImageBytes: 100_000 });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => service(request));
  const base = `http://127.0.0.1:${server.addr.port}`;
  const call: Call = (path, init) => fetch(base + path, init);
  const form = new FormData();
  for (const [name, value] of [["grant_type", "client_credentials"], ["client_id", "a"], ["client_secret", "b"]]) {
    form.set(name, value);
  }
  const { access_token } = await (await call("/connect/token", { method: "POST", body: form })).json();
  ok(access_token !== await getToken(call));
  const headers = { Authorization: `Bearer ${access_token}` };
  const body = JSON.stringify({ image: btoa("an image"), settings: {} });
  const id = await (await call(TASKS, { method: "POST", headers, body })).text();
  const response = await call(`${TASKS}?id=${id}`, { headers });
  const status = { _tag: "Completed", id, regions: [REGION], notices: [] };
  deepEqual(decodeResponse(await response.json(), id), right(status));
  deepEqual(await (await call(`${TASKS}?id=${id}`, { method: "HEAD", headers })).text(), "");
  deepEqual(await (await call(`${TASKS}?id=${id}`, { method: "DELETE", headers })).text(), "");
  equal((await (await call(`${TASKS}?id=${id}`, { headers })).json()).taskStatus, "NotExist");
  // Error responses to long bodies are delivered, and the connection can be reused.
  for (let i = 0; i < 3; i++) {
    await isProblem(await call(TASKS, { method: "POST", headers, body: "x".repeat(3_000_000) }), 413);
    await isProblem(await call(TASKS, { method: "POST", body: "x".repeat(3_000_000) }), 401);
  }
  // A client that disconnects while it is sending its body does not affect others.
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const head =
    `POST ${TASKS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${access_token}\r\nContent-Length: 999\r\n\r\n{`;
  await socket.write(new TextEncoder().encode(head));
  socket.close();
  const controller = new AbortController();
  controller.abort();
  await rejects(call(TASKS, { method: "POST", headers, body, signal: controller.signal }));
  match(await (await call(TASKS, { method: "POST", headers, body })).text(), GUID);
  await server.shutdown();
});
