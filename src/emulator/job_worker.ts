/**
 * Runs jobs in a worker thread, one at a time.
 *
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { firstSentence } from "./tesseract.ts";

/** A queue of jobs, and the thread that runs them. */
export interface JobWorker<Job, Result> {
  /**
   * Runs a job after those of earlier calls. `transfer` are buffers that the job owns. Rejects with an `Error` if the
   * job fails, the thread exits, or the worker is closed before the job has finished.
   */
  readonly run: (job: Job, transfer: readonly ArrayBuffer[]) => Promise<Result>;
  /** Terminates the thread and frees its memory. Pending and later calls of `run` reject. */
  readonly close: () => Promise<void>;
}

interface Entry<Job, Result> {
  readonly job: Job;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** A message from the thread. */
type JobResult<Result> = { readonly result: Result } | { readonly message: string };

/** The first message from the thread, once it has loaded its module. A thread that exits before it failed to start. */
const STARTED = "started";

/**
 * Creates a worker for the jobs that `module` passes to {@linkcode runJobs}. The thread is started when the first job
 * arrives. If it exits, it is replaced, and only the job that was being run is lost. An idle thread does not keep the
 * process alive.
 *
 * @param name What the worker is called in errors, and what `module` passes to {@linkcode runJobs}.
 * @param module The URL of the module. Deno needs permission to read it and its dependencies.
 */
export function startJobWorker<Job, Result>(name: string, module: string): JobWorker<Job, Result> {
  const waiting: Entry<Job, Result>[] = [];
  let current: Entry<Job, Result> | null = null;
  let worker: Worker | null = null;
  let closing: Promise<void> | null = null;

  const closedError = (): Error => new Error(`Cannot read the image: the ${name} is closed`);

  const start = (): Worker => {
    const started = new Worker(toWorkerUrl(module), { workerData: toWorkerData(name) });
    let failure = `start the ${name}: its worker`;
    const onExit = (how: string): void => {
      if (worker !== started) return;
      worker = null;
      finish((entry) => entry.reject(new Error(`Cannot ${failure} exited unexpectedly (${how})`)));
    };
    started.on("message", (message: JobResult<Result> | typeof STARTED) => {
      if (message === STARTED) return void (failure = `read the image: the ${name}'s worker`);
      if (worker !== started) return;
      finish((entry) => "result" in message ? entry.resolve(message.result) : entry.reject(new Error(message.message)));
    });
    started.on("error", (error) => onExit(firstSentence(error)));
    started.on("exit", (code) => onExit(`exit code ${code}`));
    return started;
  };

  const finish = (settle: (entry: Entry<Job, Result>) => void): void => {
    if (current !== null) settle(current);
    current = null;
    next();
  };

  const next = (): void => {
    if (current !== null) return;
    current = waiting.shift() ?? null;
    if (current === null) return worker?.unref();
    const { job, transfer } = current;
    try {
      worker ??= start();
      worker.ref();
      worker.postMessage(job, transfer);
    } catch (error) {
      const message = `Cannot start the ${name}: its worker could not be created (${firstSentence(error)})`;
      finish((entry) => entry.reject(new Error(message)));
    }
  };

  const end = async (): Promise<void> => {
    const unfinished = current === null ? waiting.splice(0) : [current, ...waiting.splice(0)];
    const terminated = worker;
    current = worker = null;
    for (const entry of unfinished) entry.reject(closedError());
    await terminated?.terminate();
  };

  return {
    run: (job, transfer) =>
      new Promise((resolve, reject) => {
        if (closing !== null) return reject(closedError());
        waiting.push({ job, transfer, resolve, reject });
        next();
      }),
    close: () => closing ??= end(),
  };
}

/** Runs the jobs of the thread's {@linkcode startJobWorker}. Does nothing in all other threads. */
export function runJobs<Job, Result>(name: string, run: (job: Job) => Promise<Result>): void {
  if (isMainThread || workerData !== toWorkerData(name)) return;
  parentPort?.on("message", (job: Job) => {
    const post = (result: JobResult<Result>): void => parentPort?.postMessage(result);
    run(job).then((result) => post({ result }), (error: Error) => post({ message: error.message }));
  });
  parentPort?.postMessage(STARTED);
}

/** What tells a module that it runs in a thread of this worker, and not in one of the application. */
function toWorkerData(name: string): string {
  return `@ocr-cloud/regions/${name}`;
}

/**
 * Workers can be started only from files and `data:` URLs, so a module from elsewhere (JSR) is imported by the latter.
 */
function toWorkerUrl(module: string): URL {
  return new URL(
    module.startsWith("file:") ? module : `data:text/javascript,import ${encodeURIComponent(JSON.stringify(module))}`,
  );
}
