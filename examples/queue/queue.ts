/**
 * Region detection on your own machines: each task is a job in Redis, where it is delayed between its polls.
 *
 *     node queue.ts send IMAGE...   submits images and queues their tasks
 *     node queue.ts watch ID...     queues tasks that were submitted before
 *     node queue.ts show ID...      prints the status of tasks
 *     node queue.ts work            polls until SIGTERM or SIGINT
 *
 * If an item fails, the others are processed nevertheless, and the exit status is 1.
 */
import { connect, describe, pollOnce, pollPolicy, PollState, type Reply, startPoll, submitImage } from "@ocr-cloud/regions/core";
import { DelayedError, Queue, UnrecoverableError, Worker } from "bullmq";
import * as E from "fp-ts/lib/Either.js";
import { Redis } from "ioredis";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const { OCR_CLIENT_ID = "", OCR_CLIENT_SECRET = "", OCR_BASE_URL, REDIS_URL = "redis://127.0.0.1:6379" } = process.env;
const credentials = { clientId: OCR_CLIENT_ID, clientSecret: OCR_CLIENT_SECRET };
const service = connect({ credentials, baseUrl: OCR_BASE_URL });

/** The host for messages, without the password. */
const HOST = new URL(REDIS_URL).host;

const DAY = 86_400_000;

/** The service keeps results for a day, and no user is waiting. */
const POLICY = pollPolicy({ deadline: DAY });

/** How long to retry queueing a task that was submitted, in milliseconds, since Redis may be restarting. */
const QUEUE_TIMEOUT = 10_000;

/** Runs a command for each item. If it fails for an item, reports the error and continues. */
async function runForEach(act: (item: string, redis: Redis, tasks: Queue) => Promise<void>, items: readonly string[]) {
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
    for (const item of items) await act(item, redis, tasks).catch(report(item));
  } catch (error) {
    report(`Redis at ${HOST}`)(error);
  }
  redis.disconnect();
}

/** Submits an image. This is not done in a job, which would be repeated after a crash and submit the image twice. */
async function send(file: string, redis: Redis, tasks: Queue): Promise<void> {
  const image = await readFile(file);
  // Do not submit an image whose task could not be queued: Redis rejects writes when it is out of memory or disk space.
  await redis.set("regions:can-write", "", "PX", 1000).catch((error) => {
    throw new Error(`The image was not submitted, since Redis rejects writes (${messageOf(error)}).`);
  });
  const id = await submitImage(image)(service)();
  if (E.isLeft(id)) throw new Error(describe(id));
  // Print the id before anything else can fail.
  console.log(`${file}: ${id.right}`);
  const now = Date.now();
  await enqueue(tasks, id.right, now, now);
}

async function watch(id: string, _: Redis, tasks: Queue): Promise<void> {
  const job = await tasks.getJob(id);
  // While a failed job exists, its id cannot be queued again.
  if (await job?.isFailed()) await job?.remove();
  await enqueue(tasks, id, Date.now(), null);
  console.log(`${id}: queued`);
}

/** Queues a task. Does nothing if the task is already queued. */
async function enqueue(tasks: Queue, id: string, now: number, submittedAt: number | null): Promise<void> {
  const first = startPoll(id, now, submittedAt, POLICY);
  if (first._tag === "Done") throw new Error(describe(first.reply));
  for (;;) {
    try {
      await tasks.add("poll", first.state, {
        jobId: id,
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
        throw new Error(`${what} Queue it with: node queue.ts watch ${id}`);
      }
      await sleep(1000);
    }
  }
}

async function show(id: string, _: Redis, tasks: Queue): Promise<void> {
  const job = await tasks.getJob(id);
  if (job === undefined) throw new Error("The task is not in the queue.");
  const reply: Reply | null = job.returnvalue;
  console.log(`${id}: ${reply ? describe(reply) : job.failedReason || await job.getState()}`);
}

/** Starts a worker. Each run of a job makes one poll, then delays the job. The job's result is the final reply. */
function work(): void {
  const worker = new Worker<unknown, Reply>("regions", async (job, token) => {
    const state = PollState.decode(job.data);
    if (E.isLeft(state)) throw new UnrecoverableError("This version cannot read the job's data.");
    const next = await pollOnce(state.right, POLICY)(service)();
    if (next._tag === "Done") return next.reply;
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const [command = "", ...items] = process.argv.slice(2);
const act = { send, watch, show }[command];
if (command === "work") work();
else if (act !== undefined && items.length > 0) await runForEach(act, items);
else {
  console.error("Usage: node queue.ts send IMAGE... | watch ID... | show ID... | work");
  process.exitCode = 2;
}
