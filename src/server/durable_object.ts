/**
 * A task that outlives its process: the polling of `pollOnce`, driven by the alarms of a Cloudflare Durable Object, with one
 * object per task. The object's class is defined by the platform; it creates a {@linkcode DurableTask} and forwards its
 * alarms to it.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { concat, defer, mergeMap, type Observable, Subject } from "rxjs";
import { cancelTask, type ImageSource, policyFor, pollOnce, submitImage } from "../client/operations.ts";
import { network, type RegionsError, unconfirmed } from "../model/error.ts";
import type { Service } from "../client/request.ts";
import { atLeast } from "../polling/schedule.ts";
import {
  type DurableStorage,
  type Over,
  type Polling,
  readTask,
  type Sending,
  type StoredTask,
  writeTask,
} from "./task_storage.ts";
import type { DetectionSettings } from "../model/settings.ts";
import { type Next, type PollOptions, startPoll, type Wait } from "../polling/step.ts";
import { type Reply, RETENTION } from "../model/task_status.ts";

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
  // The service keeps a task for a day, and no user is kept waiting here.
  { retention = RETENTION, deadline = RETENTION, ...options }: DurableTaskOptions = {},
): DurableTask {
  atLeast("keep a task", "retention", retention, Number.MIN_VALUE);
  const pollOptions: PollOptions = { ...options, deadline };
  const policy = policyFor(service, pollOptions);
  /** What the storage holds: null for no task, undefined before it was read. */
  let task: StoredTask | null | undefined;
  /** What should have followed `task`, but was refused by the storage. It may contain the only copy of the id. */
  let unsaved: Polling | Over | null = null;
  /** The sending of the image, while it is in flight. */
  let sending: Promise<void> | null = null;
  /** How often the object has been given a task. */
  let claims = 0;
  let live = new Subject<Reply>();
  let writing: Promise<unknown> = Promise.resolve();

  /** Runs one change of the storage after the other. */
  const exclusive = <A>(change: () => Promise<A>): Promise<A> => {
    const changed = writing.then(change, change);
    writing = changed;
    return changed;
  };
  const load = async (): Promise<StoredTask | null> => {
    const stored = task === undefined ? await readTask(storage) : task;
    return task === undefined ? task = stored : task;
  };
  const claim = (first: Sending | Polling): Promise<boolean> =>
    exclusive(async () => {
      if (await load() !== null) return false;
      // The alarm comes first: without one the task would never go on, whereas an alarm without a task does no harm.
      await storage.setAlarm(first.dueAt);
      await writeTask(storage, first);
      task = first;
      claims++;
      return true;
    });
  const advance = (from: StoredTask, to: Polling | Over): Promise<void> =>
    exclusive(async () => {
      if (task !== from) {
        // It has gone on without this change, or was cancelled. What woke this one may have been its alarm.
        if (task) await storage.setAlarm(task.dueAt);
        return;
      }
      unsaved = to;
      await writeTask(storage, to);
      unsaved = null;
      task = to;
      for (const reply of heardOf(to).slice(heardOf(from).length)) live.next(reply);
      if (to._tag === "Over") live.complete();
      // The alarm comes last: the one of `to` would be too late if `to` was not stored. Until it is set, the one of
      // `from` stands, or the platform retries the alarm that is running; an alarm that is too early is put off.
      await storage.setAlarm(to.dueAt);
    });
  /** Only within `exclusive`. */
  const erase = async (): Promise<void> => {
    await storage.deleteAll();
    task = null;
    unsaved = null;
    live.complete();
    live = new Subject();
    // Last, so that a deletion that failed is repeated.
    await storage.deleteAlarm();
  };
  /** The task, for those who ask. What failed before is made good first. */
  const visit = async (): Promise<StoredTask | null> => {
    const known = await load();
    if (known !== null && unsaved !== null) await advance(known, unsaved);
    // An alarm that is long overdue is one that the platform has given up.
    else if (known !== null && !sending && known.dueAt + PATIENCE < Date.now()) await storage.setAlarm(Date.now());
    return load();
  };
  const wake = async (): Promise<void> => {
    const due = await exclusive(async () => {
      const known = await load();
      // Without a task, something may be left of a deletion or of a first write that was broken off.
      if (known === null) await erase();
      else if (Date.now() < known.dueAt) await storage.setAlarm(known.dueAt);
      else if (known._tag === "Over") await erase();
      else if (sending) await storage.setAlarm(alarmIn(PATIENCE));
      else return known;
      return null;
    });
    if (due !== null) await advance(due, unsaved ?? follow(due, await poll(due)));
  };
  const poll = (known: Exclude<StoredTask, Over>): Next | Promise<Next> => {
    switch (known._tag) {
      case "Sending":
        return last(unconfirmed(network("submit", "the object died while it was sending")));
      case "Foreign":
        return last(known.error);
      case "Polling":
        return pollOnce(known.state, pollOptions)(service)();
    }
  };
  /** The state after a poll. A status that has not changed is not recorded again. */
  const follow = (from: StoredTask, next: Next): Polling | Over => {
    const before = from._tag === "Polling" ? from.heard : [];
    const isNews = next.heard !== null && next.heard._tag !== before.at(-1)?._tag;
    const heard = isNews ? [...before, next.heard] : before;
    return next._tag === "Wait"
      ? { _tag: "Polling", dueAt: alarmIn(next.delay), heard, state: next.state }
      : { _tag: "Over", dueAt: alarmIn(retention), heard, last: next.reply };
  };
  const begin = (id: string): { readonly wait: Wait; readonly fault?: unknown } => {
    const now = Date.now();
    try {
      return { wait: startPoll(id, now, now, policy) };
    } catch (fault) {
      // The caller's own schedule throws. The id is kept all the same.
      return { wait: startPoll(id, now, null, policy), fault };
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
        if (E.isLeft(id)) return advance(first, follow(first, last(id.left)));
        const { wait, fault } = begin(id.right);
        await advance(first, follow(first, wait));
        if (fault !== undefined) throw fault;
      };
      await (sending = run());
    },
    watch: async (id) => {
      await visit();
      const { state, delay } = startPoll(id, Date.now(), null, policy);
      await claim({ _tag: "Polling", dueAt: alarmIn(delay), heard: [], state });
    },
    heard: async () => {
      const known = await visit();
      return known && heardOf(known);
    },
    replies: () =>
      defer(visit).pipe(mergeMap(() => {
        // Read now, together with the subscription to `live`: what `visit` returned may be old.
        if (!task) return [];
        return task._tag === "Over" ? heardOf(task) : concat(heardOf(task), live);
      })),
    cancel: async () => {
      // Nobody knows the id before that, and its failure is reported by `submit`.
      await sending?.catch(() => {});
      const known = await visit();
      const mine = claims;
      const cancelled = known?._tag === "Polling"
        ? await cancelTask(known.state.id)(service)()
        : E.right<RegionsError, void>(undefined);
      // Not the next task, which the object may have been given meanwhile.
      if (E.isRight(cancelled)) await exclusive(() => mine === claims ? erase() : Promise.resolve());
      return cancelled;
    },
    alarm: async () => {
      try {
        await wake();
      } catch {
        await storage.setAlarm(alarmIn(PATIENCE));
      }
    },
  };
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

/** The time in so many milliseconds. An alarm takes whole ones: rounded down, it would come too early. */
function alarmIn(ms: number): number {
  return Math.ceil(Math.min(Date.now() + ms, LATEST_ALARM));
}

function last(error: RegionsError): Next {
  return { _tag: "Done", heard: null, reply: E.left(error) };
}
