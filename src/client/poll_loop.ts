/**
 * The loop of polls behind status streams and {@linkcode waitForTask}: poll, wait, and poll again.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { type AbortSignalLike, cancel, type Cancellation, createCancellation, onAbort } from "../internal/abort.ts";
import { checkSizeClass } from "../internal/check.ts";
import { preview } from "../internal/text.ts";
import type { TimerEntry } from "../internal/timers.ts";
import { fromCodec, gaveUp } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import type { Reply } from "../model/reply.ts";
import type { ResultKind } from "../model/task_kind.ts";
import type { PollOptions, PollPolicy } from "../polling/policy.ts";
import { failWith, type Next, resumePoll, startPoll } from "../polling/step.ts";
import { learn, type pollBy } from "./poll_once.ts";
import type { Service } from "./service.ts";

/**
 * Options of {@linkcode watchTask} and {@linkcode watchRegions}.
 *
 * @category Tasks
 */
export interface WatchOptions extends PollOptions {
  /** When it aborts, the stream ends with `GaveUp`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The time of the submission, in milliseconds since 1970. If it is set, the schedule determines the time of the first
   * poll, and `NotExist` is not final within the first 10 seconds.
   */
  readonly submittedAt?: number | undefined;
  /** The state from the `GaveUp` of an earlier watch of the task, even after it has been serialized to JSON. */
  readonly resume?: PollState | undefined;
  /**
   * The number of results that the task must have, such as that of the regions that were sent to be recognized. A
   * response with another number is `Malformed`. The state in `resume` contains it already.
   */
  readonly results?: number | undefined;
  /**
   * The size class of the image, such as `large`, if durations depend on it. The schedule learns each class separately, so
   * use a few classes. The state in `resume` contains it already.
   */
  readonly sizeClass?: string | undefined;
}

/**
 * Starts a watch. `now` returns milliseconds since 1970. `signal` aborts when the subscriber leaves or the watch is
 * aborted.
 */
export type Begin<A extends object> = (now: () => number, signal: AbortSignalLike) => Next<A> | PromiseLike<Next<A>>;

/** A function with the signature of {@linkcode pollBy}. */
export type Poll<A extends object> = (...args: Required<Parameters<typeof pollBy<A>>>) => PromiseLike<Next<A>>;

/** Receives the statuses of a watch. An RxJS `Subscriber` is one. */
export interface PollObserver<A extends object> {
  /** Whether no more statuses are wanted. */
  readonly closed: boolean;
  readonly next: (reply: Reply<A>) => void;
  /** Called after the last status. */
  readonly complete: () => void;
  /** Called if the caller's own schedule throws. */
  readonly error: (error: unknown) => void;
}

/**
 * Checks the options of a watch, and returns how it starts.
 *
 * @throws {RangeError} If `resume` is the state of another task, or an option is out of range.
 */
export function beginWatch<A extends object>(
  kind: ResultKind<A>,
  id: string,
  options: WatchOptions,
): (service: Service, policy: PollPolicy) => Begin<A> {
  const resumed = options.resume === undefined ? null : PollState.decode(options.resume);
  if (resumed !== null && E.isRight(resumed) && !(resumed.right.id === id && resumed.right.kind === kind.name)) {
    throw new RangeError(`Cannot resume the watch of task ${id} as the state must be of the same task`);
  }
  const { submittedAt = null, results = null, sizeClass } = options;
  if (submittedAt !== null && !Number.isFinite(submittedAt)) {
    throw new RangeError(
      "Cannot watch a task as submittedAt must be a time in milliseconds since 1970: " +
        `current value is ${preview(submittedAt)}`,
    );
  }
  if (results !== null && !(Number.isSafeInteger(results) && results >= 0)) {
    throw new RangeError(
      `Cannot watch a task as results must be an integer of 0 or more: current value is ${preview(results)}`,
    );
  }
  checkSizeClass(sizeClass);
  const task = { kind: kind.name, id, results, sizeClass };
  return (service, policy) => (now) => {
    if (resumed === null) {
      return startPoll(task, now(), submittedAt, policy, service.memory.history(kind.name, sizeClass));
    }
    return E.isRight(resumed) ? resumePoll(resumed.right, now(), policy) : failWith(fromCodec(resumed.left));
  };
}

/**
 * Runs a watch until it ends or `outer` aborts. There may be thousands at a time, so the closures keep as little as
 * possible, not even `begin`.
 *
 * @returns A function to call once no more statuses are wanted, including after the last one.
 */
export function runPolls<A extends object>(
  observer: PollObserver<A>,
  service: Service,
  kind: ResultKind<A>,
  policy: PollPolicy,
  outer: AbortSignal | undefined,
  begin: Begin<A>,
  poll: Poll<A>,
): () => void {
  // The difference between the watch's clock and that of the timers.
  const offset = Date.now() - service.timers.now();
  let state: PollState | null = null;
  let timer: TimerEntry | null = null;
  let inFlight: Cancellation | null = null;

  const settle = (next: Next<A>): void => {
    inFlight = null;
    state = next._tag === "Wait" ? next.state : null;
    if (next.heard !== null) observer.next(E.right(next.heard));
    if (observer.closed) return;
    if (next._tag === "Done") end(observer, next.reply);
    // The caller's own `onSubmit` or schedule may abort the signal before there is a state.
    else if (outer?.aborted) end(observer, E.left(gaveUp("aborted", next.state)));
    else timer = service.timers.set(next.delay, pollNext);
  };
  const pollNext = (): void => {
    if (state === null) return;
    const signal = inFlight = openRequest(outer);
    whenDone(poll(service, kind, policy, state, clockOf(service, offset), { signal }), settle, observer);
  };

  const unlisten = outer && onAbort(outer, () => {
    // While the image is being sent, the outcome of the request determines whether it may have been accepted.
    if (state !== null) end(observer, E.left(gaveUp("aborted", state)));
    else if (inFlight !== null) cancel(inFlight);
  });
  const signal = inFlight = openRequest(outer);
  try {
    whenDone(begin(clockOf(service, offset), signal), settle, observer);
  } catch (error) {
    observer.error(error);
  }
  return () => {
    unlisten?.();
    if (timer !== null) service.timers.cancel(timer);
    // A poll that is aborted learns by itself.
    if (inFlight !== null) cancel(inFlight);
    else if (state !== null) learn(service, state, null, clockOf(service, offset)());
  };
}

/** Creates the signal of a request, which has already aborted if `outer` has. */
function openRequest(outer: AbortSignal | undefined): Cancellation {
  const signal = createCancellation();
  if (outer?.aborted) cancel(signal);
  return signal;
}

function whenDone<A extends object>(
  next: Next<A> | PromiseLike<Next<A>>,
  settle: (next: Next<A>) => void,
  observer: PollObserver<A>,
): void {
  if ("then" in next) next.then(settle, (error) => observer.error(error));
  else settle(next);
}

/**
 * A monotonic clock that starts with the system time at the start of the watch, so that setting the clock has no
 * effect.
 */
function clockOf({ timers }: Service, offset: number): () => number {
  return () => Math.round(offset + timers.now());
}

function end<A extends object>(observer: PollObserver<A>, reply: Reply<A>): void {
  observer.next(reply);
  observer.complete();
}
