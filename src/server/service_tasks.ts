/**
 * The tasks of a service, as a handler serves them: without a store, since clients keep the state of the polling.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { concat, defer, finalize, from, map, type Observable, share } from "../internal/rxjs.ts";
import { cancelTask, submitTask } from "../client/operations.ts";
import { policyFor, pollBy } from "../client/poll_once.ts";
import type { Service } from "../client/service.ts";
import { parseJson } from "../internal/json.ts";
import { DETECT_REGIONS, type DetectionInput } from "../model/detect_regions.ts";
import type { Detection } from "../model/detection.ts";
import type { RegionsError } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import { type Reply, valueOf } from "../model/reply.ts";
import { type TaskKind, taskRef } from "../model/task_kind.ts";
import type { PollOptions, PollPolicy } from "../polling/policy.ts";
import { type Done, type Next, resumePoll, startPoll, type Wait } from "../polling/step.ts";
import type { Begin, Poll } from "../client/poll_loop.ts";
import { statusStream } from "../stream/watch.ts";
import { absent, type SubmittedTask, type Tasks, toUpdate, type Update } from "./tasks.ts";

/** The number of tasks without listeners that are remembered, and of submissions that are recognized when repeated. */
const MAX_REMEMBERED = 100;
const MAX_SUBMISSIONS = 1000;

/** The time before a task is polled again for which no poll is planned, because of an error, in milliseconds. */
const PAUSE = 30_000;

/** What is known of a task. */
interface Known<A extends object> {
  /** The state of its polling, or null if nobody has asked for the task yet. */
  state: PollState | null;
  /** The changes of status, each with the last reply before the next change and the state after it. */
  changes: readonly { readonly update: Update<A>; readonly state: PollState | null }[];
  /** The polls of all listeners. Polling starts with the first one and stops with the last one. */
  readonly updates: Observable<Update<A>>;
  /** The poll that is in progress. It is shared by all clients, and continues when they leave. */
  polling: Promise<Next<A>> | null;
  /** How the last poll ended the polling without a final status. Valid until the next poll is due. */
  ended: Done<A> | null;
}

/**
 * Returns the tasks of a service, for `createHandler`. They need no store: the id of a task contains what is known about
 * its submission, and the id of an event contains the state of the polling, so any instance of the program continues the
 * stream of any other. Within an instance, all clients of a task share its polls.
 *
 * On Workers, create them for each request, as the service: clients then share polls only in a Durable Object.
 *
 * @param options The schedule and limits. The deadline counts from the submission of a task.
 *
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { connect } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { createHandler, serviceTasks } from "@ocr-cloud/regions/server";
 * import { equal } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const secret = "the secret that signs the ids of tasks";
 * const handle = createHandler({ tasks: serviceTasks(service), secret, authorize: () => "everyone" });
 *
 * const image = new Blob([new Uint8Array([1, 2, 3])], { type: "image/png" });
 * const response = await handle(new Request("http://localhost/tasks", { method: "POST", body: image }));
 * equal(response.status, 202);
 * ```
 *
 * @category Server
 */
export function serviceTasks(service: Service, options?: PollOptions): Tasks<DetectionInput, Detection>;
/**
 * The same, for tasks of any kind.
 *
 * @category Server
 */
export function serviceTasks<Input, A extends object>(
  service: Service,
  options: PollOptions & { readonly kind: TaskKind<Input, A> },
): Tasks<Input, A>;
export function serviceTasks<Input, A extends object>(
  service: Service,
  options: PollOptions & { readonly kind?: TaskKind<Input, A> | undefined } = {},
): Tasks<Input, A> | Tasks<DetectionInput, Detection> {
  const { kind } = options;
  const policy = policyFor(service, options);
  return kind === undefined ? tasksOf(service, DETECT_REGIONS, policy) : tasksOf(service, kind, policy);
}

