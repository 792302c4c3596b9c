/**
 * A durable task: polls with the alarms of a Cloudflare Durable Object, with one object per task. The class of the
 * object, which the application defines, creates a {@linkcode DurableTask} and forwards its alarms to it.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { concat, defer, mergeMap, type Observable, Subject } from "../internal/rxjs.ts";
import { cancelTask, submitTask } from "../client/operations.ts";
import { policyFor, pollBy } from "../client/poll_once.ts";
import type { Service } from "../client/service.ts";
import { atLeast } from "../internal/check.ts";
import { network, type RegionsError, unconfirmed } from "../model/error.ts";
import { DETECT_REGIONS, type DetectionInput } from "../model/detect_regions.ts";
import type { Detection } from "../model/detection.ts";
import { type TaskKind, taskRef } from "../model/task_kind.ts";
import type { Reply } from "../model/reply.ts";
import { RETENTION, type TaskStatus } from "../model/task_status.ts";
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
 * Options of {@linkcode createDurableTask}.
 *
 * @category Durable
 */
export interface DurableTaskOptions extends PollOptions {
  /**
   * How long the final reply is kept, in milliseconds. Greater than 0. After that, the object deletes everything it has
   * stored.
   *
   * @default {86_400_000}
   */
  readonly retention?: number | undefined;
}

/**
 * A task in a Durable Object. Methods reject if the storage does. The task continues when the storage works again.
 *
 * @category Durable
 */
export interface DurableTask<Input = DetectionInput, A extends object = Detection> {
  /**
   * Submits a task and starts polling it, unless the object already has a task. The task is submitted at most once. As
   * soon as the service has accepted it, its first status is `Pending`.
   *
   * @throws {TypeError} If the image is not an `ImageSource`.
   * @throws {RangeError} If the input has a value that the service does not support.
   */
  readonly submit: (input: Input) => Promise<void>;
  /** Starts polling a task that was submitted elsewhere, unless the object already has a task. */
  readonly watch: (id: string) => Promise<void>;
  /** Returns each change of status so far, including the final reply, or null if there is no task. */
  readonly heard: () => Promise<readonly Reply<A>[] | null>;
  /**
   * Returns a stream of all changes of status, from the first one to the final reply. All subscribers receive the same
   * replies, so the ids that `toEventStream` assigns to them stay valid when a client reconnects.
   */
  readonly replies: () => Observable<Reply<A>>;
  /**
   * Cancels the task in the service, deletes it here, and completes its streams. If the service does not cancel it, the
   * task continues.
   */
  readonly cancel: () => Promise<E.Either<RegionsError, void>>;
  /**
   * Polls the task. Call it in the object's `alarm()`, and return its promise. It rejects only if the storage rejects
   * another alarm. Cloudflare then retries it with a backoff that starts at 2 seconds.
   */
  readonly alarm: () => Promise<void>;
}

/**
 * The delay of the next alarm while the image is being submitted, or after a failure of the storage. In milliseconds.
 */
const PATIENCE = 60_000;

/** The latest time of an alarm, in the year 2188. workerd rejects dates after 2189. */
const LATEST_ALARM = 6_900_000_000_000;

/**
 * Creates a task in a Durable Object. Its state is in the object's storage, and the object's alarms trigger its polls,
 * so it continues after the platform has stopped the object. All subscribers share its polls. The final reply is kept
 * for `retention`; then everything is deleted.
 *
 * Changes are stored before they are emitted. There is an alarm as long as anything is stored. If the platform stops
 * the object while it submits the image, the task ends with `Unconfirmed`.
 *
 * @param storage The object's storage, key-value or SQLite-backed. Do not use it for anything else.
 * @param service The object's own service. On Workers, objects and requests cannot share a service.
 * @param options The schedule and limits and, for tasks other than detections, the kind.
 *
 * @throws {RangeError} If an option is out of range.
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
export function createDurableTask(storage: DurableStorage, service: Service, options?: DurableTaskOptions): DurableTask;
/**
 * The same, for a task of any kind.
 *
 * @category Durable
 */
