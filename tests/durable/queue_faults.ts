/** The queue while Redis is down, is killed during a submission, or rejects writes. */
import { check, pause, until } from "./checks.ts";
import { freePort, queueProgram, redisCommand, startRedis } from "./queue.ts";
import { imageOf, startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const IMAGES = 10;

export async function queueFaults(tools: Tools, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const service = await startService();
  service.serviceTime = () => 4000;
  const port = freePort();
  const start = await queueProgram(tools, service, port);
  /** Runs a command, checks its exit status, and returns its output. */
  const run = async (status: number, ...args: readonly string[]): Promise<string> => {
    const child = start(...args);
    await until(`${args[0]} exits`, 40_000, child.hasEnded);
    await child.kill();
    if (child.status() !== status) throw new Error(`${args[0]} exits with ${child.status()}, not ${status}`);
    return child.log();
  };
  const files = Array.from({ length: IMAGES }, (_, image) => `${folder}/${image}.png`);
  for (const [image, file] of files.entries()) await Deno.writeFile(file, imageOf(image));

  const down = await run(1, "send", files[0]);
  check("if Redis is down, an error is printed and nothing is submitted", [
    /^Redis at 127/.test(down),
    service.tasks.size,
  ], [true, 0]);

  const redis = await startRedis(port, folder);
  const some = await run(1, "send", `${folder}/missing.png`, ...files.slice(0, -1));
  check("if a file is missing, the others are submitted", [/missing\.png: .*ENOENT/.test(some), service.tasks.size], [
    true,
    IMAGES - 1,
  ]);

  const refuse = (on: boolean): Promise<unknown> => redisCommand(port, "config", "set", "maxmemory", on ? "1" : "0");
  await refuse(true);
  const refused = await run(1, "send", files[IMAGES - 1]);
  check("if Redis rejects writes, nothing is submitted", [/was not submitted/.test(refused), service.tasks.size], [
    true,
    IMAGES - 1,
  ]);
  await refuse(false);

  const worker = start("work");
  await until("The tasks are polled", 20_000, () => [...service.tasks.values()].some(({ polls }) => polls > 0));
  // Repeatedly, so that some of a poll's writes are rejected and others are not. Recording a failure is also a write.
  for (const end = Date.now() + 5000; Date.now() < end;) {
    await refuse(true);
    await pause(100);
    await refuse(false);
    await pause(30);
  }
  const completed = async (): Promise<number> => await redisCommand(port, "zcard", "bull:regions:completed") as number;
  await until("All jobs are completed", 60_000, async () => await completed() === IMAGES - 1);
  check("if Redis rejects writes repeatedly for five seconds, no task is lost", await completed(), IMAGES - 1);
  check("no task has failed", await redisCommand(port, "zcard", "bull:regions:failed"), 0);

  service.delay.submit = 2000;
  const sender = start("send", files[IMAGES - 1]);
  await until("The image arrives", 10_000, () => service.tasks.size === IMAGES);
  await redis.kill();
  await until("The sender exits", 40_000, sender.hasEnded);
  const [id = ""] = [...service.tasks.keys()].slice(-1);
  check(
    "if Redis is killed during a submission, the id and the command to queue it are printed",
    [sender.log().includes(`.png: ${id}`), sender.log().includes(`node queue.ts watch ${id}`), sender.status()],
    [true, true, 1],
  );
  const again = await startRedis(port, folder);
  check("the task can be queued by its id", await run(0, "watch", id), `${id}: queued\n`);
  await until("The job is completed", 60_000, async () => await completed() === IMAGES);
  const shown = await run(1, "show", id, "unknown");
  check("show prints a task, and fails for an unknown id", [
    shown.includes(`${id}: Detection is finished`),
    shown.includes("unknown: The task is not in the queue"),
  ], [true, true]);
  check("no image was submitted twice", service.tasks.size, IMAGES);
  for (const child of [sender, worker, again]) await child.kill();
  await service.close();
}
