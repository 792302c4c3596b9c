/**
 * A task that outlives its process: the polling of `pollOnce`, driven by the alarms of a Cloudflare Durable Object, with one
 * object per task. The object's class is defined by the platform; it creates a {@linkcode DurableTask} and forwards its
 * alarms to it.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { concat, defer, mergeMap, type Observable, Subject } from "rxjs";
import { cancelTask, type ImageSource, submitImage } from "../client/operations.ts";
import { policyFor, pollBy } from "../client/poll_once.ts";
import type { Service } from "../client/service.ts";
import { atLeast } from "../internal/check.ts";
import { network, type RegionsError, unconfirmed } from "../model/error.ts";
import type { DetectionSettings } from "../model/settings.ts";
import { type Reply, RETENTION, type TaskStatus } from "../model/task_status.ts";
import type { PollOptions } from "../polling/policy.ts";
import { failWith, type Next, startPoll } from "../polling/step.ts";
import {
  type Absent,
  type DurableStorage,
  type Over,
  type Polling,
  readTask,
  type Sending,
  type StoredTask,
  writeTask,
} from "./task_storage.ts";

export type { DurableStorage } from "./task_storage.ts";

/**
 * Options for {@linkcode createDurableTask}.
 *
 * @category Durable
 */
export interface DurableTaskOptions extends PollOptions {
  /**
   * Milliseconds for which the final reply is kept, greater than 0. After that the object deletes everything it stored.
   *
   * @default {86_400_000}
   */
  readonly retention?: number | undefined;
}

/**
 * A task in a Durable Object. A method rejects if the storage does; the task goes on as soon as the storage does.
 *
 * @category Durable
 */
export interface DurableTask {
  /**
   * Sends an image and starts to poll, unless the object already has a task. The image is sent at most once.
   *
   * @throws {TypeError} If `image` is not an image source.
   * @throws {RangeError} If a setting has a value that the service does not know.
   */
  readonly submit: (image: ImageSource, settings?: DetectionSettings) => Promise<void>;
  /** Starts to poll a task that was sent elsewhere, unless the object already has a task. */
  readonly watch: (id: string) => Promise<void>;
  /** Returns each change of status so far, and the final reply once there is one; null if there is no task. */
  readonly heard: () => Promise<readonly Reply[] | null>;
  /**
   * Emits each change of status, from the first one on, up to the final reply. Every subscriber receives the same
   * replies, so the numbers that `toEventStream` gives them stay valid when a client reconnects.
   */
  readonly replies: () => Observable<Reply>;
  /**
   * Cancels the task in the service, deletes it here, and completes its streams. If the service does not cancel it, the
   * task goes on.
   */
  readonly cancel: () => Promise<E.Either<RegionsError, void>>;
  /**
   * Call this from the object's `alarm()` and return its promise. It rejects only if the storage does not even accept
   * another alarm; Cloudflare then retries it, with a backoff that starts at 2 seconds.
   */
  readonly alarm: () => Promise<void>;
}

/** Milliseconds until the next alarm while the image is being sent, or after the storage has failed. */
const PATIENCE = 60_000;

/** An alarm may not be later than this, in the year 2188: workerd refuses dates after 2189. */
const LATEST_ALARM = 6_900_000_000_000;

/**
 * Creates a task that lives in a Durable Object. Its state is kept in the object's storage and its polls are driven by
 * the object's alarms, so it goes on after the process has died. All listeners share its polls. The final reply is kept
 * for `retention`; after that, nothing is.
 *
 * Memory follows storage: a change counts, and listeners hear of it, once it has been stored. There is an alarm as long
 * as anything is stored. If the object dies while it sends the image, the task ends as `Unconfirmed`.
 *
 * @param storage The object's storage, key-value or SQLite-backed. Nothing else may use it.
 * @param service A service of this object alone: on Workers, a service cannot be shared between objects or requests.
 *
 * @throws {RangeError} If an option is out of its range.
 *
 * @example
 * ```ts
 * import { connect } from "@ocr-cloud/regions";
 * import { createDurableTask, type DurableStorage, type DurableTask } from "@ocr-cloud/regions/durable-object";
 *
 * class RegionsTask {
 *   readonly task: DurableTask;
 *   constructor({ storage }: { readonly storage: DurableStorage }, env: { readonly TOKEN: string }) {
 *     this.task = createDurableTask(storage, connect({ token: env.TOKEN }));
 *   }
 *   alarm(): Promise<void> {
 *     return this.task.alarm();
 *   }
 * }
 * ```
 *
 * @category Durable
 */
