import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal, throws } from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { startDetector } from "../../src/emulator/detector.ts";
import { emulate } from "../../src/emulator/emulator.ts";
import { type JobPool, startJobPool, type WorkerOptions } from "../../src/emulator/job_pool.ts";
import { startRecognizer } from "../../src/emulator/recognizer.ts";
import { connect } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { detectRegions } from "../../src/stream/watch.ts";
import { toPromise } from "../../src/stream/to_promise.ts";
import { pgm, TEXT } from "../support/images.ts";
import { NAME, type TestJob } from "../support/job_module.ts";
import { strict, watchWorkers } from "../support/workers.ts";

const MODULE = import.meta.resolve("../support/job_module.ts");

/** Passes `use` a pool and the threads that it uses, and closes the pool. */
function withPool(
  options: WorkerOptions,
  use: (
    run: (job: TestJob) => Promise<number>,
    workers: ReadonlySet<Worker>,
    pool: JobPool<TestJob, number>,
  ) => unknown,
): Promise<void> {
  return watchWorkers(async (workers) => {
    const pool = startJobPool<TestJob, number>(NAME, MODULE, options);
    await use((job) => pool.run(job, []), workers, pool);
    await pool.close();
  });
}

Deno.test(
  "startJobPool() starts a thread for each job that would have to wait, up to the number of workers",
  strict,
  () =>
    withPool({ workers: 3 }, async (run, workers) => {
      await run(0);
      await run(0);
      equal(workers.size, 1);
      const two = [run(50), run(50)];
      equal(workers.size, 2);
      const jobs = [...two, ...Array.from({ length: 8 }, () => run(20))];
      equal(workers.size, 3);
      equal(new Set(await Promise.all(jobs)).size, 3);
      equal(workers.size, 3);
    }),
);

Deno.test("startJobPool() starts jobs in order, and one at a time in each thread", strict, async () => {
  const started: unknown[] = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (...message) {
    started.push(message[0]);
    return postMessage.apply(this, message);
  };
  const pool = startJobPool<TestJob, number>(NAME, MODULE, { workers: 2 });
  try {
    await Promise.all([pool.run(0, []), pool.run(0, [])]);
    started.length = 0;
    const jobs = [1000, 1, 2, 3, 4].map((job) => pool.run(job, []));
    deepEqual(started, [1000, 1]);
    await jobs[1];
    deepEqual(started, [1000, 1, 2]);
    await Promise.all(jobs);
    deepEqual(started, [1000, 1, 2, 3, 4]);
  } finally {
    Worker.prototype.postMessage = postMessage;
    await pool.close();
  }
});

Deno.test(
  "startJobPool() replaces a thread that exits, and loses only its job",
  strict,
  () =>
    withPool({ workers: 2 }, async (run, workers) => {
      await Promise.all([run(0), run(0)]);
      const jobs = [run(1000), run("exit"), run(1), run("fail"), run(2)];
      const outcomes = (await Promise.allSettled(jobs)).map((outcome) =>
        outcome.status === "rejected" ? outcome.reason.message : typeof outcome.value
      );
      deepEqual(outcomes, [
        ...["number", "Cannot read the image: the tester's worker exited unexpectedly (exit code 3)", "number"],
        ...["It failed", "number"],
      ]);
      equal(workers.size, 3);
    }),
);

Deno.test(
  "startJobPool() ends a job that exceeds its time limit, and runs the next one",
  strict,
  () =>
    withPool({ workers: 1, timeLimit: 3000 }, async (run, workers) => {
      await run(0);
      const jobs = [run("hang"), run(0)];
      await rejects(jobs[0], {
        message: "Cannot read the image: the tester exceeded its time limit of 3 seconds. Use a smaller image",
      });
      ok(await jobs[1] > 0);
      equal(workers.size, 2);
    }),
);

Deno.test(
  "startJobPool() measures the time of a job from its start",
  strict,
  () =>
    withPool({ workers: 1, timeLimit: 2000 }, async (run) => {
      const jobs = Array.from({ length: 5 }, () => run(500));
      equal(new Set(await Promise.all(jobs)).size, 1);
    }),
);

Deno.test(
  "startJobPool() sets no limit above the longest timer",
  strict,
  () =>
    withPool({ timeLimit: Infinity }, async (run) => {
      ok(await run(20) > 0);
    }),
);

Deno.test(
  "startJobPool() rejects the jobs of all threads when it is closed",
  strict,
  () =>
    withPool({ workers: 2 }, async (run, _, pool) => {
      await run(0);
      const closed = { message: "Cannot read the image: the tester is closed" };
      const outcomes = [run("hang"), run(10_000), run(0)].map((job) => rejects(job, closed));
      await Promise.all([pool.close(), pool.close()]);
      await Promise.all(outcomes);
      await rejects(run(0), closed);
    }),
);

Deno.test("startDetector() and startRecognizer() reject options out of range", () => {
  for (const workers of [0, -1, NaN]) {
    throws(() => startDetector({ workers }), {
      name: "RangeError",
      message: `Cannot start the detector as workers must be a number of 1 or more: current value is ${workers}`,
    });
  }
  throws(() => startRecognizer({ timeLimit: 0 }), {
    name: "RangeError",
    message: "Cannot start the recognizer as timeLimit must be a number greater than 0: current value is 0",
  });
});

Deno.test(
  "A task of the emulator ends with Error if its image exceeds the time limit of the detector",
  strict,
  () =>
    watchWorkers(async () => {
      const { detect, close } = startDetector({ timeLimit: 1 });
      const credentials = { clientId: "id", clientSecret: "secret" };
      const service = connect({ credentials, fetch: emulate({ detect }) });
      const statuses = detectRegions(pgm(TEXT), {}, { schedule: fixed({ delay: 10 }) });
      const message = await toPromise(statuses(service)).then(() => "", (error) => error.message);
      match(
        message,
        /Cannot read the image: the detector exceeded its time limit of 0\.001 seconds\. Use a smaller image/,
      );
      await close();
    }),
);
