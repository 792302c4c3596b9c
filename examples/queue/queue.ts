/**
 * Region detection on machines of your own: each task is a job in Redis, where it sleeps between its polls.
 *
 *     node queue.ts send IMAGE...   sends images and queues their tasks
 *     node queue.ts watch ID...     queues tasks that were sent before
 *     node queue.ts show ID...      prints the status of tasks
 *     node queue.ts work            polls, until SIGTERM or SIGINT
 *
 * The exit status is 1 if anything failed; the rest is done all the same.
 */
import { connect, describe, pollOnce, PollState, type Reply, startPoll, submitImage } from "@ocr-cloud/regions/core";
import { DelayedError, Queue, UnrecoverableError, Worker } from "bullmq";
import * as E from "fp-ts/lib/Either.js";
import { Redis } from "ioredis";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const { OCR_CLIENT_ID = "", OCR_CLIENT_SECRET = "", OCR_BASE_URL, REDIS_URL = "redis://127.0.0.1:6379" } = process.env;
const credentials = { clientId: OCR_CLIENT_ID, clientSecret: OCR_CLIENT_SECRET };
const service = connect({ credentials, baseUrl: OCR_BASE_URL });

/** Without the password. */
const HOST = new URL(REDIS_URL).host;

const DAY = 86_400_000;

/** How long a task that was sent is tried to be queued, in milliseconds: Redis may be restarting. */
const PATIENCE = 10_000;

/** Runs a command for each item. What fails is reported, and the next item goes on. */
async function runForEach(act: (item: string, redis: Redis, tasks: Queue) => Promise<void>, items: readonly string[]) {
  // Without the timeout, a command would wait for a Redis that is down until it comes back.
  const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null, commandTimeout: 5000 });
  // It reconnects by itself, and each command reports its own failure.
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

/** The image is sent at most once, and therefore not by a job: that would send it again after a crash. */
async function send(file: string, redis: Redis, tasks: Queue): Promise<void> {
  const image = await readFile(file);
  // Nothing is paid for that cannot be queued: Redis refuses to write when it is out of memory or disk space.
  await redis.set("regions:can-write", "", "PX", 1000).catch((error) => {
    throw new Error(`Not sent, since Redis does not accept it (${messageOf(error)}).`);
  });
  const id = await submitImage(image)(service)();
  if (E.isLeft(id)) throw new Error(describe(id));
  // Before anything else can fail.
  console.log(`${file}: ${id.right}`);
  const now = Date.now();
  await enqueue(tasks, id.right, now, now);
}

async function watch(id: string, _: Redis, tasks: Queue): Promise<void> {
  const job = await tasks.getJob(id);
  // A job that failed would keep its id from being queued again.
  if (await job?.isFailed()) await job?.remove();
  await enqueue(tasks, id, Date.now(), null);
  console.log(`${id}: queued`);
}

/** A task that is in the queue already stays as it is. */
async function enqueue(tasks: Queue, id: string, now: number, submittedAt: number | null): Promise<void> {
  const { state, delay } = startPoll(id, now, submittedAt);
  for (;;) {
    try {
      await tasks.add("poll", state, {
        jobId: id,
        delay,
        // A poll that Redis does not let take note of its outcome is repeated. The deadline of the task is the limit.
        attempts: 1_000_000,
        backoff: { type: "fixed", delay: 2000 },
        removeOnComplete: { age: DAY / 1000 },
        removeOnFail: { age: DAY / 1000 },
      });
      return;
    } catch (error) {
      if (Date.now() > now + PATIENCE) {
        const why = `The task is not queued, since Redis does not accept it (${messageOf(error)}).`;
        throw new Error(`${why} Queue it with: node queue.ts watch ${id}`);
      }
      await sleep(1000);
    }
  }
}

async function show(id: string, _: Redis, tasks: Queue): Promise<void> {
  const job = await tasks.getJob(id);
  if (job === undefined) throw new Error("There is no such task in the queue.");
  const reply: Reply | null = job.returnvalue;
  console.log(`${id}: ${reply ? describe(reply) : job.failedReason || await job.getState()}`);
}

/** One poll, then back to sleep. The job's result is the final reply. */
function work(): void {
  const worker = new Worker<unknown, Reply>("regions", async (job, token) => {
    const state = PollState.decode(job.data);
    if (E.isLeft(state)) throw new UnrecoverableError("This version cannot read the job's data.");
    // The service keeps a task for a day, and no user is kept waiting here.
    const next = await pollOnce(state.right, { deadline: DAY })(service)();
    if (next._tag === "Done") return next.reply;
    await job.updateData(next.state);
    await job.moveToDelayed(Date.now() + next.delay, token);
    throw new DelayedError();
  }, {
    connection: { url: REDIS_URL, maxRetriesPerRequest: null },
    concurrency: 50,
    // Jobs of a worker that died are taken over within 15 seconds, however often that happens.
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
  console.error("Expected: node queue.ts send IMAGE... | watch ID... | show ID... | work");
  process.exitCode = 2;
}
