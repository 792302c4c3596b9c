/**
 * The service's tasks on your own machines: each task is a job in Redis, where it is delayed between its polls.
 *
 *     node queue.ts send [--kind KIND] IMAGE...   submits images and queues their tasks
 *     node queue.ts watch [--kind KIND] ID...     queues tasks that were submitted before
 *     node queue.ts show ID...                    prints the status of tasks
 *     node queue.ts work                          polls until SIGTERM or SIGINT
 *
 * KIND is the name of a kind of task, by default DetectRegions. If an item fails, the others are processed nevertheless,
 * and the exit status is 1.
 */
import {
  BINARIZE_IMAGE,
  connect,
  describe,
  DESKEW_IMAGE,
  DETECT_REGIONS,
  DEWARP_IMAGE,
  type ImageInput,
  pollPolicy,
  PollState,
  pollTask,
  RECOGNIZE_IMAGE,
  RECOGNIZE_IMAGE_TO_PDF,
  RECOGNIZE_TABLE,
  RECOGNIZE_TABLE_TO_EXCEL,
  type Reply,
  startPoll,
  submitTask,
  type TaskKind,
  type TaskRef,
  taskRef,
  UPSCALE_IMAGE,
} from "@ocr-cloud/regions/core";
import { DelayedError, Queue, UnrecoverableError, Worker } from "bullmq";
import * as E from "fp-ts/lib/Either.js";
import { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const { OCR_CLIENT_ID = "", OCR_CLIENT_SECRET = "", OCR_BASE_URL, REDIS_URL = "redis://127.0.0.1:6379" } = process.env;
const credentials = { clientId: OCR_CLIENT_ID, clientSecret: OCR_CLIENT_SECRET };
const service = connect({ credentials, baseUrl: OCR_BASE_URL });

/** A kind of task that can be submitted with an image alone. */
type Kind = TaskKind<ImageInput, object>;

/** The kinds that are submitted and polled. A job is of the kind that its state names. Add your own here. */
const KINDS: readonly Kind[] = [
  DETECT_REGIONS,
  RECOGNIZE_IMAGE,
  RECOGNIZE_IMAGE_TO_PDF,
  RECOGNIZE_TABLE,
  RECOGNIZE_TABLE_TO_EXCEL,
  BINARIZE_IMAGE,
  DESKEW_IMAGE,
  DEWARP_IMAGE,
  UPSCALE_IMAGE,
];

/** The host for messages, without the password. */
const HOST = new URL(REDIS_URL).host;

const DAY = 86_400_000;

/** The service keeps results for a day, and no user is waiting. */
const POLICY = pollPolicy({ deadline: DAY });

/** How long to retry queueing a task that was submitted, in milliseconds, since Redis may be restarting. */
const QUEUE_TIMEOUT = 10_000;

/** A command for an item: the file of an image, or the id of a task. */
type Act = (item: string, kind: Kind, redis: Redis, tasks: Queue) => Promise<void>;

/** Runs a command for each item. If it fails for an item, reports the error and continues. */
async function runForEach(act: Act, items: readonly string[], kind: Kind): Promise<void> {
  // Without the timeout, commands would wait for as long as Redis is down.
  const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null, commandTimeout: 5000 });
  // The client reconnects automatically, and each command reports its own failure.
  redis.on("error", () => {});
  const tasks = new Queue("regions", { connection: redis }).on("error", () => {});
  const report = (item: string) => (error: unknown): void => {
    process.exitCode = 1;
    console.error(`${item}: ${messageOf(error)}`);
  };
  try {
    await redis.ping();
    await tasks.waitUntilReady();
    for (const item of items) await act(item, kind, redis, tasks).catch(report(item));
  } catch (error) {
    report(`Redis at ${HOST}`)(error);
  }
  redis.disconnect();
}

/** Submits an image. This is not done in a job, which would be repeated after a crash and submit the image twice. */
async function send(file: string, kind: Kind, redis: Redis, tasks: Queue): Promise<void> {
  const image = await readFile(file);
  // Do not submit an image whose task could not be queued: Redis rejects writes when it is out of memory or disk space.
  await redis.set("regions:can-write", "", "PX", 1000).catch((error) => {
    throw new Error(`The image was not submitted, since Redis rejects writes (${messageOf(error)}).`);
  });
  const id = await submitTask(kind, { image })(service)();
  if (E.isLeft(id)) throw new Error(describe(id));
  // Print the id before anything else can fail.
  console.log(`${file}: ${id.right}`);
  const now = Date.now();
  await enqueue(tasks, taskRef(kind, id.right), now, now);
}

