/**
 * The emulator's queue: tasks, their detection, and the time they take.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { preview } from "../model/codec.ts";
import { type Region, Regions } from "../model/region.ts";
import { atLeast } from "../polling/schedule.ts";
import type { DsrMode } from "../model/settings.ts";
import { type Completed, RETENTION, type TaskError, type TaskStatus } from "../model/task_status.ts";

/**
 * What a queue is told. Times are in milliseconds; a number out of its range is a `RangeError`.
 *
 * @category Emulator
 */
export interface QueueOptions {
  /**
   * Finds the regions of an image, given its bytes and the structure-analysis algorithm asked for; called for at most
   * `workers` images at a time. What it rejects with becomes the message of the task's `Error`. A call that never
   * settles keeps its place, even where its task is cancelled.
   *
   * @default {() => Promise.resolve([])}
   */
  readonly detect?: ((image: Uint8Array, mode: DsrMode) => Promise<readonly Region[]>) | undefined;
  /**
   * How many tasks are processed at a time: a whole number of 1 or more.
   *
   * @default {1}
   */
  readonly workers?: number | undefined;
  /**
   * How long a worker takes for a task at least, 0 or more; a function is asked once a task.
   *
   * @default {0}
   */
  readonly serviceTime?: number | (() => number) | undefined;
  /**
   * How long a task is `Pending` at least, even where a worker is free, 0 or more.
   *
   * @default {0}
   */
  readonly pickupTime?: number | undefined;
  /**
   * How long a task is known after its image was sent, 0 or more. Of more than 100,000 tasks the oldest are forgotten.
   *
   * @default {86_400_000}
   */
  readonly retention?: number | undefined;
  /**
   * How many tasks may be unfinished, 0 or more; further images are refused with HTTP 429.
   *
   * @default {1000}
   */
  readonly maxQueue?: number | undefined;
}

/** The tasks of one emulator. */
export interface Queue {
  /** Whether it takes no more tasks for now. */
  readonly isFull: () => boolean;
  /** Takes an image; the result is its task's id. Calls `release` once the image is no longer held. */
  readonly submit: (image: Uint8Array, mode: DsrMode, release: () => void) => string;
  /** How a task stands. */
  readonly status: (id: string) => TaskStatus;
  /** Forgets a task. */
  readonly cancel: (id: string) => void;
}

interface Task {
  readonly id: string;
  readonly mode: DsrMode;
  readonly submittedAt: number;
  readonly serviceTime: number;
  /** When it leaves the service: at the end of the retention, or when it is cancelled. */
  goneAt: number;
  /** When a worker took it; Infinity until one does. */
  start: number;
  /** When its detection settled; Infinity until it does. */
  settledAt: number;
  /** What its detection came to; null until it settles. */
  outcome: Outcome | null;
}

type Outcome = Omit<Completed, "id"> | Omit<TaskError, "id">;

/** Beyond so many tasks the oldest is forgotten. */
const MAX_TASKS = 100_000;

/**
 * The tasks. Detections run as soon as they may, as plain promises; when a worker takes a task, and when it is done
 * with it, is worked out from the clock at each request.
 */
export function createQueue(clock: () => number, options: QueueOptions): Queue {
  const { detect = () => Promise.resolve([]), workers = 1, pickupTime = 0, retention = RETENTION } = options;
  const { serviceTime = 0, maxQueue = 1000 } = options;
  check("workers", workers, 1);
  check("pickupTime", pickupTime);
  check("retention", retention);
  check("maxQueue", maxQueue);
  if (typeof serviceTime === "number") check("serviceTime", serviceTime);
  // Each in the order of submission.
  const tasks = new Map<string, Task>();
  const waiting = new Set<Task>();
  const images = new Map<Task, { readonly image: Uint8Array; readonly release: () => void }>();
  /** The latest task of each worker that may still be at it. */
  const busy = new Set<Task>();
  let detecting = 0;

  const detectAll = async (): Promise<void> => {
    if (detecting >= workers) return;
    detecting++;
    // Images that come meanwhile are met as well.
    for (const [task, { image, release }] of images) {
      images.delete(task);
      task.outcome = await outcomeOf(detect, image, task.mode);
      task.settledAt = clock();
      release();
    }
    detecting--;
  };
  const forget = (task: Task, now: number): void => {
    task.goneAt = Math.min(task.goneAt, now);
    tasks.delete(task.id);
    waiting.delete(task);
    images.get(task)?.release();
    images.delete(task);
  };
  /** Works out what has happened until now. */
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
    // Whatever starts from now on starts later than these have ended.
    for (const task of busy) if (endOf(task) <= now) busy.delete(task);
    for (const task of tasks.values()) {
      if (task.goneAt > now && tasks.size <= MAX_TASKS) break;
      forget(task, now);
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
        goneAt: now + retention,
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
      // GUIDs are the same in either case.
      const task = tasks.get(id.toLowerCase());
      if (task === undefined) return { _tag: "NotExist", id, messages: [] };
      if (task.start > now) return { _tag: "Pending", id };
      return task.outcome === null || endOf(task) > now ? { _tag: "Processing", id } : { ...task.outcome, id };
    },
    cancel: (id: string): void => {
      const now = advance();
      const task = tasks.get(id.toLowerCase());
      if (task !== undefined) forget(task, now);
    },
  };
}

/** When the task leaves its worker; Infinity where that is not known yet. */
function endOf({ start, serviceTime, settledAt, goneAt }: Task): number {
  return Math.min(goneAt, Math.max(start + serviceTime, settledAt));
}

async function outcomeOf(
  detect: NonNullable<QueueOptions["detect"]>,
  image: Uint8Array,
  mode: DsrMode,
): Promise<Outcome> {
  try {
    const found: unknown = await detect(image, mode);
    // What will be sent is settled now, and is what can be read again.
    const regions = Regions.is(found) ? Regions.decode(Regions.encode(found)) : Regions.decode(null);
    return E.isRight(regions)
      ? { _tag: "Completed", regions: regions.right, notices: [] }
      : { _tag: "Error", messages: ["The detector's answer is no list of regions."] };
  } catch (error) {
    return { _tag: "Error", messages: [reason(error)] };
  }
}

/** The words of whatever was thrown. */
export function reason(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    return typeof message === "string" && message !== "" ? message : `No reason is given, but ${preview(message)}.`;
  } catch {
    return "No reason can be read.";
  }
}

/** Passes on a number that is `min` or more. */
export function check(name: string, value: number, min = 0): number {
  return atLeast("emulate the service", name, value, min);
}
