/** 100 tasks in the queue, whose worker and Redis (with an append-only file) are killed. */
import { run, succeed } from "../../scripts/lib/process.ts";
import { check, note, pause, until } from "./checks.ts";
import { type Child, startChild } from "./child.ts";
import { imageOf, rightOf, startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const TASKS = 100;

/** The part of a finished job's result that is used here. The result is a `Right` of the final status. */
interface Result {
  readonly right?: { readonly _tag: string; readonly regions?: readonly { readonly right: number }[] };
}

/** Bundles the example of a queue. The result runs it with arguments, against a service and a Redis. */
export async function queueProgram(
  tools: Tools,
  { url }: { readonly url: string },
  port: number,
): Promise<(...args: readonly string[]) => Child> {
  const bundle = await tools.bundle("examples/queue/queue.ts", "node");
  return (...args) =>
    startChild("node", [bundle, ...args], {
      OCR_CLIENT_ID: "id",
      OCR_CLIENT_SECRET: "secret",
      OCR_BASE_URL: url,
      REDIS_URL: `redis://127.0.0.1:${port}`,
    });
}

export async function queue(tools: Tools, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const service = await startService();
  let sent = 0;
  // Between 4 and 14 seconds.
  service.serviceTime = () => 4000 + 10_000 * (sent++ % TASKS + 1) / TASKS;
  service.delay.fetch = 100;
  const images = Array.from({ length: TASKS }, (_, image) => image);
  const finished = (): number => images.filter((image) => (service.of(image)?.finals ?? 0) > 0).length;

  const port = freePort();
  const start = await queueProgram(tools, service, port);
  const files = images.map((image) => `${folder}/${image}.png`);
  for (const image of images) await Deno.writeFile(files[image], imageOf(image));

  const redis = await startRedis(port, folder);
  const sender = start("send", ...files);
  await until("All images are queued", 20_000, () => sender.log().split("\n").length > TASKS);
  const worker = start("work");
  await until("A quarter of the tasks are finished", 20_000, () => finished() >= TASKS / 4);
  const first = finished();
  await worker.kill();
  await pause(500);
  const next = start("work");
  await until("Half of the tasks are finished", 20_000, () => finished() >= TASKS / 2);
  const second = finished();
  await redis.kill();
  await pause(500);
  const again = await startRedis(port, folder);
  await until("All tasks are finished", 40_000, () => finished() === TASKS);
  const count = async (): Promise<number> => (await redisCommand(port, "zcard", "bull:regions:completed")) as number;
  await until("All jobs are completed", 20_000, async () => await count() === TASKS);
  check(
    `all of ${TASKS} tasks finish although the worker is killed after ${first} and Redis after ${second}`,
    finished(),
    TASKS,
  );

  const events = await redisCommand(port, "xrange", "bull:regions:events", "-", "+") as readonly [
    string,
    readonly string[],
  ][];
  const ends = events.map(([, fields]) => toEvent(fields)).filter(({ event }) => /^(completed|failed)$/.test(event));
  const problems: string[] = [];
  for (const [id, { image }] of service.tasks) {
    const mine = ends.filter(({ jobId }) => jobId === id);
    const result: Result = JSON.parse(mine[0]?.returnvalue ?? "{}");
    const rights = result.right?.regions?.map(({ right }) => right);
    if (mine.length !== 1 || result.right?._tag !== "Completed" || rights?.join() !== String(rightOf(image))) {
      problems.push(`image ${image}: ${JSON.stringify(mine)}`);
    }
  }
  check("each task has its own regions and one final status", [service.tasks.size, problems.slice(0, 3)], [TASKS, []]);
  const twice = images.filter((image) => (service.of(image)?.finals ?? 0) > 1);
  const polls = images.reduce((sum, image) => sum + (service.of(image)?.polls ?? 0), 0);
  note(`final statuses that were fetched twice: ${twice.length} of ${TASKS}; ${polls} polls in total`);
  for (const child of [sender, next, again]) await child.kill();
  await service.close();
}

export async function startRedis(port: number, folder: string): Promise<Child> {
  const options = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes" };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const redis = startChild("redis-server", args);
  await until("Redis is ready", 10_000, () => redis.log().includes("Ready to accept connections"));
  return redis;
}

/** Sends a command to Redis with its own client. */
export async function redisCommand(port: number, ...command: readonly string[]): Promise<unknown> {
  const redis = ["redis-cli", "-p", String(port), "--json", ...command];
  return JSON.parse(succeed(await run(redis), "redis-cli"));
}

/** Converts a list of alternating names and values. */
function toEvent(fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(fields.flatMap((name, i) => i % 2 === 0 ? [[name, fields[i + 1]]] : []));
}

/** Returns a port that is free at the moment. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
