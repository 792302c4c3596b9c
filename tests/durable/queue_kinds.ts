/** Tasks of several kinds in one queue, and jobs that other versions of the worker have queued. */
import { check, until } from "./checks.ts";
import { freePort, queueProgram, redisCommand, startRedis } from "./queue.ts";
import { imageOf, rightOf, startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const KINDS = ["DetectRegions", "RecognizeImage", "DeskewImage", "DetectRegions", "DetectRegions"];

export async function queueKinds(tools: Tools, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const service = await startService();
  const port = freePort();
  const start = await queueProgram(tools, service, port);
  const redis = await startRedis(port, folder);
  for (const [image, kind] of KINDS.entries()) {
    const file = `${folder}/${image}.png`;
    await Deno.writeFile(file, imageOf(image));
    const sender = start("send", "--kind", kind, file);
    await until(`The image for ${kind} is sent`, 20_000, sender.hasEnded);
  }
  const ids = [...service.tasks.keys()];
  const [detected, recognized, deskewed, old, unknown] = ids.map((id) => `bull:regions:${id}`);
  const read = async (job: string, field: string): Promise<string> =>
    String(await redisCommand(port, "hget", job, field));
  const rewrite = async (job: string, changes: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const state = JSON.stringify({ ...JSON.parse(await read(job, "data")), ...changes });
    return redisCommand(port, "hset", job, "data", state);
  };
  await rewrite(old, { version: 1, kind: undefined, results: undefined });
  await rewrite(unknown, { kind: "Unknown" });

  const worker = start("work");
  const count = async (set: string): Promise<number> =>
    await redisCommand(port, "zcard", `bull:regions:${set}`) as number;
  await until(
    "All jobs have ended",
    20_000,
    async () => await count("completed") + await count("failed") === ids.length,
  );
  const outputs: unknown[] = [];
  for (const job of [detected, recognized, deskewed, old]) {
    const { regions, text, file } = JSON.parse(await read(job, "returnvalue")).right ?? {};
    outputs.push(regions ?? text ?? file);
  }
  const regionsOf = (image: number): unknown => [{ left: 1, top: 2, right: rightOf(image), bottom: 30 }];
  check("a job has the output of its kind, and one without a kind is a detection", outputs, [
    regionsOf(0),
    "text 1",
    btoa("file 2"),
    regionsOf(3),
  ]);
  check(
    "a job of an unknown kind fails, and is not polled",
    [await read(unknown, "failedReason"), service.of(4)?.polls],
    ["This version does not have the kind Unknown.", 0],
  );
  for (const child of [worker, redis]) await child.kill();
  await service.close();
}
