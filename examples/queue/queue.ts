/**
 * Region detection on machines of one's own: each task is a job in Redis, where it sleeps between its polls.
 *
 *     node queue.ts send IMAGE...   sends images, and queues their tasks
 *     node queue.ts show ID...      says where tasks stand
 *     node queue.ts work            polls, until SIGTERM
 */
import { connect, describe, PollState, type Reply, startPoll, submitImage, pollOnce } from "@ocr-cloud/regions/core";
import { DelayedError, Queue, UnrecoverableError, Worker } from "bullmq";
import * as E from "fp-ts/lib/Either.js";
import { readFile } from "node:fs/promises";
import process from "node:process";

type Tasks = Queue<PollState, Reply>;

const { OCR_CLIENT_ID = "", OCR_CLIENT_SECRET = "", OCR_BASE_URL, REDIS_URL = "redis://127.0.0.1:6379" } = process.env;
const connection = { url: REDIS_URL, maxRetriesPerRequest: null };
const credentials = { clientId: OCR_CLIENT_ID, clientSecret: OCR_CLIENT_SECRET };
const service = connect({ credentials, baseUrl: OCR_BASE_URL });

/** The image is sent at most once: a job that did it would send it again after a crash. */
async function send(tasks: Tasks, file: string): Promise<string> {
  const id = await submitImage(await readFile(file))(service)();
  if (E.isLeft(id)) return `${file}: ${describe(id)}`;
  const now = Date.now();
  const { state, delay } = startPoll(id.right, now, now);
  await tasks.add("poll", state, { jobId: id.right, delay, removeOnComplete: { age: 86_400 } });
  return `${file}: ${id.right}`;
}

async function show(tasks: Tasks, id: string): Promise<string> {
  const job = await tasks.getJob(id);
  return `${id}: ${job?.returnvalue ? describe(job.returnvalue) : await job?.getState() ?? "unknown"}`;
}

/** One poll, then back to sleep. The job's result is the last word. */
function work(): Worker<unknown, Reply> {
  return new Worker<unknown, Reply>("regions", async (job, token) => {
    const state = PollState.decode(job.data);
    if (E.isLeft(state)) throw new UnrecoverableError("The job's data is no state that this version reads.");
    // The service keeps a task for a day, and nobody is kept waiting here.
    const next = await pollOnce(state.right, { deadline: 86_400_000 })(service)();
    if (next._tag === "Done") return next.reply;
    await job.updateData(next.state);
    await job.moveToDelayed(Date.now() + next.delay, token);
    throw new DelayedError();
    // What a dead worker held is taken up within 15 seconds, however often that happens.
  }, { connection, concurrency: 50, lockDuration: 10_000, stalledInterval: 5000, maxStalledCount: 1000 });
}

const [command, ...rest] = process.argv.slice(2);
if (command === "work") {
  const worker = work();
  process.once("SIGTERM", () => worker.close());
} else {
  const tasks: Tasks = new Queue("regions", { connection });
  for (const item of rest) console.log(await (command === "send" ? send : show)(tasks, item));
  await tasks.close();
}
