/**
 * A task that outlives its process: the same `turn`, driven by the alarms of a Cloudflare Durable Object, one object a
 * task. The object's class is the platform's affair: it makes a {@linkcode DurableTask} and hands its alarms over.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { concat, defer, mergeMap, type Observable, Subject } from "rxjs";
import { cancelTask, type ImageSource, policyFor, submitImage, turn } from "./api.ts";
import { fromCodec, network, type RegionsError, unconfirmed } from "./error.ts";
import { PollState } from "./poll_state.ts";
import type { Service } from "./request.ts";
import { atLeast } from "./schedule.ts";
import type { DetectionSettings } from "./settings.ts";
import { type Next, type PollOptions, startPoll } from "./step.ts";
import { isFinal, type Reply, RETENTION } from "./task_status.ts";

/** What is used of a Durable Object's storage. Source: Cloudflare's Durable Object storage API. */
export interface DurableStorage {
  /** Reads a value. */
  readonly get: <T>(key: string) => Promise<T | undefined>;
  /** Writes a value; writes that are not awaited in between are one. */
  readonly put: (key: string, value: unknown) => Promise<void>;
  /** Forgets everything. */
  readonly deleteAll: () => Promise<void>;
  /** Asks to be woken, at a time in milliseconds since 1970. */
  readonly setAlarm: (at: number) => Promise<void>;
  /** Takes that back. */
  readonly deleteAlarm: () => Promise<void>;
}

/** Options for {@linkcode createDurableTask}. */
export interface DurableTaskOptions extends PollOptions {
  /**
   * Milliseconds for which the last word is kept, over 0. Then the object forgets everything.
   *
   * @default {86_400_000}
   */
  readonly retention?: number;
}

/** A task that lives in a Durable Object. */
export interface DurableTask {
  /** Sends an image, if the object has no task yet, and begins to poll. The image is sent at most once. */
  readonly submit: (image: ImageSource, settings?: DetectionSettings) => Promise<void>;
  /** Begins to poll a task that was sent before, if the object has none yet. */
  readonly watch: (id: string) => Promise<void>;
  /** What was heard so far, each change once, the last word included; null where there is no task. */
  readonly heard: () => Promise<readonly Reply[] | null>;
  /**
   * What was heard so far and what will be, each change once, up to the last word. The same from the start for every
   * subscriber, so that the events of `toEventStream` keep their numbers.
   */
  readonly replies: () => Observable<Reply>;
  /** Drops the task, in the service and here, and ends its streams. Nothing is forgotten where the service does not. */
  readonly cancel: () => Promise<E.Either<RegionsError, void>>;
  /** To be called by the object's `alarm()`. Never throws: after six that did, Cloudflare gives up. */
  readonly alarm: () => Promise<void>;
}

/** How long an alarm waits for the sending of an image, or for a storage that failed, in milliseconds. */
const PATIENCE = 60_000;

/**
 * A task that lives in a Durable Object: its polling is kept in the object's storage and driven by its alarms, so it goes
 * on after the process has died. All who listen share its polls. The last word is kept for `retention`, then nothing is.
 *
 * @param storage The object's storage; this is its only user.
 * @param service A service of this object's own: on Workers none may be shared between objects or requests.
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
 */
