import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { fixed } from "../../src/polling/schedule.ts";
import { payload } from "../support/arbitrary.ts";
import { completed, done, mock, pending, processing } from "../support/mock.ts";
import { createInstance, immediately, parseEvents, type ServerEvent, tagsOf } from "./handler_world.ts";

const pollsOf = ({ calls }: { readonly calls: readonly string[] }): number =>
  calls.filter((call) => call === "fetch").length;

Deno.test("1,000 clients of a task share its polls, and the bytes of its events", async () => {
  const regions = Array.from({ length: 10_000 }, (_, i) => [i, i, i + 10, i + 10]);
  const world = mock({ fetch: [pending, processing, done({ type: "Other", data: payload(regions) })] });
  const { submit, send } = createInstance(world);
  const id = await submit();
  const readers = await Promise.all(Array.from({ length: 1000 }, async () => {
    const { body } = await send("GET", `/tasks/${id}/events`);
    return body?.getReader();
  }));
  const results = new Set<unknown>();
  for (const reader of readers) {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const { done, value } = await reader?.read() ?? { done: true, value: undefined };
      if (done || value === undefined) break;
      chunks.push(value);
    }
    equal(chunks.length, 4);
    results.add(chunks[3].buffer);
  }
  equal(results.size, 1);
  equal(pollsOf(world), 3);
});

Deno.test("clients that come and go share a task's polls, each with every change that follows its own event", async () => {
  const world = mock({ fetch: [pending, ...Array(4).fill(pending), ...Array(4).fill(processing), completed] });
  const { submit, send, events } = createInstance(world);
  const id = await submit();
  const all = events(id);
  const late: Promise<readonly ServerEvent[]>[] = [];
  for (let i = 0; i < 8; i++) {
    const reader = (await send("GET", `/tasks/${id}/events`)).body?.getReader();
    await reader?.read();
    const [event] = parseEvents(new TextDecoder().decode((await reader?.read())?.value));
    await reader?.cancel();
    late.push(events(id, { "Last-Event-ID": event.id }).then((rest) => [event, ...rest]));
  }
  const ids = (await all).map(({ id }) => id);
  equal(ids.length, 10);
  for (const received of await Promise.all(late)) {
    const places = received.map(({ id }) => ids.indexOf(id));
    deepEqual(places, places.toSorted((a, b) => a - b));
    equal(new Set(places).size, places.length);
    deepEqual([...new Set(tagsOf(received))], ["Pending", "Processing", "Completed"]);
  }
  equal(pollsOf(world), 10);
});

Deno.test("a client that does not read is disconnected, and its task is not polled any more", async () => {
  const world = mock({ fetch: [pending] });
  const { submit, send } = createInstance(world, { poll: { schedule: fixed({ delay: 1 }), deadline: 60_000 } });
  const response = await send("GET", `/tasks/${await submit()}/events`);
  let polls = -1;
  while (polls < pollsOf(world)) {
    polls = pollsOf(world);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const received = parseEvents(await response.text());
  ok(received.length >= 30 && received.length <= polls && polls <= 40, `${received.length} of ${polls}`);
});

Deno.test("the next client of a task that nobody watches gets the latest status, and polling continues when due", async () => {
  const world = mock({ fetch: [pending, completed] });
  const { submit, send, events } = createInstance(world, { poll: { schedule: fixed({ delay: 30 }) } });
  const id = await submit();
  const reader = (await send("GET", `/tasks/${id}/events`)).body?.getReader();
  for (let i = 0; i < 2; i++) await reader?.read();
  await reader?.cancel();
  deepEqual(tagsOf(await events(id)), ["Pending", "Completed"]);
  equal(pollsOf(world), 2);
});

Deno.test("simultaneous requests for a status share one poll", async () => {
  const world = mock({ fetch: [pending] });
  const { submit, send } = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const id = await submit();
  await Promise.all(Array.from({ length: 50 }, () => send("GET", `/tasks/${id}`)));
  equal(pollsOf(world), 1);
});

Deno.test("an instance forgets the results of tasks that nobody has asked for lately", async () => {
  const submit = () => new Response(crypto.randomUUID());
  const fetch = ({ url }: Request) => {
    const id = new URL(url).searchParams.get("id");
    return Response.json({
      id,
      responseStatusCode: "NoAnyResultData",
      taskStatus: "Completed",
      results: [],
      error: null,
    });
  };
  const world = mock({ submit: [submit], fetch: [fetch] });
  const instance = createInstance(world, { poll: { schedule: immediately(1) } });
  const ids: string[] = [];
  for (let i = 0; i < 120; i++) {
    ids.push(await instance.submit());
    await instance.send("GET", `/tasks/${ids[i]}`);
  }
  equal(pollsOf(world), 120);
  for (const id of ids.slice(-90)) await instance.send("GET", `/tasks/${id}`);
  equal(pollsOf(world), 120);
  await instance.send("GET", `/tasks/${ids[0]}`);
  equal(pollsOf(world), 121);
});

Deno.test("an instance does not forget a task while it is watched", async () => {
  const submit = () => new Response(crypto.randomUUID());
  const world = mock({
    submit: [submit],
    fetch: [({ url }) => {
      const id = new URL(url).searchParams.get("id");
      return Response.json({ id, responseStatusCode: "NotReady", taskStatus: "Pending", results: null, error: null });
    }],
  });
  const instance = createInstance(world, { poll: { schedule: immediately(60_000) } });
  const watched = await instance.submit();
  const first = (await instance.send("GET", `/tasks/${watched}/events`)).body;
  for (let i = 0; i < 120; i++) await instance.send("GET", `/tasks/${await instance.submit()}`);
  const polls = pollsOf(world);
  const second = (await instance.send("GET", `/tasks/${watched}/events`)).body;
  await new Promise((resolve) => setTimeout(resolve, 20));
  equal(pollsOf(world), polls);
  await Promise.all([first?.cancel(), second?.cancel()]);
});
