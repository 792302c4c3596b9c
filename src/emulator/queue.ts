/**
 * The emulator's queue: runs detection, and derives each task's status from the clock.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { preview } from "../internal/text.ts";
import { type Region, Regions } from "../model/region.ts";
import { atLeast } from "../internal/check.ts";
import type { DsrMode } from "../model/settings.ts";
import { type Completed, RETENTION, type TaskError, type TaskStatus } from "../model/task_status.ts";

/**
 * Options of the emulator's queue. Times are in milliseconds. Numbers out of range throw a `RangeError`.
 *
 * @category Emulator
 */
export interface QueueOptions {
  /**
   * Detects the regions of an image. Gets the bytes of the image and the requested mode (`dsrMode`), and is called for
   * at most `workers` images at a time. If it rejects, the task ends with the status `Error` and the message of the
   * rejection. A call that never settles occupies its worker forever, even if the task is canceled.
   *
   * @default {() => Promise.resolve([])}
   */
  readonly detect?: ((image: Uint8Array, mode: DsrMode) => Promise<readonly Region[]>) | undefined;
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
   * How long a task is kept after its submission, 0 or more. If there are more than 100,000 tasks, the oldest are
   * dropped.
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
  /** Adds a task and returns its id. Calls `release` once the image is no longer needed. */
  readonly submit: (image: Uint8Array, mode: DsrMode, release: () => void) => string;
  /** Returns the status of a task. */
  readonly status: (id: string) => TaskStatus;
  /** Removes a task. */
  readonly cancel: (id: string) => void;
}

interface Task {
  readonly id: string;
  readonly mode: DsrMode;
  readonly submittedAt: number;
  readonly serviceTime: number;
  /** When the task is removed: at the end of the retention period, or when it is canceled. */
  removedAt: number;
  /** When a worker started the task, or Infinity if none has yet. */
  start: number;
  /** When detection settled, or Infinity if it has not yet. */
  settledAt: number;
  /** The outcome of detection, or null if it has not settled yet. */
  outcome: Outcome | null;
}

type Outcome = Omit<Completed, "id"> | Omit<TaskError, "id">;

/** The maximum number of tasks that are kept. Beyond it, the oldest are dropped. */
const MAX_TASKS = 100_000;

/**
 * Creates a queue. Detection starts as soon as a worker is free. The times at which a worker starts and finishes a task
 * are calculated from the clock whenever the queue is used, so no timers are needed.
 */
export function createQueue(clock: () => number, options: QueueOptions): Queue {
  const { detect = () => Promise.resolve([]), workers = 1, pickupTime = 0, retention = RETENTION } = options;
  const { serviceTime = 0, maxQueue = 1000 } = options;
  check("workers", workers, 1);
  check("pickupTime", pickupTime);
  check("retention", retention);
  check("maxQueue", maxQueue);
  if (typeof serviceTime === "number") check("serviceTime", serviceTime);
  // All in the order of submission.
  const tasks = new Map<string, Task>();
  const waiting = new Set<Task>();
  const images = new Map<Task, { readonly image: Uint8Array; readonly release: () => void }>();
  /** The latest task of each worker, if the worker may not have finished it. */
  const busy = new Set<Task>();
  let detecting = 0;

  const detectAll = async (): Promise<void> => {
    if (detecting >= workers) return;
    detecting++;
    // A Map's iterator also visits the images that are added during the iteration.
    for (const [task, { image, release }] of images) {
      images.delete(task);
      task.outcome = await outcomeOf(detect, image, task.mode);
      task.settledAt = clock();
      release();
    }
    detecting--;
  };
  const remove = (task: Task, now: number): void => {
    task.removedAt = Math.min(task.removedAt, now);
    tasks.delete(task.id);
    waiting.delete(task);
    images.get(task)?.release();
    images.delete(task);
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
      if (task.removedAt > now && tasks.size <= MAX_TASKS) break;
      remove(task, now);
    }
    return now;
  };

  return {
    isFull: (): boolean => {
      advance();
      return waiting.size + busy.size >= maxQueue;
    },
    submit: (image: Uint8Array, mode: DsrMode, release: () => void): string => {
      const now = clock();
      const task: Task = {
        id: crypto.randomUUID(),
        mode,
        submittedAt: now,
        serviceTime: typeof serviceTime === "number" ? serviceTime : check("serviceTime", serviceTime()),
        removedAt: now + retention,
        start: Infinity,
        settledAt: Infinity,
        outcome: null,
      };
      tasks.set(task.id, task);
      waiting.add(task);
      images.set(task, { image, release });
      detectAll();
      return task.id;
    },
    status: (id: string): TaskStatus => {
      const now = advance();
      // GUIDs are case-insensitive.
      const task = tasks.get(id.toLowerCase());
      if (task === undefined) return { _tag: "NotExist", id, messages: [] };
      if (task.start > now) return { _tag: "Pending", id };
      return task.outcome === null || endOf(task) > now ? { _tag: "Processing", id } : { ...task.outcome, id };
    },
    cancel: (id: string): void => {
      const now = advance();
      const task = tasks.get(id.toLowerCase());
      if (task !== undefined) remove(task, now);
    },
  };
}

/** When the task's worker becomes free, or Infinity if that is not known yet. */
function endOf({ start, serviceTime, settledAt, removedAt }: Task): number {
  return Math.min(removedAt, Math.max(start + serviceTime, settledAt));
}

async function outcomeOf(
  detect: NonNullable<QueueOptions["detect"]>,
  image: Uint8Array,
  mode: DsrMode,
): Promise<Outcome> {
  try {
    const found: unknown = await detect(image, mode);
    // The round trip through the codec makes a copy, and ensures that a client can decode what the emulator sends.
    const regions = Regions.is(found) ? Regions.decode(Regions.encode(found)) : Regions.decode(null);
    return E.isRight(regions)
      ? { _tag: "Completed", regions: regions.right, notices: [] }
      : { _tag: "Error", messages: ["The detector returned something other than an array of regions."] };
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
