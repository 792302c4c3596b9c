/**
 * The tasks of a service, as a handler serves them: without a store, since clients keep the state of the polling.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { concat, defer, finalize, from, map, type Observable, share } from "rxjs";
import { cancelTask, submitTask } from "../client/operations.ts";
import { policyFor, pollBy } from "../client/poll_once.ts";
import type { Service } from "../client/service.ts";
import { parseJson } from "../internal/json.ts";
import { DETECT_REGIONS, type DetectionInput } from "../model/detect_regions.ts";
import type { Detection } from "../model/detection.ts";
import type { RegionsError } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import type { Reply } from "../model/reply.ts";
import { type TaskKind, taskRef } from "../model/task_kind.ts";
import { isFinal } from "../model/task_status.ts";
import type { PollOptions, PollPolicy } from "../polling/policy.ts";
import { type Next, resumePoll, startPoll } from "../polling/step.ts";
import { statusStream } from "../stream/watch.ts";
import type { NotYet, SubmittedTask, Tasks, Update } from "./tasks.ts";

/** The number of tasks without listeners that are remembered, and of submissions that are recognized when repeated. */
const MAX_REMEMBERED = 100;
const MAX_SUBMISSIONS = 1000;

/** What is known of a task. */
interface Known<A extends object> {
  /** The state of its polling, or null before the first poll. */
  state: PollState | null;
  /** The changes of status, each with the last reply before the next change and the state after it. */
  changes: readonly { readonly update: Update<A>; readonly state: PollState | null }[];
  /** The polls of all listeners. Polling starts with the first one and stops with the last one. */
  readonly updates: Observable<Update<A>>;
  /** Whether there are listeners. */
  isWatched: boolean;
  /** The poll of a client that does not listen, while it is in progress. */
  polling: Promise<Update<A> | NotYet> | null;
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
  const tasks = new Map<string, Known<A>>();

  const submit = async (input: Input): Promise<E.Either<RegionsError, SubmittedTask>> => {
    const id = await submitTask(kind, input)(service)();
    if (E.isLeft(id)) return id;
    const { results = null, ...ref } = taskRef(kind, id.right, input);
    return E.right({ ...ref, results, submittedAt: Date.now() });
  };
  /** Starts or continues the polling of a task. Its deadline counts from the submission. */
  const begin = ({ submittedAt, ...ref }: SubmittedTask, { state }: Known<A>, now: number): Next<A> => {
    const startedAt = submittedAt ?? now;
    return state === null
      ? startPoll(ref, now, submittedAt, policy, service.memory.history(kind.name), startedAt)
      : resumePoll(state, now, policy, startedAt);
  };
  /** The polls for all listeners of a task. */
  const watch = (task: SubmittedTask, known: Known<A>): Observable<Update<A>> => {
    let dueAt: number | null = null;
    const keep = (next: Next<A>): Next<A> => {
      known.state = stateAfter(next) ?? known.state;
      dueAt = dueAfter(next);
      return next;
    };
    return defer(() => {
      known.isWatched = true;
      const start = (now: () => number): Next<A> => keep(begin(task, known, now()));
      return statusStream(service, kind, policy, undefined, start, async (...args) => keep(await pollBy(...args)));
    }).pipe(
      map((reply) => remember(known, toUpdate(reply, known.state, dueAt))),
      finalize(() => known.isWatched = false),
      share(),
    );
  };
  /** Polls a task once, without a listener. */
  const poll = async (known: Known<A>, state: PollState): Promise<Update<A> | NotYet> => {
    const next = await pollBy(service, kind, policy, state, Date.now);
    known.state = stateAfter(next) ?? known.state;
    // Even after the deadline, a status is worth more than the news that the watch has ended.
    if (next.heard !== null) return remember(known, toUpdate(E.right(next.heard), known.state, dueAfter(next)));
    if (next._tag === "Done") return remember(known, toUpdate(next.reply, known.state, null));
    // A watch would retry it.
    return next.failure === null
      ? { _tag: "NotYet", dueAt: next.state.dueAt }
      : { _tag: "Update", reply: E.left(next.failure), cursor: null, dueAt: next.state.dueAt };
  };
  /** Returns what is known of a task, including what the cursor of a client says. */
  const visit = (task: SubmittedTask, after: PollState | null): Known<A> => {
    const known = tasks.get(task.id) ?? createKnown<A>((known) => watch(task, known));
    tasks.delete(task.id);
    tasks.set(task.id, known);
    forgetOldest(tasks, MAX_REMEMBERED, ({ isWatched }) => !isWatched);
    if (after !== null && !known.isWatched && isLater(after, known.state)) known.state = after;
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
      const notYet: NotYet = { _tag: "NotYet", dueAt: next._tag === "Wait" ? now + next.delay : null };
      if (known.isWatched || next._tag === "Wait" && next.delay > 0) return news ?? notYet;
      if (next._tag === "Done") return toUpdate(next.reply, null, null);
      return await (known.polling ??= poll(known, next.state).finally(() => known.polling = null));
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
      if (E.isRight(canceled)) visit(task, null).changes = [absent(task)];
      return canceled;
    },
  };
}

function createKnown<A extends object>(watch: (known: Known<A>) => Observable<Update<A>>): Known<A> {
  const known: Known<A> = {
    state: null,
    changes: [],
    updates: defer(() => updates),
    isWatched: false,
    polling: null,
  };
  const updates = watch(known);
  return known;
}

/** The last change of a task that was canceled. */
function absent<A extends object>({ id }: SubmittedTask): Known<A>["changes"][number] {
  return { update: toUpdate<A>(E.right({ _tag: "NotExist", id, messages: [] }), null, null), state: null };
}

/** Keeps a status. Errors are not kept, since the next poll may succeed. */
function remember<A extends object>(known: Known<A>, update: Update<A>): Update<A> {
  const { reply } = update;
  if (E.isLeft(reply)) return update;
  const earlier = known.changes.filter(({ update }) => E.toUnion(update.reply)._tag !== reply.right._tag);
  known.changes = [...earlier, { update, state: known.state }];
  return update;
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

function toUpdate<A extends object>(reply: Reply<A>, state: PollState | null, dueAt: number | null): Update<A> {
  return E.isLeft(reply) || isFinal(reply.right)
    ? { _tag: "Update", reply, cursor: null, dueAt: null }
    : { _tag: "Update", reply, cursor: JSON.stringify(state), dueAt };
}

/** Returns the state to continue from, or null after a final reply. */
function stateAfter(next: Next<object>): PollState | null {
  if (next._tag === "Wait") return next.state;
  return E.isLeft(next.reply) && next.reply.left._tag === "GaveUp" ? next.reply.left.state : null;
}

/** Returns the time of the next poll, in milliseconds since 1970, or null if there is none. */
function dueAfter(next: Next<object>): number | null {
  return next._tag === "Wait" ? next.state.dueAt : null;
}

/** Reads the state in a cursor. Returns null if it is not a state of the task. */
function readCursor({ kind, id }: SubmittedTask, cursor: string | null): PollState | null {
  const state = PollState.decode(cursor === null ? null : parseJson(cursor));
  return E.isRight(state) && state.right.kind === kind && state.right.id === id ? state.right : null;
}

/** Deletes the oldest entries beyond a limit. The first keys of a `Map` are the oldest ones. */
function forgetOldest<A>(entries: Map<string, A>, limit: number, isOld: (entry: A) => boolean = () => true): void {
  for (const [key, entry] of entries) {
    if (entries.size <= limit) return;
    if (isOld(entry)) entries.delete(key);
  }
}
