import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { none } from "fp-ts/lib/Option.js";
import { durableTasks } from "../../src/server/durable_tasks.ts";
import { createHandler } from "../../src/server/handler.ts";
import { COMPLETED, completed, mock, pending, processing, reset, text } from "../support/mock.ts";
import { createWorld, withClock } from "./durable_world.ts";
import { clientOf, IMAGE, parseEvents, SECRET, tagsOf } from "./handler_world.ts";

const NAME = "object";

/** A handler in a Durable Object. */
function createObject(service = mock({ fetch: [pending, processing, completed] })) {
  const { task, restart } = createWorld(service);
  const handle = (request: Request): Promise<Response> =>
    createHandler({
      tasks: durableTasks(task(), { name: NAME }),
      secret: SECRET,
      authorize: ({ headers }) => headers.get("X-User") ?? "ann",
    })(request);
  return { ...clientOf(handle), restart, service };
}

withClock("durableTasks() submits once, however often a request is repeated", async () => {
  const { submit, service } = createObject();
  const ids = [await submit(), await submit()];
  equal(ids[0], ids[1]);
  deepEqual(service.calls, ["token", "submit"].slice(-service.calls.length));
});

withClock("durableTasks() streams the changes of status, and resumes after each", async (clock) => {
  const { submit, send, events, restart } = createObject();
  const id = await submit();
  const first = await send("GET", `/tasks/${id}/events`);
  for (let i = 0; i < 3; i++) await clock.tickAsync(1000);
  const all = parseEvents(await first.text());
  deepEqual(tagsOf(all), ["Pending", "Processing", "Completed"]);
  deepEqual(all[2].data, { ...COMPLETED, id });
  restart();
  deepEqual(tagsOf(await events(id, { "Last-Event-ID": all[0].id })), ["Processing", "Completed"]);
  deepEqual(tagsOf(await events(id, { "Last-Event-ID": all[1].id })), ["Completed"]);
  equal((await send("GET", `/tasks/${id}/events`, { "Last-Event-ID": all[2].id })).status, 204);
});

withClock("durableTasks() returns the current status, and 304 to a client that has it", async (clock) => {
  const { submit, send } = createObject();
  const id = await submit();
  deepEqual(await (await send("GET", `/tasks/${id}`)).json(), { _tag: "Pending", id });
  await clock.tickAsync(1000);
  const response = await send("GET", `/tasks/${id}`);
  deepEqual(await response.json(), { _tag: "Pending", id });
  equal(response.headers.get("Retry-After"), "1");
  const etag = response.headers.get("ETag") ?? "";
  const repeated = await send("GET", `/tasks/${id}`, { "If-None-Match": etag });
  deepEqual([repeated.status, repeated.headers.get("Retry-After")], [304, "1"]);
  await clock.tickAsync(1000);
  equal((await (await send("GET", `/tasks/${id}`, { "If-None-Match": etag })).json())._tag, "Processing");
});

withClock("durableTasks() reports a failed submission, and the end of its stream", async () => {
  const { send } = createObject(mock({ submit: [reset] }));
  const response = await send("POST", "/tasks", { "Content-Type": "image/png" }, IMAGE);
  deepEqual([response.status, (await response.json()).error._tag], [502, "Unconfirmed"]);
});

withClock("durableTasks() keeps a task that the service accepted, even if its schedule never polls", async () => {
  const service = mock();
  const { task } = createWorld(service, { schedule: () => none });
  const tasks = durableTasks(task(), { name: NAME });
  const replies = [await tasks.submit({ image: IMAGE }, null), await tasks.submit({ image: IMAGE }, null)];
  deepEqual(replies.map(({ _tag }) => _tag), ["Right", "Right"]);
  equal(service.calls.filter((call) => call === "submit").length, 1);
});

withClock("durableTasks() ends the streams of a task that is canceled or was deleted with NotExist", async (clock) => {
  const { submit, send, events } = createObject(mock({ fetch: [pending], cancel: [text("")] }));
  const id = await submit();
  const open = await send("GET", `/tasks/${id}/events`);
  await clock.tickAsync(1000);
  equal((await send("DELETE", `/tasks/${id}`)).status, 204);
  deepEqual(tagsOf(parseEvents(await open.text())), ["Pending", "NotExist"]);
  deepEqual(tagsOf(await events(id)), ["NotExist"]);
  equal((await (await send("GET", `/tasks/${id}`)).json())._tag, "NotExist");
});

withClock("durableTasks() does not serve the task of another object", async () => {
  const { submit } = createObject();
  const id = await submit();
  const { task } = createWorld(mock());
  await task().submit({ image: IMAGE });
  const tasks = durableTasks(task(), { name: "another" });
  const other = clientOf(createHandler({ tasks, secret: SECRET, authorize: () => "ann" }));
  equal((await (await other.send("GET", `/tasks/${id}`)).json())._tag, "NotExist");
  deepEqual(tagsOf(await other.events(id)), ["NotExist"]);
  equal((await other.send("DELETE", `/tasks/${id}`)).status, 204);
  equal((await task().heard())?.length, 1);
});
