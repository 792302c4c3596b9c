import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal, throws } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import { some } from "fp-ts/lib/Option.js";
import { createMemory } from "../../src/client/memory.ts";
import { connect } from "../../src/client/service.ts";
import { BINARIZE_IMAGE } from "../../src/model/preprocessing.ts";
import { RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import { network, unconfirmed } from "../../src/model/error.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import { createHandler } from "../../src/server/handler.ts";
import { recognitionInput } from "../../src/server/inputs.ts";
import { serviceTasks } from "../../src/server/service_tasks.ts";
import {
  COMPLETED,
  completed,
  done,
  failed,
  mock,
  notExist,
  pending,
  processing,
  refused,
  reset,
  type Responder,
  text,
} from "../support/mock.ts";
import { firstValueFrom, lastValueFrom } from "rxjs";
import { STATE } from "../support/statuses.ts";
import { clientOf, createInstance, IMAGE, immediately, ORIGIN, SECRET, tagsOf } from "./handler_world.ts";

/** The status and the detail of a problem, whose format is checked. */
async function problemOf(response: Response): Promise<[status: number, detail: string]> {
  const problem = await response.json();
  equal(response.headers.get("Content-Type"), "application/problem+json");
  equal(problem.status, response.status);
  ok(typeof problem.title === "string");
  return [response.status, problem.detail];
}

Deno.test("createHandler() submits an image with the settings in the query, and responds with its id", async () => {
  const world = mock();
  const { send } = createInstance(world);
  const path = "/tasks?dsrMode=LineDetector&rotate=90&makeUpsampling=true";
  const response = await send("POST", path, { "Content-Type": "image/png" }, IMAGE);
  equal(response.status, 202);
  const { id } = await response.json();
  equal(response.headers.get("Location"), `/tasks/${id}`);
  equal(response.headers.get("Cache-Control"), "no-store");
  const { image, settings } = await world.requests[1].json();
  equal(image, "AQID");
  deepEqual([settings.dsrMode, settings.Rotate, settings.makeUpsampling], ["LineDetector", 90, true]);
});

Deno.test("createHandler() submits the image of a form, with the settings in its fields", async () => {
  const world = mock();
  const form = new FormData();
  form.set("image", new Blob([IMAGE]), "page.png");
  form.set("rotate", "90");
  equal((await createInstance(world).send("POST", "/tasks?dsrMode=Regions", {}, form)).status, 202);
  const { image, settings } = await world.requests[1].json();
  deepEqual([image, settings.Rotate, settings.dsrMode], ["AQID", 90, "Regions"]);
});

Deno.test("createHandler() streams the statuses of a task, each with the id of the URL", async () => {
  const { submit, events } = createInstance(mock({ fetch: [pending, processing, completed] }));
  const id = await submit();
  const received = await events(id);
  deepEqual(received.map(({ data }) => data), [
    { _tag: "Pending", id },
    { _tag: "Processing", id },
    { ...COMPLETED, id },
  ]);
});

Deno.test("createHandler() opens a stream with a comment and a reconnection time, and closes it after the final event", async () => {
  const { submit, send } = createInstance(mock());
  const response = await send("GET", `/tasks/${await submit()}/events`);
  equal(response.headers.get("Content-Type"), "text/event-stream");
  equal(response.headers.get("X-Accel-Buffering"), "no");
  const body = await response.text();
  ok(body.startsWith(":\n\nretry: 1000\n\nid: "));
  ok(body.endsWith("\n\nretry: 2147483647\n\n"));
});

/** A service whose status the test decides, since an instance may poll again before its client has left. */
function createStage() {
  let current: Responder = pending;
  const world = mock({ fetch: [(request) => current(request)] });
  return { world, show: (responder: Responder) => void (current = responder) };
}

Deno.test("createHandler() resumes a stream on another instance after any event", async () => {
  for (const received of [[], [pending], [pending, processing]]) {
    const { world, show } = createStage();
    const first = createInstance(world);
    const id = await first.submit();
    const reader = (await first.send("GET", `/tasks/${id}/events`)).body?.getReader();
    let text = "";
    for (const [index, responder] of received.entries()) {
      show(responder);
      const tag = ["Pending", "Processing"][index];
      while (!text.includes(`"${tag}"`)) text += new TextDecoder().decode((await reader?.read())?.value);
    }
    await reader?.cancel();
    show(completed);
    const lastEventId = [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
    deepEqual(tagsOf(await createInstance(world).events(id, { "Last-Event-ID": lastEventId })), ["Completed"]);
  }
});

Deno.test("createHandler() continues the schedule of a stream that another instance began", async () => {
  const { world, show } = createStage();
  const first = createInstance(world, { poll: { schedule: immediately(5) } });
  const id = await first.submit();
  const reader = (await first.send("GET", `/tasks/${id}/events`)).body?.getReader();
  await reader?.read();
  const event = new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  const attempts: number[] = [];
  const schedule: Schedule = ({ attempt }) => {
    attempts.push(attempt);
    if (attempt === 3) show(completed);
    return some(5);
  };
  const second = createInstance(world, { poll: { schedule } });
  const rest = await second.events(id, { "Last-Event-ID": /^id: (.*)$/m.exec(event)?.[1] ?? "" });
  deepEqual(tagsOf(rest), ["Pending", "Pending", "Completed"]);
  deepEqual(attempts, [2, 3]);
});

Deno.test("createHandler() responds with 204 to a client that has received the final event", async () => {
  const world = mock();
  const { submit, events, send } = createInstance(world);
  const id = await submit();
  const last = (await events(id)).at(-1);
  const polls = world.calls.length;
  const response = await createInstance(world).send("GET", `/tasks/${id}/events`, { "Last-Event-ID": last?.id ?? "" });
  equal(response.status, 204);
  equal((await send("GET", `/tasks/${id}`, { "If-None-Match": `"${last?.id}"` })).status, 304);
  equal(world.calls.length, polls);
});

Deno.test("createHandler() starts over for a client with an event id that it did not sign, or signed for another task", async () => {
  const ids = ["a371d027-4b0d-4d86-8825-c8d818dd4ed9", "b371d027-4b0d-4d86-8825-c8d818dd4ed9"];
  const world = mock({
    submit: ids.map((id) => text(id)),
    fetch: [({ url }) => {
      const id = new URL(url).searchParams.get("id");
      return Response.json({ id, responseStatusCode: "NoAnyResultData", taskStatus: "Completed", results: [] });
    }],
  });
  const first = createInstance(world);
  const [one, two] = [await first.submit(), await first.submit()];
  const [{ id: final }] = await first.events(one);
  const forged = final.replace(/.$/, (c) => c === "A" ? "E" : "A");
  for (const lastEventId of [final, forged, `${final}x`, "1", "", "a.b", one, two]) {
    deepEqual(tagsOf(await createInstance(world).events(two, { "Last-Event-ID": lastEventId })), ["Completed"]);
    const response = await first.send("GET", `/tasks/${two}`, { "If-None-Match": `"${lastEventId}"` });
    equal(response.status, 200);
  }
  equal((await createInstance(world).send("GET", `/tasks/${one}/events`, { "Last-Event-ID": final })).status, 204);
});

Deno.test("createHandler() does not confuse two clients whose tasks have the same id at the service", async () => {
  const { submit, events } = createInstance(mock());
  const bob = { "X-User": "bob" };
  const ids = [await submit(), await submit(bob)];
  const received = [await events(ids[0]), await events(ids[1], bob)];
  deepEqual(received.map(([{ data }]) => data.id), ids);
});

Deno.test("serviceTasks() starts over with the cursor of another task", async () => {
  const world = mock();
  const tasks = serviceTasks(connect({ token: "token", fetch: world.fetch }), { schedule: immediately(1) });
  const task = { kind: "DetectRegions", results: null, submittedAt: null };
  const other = { ...STATE, id: "b371d027-4b0d-4d86-8825-c8d818dd4ed9", dueAt: 0 };
  for (const cursor of [other, { ...STATE, kind: "RecognizeRegions", dueAt: 0 }, { version: 2 }, "junk"]) {
    await firstValueFrom(tasks.watch({ ...task, id: STATE.id }, JSON.stringify(cursor)));
  }
  ok(world.requests.every(({ url }) => new URL(url).searchParams.get("id") === STATE.id));
});

Deno.test("serviceTasks() schedules a task by the history of its size class", async () => {
  const memory = createMemory({ "DetectRegions/large": { version: 1, spans: [[2000, 3100]] } });
  const lengths: number[] = [];
  const schedule: Schedule = ({ history }) => {
    lengths.push(history.spans.length);
    return some(0);
  };
  const { fetch } = mock({ fetch: [pending, completed] });
  const tasks = serviceTasks(connect({ token: "token", fetch, memory }), { schedule });
  const task = { kind: "DetectRegions", id: STATE.id, results: null, sizeClass: "large", submittedAt: Date.now() };
  await lastValueFrom(tasks.watch(task, null));
  deepEqual(lengths, [1, 1]);
});

Deno.test("createHandler() returns the status as JSON with a tag, and 304 to a client that has it", async () => {
  const world = mock({ fetch: [processing] });
  const { submit, send } = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const id = await submit();
  const response = await send("GET", `/tasks/${id}`);
  deepEqual(await response.json(), { _tag: "Processing", id });
  equal(response.headers.get("Retry-After"), "60");
  const etag = response.headers.get("ETag") ?? "";
  for (const tag of [etag, `W/${etag}`]) {
    const repeated = await send("GET", `/tasks/${id}`, { "If-None-Match": tag });
    deepEqual([repeated.status, repeated.headers.get("Retry-After"), await repeated.text()], [304, "60", ""]);
  }
  equal((await createInstance(world).send("GET", `/tasks/${id}`, { "If-None-Match": etag })).status, 304);
  equal(world.calls.filter((call) => call === "fetch").length, 1);
});

Deno.test("createHandler() does not poll a task before the schedule does, however often its status is requested", async () => {
  const world = mock({ fetch: [completed] });
  const { submit, send } = createInstance(world, { poll: { schedule: fixed({ delay: 60_000 }) } });
  const id = await submit();
  for (let i = 0; i < 3; i++) {
    const response = await send("GET", `/tasks/${id}`);
    deepEqual(await response.json(), { _tag: "Pending", id });
    equal(response.headers.get("Retry-After"), "60");
    equal(response.headers.get("ETag"), null);
  }
  equal(world.calls.includes("fetch"), false);
});

Deno.test("createHandler() returns a result again without another poll", async () => {
  const world = mock();
  const { submit, events, send } = createInstance(world);
  const id = await submit();
  await events(id);
  deepEqual(await (await send("GET", `/tasks/${id}`)).json(), { ...COMPLETED, id });
  equal((await send("GET", `/tasks/${id}/overlay.svg`)).status, 200);
  deepEqual(tagsOf(await events(id)), ["Completed"]);
  equal(world.calls.filter((call) => call === "fetch").length, 1);
});

Deno.test("createHandler() draws the regions, in the given size", async () => {
  const { submit, send } = createInstance(mock(), { poll: { schedule: immediately(1) } });
  const response = await send("GET", `/tasks/${await submit()}/overlay.svg?width=1065&height=1879`);
  equal(response.headers.get("Content-Type"), "image/svg+xml");
  equal(response.headers.get("Content-Security-Policy"), "default-src 'none'");
  ok((await response.text()).includes('viewBox="0 0 1065 1879"'));
});

Deno.test("createHandler() explains why there is nothing to draw", async () => {
  const early = createInstance(mock(), { poll: { schedule: fixed({ delay: 60_000 }) } });
  const id = await early.submit();
  deepEqual(await problemOf(await early.send("GET", `/tasks/${id}/overlay.svg`)), [
    409,
    "There are no regions to draw yet.",
  ]);
  const invalid = await early.send("GET", `/tasks/${id}/overlay.svg?width=0`);
  deepEqual(await problemOf(invalid), [400, "Expected width and height in pixels, greater than 0."]);
  const late = createInstance(mock({ fetch: [failed("Blank page.")] }), {
    poll: { schedule: immediately(1) },
  });
  const [status, detail] = await problemOf(await late.send("GET", `/tasks/${await late.submit()}/overlay.svg`));
  equal(status, 409);
  ok(detail.startsWith("There are no regions to draw. ") && detail.includes("(Blank page)."), detail);
});

Deno.test("createHandler() cancels a task", async () => {
  const world = mock({ fetch: [completed, notExist] });
  const { submit, events, send } = createInstance(world);
  const id = await submit();
  await events(id);
  equal((await send("DELETE", `/tasks/${id}`)).status, 204);
  equal(world.calls.at(-1), "cancel");
  deepEqual(tagsOf(await events(id)), ["NotExist"]);
});

Deno.test("createHandler() submits the image of a repeated request once", async () => {
  const world = mock();
  const { submit } = createInstance(world);
  const key = { "Idempotency-Key": "1" };
  const ids = await Promise.all([submit(key), submit(key), submit(key)]);
  equal(new Set(ids).size, 1);
  await submit({ "Idempotency-Key": "2" });
  await submit({ ...key, "X-User": "bob" });
  await submit();
  await submit();
  equal(world.calls.filter((call) => call === "submit").length, 5);
});

Deno.test("createHandler() does not submit an image again that the service may have accepted", async () => {
  const world = mock({ submit: [reset] });
  const { send } = createInstance(world);
  const headers = { "Content-Type": "image/png", "Idempotency-Key": "1" };
  for (let i = 0; i < 2; i++) {
    const response = await send("POST", "/tasks", headers, IMAGE);
    equal(response.status, 502);
    deepEqual((await response.json()).error, unconfirmed(network("submit", "read ECONNRESET")));
  }
  equal(world.calls.filter((call) => call === "submit").length, 1);
});

Deno.test("createHandler() submits an image again that the service has not accepted", async () => {
  const world = mock({ submit: [...Array(5).fill(refused), text("a371d027-4b0d-4d86-8825-c8d818dd4ed9")] });
  const { send, submit } = createInstance(world);
  const headers = { "Content-Type": "image/png", "Idempotency-Key": "1" };
  const response = await send("POST", "/tasks", headers, IMAGE);
  deepEqual([response.status, (await response.json()).error._tag], [502, "Network"]);
  await submit(headers);
});

Deno.test("createHandler() passes Retry-After and the error of the service on", async () => {
  const busy = text("", 503, { "Retry-After": "120" });
  const { send } = createInstance(mock({ submit: [busy] }));
  const response = await send("POST", "/tasks", { "Content-Type": "image/png" }, IMAGE);
  deepEqual([response.status, response.headers.get("Retry-After")], [503, "120"]);
  const { error, detail } = await response.json();
  deepEqual([error._tag, error.status, error.retryAfter], ["Http", 503, 120_000]);
  ok(detail.includes("503"), detail);
});

Deno.test("createHandler() ends the stream of a task whose status cannot be determined with the error", async () => {
  const { submit, events, send } = createInstance(mock({ fetch: [text("", 403)] }));
  const id = await submit();
  const [event] = await events(id);
  equal(event.data._tag, "Http");
  await new Promise((resolve) => setTimeout(resolve, 25));
  const response = await send("GET", `/tasks/${id}`);
  deepEqual([response.status, (await response.json()).error.status], [502, 403]);
});

Deno.test("createHandler() ends a stream at the deadline, which counts from the submission", async () => {
  const world = mock({ fetch: [pending] });
  const { submit, events } = createInstance(world, { poll: { schedule: fixed({ delay: 10 }), deadline: 100 } });
  const id = await submit();
  const received = await events(id);
  const last = received.at(-1)?.data as { _tag: string; state?: { id: string } };
  deepEqual([last._tag, last.state?.id], ["GaveUp", id]);
  // A client that comes later gets the current status first.
  const late = await createInstance(world, { poll: { schedule: fixed({ delay: 10 }), deadline: 100 } }).events(id);
  deepEqual(tagsOf(late), ["Pending", "GaveUp"]);
});

Deno.test("createHandler() refuses the ids of another subject, forged ids, and those of another kind", async () => {
  const world = mock();
  const { submit, send } = createInstance(world);
  const id = await submit();
  const [body, signature] = id.split(".");
  const service = connect({ token: "token", fetch: world.fetch });
  const tasks = serviceTasks(service, { kind: RECOGNIZE_REGIONS });
  const other = clientOf(createHandler({ tasks, input: recognitionInput, secret: SECRET, authorize: () => "ann" }));
  const rotated = createInstance(world, { secret: `${SECRET} and another` });
  const forged = `${btoa(atob(body).replace("a371d027", "b371d027"))}.${signature}`;
  const before = world.calls.length;
  for (const path of ["", "/events", "/overlay.svg"]) {
    for (const method of path === "" ? ["GET", "DELETE"] : ["GET"]) {
      const refusals = [
        await send(method, `/tasks/${id}${path}`, { "X-User": "bob" }),
        await send(method, `/tasks/${forged}${path}`),
        await send(method, `/tasks/${body}${path}`),
        await send(method, `/tasks/${id}.${signature}${path}`),
        await send(method, `/tasks/${id}=${path}`),
        await send(method, `/tasks/a371d027-4b0d-4d86-8825-c8d818dd4ed9${path}`),
        await other.send(method, `/tasks/${id}${path}`),
        await rotated.send(method, `/tasks/${id}${path}`),
      ];
      deepEqual(refusals.map(({ status }) => status), Array(8).fill(404));
    }
  }
  equal(world.calls.length, before);
  equal((await send("GET", `/tasks/${id}`)).status, 200);
});

Deno.test("createHandler() asks authorize about each request, and processes none without a subject", async () => {
  const asked: unknown[] = [];
  let answer: string | null | Response = "ann";
  const world = mock();
  const { submit, send } = createInstance(world, {
    authorize: (_, access) => {
      asked.push(access);
      return answer;
    },
  });
  const id = await submit();
  await (await send("GET", `/tasks/${id}/events`)).body?.cancel();
  await send("DELETE", `/tasks/${id}`);
  deepEqual(asked, [
    { action: "submit", id: null },
    { action: "read", id },
    { action: "cancel", id },
  ]);
  const before = world.calls.length;
  for (const denied of [null, "", new Response("wait", { status: 429 })]) {
    answer = denied;
    for (const [method, path] of [["POST", "/tasks"], ["GET", `/tasks/${id}`], ["DELETE", `/tasks/${id}`]]) {
      const response = await send(method, path, { "Content-Type": "image/png" }, method === "POST" ? IMAGE : undefined);
      equal(response.status, denied instanceof Response ? 429 : 401);
    }
    if (denied instanceof Response) break;
  }
  equal(world.calls.length, before);
});

Deno.test("createHandler() rejects if authorize does", async () => {
  const { send } = createInstance(mock(), { authorize: () => Promise.reject(new Error("no database")) });
  await rejects(send("POST", "/tasks"), /no database/);
});

Deno.test("createHandler() explains what is wrong with a request", async () => {
  const world = mock();
  const { send, submit } = createInstance(world, { maxImageBytes: 5 });
  const id = await submit();
  const png = { "Content-Type": "image/png" };
  const form = (fields: Record<string, string | Blob>): FormData => {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    return data;
  };
  const cases: readonly [Promise<Response>, number, string][] = [
    [send("GET", "/"), 404, "This path does not exist."],
    [send("GET", "/tasksX"), 404, "This path does not exist."],
    [send("GET", `/tasks/${id}/regions`), 404, "This path does not exist."],
    [send("GET", "/tasks"), 405, "Expected POST."],
    [send("POST", `/tasks/${id}`), 405, "Expected GET or DELETE."],
    [send("DELETE", `/tasks/${id}/events`), 405, "Expected GET."],
    [
      send("POST", "/tasks", { "Content-Type": "text/plain" }, "x"),
      415,
      "Expected an image with its Content-Type, such as image/jpeg, or multipart/form-data.",
    ],
    [send("POST", "/tasks", png, new Uint8Array()), 400, "Expected an image, got an empty file."],
    [send("POST", "/tasks", png), 400, "Expected an image, got an empty file."],
    [send("POST", "/tasks", png, new Uint8Array(6)), 413, "Expected an image of at most 5 bytes."],
    [
      send("POST", "/tasks", {}, form({ image: new Blob([new Uint8Array(6)]) })),
      413,
      "Expected an image of at most 5 bytes.",
    ],
    [
      send("POST", "/tasks", {}, form({ photo: new Blob([IMAGE]) })),
      400,
      "Expected multipart/form-data with a file named image.",
    ],
    [send("POST", "/tasks", {}, form({ image: "text" })), 400, "Expected multipart/form-data with a file named image."],
    [
      send("POST", "/tasks", { "Content-Type": "multipart/form-data; boundary=x" }, "junk"),
      400,
      "Expected multipart/form-data with a file named image.",
    ],
    [send("POST", "/tasks?colour=1", png, IMAGE), 400, 'Unknown setting "colour".'],
    [send("POST", "/tasks?__proto__=1", png, IMAGE), 400, 'Unknown setting "__proto__".'],
    [
      send("POST", "/tasks?rotate=left", png, IMAGE),
      400,
      'rotate: expected an integer number of degrees or null, got "left"',
    ],
  ];
  for (const [response, status, detail] of cases) deepEqual(await problemOf(await response), [status, detail]);
  equal((await send("PUT", "/tasks")).headers.get("Allow"), "POST");
  equal(world.calls.filter((call) => call === "submit").length, 1);
});

Deno.test("createHandler() responds with 400 to an input that the service does not support", async () => {
  const tasks = serviceTasks(connect({ token: "token", fetch: mock().fetch }), { kind: RECOGNIZE_REGIONS });
  const input = () => E.right({ image: IMAGE, regions: [] });
  const { send } = clientOf(createHandler({ tasks, input, secret: SECRET, authorize: () => "ann" }));
  const [status, detail] = await problemOf(await send("POST", "/tasks", { "Content-Type": "image/png" }, IMAGE));
  equal(status, 400);
  ok(detail.includes("regions"), detail);
});

Deno.test("createHandler() serves tasks of other kinds, whose bytes are JSON", async () => {
  const world = mock({ fetch: [done({ type: "Other", data: "AQI=" })] });
  const tasks = serviceTasks(connect({ token: "token", fetch: world.fetch }), {
    kind: BINARIZE_IMAGE,
    schedule: immediately(1),
  });
  const input = ({ image }: { readonly image: Uint8Array }) => E.right({ image });
  const { send } = clientOf(
    createHandler({ tasks, input, secret: SECRET, authorize: () => "ann", path: "/api/binarize" }),
  );
  const response = await send("POST", "/api/binarize", { "Content-Type": "image/png" }, IMAGE);
  const location = response.headers.get("Location") ?? "";
  deepEqual((await (await send("GET", location)).json()).file, { $base64: "AQI=" });
});

Deno.test("createHandler() stops polling when the client disconnects", async () => {
  const world = mock({ fetch: [pending] });
  const { submit, send } = createInstance(world, { poll: { schedule: fixed({ delay: 5 }) } });
  const reader = (await send("GET", `/tasks/${await submit()}/events`)).body?.getReader();
  for (let i = 0; i < 3; i++) await reader?.read();
  await reader?.cancel();
  const polls = world.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  equal(world.calls.length, polls);
});

Deno.test("createHandler() sends comments while a stream is idle", async () => {
  const { submit, send } = createInstance(mock(), { heartbeat: 10, poll: { schedule: fixed({ delay: 60_000 }) } });
  const reader = (await send("GET", `/tasks/${await submit()}/events`)).body?.getReader();
  const chunks: string[] = [];
  for (let i = 0; i < 4; i++) chunks.push(new TextDecoder().decode((await reader?.read())?.value));
  deepEqual(chunks, [":\n\nretry: 1000\n\n", ":\n\n", ":\n\n", ":\n\n"]);
  await reader?.cancel();
});

Deno.test("createHandler() refuses options that are out of range", () => {
  const tasks = serviceTasks(connect({ token: "token" }));
  const options = { tasks, secret: SECRET, authorize: () => "ann" };
  throws(() => createHandler({ ...options, secret: "short" }), {
    name: "RangeError",
    message: "Cannot sign ids as secret must be a string of 32 characters or more: current value has 5",
  });
  throws(() => createHandler({ ...options, path: "tasks" }), {
    name: "TypeError",
    message: 'Cannot handle requests as path must be a path such as /tasks: current value is "tasks"',
  });
  // The URLs of requests never have these paths, and a header may not.
  for (const path of ["/tâches", "/a b", "/a\n", "/a/../b", "/a/.", "/a\\b"]) {
    throws(() => createHandler({ ...options, path }), TypeError, path);
  }
  throws(() => createHandler({ ...options, origins: ["https://example.com/"] }), {
    name: "TypeError",
    message:
      'Cannot handle requests as origins must be origins such as https://example.com: current value is "https://example.com/"',
  });
  throws(() => createHandler({ ...options, maxImageBytes: 0 }), RangeError);
  throws(() => createHandler({ ...options, uploadTimeout: NaN }), RangeError);
  throws(() => createHandler({ ...options, heartbeat: 0 }), RangeError);
  throws(() => serviceTasks(connect({ token: "token" }), { deadline: 0 }), RangeError);
  equal(typeof createHandler({ ...options, origins: [ORIGIN], heartbeat: Infinity }), "function");
});
