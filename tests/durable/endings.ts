/** Tasks that are canceled, abandoned by their client, too large, rejected by the storage, or expired. */
import { DatabaseSync } from "node:sqlite";
import { check, pause, until } from "./checks.ts";
import { startRequest } from "./cut.ts";
import { listen } from "./events.ts";
import { ask, checkLog, json, post, problemOf, send, startExample, statusOf } from "./example.ts";
import { authorization } from "./keys.ts";
import { HUGE, imageOf, startService, TOO_LARGE } from "./service.ts";
import type { Tools } from "./tools.ts";
import type { Holdings } from "./worker.ts";

const NOTHING: Holdings = { keys: [], alarm: null };

export async function endings(tools: Tools, folder: string): Promise<void> {
  const service = await startService();
  service.serviceTime = () => 30_000;
  const runtime = await startExample(tools, service, folder);
  const { url } = runtime;
  const holdings = async (task: string): Promise<Holdings> => await json(`${task}/holdings`) as Holdings;

  const canceled = url + await send(url, 1);
  const listener = listen(`${canceled}/events`);
  await until("The task is polled", 15_000, () => (service.of(1)?.polls ?? 0) > 0);
  await pause(100);
  const { alarm } = await holdings(canceled);
  const deleted = await statusOf(canceled, { method: "DELETE" });
  const deletedAt = Date.now();
  const record = { ...service.of(1) };
  check("canceling a task cancels it in the service and ends its stream", [
    deleted,
    record.cancels,
    (await listener).events.at(-1)?.tag,
    (await listener).whole,
  ], [204, 1, "NotExist", true]);
  check("a deleted task leaves no values and no alarm", await holdings(canceled), NOTHING);
  check("a deleted task does not exist, and can be deleted again", [
    await tagOf(canceled),
    (await listen(`${canceled}/events`)).events.map(({ tag }) => tag),
    await statusOf(canceled, { method: "DELETE" }),
  ], ["NotExist", ["NotExist"], 204]);
  // Wait until a second after the next poll would have been due.
  await pause((alarm ?? Infinity) - deletedAt + 1000);
  check("a canceled task is not polled again", [alarm !== null, service.of(1)?.polls], [true, record.polls]);

  service.delay.submit = 1500;
  const sending = post(url, 2);
  await until("The image is being submitted", 5000, () => service.of(2) !== undefined);
  const path = await send(url, 2);
  const early = await statusOf(url + path, { method: "DELETE" });
  await (await sending).body?.cancel();
  check("a task can be canceled while its image is being submitted", [
    early,
    service.of(2)?.cancels,
    await holdings(url + path),
  ], [204, 1, NOTHING]);

  service.serviceTime = () => 1000;
  const head = Object.entries({ ...authorization(), "Idempotency-Key": "image 3", "Content-Type": "image/png" });
  const leave = startRequest(
    `${url}/tasks`,
    head.map((header) => header.join(": ")),
    new TextDecoder().decode(imageOf(3)),
  );
  await until("The image is being submitted", 5000, () => service.of(3) !== undefined);
  leave();
  await until("The task is finished", 15_000, () => service.of(3)?.finals === 1);
  service.delay.submit = 0;
  check(
    "a task continues if its client disconnects before the response",
    await problemOf(url + await send(url, 3), 3),
    null,
  );

  const huge = url + await send(url, HUGE);
  await until("The task is finished", 15_000, () => service.of(HUGE)?.finals === 1);
  await pause(500);
  check("a result larger than a value in the storage is returned completely", await problemOf(huge, HUGE), null);
  check("a large result is stored in parts, and deleting the task deletes all of them", [
    (await holdings(huge)).keys.length > 20,
    await statusOf(huge, { method: "DELETE" }),
    await holdings(huge),
  ], [true, 204, NOTHING]);

  const hasty = `${url}/hasty`;
  const { events } = await listen(`${hasty}${await send(hasty, TOO_LARGE)}/events`);
  check("a response over the example's limit ends the task with TooLarge", events.at(-1)?.tag, "TooLarge");

  const refusing = url + await send(url, 5);
  await statusOf(refusing, { method: "DELETE" });
  const before = service.tasks.size;
  await ask(`${refusing}/refuse`, { method: "POST", body: "1" });
  const problem = await post(url, 5);
  check("if the storage rejects an operation, the response is 503 and no image is submitted", [
    problem.status,
    problem.headers.get("Content-Type"),
    await problem.json(),
    service.tasks.size - before,
  ], [503, "application/problem+json", {
    title: "Service Unavailable",
    status: 503,
    detail: "The task's storage failed. Repeat the request in a few seconds.",
  }, 0]);
  await send(url, 5);
  await until("The task is finished", 15_000, () => service.of(5)?.finals === 1);
  await pause(300);
  check("after the request is repeated, the task is completed", [
    await problemOf(refusing, 5),
    service.tasks.size - before,
    await statusOf(refusing, { method: "DELETE" }),
  ], [null, 1, 204]);

  const forgotten = hasty + await send(hasty, 4);
  await until("The task is finished", 15_000, () => service.of(4)?.finals === 1);
  await until("The task is deleted", 10_000, async () => await tagOf(forgotten) === "NotExist");
  check("a task leaves no values and no alarm after its retention period", await holdings(forgotten), NOTHING);
  checkLog(runtime);
  await runtime.close();
  await service.close();
  check("of 7 tasks, one is left on disk, with two values and an alarm", await rowsOn(folder), {
    _cf_KV: 2,
    _cf_ALARM: 1,
  });
}

/** Returns the tag of a task's status. */
async function tagOf(task: string): Promise<string> {
  const { _tag } = await json(task) as { readonly _tag: string };
  return _tag;
}

/** Counts the rows in the databases of all objects, by table. */
async function rowsOn(folder: string): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for await (const file of walk(folder)) {
    if (!file.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(file, { readOnly: true });
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
      const [{ count }] = database.prepare(`SELECT count(*) AS count FROM "${name}"`).all();
      // The runtime's own row, which every database with content has.
      if (name !== "_cf_METADATA") rows[String(name)] = (rows[String(name)] ?? 0) + Number(count);
    }
    database.close();
  }
  return rows;
}

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* walk(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