export function createDurableTask(
  storage: DurableStorage,
  service: Service,
  { retention = RETENTION, ...options }: DurableTaskOptions = {},
): DurableTask {
  atLeast("keep a task", "retention", retention, Number.MIN_VALUE);
  // The service keeps a task for as long; there is no user here to be kept waiting.
  const pollOptions: PollOptions = { deadline: RETENTION, ...options };
  const policy = policyFor(service, pollOptions);
  /** What the storage holds: null for no task, undefined before it was read. */
  let heard: readonly Reply[] | null | undefined;
  let live = new Subject<Reply>();
  /** The sending of the image, while it is under way. */
  let sending: Promise<void> | null = null;
  /** Changes when a task is forgotten: what is under way then is nobody's. */
  let epoch = 0;

  const load = async (): Promise<readonly Reply[] | null> => {
    const stored = heard === undefined ? await storage.get<readonly Reply[]>("heard") : heard;
    return heard === undefined ? heard = stored ?? null : heard;
  };
  const claim = async (state?: PollState): Promise<boolean> => {
    await load();
    // Others may have come meanwhile.
    if (heard !== null) return false;
    heard = [];
    await Promise.all([
      storage.put("heard", heard),
      state && storage.put("state", state),
      storage.setAlarm(state?.dueAt ?? Date.now() + PATIENCE),
    ]);
    return true;
  };
  const record = async (next: Next): Promise<void> => {
    const mine = epoch;
    const before = heard ?? [];
    const news = newsOf(next, before.at(-1));
    const known = [...before, ...news];
    const alarm = Date.now() + (next._tag === "Wait" ? next.delay : retention);
    await Promise.all([
      news.length === 0 ? null : storage.put("heard", known),
      storage.put("state", next._tag === "Wait" ? next.state : null),
      storage.setAlarm(alarm),
    ]);
    if (mine !== epoch) return;
    // Not before it is stored, and in one go: who comes meanwhile hears each once.
    heard = known;
    for (const reply of news) live.next(reply);
    if (next._tag === "Done") live.complete();
  };
  const forget = async (): Promise<void> => {
    epoch++;
    heard = null;
    await Promise.all([storage.deleteAlarm(), storage.deleteAll()]);
    live.complete();
    live = new Subject();
  };
  const wake = async (): Promise<void> => {
    const known = await load();
    if (known === null) return;
    if (isOver(known)) return forget();
    if (sending) return storage.setAlarm(Date.now() + PATIENCE);
    const mine = epoch;
    const next = await follow(await storage.get("state"));
    if (mine === epoch) await record(next);
  };
  const follow = (stored: unknown): Next | Promise<Next> => {
    if (stored === undefined) return last(unconfirmed(network("submit", "the object died while it was sending")));
    const state = PollState.decode(stored);
    return E.isLeft(state) ? last(fromCodec(state.left)) : turn(state.right, pollOptions)(service)();
  };

  return {
    submit: async (image, settings) => {
      const send = submitImage(image, settings)(service);
      if (!await claim()) return;
      const begin = async (): Promise<void> => {
        const id = await send();
        sending = null;
        const now = Date.now();
        await record(E.isRight(id) ? startPoll(id.right, now, now, policy) : last(id.left));
      };
      await (sending = begin());
    },
    watch: async (id) => void await claim(startPoll(id, Date.now(), null, policy).state),
    heard: load,
    replies: () =>
      // `heard` is read when `live` is subscribed to: what `load` gave may be old by then.
      defer(load).pipe(mergeMap(() => !heard || isOver(heard) ? heard ?? [] : concat(heard, live))),
    cancel: async () => {
      // Before, nobody knows the id.
      await sending;
      const state = PollState.decode(await storage.get("state"));
      const cancelled = E.isRight(state) ? await cancelTask(state.right.id)(service)() : E.right(undefined);
      if (E.isRight(cancelled)) await forget();
      return cancelled;
    },
    alarm: async () => {
      try {
        await wake();
      } catch {
        await storage.setAlarm(Date.now() + PATIENCE).catch(() => {});
      }
    },
  };
}

/** What a poll adds to what was heard: a status that has not changed is no news. */
function newsOf(next: Next, before: Reply | undefined): readonly Reply[] {
  const tag = before !== undefined && E.isRight(before) ? before.right._tag : null;
  const heard = next.heard === null || next.heard._tag === tag ? [] : [E.right(next.heard)];
  return next._tag === "Done" ? [...heard, next.reply] : heard;
}

function isOver(heard: readonly Reply[]): boolean {
  const reply = heard.at(-1);
  return reply !== undefined && (E.isLeft(reply) || isFinal(reply.right));
}

function last(error: RegionsError): Next {
  return { _tag: "Done", heard: null, reply: E.left(error) };
}