export function createDurableTask(
  storage: DurableStorage,
  service: Service,
  options: DurableTaskOptions = {},
): DurableTask {
  // The service keeps a task for a day, and no user is kept waiting here.
  const { retention = RETENTION, deadline = RETENTION } = options;
  atLeast("keep a task", "retention", retention, Number.MIN_VALUE);
  const policy = policyFor(service, { ...options, deadline });
  /** What the storage holds, as far as it is known. */
  let known: Known = { _tag: "Unread" };
  /** What should have followed `known`, but was refused by the storage. It may contain the only copy of the id. */
  let unsaved: Polling | Over | null = null;
  /** The sending of the image, while it is in flight. */
  let sending: Promise<void> | null = null;
  /** The number of tasks that the object has been given. */
  let claims = 0;
  let live = new Subject<Reply>();
  let writing: Promise<unknown> = Promise.resolve();

  /** Runs one change of the storage after the other. */
  const exclusive = <A>(change: () => Promise<A>): Promise<A> => {
    const changed = writing.then(change, change);
    writing = changed;
    return changed;
  };
  const load = async (): Promise<Absent | StoredTask> => {
    if (known._tag !== "Unread") return known;
    const stored = await readTask(storage);
    // Another call may have been faster, and may have changed it.
    return known._tag === "Unread" ? known = stored : known;
  };
  const claim = (first: Sending | Polling | Over): Promise<boolean> =>
    exclusive(async () => {
      if ((await load())._tag !== "Absent") return false;
      // The alarm comes first: without one the task would never go on, whereas an alarm without a task does no harm.
      await storage.setAlarm(first.dueAt);
      await writeTask(storage, first);
      known = first;
      claims++;
      return true;
    });
  const advance = (from: StoredTask, to: Polling | Over): Promise<void> =>
    exclusive(async () => {
      if (known !== from) {
        // It has gone on without this change, or was cancelled. What started this one may have been its alarm.
        if (isTask(known)) await storage.setAlarm(known.dueAt);
        return;
      }
      unsaved = to;
      await writeTask(storage, to);
      unsaved = null;
      known = to;
      for (const reply of heardOf(to).slice(heardOf(from).length)) live.next(reply);
      if (to._tag === "Over") live.complete();
      // The alarm comes last: the one of `to` would be too late if `to` was not stored. Until it is set, the one of
      // `from` stands, or the platform retries the alarm that is running; an alarm that is too early is put off.
      await storage.setAlarm(to.dueAt);
    });
  /** Only within `exclusive`. */
  const erase = async (): Promise<void> => {
    await storage.deleteAll();
    known = { _tag: "Absent" };
    unsaved = null;
    live.complete();
    live = new Subject();
    // Last, so that a deletion that failed is repeated.
    await storage.deleteAlarm();
  };
  /** Returns the task to a caller, after repeating what the storage has refused before. */
  const visit = async (): Promise<Absent | StoredTask> => {
    const task = await load();
    if (task._tag === "Absent") return task;
    if (unsaved !== null) await advance(task, unsaved);
    // An alarm that is long overdue is one that the platform has given up.
    else if (!sending && task.dueAt + PATIENCE < Date.now()) await storage.setAlarm(Date.now());
    return load();
  };
  const onAlarm = async (): Promise<void> => {
    const due = await exclusive(async () => {
      const task = await load();
      // Without a task, something may be left of a deletion or of a first write that was broken off.
      if (task._tag === "Absent") await erase();
      else if (Date.now() < task.dueAt) await storage.setAlarm(task.dueAt);
      else if (task._tag === "Over") await erase();
      else if (sending) await storage.setAlarm(alarmIn(PATIENCE));
      else return task;
      return null;
    });
    if (due !== null) await advance(due, unsaved ?? recordOf(heardBefore(due), await proceed(due), retention));
  };
  const proceed = (task: Exclude<StoredTask, Over>): Next | Promise<Next> => {
    switch (task._tag) {
      case "Sending":
        return failWith(unconfirmed(network("submit", "the object died while it was sending")));
      case "Foreign":
        return failWith(task.error);
      case "Polling":
        return pollBy(service, policy, task.state, Date.now);
    }
  };
  /** Starts the polling of a task that was just submitted. */
  const begin = (id: string): { readonly next: Next; readonly error?: unknown } => {
    const now = Date.now();
    try {
      return { next: startPoll(id, now, now, policy, service.memory.history()) };
    } catch (error) {
      // The caller's own schedule throws. The id is kept all the same.
      return { next: startPoll(id, now, null, policy), error };
    }
  };

  return {
    submit: async (image, settings) => {
      const send = submitImage(image, settings)(service);
      await visit();
      const first: Sending = { _tag: "Sending", dueAt: alarmIn(PATIENCE) };
      if (!await claim(first)) return;
      const run = async (): Promise<void> => {
        const id = await send().finally(() => sending = null);
        if (E.isLeft(id)) return advance(first, recordOf([], failWith(id.left), retention));
        const { next, error } = begin(id.right);
        await advance(first, recordOf([], next, retention));
        if (error !== undefined) throw error;
      };
      await (sending = run());
    },
    watch: async (id) => {
      await visit();
      await claim(recordOf([], startPoll(id, Date.now(), null, policy), retention));
    },
    heard: async () => {
      const task = await visit();
      return task._tag === "Absent" ? null : heardOf(task);
    },
    replies: () =>
      defer(visit).pipe(mergeMap(() => {
        // Read now, together with the subscription to `live`: what `visit` returned may be old.
        if (!isTask(known)) return [];
        return known._tag === "Over" ? heardOf(known) : concat(heardOf(known), live);
      })),
    cancel: async () => {
      // Nobody knows the id before that, and its failure is reported by `submit`.
      await sending?.catch(() => {});
      const task = await visit();
      const mine = claims;
      const cancelled = task._tag === "Polling"
        ? await cancelTask(task.state.id)(service)()
        : E.right<RegionsError, void>(undefined);
      // Not the next task, which the object may have been given meanwhile.
      if (E.isRight(cancelled)) await exclusive(() => mine === claims ? erase() : Promise.resolve());
      return cancelled;
    },
    alarm: async () => {
      try {
        await onAlarm();
      } catch {
        await storage.setAlarm(alarmIn(PATIENCE));
      }
    },
  };
}

