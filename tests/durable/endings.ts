/** Tasks that end otherwise: cancelled, left by their client, too large, refused by the storage, and expired. */
import { DatabaseSync } from "node:sqlite";
import { ask, check, pause, until } from "./checks.ts";
import { startRequest } from "./cut.ts";
import { listen } from "./events.ts";
import { checkLog, faultOf, json, post, send, startExample, statusOf } from "./example.ts";
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

  const cancelled = url + await send(url, 1);
  const listener = listen(`${cancelled}/events`);
  await until("The task is asked about", 15_000, () => (service.of(1)?.polls ?? 0) > 0);
  await pause(100);
  const { alarm } = await holdings(cancelled);
  const deleted = await statusOf(cancelled, { method: "DELETE" });
  const deletedAt = Date.now();
  const asked = { ...service.of(1) };
  check("a task is cancelled here and in the service, and its stream ends", [
    deleted,
    asked.cancels,
    (await listener).whole,
  ], [204, 1, true]);
  check("a deleted task leaves no storage and no alarm", await holdings(cancelled), NOTHING);
  check("it is not there any more", [
    await statusOf(cancelled),
    await statusOf(`${cancelled}/events`),
    await statusOf(cancelled, { method: "DELETE" }),
  ], [404, 404, 404]);
  // Until a second after it would have been asked about again.
  await pause((alarm ?? Infinity) - deletedAt + 1000);
  check("a cancelled task stops polling at once", [alarm !== null, service.of(1)?.polls], [true, asked.polls]);

  service.delay.submit = 1500;
  const sending = post(url, 2);
  await until("The image is being sent", 5000, () => service.of(2) !== undefined);
  const path = await send(url, 2);
  const early = await statusOf(url + path, { method: "DELETE" });
  await (await sending).body?.cancel();
  check("a task that is cancelled while its image is being sent is cancelled", [
    early,
    service.of(2)?.cancels,
    await holdings(url + path),
  ], [204, 1, NOTHING]);

  service.serviceTime = () => 1000;
  const leave = startRequest(`${url}/tasks`, ["Content-Type: image/png"], new TextDecoder().decode(imageOf(3)));
  await until("The image is being sent", 5000, () => service.of(3) !== undefined);
  leave();
  await until("The task is over", 15_000, () => service.of(3)?.finals === 1);
  service.delay.submit = 0;
  check(
    "a task whose client is gone before its address came goes on",
    await faultOf(url + await send(url, 3), 3),
    null,
  );

  const huge = url + await send(url, HUGE);
  await until("The task is over", 15_000, () => service.of(HUGE)?.finals === 1);
  await pause(500);
  check("a result that is larger than a value of the storage comes back whole", await faultOf(huge, HUGE), null);
  check("it is stored in parts, and deleted with them", [
    (await holdings(huge)).keys.length > 20,
    await statusOf(huge, { method: "DELETE" }),
    await holdings(huge),
  ], [true, 204, NOTHING]);

  const hasty = `${url}/hasty`;
  const { events } = await listen(`${hasty}${await send(hasty, TOO_LARGE)}/events`);
  check("an answer over the example's own limit ends as TooLarge", events.at(-1)?.tag, "TooLarge");

  const refusing = url + await send(url, 5);
  await statusOf(refusing, { method: "DELETE" });
  const before = service.tasks.size;
  await ask(`${refusing}/refuse`, { method: "POST", body: "1" });
  const problem = await post(url, 5);
  check("a storage that refuses is answered as a problem, and no image is sent", [
    problem.status,
    problem.headers.get("Content-Type"),
    await problem.json(),
    service.tasks.size - before,
  ], [503, "application/problem+json", {
    status: 503,
    detail: "The task's storage failed. Repeat the request in a few seconds.",
  }, 0]);
  await send(url, 5);
  await until("The task is over", 15_000, () => service.of(5)?.finals === 1);
  await pause(300);
  check("the request repeated, the task runs to its end", [
    await faultOf(refusing, 5),
    service.tasks.size - before,
    await statusOf(refusing, { method: "DELETE" }),
  ], [null, 1, 204]);

  const forgotten = hasty + await send(hasty, 4);
  await until("The task is over", 15_000, () => service.of(4)?.finals === 1);
  await until("The task is forgotten", 10_000, async () => await statusOf(forgotten) === 404);
  check("a task whose retention is over leaves no storage and no alarm", await holdings(forgotten), NOTHING);
  checkLog(runtime);
  await runtime.close();
  await service.close();
  check("of 7 tasks the disk holds one: its two values and its alarm", await rowsOn(folder), {
    _cf_KV: 2,
    _cf_ALARM: 1,
  });
}

/** How many rows the databases of all objects hold, looked at from outside, by table. */
async function rowsOn(folder: string): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for await (const file of walk(folder)) {
    if (!file.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(file, { readOnly: true });
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
      const [{ count }] = database.prepare(`SELECT count(*) AS count FROM "${name}"`).all();
      // The runtime's own: a database has one such row, if it has anything.
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
