/**
 * The emulator's queue: processes tasks of any kind, and derives each task's status from the clock.
 *
 * @module
 */
import type * as t from "io-ts";
import { preview } from "../internal/text.ts";
import { atLeast } from "../internal/check.ts";
import type { Result } from "../model/response.ts";
import { type Completed, RETENTION, statusCodec, type TaskError, type TaskStatus } from "../model/task_status.ts";
import type { Work } from "./kinds.ts";
import { createCodec, success } from "../model/type.ts";

/**
 * Options of the emulator's queue. Times are in milliseconds. Numbers out of range throw a `RangeError`.
 *
 * @category Emulator
 */
export interface QueueOptions {
  /**
   * The number of tasks that are processed at a time: an integer, 1 or more.
   *
   * @default {1}
   */
  readonly workers?: number | undefined;
  /**
   * The minimum time for which a task is processed, 0 or more. A function is called once per task.
   *
   * @default {0}
   */
  readonly serviceTime?: number | (() => number) | undefined;
  /**
   * The minimum time for which a task is `Pending`, even if a worker is idle, 0 or more.
   *
   * @default {0}
   */
  readonly pickupTime?: number | undefined;
  /**
   * How long a task is kept after its submission, 0 or more. If there are more than 100,000 tasks, or if their results
   * take up more than 256 MB, the oldest are dropped.
   *
   * @default {86_400_000}
   */
  readonly retention?: number | undefined;
  /**
   * The maximum number of unfinished tasks, 0 or more. Further images are rejected with HTTP 429.
   *
   * @default {1000}
   */
  readonly maxQueue?: number | undefined;
}

/** The tasks of one emulator. */
export interface Queue {
  /** Whether `maxQueue` is reached. */
  readonly isFull: () => boolean;
  /** Adds a task of a kind and returns its id. Calls `release` once its work is done or will not be done. */
  readonly submit: (kind: string, work: Work, release: () => void) => string;
  /** Returns the status of a task, which must be of the given kind unless that is null. */
  readonly status: (kind: string | null, id: string) => TaskStatus<Results>;
  /** Removes a task of a kind. */
  readonly cancel: (kind: string, id: string) => void;
}

/** The output of any kind of task: its results as they are sent. */
export interface Results {
  readonly results: readonly Result[];
}

/** The codec of the statuses of any kind of task. */
export const EmulatedStatus: t.Type<TaskStatus<Results>, unknown, unknown> = statusCodec(
  createCodec<Results, readonly Result[], readonly Result[]>(
    "Results",
    (_): _ is Results => true,
    (results) => success({ results }),
    ({ results }) => results,
  ),
);

interface Task {
  readonly id: string;
  readonly kind: string;
  readonly submittedAt: number;
  readonly serviceTime: number;
  /** When the task is removed: at the end of the retention period, or when it is canceled. */
  removedAt: number;
  /** When a worker started the task, or Infinity if none has yet. */
  start: number;
  /** When its work was done, or Infinity if it is not yet. */
  settledAt: number;
  /** The outcome of its work, or null if it is not done yet. */
  outcome: Outcome | null;
}

type Outcome = Omit<Completed<Results>, "id"> | Omit<TaskError, "id">;

// These bound the memory for tasks and their results. Beyond them, the oldest are dropped.
const MAX_TASKS = 100_000;
const MAX_RESULT_CHARACTERS = 256_000_000; // Base64, at one byte per character

/**
 * Creates a queue. The work of a task starts as soon as a worker is free. The times at which a worker starts and
 * finishes a task are calculated from the clock whenever the queue is used, so no timers are needed.
 */