async function watch(id: string, kind: Kind, _: Redis, tasks: Queue): Promise<void> {
  const job = await tasks.getJob(id);
  // While a failed job exists, its id cannot be queued again.
  if (await job?.isFailed()) await job?.remove();
  await enqueue(tasks, taskRef(kind, id), Date.now(), null);
  console.log(`${id}: queued`);
}

/** Queues a task. Does nothing if the task is already queued. */
async function enqueue(tasks: Queue, task: TaskRef, now: number, submittedAt: number | null): Promise<void> {
  const first = startPoll(task, now, submittedAt, POLICY);
  if (first._tag === "Done") throw new Error(describe(first.reply));
  for (;;) {
    try {
      await tasks.add("poll", first.state, {
        jobId: task.id,
        delay: first.delay,
        // If Redis does not store the outcome of a poll, the poll is repeated. The task's deadline limits the repetitions.
        attempts: 1_000_000,
        backoff: { type: "fixed", delay: 2000 },
        removeOnComplete: { age: DAY / 1000 },
        removeOnFail: { age: DAY / 1000 },
      });
      return;
    } catch (error) {
      if (Date.now() > now + QUEUE_TIMEOUT) {
        const what = `The task was not queued, since Redis rejects writes (${messageOf(error)}).`;
        throw new Error(`${what} Queue it with: node queue.ts watch ${task.id} --kind ${task.kind}`);
      }
      await sleep(1000);
    }
  }
}

async function show(id: string, _kind: Kind, _redis: Redis, tasks: Queue): Promise<void> {
  const job = await tasks.getJob(id);
  if (job === undefined) throw new Error("The task is not in the queue.");
  const reply: Reply<object> | null = job.returnvalue;
  console.log(`${id}: ${reply ? describe(reply) : job.failedReason || await job.getState()}`);
}

/** Starts a worker. Each run of a job makes one poll, then delays the job. The job's result is the final reply. */
function work(): void {
  const worker = new Worker<unknown>("regions", async (job, token) => {
    const state = PollState.decode(job.data);
    if (E.isLeft(state)) throw new UnrecoverableError("This version cannot read the job's data.");
    const kind = kindNamed(state.right.kind);
    if (kind === undefined) throw new UnrecoverableError(`This version does not have the kind ${state.right.kind}.`);
    const next = await pollTask(kind, state.right, POLICY)(service)();
    if (next._tag === "Done") return toStored(next.reply);
    await job.updateData(next.state);
    await job.moveToDelayed(Date.now() + next.delay, token);
    throw new DelayedError();
  }, {
    connection: { url: REDIS_URL, maxRetriesPerRequest: null },
    concurrency: 50,
    // If a worker crashes, others take over its jobs within 15 seconds, however often that happens.
    lockDuration: 10_000,
    stalledInterval: 5000,
    maxStalledCount: 1_000_000,
  });
  worker.on("error", (error) => console.error(messageOf(error)));
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => worker.close());
}

function kindNamed(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.name === name);
}

/** Converts a reply to JSON, which has no bytes: a file becomes Base64. To keep files out of Redis, store them here. */
function toStored(reply: Reply<object>): unknown {
  if (E.isLeft(reply) || !("file" in reply.right) || !(reply.right.file instanceof Uint8Array)) return reply;
  return E.right({ ...reply.right, file: Buffer.from(reply.right.file).toString("base64") });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const { values, positionals: [command = "", ...items] } = parseArgs({
  options: { kind: { type: "string", default: DETECT_REGIONS.name } },
  allowPositionals: true,
});
const act = { send, watch, show }[command];
const kind = kindNamed(values.kind);
if (command === "work") work();
else if (act !== undefined && kind !== undefined && items.length > 0) await runForEach(act, items, kind);
else {
  console.error("Usage: node queue.ts send [--kind KIND] IMAGE... | watch [--kind KIND] ID... | show ID... | work");
  console.error(`KIND is one of ${KINDS.map(({ name }) => name).join(", ")}.`);
  process.exitCode = 2;
}
