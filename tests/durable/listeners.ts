/** Clients of server-sent events: reconnecting ones, and a hundred at a time. */
import { check, pause, until } from "./checks.ts";
import { startRequest } from "./cut.ts";
import { listen, type SentEvent } from "./events.ts";
import { json, problemIn, send, startExample, statusOf } from "./example.ts";
import { authorization } from "./keys.ts";
import { startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const CLIENTS = 100;

export async function listeners(tools: Tools, folder: string): Promise<void> {
  const service = await startService(4000);
  service.serviceTime = () => 3000;
  const { url, close } = await startExample(tools, service, folder);
  const heartbeats = (): Promise<unknown> => json(`${url}/heartbeats`);

  const restless = `${url}${await send(url, 1)}/events`;
  const heard: SentEvent[] = [];
  let sessions = 0;
  for (let whole = false; !whole && sessions < 10; sessions++) {
    // Disconnect after each event. Events in the meantime are replayed.
    const session = await listen(restless, heard.at(-1)?.id, (events) => events.length > 0);
    heard.push(...session.events);
    whole = session.events.at(-1)?.tag === "Completed" || session.whole;
    await pause(300);
  }
  check(`a client that reconnects ${sessions - 1} times receives each status once`, problemIn(heard), null);
  const last = heard.at(-1)?.id ?? "";
  check(
    "a client that has received the final status gets 204",
    [await statusOf(restless, { headers: { "Last-Event-ID": last } }), (await listen(restless, last)).events],
    [204, []],
  );
  check("a late client receives all statuses", (await listen(restless)).events, heard);

  const paths = await Promise.all([send(url, 2), send(url, 3)]);
  const sessionsOf2 = Array.from({ length: CLIENTS }, () => listen(`${url}${paths[0]}/events`));
  await until(`${CLIENTS} clients are connected`, 10_000, async () => await heartbeats() === CLIENTS);
  const ends = await Promise.all(sessionsOf2);
  await until("The task without clients is finished", 10_000, () => service.of(3)?.finals === 1);
  const [crowded, lonely] = [service.of(2)?.polls ?? Infinity, service.of(3)?.polls ?? 0];
  check(
    `each of ${CLIENTS} clients receives each status once`,
    [...new Set(ends.map((end) => problemIn(end.events)))],
    [
      null,
    ],
  );
  // The numbers may differ because of jitter.
  check(`${CLIENTS} clients cause ${crowded} polls, and no clients cause ${lonely}`, crowded <= lonely + 1, true);

  service.serviceTime = () => 60_000;
  const long = `${url}${await send(url, 4)}/events`;
  const headers = [`Authorization: ${authorization().Authorization}`];
  const cuts = Array.from({ length: CLIENTS }, () => startRequest(long, headers));
  await until(`${CLIENTS} clients are connected`, 10_000, async () => await heartbeats() === CLIENTS);
  for (const cut of cuts) cut();
  await until("The connections are released", 5000, async () => await heartbeats() === 0);
  check(`${CLIENTS} clients that disconnect leave no listeners`, await heartbeats(), 0);
  await close();
  await service.close();
}