export function createQueue(clock: () => number, options: QueueOptions): Queue {
  const { workers = 1, pickupTime = 0, retention = RETENTION } = options;
  const { serviceTime = 0, maxQueue = 1000 } = options;
  check("workers", workers, 1);
  check("pickupTime", pickupTime);
  check("retention", retention);
  check("maxQueue", maxQueue);
  if (typeof serviceTime === "number") check("serviceTime", serviceTime);
  // All in the order of submission.
  const tasks = new Map<string, Task>();
  const waiting = new Set<Task>();
  const work = new Map<Task, { readonly run: Work; readonly release: () => void }>();
  /** The latest task of each worker, if the worker may not have finished it. */
  const busy = new Set<Task>();
  let working = 0;
  let resultCharacters = 0;

  const workAll = async (): Promise<void> => {
    if (working >= workers) return;
    working++;
    // A Map's iterator also visits the tasks that are added during the iteration.
    for (const [task, { run, release }] of work) {
      work.delete(task);
      task.outcome = await outcomeOf(run);
      task.settledAt = clock();
      if (tasks.has(task.id)) resultCharacters += sizeOf(task);
      release();
    }
    working--;
  };
  const remove = (task: Task, now: number): void => {
    task.removedAt = Math.min(task.removedAt, now);
    tasks.delete(task.id);
    resultCharacters -= sizeOf(task);
    waiting.delete(task);
    work.get(task)?.release();
    work.delete(task);
  };
  const find = (kind: string | null, id: string): Task | undefined => {
    // GUIDs are case-insensitive.
    const task = tasks.get(id.toLowerCase());
    return kind === null || task?.kind === kind ? task : undefined;
  };
  /** Brings the state up to date with the clock, and returns the current time. */
  const advance = (): number => {
    const now = clock();
    for (const task of waiting) {
      const before = busy.size < workers ? null : [...busy].reduce((a, b) => endOf(b) < endOf(a) ? b : a);
      const start = Math.max(task.submittedAt + pickupTime, before === null ? -Infinity : endOf(before));
      if (start > now) break;
      waiting.delete(task);
      task.start = start;
      if (before !== null) busy.delete(before);
      busy.add(task);
    }
    // Tasks that start from now on start after these have ended, so they need not be kept.
    for (const task of busy) if (endOf(task) <= now) busy.delete(task);
    for (const task of tasks.values()) {
      const isOver = resultCharacters > MAX_RESULT_CHARACTERS;
      if (task.removedAt <= now || tasks.size > MAX_TASKS || isOver && sizeOf(task) > 0) remove(task, now);
      else if (!isOver) break;
    }
    return now;
  };

  return {
    isFull: () => {
      advance();
      return waiting.size + busy.size >= maxQueue;
    },
    submit: (kind, run, release) => {
      const now = clock();
      const task: Task = {
        id: crypto.randomUUID(),
        kind,
        submittedAt: now,
        serviceTime: typeof serviceTime === "number" ? serviceTime : check("serviceTime", serviceTime()),
        removedAt: now + retention,
        start: Infinity,
        settledAt: Infinity,
        outcome: null,
      };
      tasks.set(task.id, task);
      waiting.add(task);
      work.set(task, { run, release });
      workAll();
      return task.id;
    },
    status: (kind, id) => {
      const now = advance();
      const task = find(kind, id);
      if (task === undefined) return { _tag: "NotExist", id, messages: [] };
      if (task.start > now) return { _tag: "Pending", id };
      return task.outcome === null || endOf(task) > now ? { _tag: "Processing", id } : { ...task.outcome, id };
    },
    cancel: (kind, id) => {
      const now = advance();
      const task = find(kind, id);
      if (task !== undefined) remove(task, now);
    },
  };
}

/** When the task's worker becomes free, or Infinity if that is not known yet. */
function endOf({ start, serviceTime, settledAt, removedAt }: Task): number {
  return Math.min(removedAt, Math.max(start + serviceTime, settledAt));
}

/** The number of characters of a task's results. */
function sizeOf({ outcome }: Task): number {
  if (outcome?._tag !== "Completed") return 0;
  return outcome.results.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
}

async function outcomeOf(run: Work): Promise<Outcome> {
  try {
    return { _tag: "Completed", results: await run(), notices: [] };
  } catch (error) {
    return { _tag: "Error", messages: [reason(error)] };
  }
}

/** Returns the message of anything that can be thrown. Never throws, even if reading the message does. */
export function reason(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    return typeof message === "string" && message !== "" ? message : `No error message, got ${preview(message)}.`;
  } catch {
    return "The error message could not be read.";
  }
}

/** Returns `value` if it is `min` or more, and throws a `RangeError` otherwise. */
export function check(name: string, value: number, min = 0): number {
  return atLeast("emulate the service", name, value, min);
}