export function createDurableTask<Input, A extends object>(
  storage: DurableStorage,
  service: Service,
  options: DurableTaskOptions & { readonly kind: TaskKind<Input, A> },
): DurableTask<Input, A>;
export function createDurableTask<Input, A extends object>(
  storage: DurableStorage,
  service: Service,
  options: DurableTaskOptions & { readonly kind?: TaskKind<Input, A> | undefined } = {},
): DurableTask<Input, A> | DurableTask {
  const { kind } = options;
  return kind === undefined
    ? createTask(DETECT_REGIONS, storage, service, options)
    : createTask(kind, storage, service, options);
}

function createTask<Input, A extends object>(
  kind: TaskKind<Input, A>,
  storage: DurableStorage,
  service: Service,
  options: DurableTaskOptions,
): DurableTask<Input, A> {
  // The service keeps results for a day, and no user is waiting.
  const { retention = RETENTION, deadline = RETENTION } = options;
  atLeast("keep a task", "retention", retention, Number.MIN_VALUE);
  const policy = policyFor(service, { ...options, deadline });
  /** The last known contents of the storage. */
  let known: Known<A> = { _tag: "Unread" };
  /** The successor of `known` that the storage failed to write. It may contain the only copy of the id. */
  let unsaved: Polling<A> | Over<A> | null = null;
  /** The submission of the image, while it is in progress. */
  let sending: Promise<void> | null = null;
  /** The number of tasks that the object has had. */
  let claims = 0;
  let live = new Subject<Reply<A>>();
  let writing: Promise<unknown> = Promise.resolve();

  /** Runs changes of the storage one after another. */
  const exclusive = <A>(change: () => Promise<A>): Promise<A> => {
    const changed = writing.then(change, change);
    writing = changed;
    return changed;
  };
  const load = async (): Promise<Absent | StoredTask<A>> => {
    if (known._tag !== "Unread") return known;
    const stored = await readTask(storage, kind);
    // Another call may have read and changed it meanwhile.
    return known._tag === "Unread" ? known = stored : known;
  };
  const claim = (first: Sending | Polling<A> | Over<A>): Promise<boolean> =>
    exclusive(async () => {
      if ((await load())._tag !== "Absent") return false;
      // The alarm is set first: without it, the task would never continue, whereas an alarm without a task is harmless.
      await storage.setAlarm(first.dueAt);
      await writeTask(storage, kind, first);
      known = first;
      claims++;
      return true;
    });
  const advance = (from: StoredTask<A>, to: Polling<A> | Over<A>): Promise<void> =>
    exclusive(async () => {
      if (known !== from) {
        // The task has changed meanwhile, or was canceled. Its alarm may be the one that triggered this change.
        if (isTask(known)) await storage.setAlarm(known.dueAt);
        return;
      }
      unsaved = to;
      await writeTask(storage, kind, to);
      unsaved = null;
      known = to;
      for (const reply of heardOf(to).slice(heardOf(from).length)) live.next(reply);
      if (to._tag === "Over") live.complete();
      // The alarm is set last: if `to` was not stored, its alarm would be too late. Until then, the alarm of `from` is
      // in effect, or the platform retries the current alarm. An alarm that is too early is postponed.
      await storage.setAlarm(to.dueAt);
    });
  /** Deletes everything. Call it only within `exclusive`. */
  const erase = async (): Promise<void> => {
    await storage.deleteAll();
    known = { _tag: "Absent" };
    unsaved = null;
    live.complete();
    live = new Subject();
    // The alarm is deleted last, so that a failed deletion is repeated.
    await storage.deleteAlarm();
  };
  /** Returns the task, after retrying an earlier write that failed. */
  const visit = async (): Promise<Absent | StoredTask<A>> => {
    const task = await load();
    if (task._tag === "Absent") return task;
    if (unsaved !== null) await advance(task, unsaved);
    // If the alarm is long overdue, the platform has stopped retrying it.
    else if (!sending && task.dueAt + PATIENCE < Date.now()) await storage.setAlarm(Date.now());
    return load();
  };
  const onAlarm = async (): Promise<void> => {
    const due = await exclusive(async () => {
      const task = await load();
      // If there is no task, something may be left of an incomplete deletion or first write.
      if (task._tag === "Absent") await erase();
      else if (Date.now() < task.dueAt) await storage.setAlarm(task.dueAt);
      else if (task._tag === "Over") await erase();
      else if (sending) await storage.setAlarm(alarmIn(PATIENCE));
      else return task;
      return null;
    });
    if (due !== null) await advance(due, unsaved ?? recordOf(heardBefore(due), await proceed(due), retention));
  };
  const proceed = (task: Exclude<StoredTask<A>, Over<A>>): Next<A> | Promise<Next<A>> => {
    switch (task._tag) {
      case "Sending":
        return failWith(unconfirmed(network("submit", "the Durable Object was stopped during the submission")));
      case "Foreign":
        return failWith(task.error);
      case "Polling":
        return pollBy(service, kind, policy, task.state, Date.now);
    }
  };
  /** Starts the polling of a task that was just submitted. */
  const begin = (id: string, input: Input): { readonly next: Next<A>; readonly error?: unknown } => {
    const now = Date.now(), task = taskRef(kind, id, input);
    try {
      return { next: startPoll(task, now, now, policy, service.memory.history(kind.name)) };
    } catch (error) {
      // The caller's own schedule throws. The id is kept nevertheless.
      return { next: startPoll(task, now, null, policy), error };
    }
  };

  return {
    submit: async (input) => {
      const submission = submitTask(kind, input)(service);
      await visit();
      const first: Sending = { _tag: "Sending", dueAt: alarmIn(PATIENCE) };
      if (!await claim(first)) return;
      const run = async (): Promise<void> => {
        const id = await submission().finally(() => sending = null);
        if (E.isLeft(id)) return advance(first, recordOf([], failWith(id.left), retention));
        const { next, error } = begin(id.right, input);
        // A viewer sees that the service has accepted the image, before the first poll.
        await advance(first, recordOf([{ _tag: "Pending", id: id.right }], next, retention));
        if (error !== undefined) throw error;
      };
      await (sending = run());
    },
    watch: async (id) => {
      await visit();
      await claim(recordOf([], startPoll(taskRef(kind, id), Date.now(), null, policy), retention));
    },
    heard: async () => {
      const task = await visit();
      return task._tag === "Absent" ? null : heardOf(task);
    },
    replies: () =>
      defer(visit).pipe(mergeMap(() => {
        // Read `known` in the same turn as the subscription to `live`: the result of `visit` may be outdated.
        if (!isTask(known)) return [];
        return known._tag === "Over" ? heardOf(known) : concat(heardOf(known), live);
      })),
    cancel: async () => {
      // The id is not known before that. `submit` reports a failure.
      await sending?.catch(() => {});
      const task = await visit();
      const mine = claims;
      const canceled = task._tag === "Polling"
        ? await cancelTask(task.state.id, kind)(service)()
        : E.right<RegionsError, void>(undefined);
      // The object may have another task meanwhile, which must not be deleted.
      if (E.isRight(canceled)) await exclusive(() => mine === claims ? erase() : Promise.resolve());
      return canceled;
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

/** The known contents of the storage. */
type Known<A extends object> = Unread | Absent | StoredTask<A>;

/** The storage has not been read yet. */
interface Unread {
  readonly _tag: "Unread";
}

function isTask<A extends object>(known: Known<A>): known is StoredTask<A> {
  return known._tag !== "Unread" && known._tag !== "Absent";
}

/** Returns the record to store after a step. A status is added only if it has changed. */
function recordOf<A extends object>(
  heard: readonly TaskStatus<A>[],
  next: Next<A>,
  retention: number,
): Polling<A> | Over<A> {
  const isNews = next.heard !== null && next.heard._tag !== heard.at(-1)?._tag;
  const all = isNews ? [...heard, next.heard] : heard;
  return next._tag === "Wait"
    ? { _tag: "Polling", dueAt: alarmIn(next.delay), heard: all, state: next.state }
    : { _tag: "Over", dueAt: alarmIn(retention), heard: all, last: next.reply };
}

function heardBefore<A extends object>(task: StoredTask<A>): readonly TaskStatus<A>[] {
  return task._tag === "Polling" ? task.heard : [];
}

/** Returns each change of status, including the final reply. */
function heardOf<A extends object>(task: StoredTask<A>): readonly Reply<A>[] {
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

/** Returns the time in `ms` milliseconds. Rounds up, since alarms have whole milliseconds and must not be too early. */
function alarmIn(ms: number): number {
  return Math.ceil(Math.min(Date.now() + ms, LATEST_ALARM));
}
