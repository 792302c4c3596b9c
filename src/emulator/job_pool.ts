/**
 * Runs jobs in worker threads, one at a time in each.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { MAX_TIMER } from "../internal/abort.ts";
import { atLeast } from "../internal/check.ts";
import { firstSentence } from "./tesseract.ts";

/**
 * Options of `startDetector` and `startRecognizer`.
 *
 * @category Emulator
 */
export interface WorkerOptions {
  /**
   * The maximum number of worker threads, 1 or more. Each processes one image at a time and is started when an image
   * has to wait for those before it. A worker takes up to 1.9 GB of memory for an image of 100 megapixels, and keeps it.
   *
   * @default {Math.min(os.availableParallelism(), 4)}
   */
  readonly workers?: number | undefined;
  /**
   * The maximum time for an image in milliseconds, greater than 0, from the moment when a worker starts to process it.
   * After that, the worker is terminated and replaced, and the call rejects with an `Error`. Values above 2,147,483,647,
   * such as `Infinity`, mean no limit.
   *
   * @default {120_000}
   */
  readonly timeLimit?: number | undefined;
}

/** A queue of jobs, and the threads that run them. */
export interface JobPool<Job, Result> {
  /**
   * Runs a job after those of earlier calls have started. `transfer` are buffers that the job owns. Rejects with an
   * `Error` if the job fails or exceeds its time limit, its thread exits, or the pool is closed before the job has
   * finished.
   */
  readonly run: (job: Job, transfer: readonly ArrayBuffer[]) => Promise<Result>;
  /** Terminates the threads and frees their memory. Pending and later calls of `run` reject. */
  readonly close: () => Promise<void>;
}

interface Entry<Job, Result> {
  readonly job: Job;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

interface Thread<Job, Result> {
  readonly worker: Worker;
  /** Whether it has loaded its module. The time of its first job starts then. */
  isStarted: boolean;
  /** The job that is being run, or null if the thread is idle. */
  current: Entry<Job, Result> | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** A message from the thread. */
type JobResult<Result> = { readonly result: Result } | { readonly message: string };

/** The first message from the thread, once it has loaded its module. A thread that exits before it failed to start. */
const STARTED = "started";

const MAX_DEFAULT_WORKERS = 4;

/**
 * Creates a pool of threads for the jobs that `module` passes to {@linkcode runJobs}. A thread is started when a job
 * arrives and no thread is idle, up to the limit. A thread that exits, or whose job exceeds the time limit, is replaced
 * when there is a job for it, and only the job that it was running is lost. Idle threads do not keep the process alive.
 *
 * @param name What the pool is called in errors, and what `module` passes to {@linkcode runJobs}.
 * @param module The URL of the module. Deno needs permission to read it and its dependencies.
 *
 * @throws {RangeError} If an option is out of range.
 */
export function startJobPool<Job, Result>(
  name: string,
  module: string,
  options: WorkerOptions,
): JobPool<Job, Result> {
  const { workers = Math.min(availableParallelism(), MAX_DEFAULT_WORKERS), timeLimit = 120_000 } = options;
  const action = `start the ${name}`;
  atLeast(action, "workers", workers, 1);
  atLeast(action, "timeLimit", timeLimit, Number.MIN_VALUE);
  const waiting: Entry<Job, Result>[] = [];
  const threads = new Set<Thread<Job, Result>>();
  let closing: Promise<void> | null = null;

  const closedError = (): Error => new Error(`Cannot read the image: the ${name} is closed`);

  const start = (): Thread<Job, Result> => {
    const worker = new Worker(toWorkerUrl(module), { workerData: toWorkerData(name) });
    const thread: Thread<Job, Result> = { worker, isStarted: false, current: null, timer: undefined };
    threads.add(thread);
    let failure = `${action}: its worker`;
    const onExit = (how: string): void => lose(thread, new Error(`Cannot ${failure} exited unexpectedly (${how})`));
    worker.on("message", (message: JobResult<Result> | typeof STARTED) => {
      if (message === STARTED) {
        failure = `read the image: the ${name}'s worker`;
        thread.isStarted = true;
        return limit(thread);
      }
      finish(
        thread,
        (entry) => "result" in message ? entry.resolve(message.result) : entry.reject(new Error(message.message)),
      );
    });
    worker.on("error", (error) => onExit(firstSentence(error)));
    worker.on("exit", (code) => onExit(`exit code ${code}`));
    return thread;
  };

  const lose = (thread: Thread<Job, Result>, error: Error): void => {
    threads.delete(thread);
    finish(thread, (entry) => entry.reject(error));
  };

  /** Starts the time of a job, once the thread has started. */
  const limit = (thread: Thread<Job, Result>): void => {
    const isLimited = thread.current !== null && timeLimit <= MAX_TIMER;
    if (isLimited) thread.timer = setTimeout(() => stop(thread), timeLimit);
  };

  const stop = (thread: Thread<Job, Result>): void => {
    const limit = `its time limit of ${timeLimit / 1000} seconds`;
    lose(thread, new Error(`Cannot read the image: the ${name} exceeded ${limit}. Use a smaller image`));
    void thread.worker.terminate();
  };

  const finish = (thread: Thread<Job, Result>, settle: (entry: Entry<Job, Result>) => void): void => {
    const { current } = thread;
    if (current === null) return;
    clearTimeout(thread.timer);
    thread.current = null;
    thread.worker.unref();
    settle(current);
    next();
  };

  const next = (): void => {
    while (waiting.length > 0) {
      const idle = [...threads].find(({ current }) => current === null);
      if (idle === undefined && threads.size >= workers) return;
      const [entry] = waiting.splice(0, 1);
      try {
        run(idle ?? start(), entry);
      } catch (error) {
        entry.reject(new Error(`Cannot ${action}: its worker could not be created (${firstSentence(error)})`));
      }
    }
  };

  const run = (thread: Thread<Job, Result>, entry: Entry<Job, Result>): void => {
    thread.worker.ref();
    thread.worker.postMessage(entry.job, entry.transfer);
    thread.current = entry;
    if (thread.isStarted) limit(thread);
  };

  const end = async (): Promise<void> => {
    const ended = [...threads];
    threads.clear();
    for (const entry of waiting.splice(0)) entry.reject(closedError());
    for (const thread of ended) finish(thread, (entry) => entry.reject(closedError()));
    await Promise.all(ended.map(({ worker }) => worker.terminate()));
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

/** Runs the jobs of the thread's {@linkcode startJobPool}. Does nothing in all other threads. */
export function runJobs<Job, Result>(name: string, run: (job: Job) => Promise<Result>): void {
  if (isMainThread || workerData !== toWorkerData(name)) return;
  parentPort?.on("message", (job: Job) => {
    const post = (result: JobResult<Result>): void => parentPort?.postMessage(result);
    run(job).then((result) => post({ result }), (error: Error) => post({ message: error.message }));
  });
  parentPort?.postMessage(STARTED);
}

/** What tells a module that it runs in a thread of this pool, and not in one of the application. */
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
