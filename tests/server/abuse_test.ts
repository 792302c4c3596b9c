import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { none, some } from "fp-ts/lib/Option.js";
import { completed, mock, pending, type Responder, text } from "../support/mock.ts";
import { type Client, createInstance, immediately, tagsOf } from "./handler_world.ts";

const pollsOf = ({ calls }: { readonly calls: readonly string[] }): number =>
  calls.filter((call) => call === "fetch").length;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Responds after a while, unless the request is aborted. */
const slow = (ms: number, respond: Responder): Responder => (request) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(respond(request)), ms);
    request.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(request.signal.reason);
    });
  });

/** Opens a stream of events and closes it again. */
async function visit({ send }: Client, id: string): Promise<void> {
  await (await send("GET", `/tasks/${id}/events`)).body?.cancel();
}

Deno.test("clients that come and go do not cause more polls than the schedule allows", async () => {
  const world = mock({ fetch: [slow(200, pending)] });
  const instance = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const id = await instance.submit();
  for (let i = 0; i < 10; i++) {
    const { body } = await instance.send("GET", `/tasks/${id}/events`);
    await pause(10);
    await body?.cancel();
  }
  const reader = (await instance.send("GET", `/tasks/${id}/events`)).body?.getReader();
  await reader?.read();
  ok(new TextDecoder().decode((await reader?.read())?.value).includes("Pending"));
  await reader?.cancel();
  equal(pollsOf(world), 1);
});

Deno.test("a stream that starts while a status is requested shares its poll", async () => {
  const world = mock({ fetch: [slow(200, completed)] });
  const { submit, send, events } = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const id = await submit();
  const requested = send("GET", `/tasks/${id}`);
  await pause(50);
  deepEqual(tagsOf(await events(id)), ["Completed"]);
  equal((await (await requested).json())._tag, "Completed");
  equal(pollsOf(world), 1);
});

Deno.test("a task whose status cannot be determined is not polled again at once, however often it is requested", async () => {
  const world = mock({ fetch: [text("", 403)] });
  const instance = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const id = await instance.submit();
  deepEqual(tagsOf(await instance.events(id)), ["Http"]);
  for (let i = 0; i < 5; i++) {
    await instance.send("GET", `/tasks/${id}`);
    await visit(instance, id);
    await pause(1);
  }
  equal(pollsOf(world), 1);
});

Deno.test("a task is not polled more often after its deadline", async () => {
  const world = mock({ fetch: [pending] });
  const instance = createInstance(world, { poll: { schedule: immediately(60_000), deadline: 10 } });
  const id = await instance.submit();
  await pause(20);
  for (let i = 0; i < 5; i++) {
    equal((await (await instance.send("GET", `/tasks/${id}`)).json())._tag, "Pending");
    deepEqual(tagsOf(await instance.events(id)), ["Pending", "GaveUp"]);
  }
  equal(pollsOf(world), 1);
});

Deno.test("a task is remembered while many others are watched", async () => {
  const world = mock({
    submit: [() => new Response(crypto.randomUUID())],
    fetch: [({ url }) => {
      const id = new URL(url).searchParams.get("id");
      return Response.json({ id, responseStatusCode: "NotReady", taskStatus: "Pending", results: null, error: null });
    }],
  });
  const { submit, send } = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const streams: (ReadableStream | null)[] = [];
  for (let i = 0; i < 110; i++) streams.push((await send("GET", `/tasks/${await submit()}/events`)).body);
  const id = await submit();
  await pause(20);
  equal(pollsOf(world), 110);
  for (let i = 0; i < 3; i++) await send("GET", `/tasks/${id}`);
  for (let i = 0; i < 3; i++) streams.push((await send("GET", `/tasks/${id}/events`)).body);
  await pause(20);
  await Promise.all(streams.map((stream) => stream?.cancel()));
  equal(pollsOf(world), 111);
});

Deno.test("a task is polled again when due, although the clock was set back", async () => {
  const world = mock({ fetch: [pending, completed] });
  const now = Date.now;
  try {
    const { submit, send } = createInstance(world, { poll: { schedule: immediately(30) } });
    const id = await submit();
    equal((await (await send("GET", `/tasks/${id}`)).json())._tag, "Pending");
    Date.now = () => now() - 3_600_000;
    for (let i = 0; i < 2; i++) {
      await send("GET", `/tasks/${id}`);
      await pause(40);
    }
    equal((await (await send("GET", `/tasks/${id}`)).json())._tag, "Completed");
  } finally {
    Date.now = now;
  }
});

Deno.test("a task that is canceled while it is polled does not exist, whatever the poll returns", async () => {
  const world = mock({ fetch: [slow(50, completed)] });
  const { submit, send } = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const id = await submit();
  const requested = send("GET", `/tasks/${id}`);
  await pause(20);
  await send("DELETE", `/tasks/${id}`);
  await requested;
  equal((await (await send("GET", `/tasks/${id}`)).json())._tag, "NotExist");
});

Deno.test("a task whose schedule never polls is not polled", async () => {
  const world = mock();
  const { submit, events, send } = createInstance(world, { poll: { schedule: () => none } });
  const id = await submit();
  for (let i = 0; i < 3; i++) {
    deepEqual(tagsOf(await events(id)), ["GaveUp"]);
    equal((await send("GET", `/tasks/${id}`)).status, 503);
  }
  equal(pollsOf(world), 0);
});

Deno.test("a task whose schedule has given up is not polled again at once", async () => {
  const world = mock({ fetch: [pending] });
  const schedule = ({ attempt }: { readonly attempt: number }) => attempt === 0 ? some(0) : none;
  const { submit, events, send } = createInstance(world, { poll: { schedule } });
  const id = await submit();
  for (let i = 0; i < 3; i++) {
    deepEqual(tagsOf(await events(id)), ["Pending", "GaveUp"]);
    equal((await (await send("GET", `/tasks/${id}`)).json())._tag, "Pending");
  }
  equal(pollsOf(world), 1);
});

Deno.test("a result that arrives when its client has left is kept for the next one", async () => {
  const world = mock({ fetch: [slow(50, completed)] });
  const { submit, events, send } = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const id = await submit();
  const { body } = await send("GET", `/tasks/${id}/events`);
  await pause(20);
  await body?.cancel();
  await pause(60);
  deepEqual(tagsOf(await events(id)), ["Completed"]);
  equal(pollsOf(world), 1);
});

Deno.test("a subject that is not a text is not authorized", async () => {
  const world = mock();
  for (const subject of [undefined, false, true, 0, 42]) {
    // A program in JavaScript, or one that reads its session from JSON.
    const authorize = () => JSON.parse(JSON.stringify({ subject })).subject;
    const { send } = createInstance(world, { authorize });
    const response = await send("POST", "/tasks", { "Content-Type": "image/png" }, new Uint8Array([1]));
    equal(response.status, 401, String(subject));
  }
  equal(world.calls.length, 0);
});