/** What the object knows of its storage. */
type Known = Unread | Absent | StoredTask;

/** The storage has not been read yet. */
interface Unread {
  readonly _tag: "Unread";
}

function isTask(known: Known): known is StoredTask {
  return known._tag !== "Unread" && known._tag !== "Absent";
}

/** What is stored of a task after a step. A status that has not changed is not recorded again. */
function recordOf(heard: readonly TaskStatus[], next: Next, retention: number): Polling | Over {
  const isNews = next.heard !== null && next.heard._tag !== heard.at(-1)?._tag;
  const all = isNews ? [...heard, next.heard] : heard;
  return next._tag === "Wait"
    ? { _tag: "Polling", dueAt: alarmIn(next.delay), heard: all, state: next.state }
    : { _tag: "Over", dueAt: alarmIn(retention), heard: all, last: next.reply };
}

function heardBefore(task: StoredTask): readonly TaskStatus[] {
  return task._tag === "Polling" ? task.heard : [];
}

/** Each change of status, and the final reply once there is one. */
function heardOf(task: StoredTask): readonly Reply[] {
  switch (task._tag) {
    case "Sending":
    case "Foreign":
      return [];
    case "Polling":
      return task.heard.map((status) => E.right(status));
    case "Over":
      return [...task.heard.map((status) => E.right(status)), task.last];
  }
}

/** The time in `ms` milliseconds. An alarm takes whole milliseconds: rounded down, it would come too early. */
function alarmIn(ms: number): number {
  return Math.ceil(Math.min(Date.now() + ms, LATEST_ALARM));
}