function tasksOf<Input, A extends object>(
  service: Service,
  kind: TaskKind<Input, A>,
  policy: PollPolicy,
): Tasks<Input, A> {
  const submissions = new Map<string, Promise<E.Either<RegionsError, SubmittedTask>>>();
  /** The tasks that have listeners, and those that had some or were requested lately. */
  const watched = new Map<string, Known<A>>();
  const idle = new Map<string, Known<A>>();

  const submit = async (input: Input): Promise<E.Either<RegionsError, SubmittedTask>> => {
    const id = await submitTask(kind, input)(service)();
    if (E.isLeft(id)) return id;
    const { results = null, ...ref } = taskRef(kind, id.right, input);
    return E.right({ ...ref, results, submittedAt: Date.now() });
  };
  /** Starts or continues the polling of a task. Its deadline counts from the submission. */
  const begin = ({ submittedAt, ...ref }: SubmittedTask, known: Known<A>, now: number): Next<A> => {
    const startedAt = submittedAt ?? now;
    const next = known.state === null
      ? startPoll(ref, now, submittedAt, policy, service.memory.history(kind.name, ref.sizeClass), startedAt)
      : resumePoll(known.state, now, policy, startedAt);
    // If the clock was set back, the next poll is due at a new time.
    if (next._tag === "Wait") known.state = next.state;
    return next;
  };
  /** Polls a task, unless a poll is in progress. Otherwise, clients that come and go would cause additional polls. */
  const poll = (known: Known<A>, state: PollState, now: () => number): Promise<Next<A>> => {
    const settle = (next: Next<A>): Next<A> => {
      record(known, state, next, now());
      return next;
    };
    return known.polling ??= pollBy(service, kind, policy, state, now).then(settle).finally(() => known.polling = null);
  };
  /** The polls for all listeners of a task. */
  const watch = (task: SubmittedTask, known: Known<A>): Observable<Update<A>> => {
    const start: Begin<A> = (now) => {
      if (known.polling !== null) return known.polling;
      const next = begin(task, known, now()), { ended } = known;
      // The last status is among the changes.
      return ended !== null && next._tag === "Wait" && !isDue(next, now()) ? { ...ended, heard: null } : next;
    };
    const pollNext: Poll<A> = (_service, _kind, _policy, state, now) => poll(known, state, now);
    return defer(() => {
      watched.set(task.id, known);
      idle.delete(task.id);
      return statusStream(service, kind, policy, undefined, start, pollNext);
    }).pipe(
      map((reply) => updateOf(known, reply)),
      finalize(() => {
        watched.delete(task.id);
        keep(task, known);
      }),
      share(),
    );
  };
  /** Keeps what is known of a task without listeners. */
  const keep = ({ id }: SubmittedTask, known: Known<A>): void => {
    idle.delete(id);
    idle.set(id, known);
    forgetOldest(idle, MAX_REMEMBERED);
  };
  /** Returns what is known of a task, including what the cursor of a client says. */
  const visit = (task: SubmittedTask, after: PollState | null): Known<A> => {
    const listened = watched.get(task.id);
    if (listened !== undefined) return listened;
    const known = idle.get(task.id) ?? createKnown<A>((known) => watch(task, known));
    keep(task, known);
    if (after !== null && isLater(after, known.state)) {
      known.state = after;
      known.ended = null;
    }
    return known;
  };

  return {
    kind: kind.name,
    submit: (input, key) => {
      if (key === null) return submit(input);
      const earlier = submissions.get(key);
      if (earlier !== undefined) return earlier;
      const submission = submit(input);
      submissions.set(key, submission);
      forgetOldest(submissions, MAX_SUBMISSIONS);
      const forget = (): void => void submissions.delete(key);
      // If the service has not accepted the image, it may be sent again.
      submission.then((task) => E.isLeft(task) && task.left._tag !== "Unconfirmed" && forget(), forget);
      return submission;
    },
    current: async (task, after) => {
      const place = readCursor(task, after);
      const known = visit(task, place);
      const news = newsOf(known, place).at(-1) ?? null;
      if (news?.cursor === null) return news;
      const now = Date.now();
      const next = begin(task, known, now);
      if (next._tag === "Done") return toUpdate(next.reply, "", null);
      if (watched.has(task.id) || known.polling === null && !isDue(next, now)) {
        const { ended } = known;
        return ended !== null && ended.heard === null
          ? toUpdate(ended.reply, "", null)
          : news ?? { _tag: "NotYet", dueAt: next.state.dueAt };
      }
      const polled = await poll(known, next.state, Date.now);
      // Even after the deadline, a status is worth more than the news that the watch has ended.
      if (polled.heard !== null) return updateOf(known, E.right(polled.heard));
      if (polled._tag === "Done") return updateOf(known, polled.reply);
      const { failure, state: { dueAt } } = polled;
      // A watch would retry it.
      return failure === null
        ? { _tag: "NotYet", dueAt }
        : { _tag: "Update", reply: E.left(failure), cursor: null, dueAt };
    },
    watch: (task, after) =>
      defer(() => {
        const place = readCursor(task, after);
        const known = visit(task, place);
        const news = newsOf(known, place);
        return news.at(-1)?.cursor === null ? from(news) : concat(from(news), known.updates);
      }),
    cancel: async (task) => {
      const canceled = await cancelTask(task.id, kind)(service)();
      if (E.isRight(canceled)) visit(task, null).changes = [{ update: absent(task), state: null }];
      return canceled;
    },
  };
}

