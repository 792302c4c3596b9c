/** The queue while Redis is down, goes away after an image was sent, or refuses to write. */
import { check, pause, until } from "./checks.ts";
import { type Child, startChild } from "./child.ts";
import { ask, freePort, startRedis } from "./queue.ts";
import { imageOf, startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const IMAGES = 10;

export async function queueFaults(tools: Tools, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const service = await startService();
  service.serviceTime = () => 4000;
  const port = freePort();
  const bundle = await tools.bundle("examples/queue/queue.ts", "node");
  const start = (...args: readonly string[]): Child =>
    startChild("node", [bundle, ...args], {
      OCR_CLIENT_ID: "id",
      OCR_CLIENT_SECRET: "secret",
      OCR_BASE_URL: service.url,
      REDIS_URL: `redis://127.0.0.1:${port}`,
    });
  /** Runs a command, which must end by itself with that exit status; the result is what it printed. */
  const run = async (status: number, ...args: readonly string[]): Promise<string> => {
    const child = start(...args);
    await until(`${args[0]} ends`, 40_000, child.hasEnded);
    await child.kill();
    if (child.status() !== status) throw new Error(`${args[0]} ends with ${child.status()}, not ${status}`);
    return child.log();
  };
  const files = Array.from({ length: IMAGES }, (_, image) => `${folder}/${image}.png`);
  for (const [image, file] of files.entries()) await Deno.writeFile(file, imageOf(image));

  const down = await run(1, "send", files[0]);
  check("Redis is down: it says so, and sends nothing", [/^Redis at 127/.test(down), service.tasks.size], [true, 0]);

  const redis = await startRedis(port, folder);
  const some = await run(1, "send", `${folder}/missing.png`, ...files.slice(0, -1));
  check("a missing file does not stop the others", [/missing\.png: .*ENOENT/.test(some), service.tasks.size], [
    true,
    IMAGES - 1,
  ]);

  const refuse = (on: boolean): Promise<unknown> => ask(port, "config", "set", "maxmemory", on ? "1" : "0");
  await refuse(true);
  const refused = await run(1, "send", files[IMAGES - 1]);
  check("Redis refuses to write: nothing is sent", [/Not sent/.test(refused), service.tasks.size], [true, IMAGES - 1]);
  await refuse(false);

  const worker = start("work");
  await until("The tasks are polled", 20_000, () => [...service.tasks.values()].some(({ polls }) => polls > 0));
  // Again and again, so that of one poll's writes some are refused and others are not: the note of a failure is one, too.
  for (const end = Date.now() + 5000; Date.now() < end;) {
    await refuse(true);
    await pause(100);
    await refuse(false);
    await pause(30);
  }
  const completed = async (): Promise<number> => await ask(port, "zcard", "bull:regions:completed") as number;
  await until("All jobs are over", 60_000, async () => await completed() === IMAGES - 1);
  check("Redis refuses to write again and again for five seconds: no task is lost", await completed(), IMAGES - 1);
  check("none has failed", await ask(port, "zcard", "bull:regions:failed"), 0);

  service.delay.submit = 2000;
  const sender = start("send", files[IMAGES - 1]);
  await until("The image arrives", 10_000, () => service.tasks.size === IMAGES);
  await redis.kill();
  await until("It gives up", 40_000, sender.hasEnded);
  const [id = ""] = [...service.tasks.keys()].slice(-1);
  check(
    "Redis goes away while an image is sent: its id is shown, and how to queue it",
    [sender.log().includes(`.png: ${id}`), sender.log().includes(`node queue.ts watch ${id}`), sender.status()],
    [true, true, 1],
  );
  const again = await startRedis(port, folder);
  check("it can be queued by its id", await run(0, "watch", id), `${id}: queued\n`);
  await until("It is over, too", 60_000, async () => await completed() === IMAGES);
  const shown = await run(1, "show", id, "unknown");
  check("a task is shown, and an unknown one is a failure", [
    shown.includes(`${id}: Detection is finished`),
    shown.includes("unknown: There is no such task"),
  ], [true, true]);
  check("no image was sent twice", service.tasks.size, IMAGES);
  for (const child of [sender, worker, again]) await child.kill();
  await service.close();
}