function createKnown<A extends object>(watch: (known: Known<A>) => Observable<Update<A>>): Known<A> {
  const known: Known<A> = {
    state: null,
    changes: [],
    updates: defer(() => updates),
    polling: null,
    ended: null,
  };
  const updates = watch(known);
  return known;
}

/**
 * Records the outcome of a poll.
 *
 * @param state The state before the poll.
 */
function record<A extends object>(known: Known<A>, state: PollState, next: Next<A>, now: number): void {
  const after = stateAfter(next) ?? state;
  known.ended = next._tag === "Done" && E.isLeft(next.reply) ? next : null;
  known.state = known.ended === null || after.dueAt > now ? after : { ...after, dueAt: now + PAUSE };
  const status = next.heard ?? (next._tag === "Done" && E.isRight(next.reply) ? next.reply.right : null);
  // A poll may end after its task was canceled.
  if (status === null || known.changes.at(-1)?.update.cursor === null) return;
  const update = toUpdate<A>(E.right(status), JSON.stringify(known.state), known.state.dueAt);
  const earlier = known.changes.filter(({ update: { reply } }) => valueOf(reply)._tag !== status._tag);
  known.changes = [...earlier, { update, state: known.state }];
}

/** Returns the update of a reply, the same one for all clients. Errors are not recorded as changes. */
function updateOf<A extends object>({ changes }: Known<A>, reply: Reply<A>): Update<A> {
  const change = changes.find(({ update }) => valueOf(update.reply) === valueOf(reply));
  return change?.update ?? toUpdate(reply, "", null);
}

/** Whether a poll is due. After the deadline, the delay of `next` is 0 even if it is not. */
function isDue({ state }: Wait<object>, now: number): boolean {
  return state.dueAt <= now;
}

/** Returns the changes that a client has not received. The final one is always sent. */
function newsOf<A extends object>({ changes }: Known<A>, place: PollState | null): readonly Update<A>[] {
  return changes
    .filter(({ update, state }) => place === null || update.cursor === null || isLater(state, place))
    .map(({ update }) => update);
}

/** Whether a state contains a later status than another one. */
function isLater(state: PollState | null, other: PollState | null): boolean {
  return (state?.heardAt ?? -Infinity) > (other?.heardAt ?? -Infinity);
}

/** Returns the state to continue from, or null after a final reply. */
function stateAfter(next: Next<object>): PollState | null {
  if (next._tag === "Wait") return next.state;
  return E.isLeft(next.reply) && next.reply.left._tag === "GaveUp" ? next.reply.left.state : null;
}

/** Reads the state in a cursor. Returns null if it is not a state of the task. */
function readCursor({ kind, id }: SubmittedTask, cursor: string | null): PollState | null {
  const state = PollState.decode(cursor === null ? null : parseJson(cursor));
  return E.isRight(state) && state.right.kind === kind && state.right.id === id ? state.right : null;
}

/** Deletes the oldest entries beyond a limit. The first keys of a `Map` are the oldest ones. */
function forgetOldest(entries: Map<string, unknown>, limit: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= limit) return;
    entries.delete(key);
  }
}
