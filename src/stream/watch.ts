/**
 * The polling of a task as a stream of statuses. This is the only file that makes an Observable of polls.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { Observable, type Subscriber } from "../internal/rxjs.ts";
import { type AbortSignalLike, cancel, type Cancellation, createCancellation, onAbort } from "../internal/abort.ts";
import { preview } from "../internal/text.ts";
import type { TimerEntry } from "../internal/timers.ts";
import { submitTask } from "../client/operations.ts";
import { learn, policyFor, pollBy } from "../client/poll_once.ts";
import type { Service } from "../client/service.ts";
import { DETECT_REGIONS } from "../model/detect_regions.ts";
import { DETECTION } from "../model/detection.ts";
import { fromCodec, gaveUp } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import { NOT_SUBMITTED, RunState } from "../model/run_state.ts";
import type { DetectionSettings } from "../model/settings.ts";
import type { ImageSource, ResultKind, TaskKind } from "../model/task_kind.ts";
import type { Reply } from "../model/reply.ts";
import type { PollOptions, PollPolicy } from "../polling/policy.ts";
import { failWith, type Next, resumePoll, startPoll } from "../polling/step.ts";
import { startTask } from "./submission.ts";

/**
 * Options of {@linkcode runTask} and {@linkcode detectRegions}.
 *
 * @category Tasks
 */
export interface RunOptions extends PollOptions {
  /**
   * The size class of the image, such as `large`, if durations depend on it. The schedule learns each class separately, so
   * use a few classes.
   */
  readonly sizeClass?: string | undefined;
  /** When it aborts, the stream ends with `GaveUp`, or with `Unconfirmed` if the image was being sent. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the task's id as soon as the service has accepted the image. If it throws, the error is reported as
   * uncaught and has no other effect.
   */
  readonly onSubmit?: ((id: string) => void) | undefined;
  /**
   * Called with the state before the submission and after it. Persist the state to resume after a crash: the stream waits
   * until a returned promise settles, even past the deadline. If it rejects or throws before the submission, nothing is
   * sent, and the stream errors. Afterwards, the error is reported as uncaught and has no other effect.
   */
  readonly onState?: ((state: RunState) => void | Promise<void>) | undefined;
  /**
   * The last state that `onState` received, even after it has been serialized to JSON. The image and the settings must be
   * the same. If the task was submitted, it is watched, and nothing is sent.
   *
   * If the process ended during the submission, the stream ends with `Unconfirmed`. To submit again nevertheless, resume
   * from `{ ...state, submitting: false }`.
   */
  readonly resume?: RunState | undefined;
}

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
 * Returns a stream of the statuses of a task, up to the first final one: `Completed`, `Error` or `NotExist`.
 *
 * The stream is cold: nothing happens before a subscription, each subscription polls independently, and unsubscribing
 * aborts the request in flight. Transient failures (no connection, timeout, 408, 425, 429, 5xx, a single malformed
 * response) are retried internally. A `Left` is always the last value: the status could not be determined; the error
 * says why. The stream errors only if the caller's own schedule throws, or returns a delay that is not a number of 0 or
 * more.
 *
 * @param id The task's id.
 *
 * @throws {RangeError} If `resume` is the state of another task, or, when the result is called with a service, if an option
 * is out of range.
 *
 * @example
 * ```ts
 * import { connect, watchRegions } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 * import { lastValueFrom } from "rxjs";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * deepEqual(await lastValueFrom(watchRegions(id)(service)), right({ _tag: "NotExist", id, messages: [] }));
 * ```
 *
 * @category Detect
 */
export function watchRegions(id: string, options: WatchOptions = {}): (service: Service) => Observable<Reply> {
  return watchTask(DETECTION, id, options);
}

/**
 * Returns a stream of the statuses of a task of any kind, like {@linkcode watchRegions}.
 *
 * @param id The task's id.
 *
 * @throws {RangeError} If `resume` is the state of another task, or, when the result is called with a service, if an option
 * is out of range.
 *
 * @example
 * ```ts
 * import { connect, RECOGNIZE_IMAGE, watchTask } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 * import { lastValueFrom } from "rxjs";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * const reply = await lastValueFrom(watchTask(RECOGNIZE_IMAGE, id)(service));
 * deepEqual(reply, right({ _tag: "NotExist", id, messages: [] }));
 * ```
 *
 * @category Tasks
 */
export function watchTask<A extends object>(
  kind: ResultKind<A>,
  id: string,
  options: WatchOptions = {},
): (service: Service) => Observable<Reply<A>> {
  const resumed = options.resume === undefined ? null : PollState.decode(options.resume);
  if (resumed !== null && E.isRight(resumed) && !(resumed.right.id === id && resumed.right.kind === kind.name)) {
    throw new RangeError(`Cannot resume the watch of task ${id} as the state must be of the same task`);
  }
  const { submittedAt = null, signal, results = null, sizeClass } = options;
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
  const task = { kind: kind.name, id, results, sizeClass };
  return (service) => {
    const policy = policyFor(service, options);
    return statusStream(service, kind, policy, signal, (now) => {
      if (resumed === null) {
        return startPoll(task, now(), submittedAt, policy, service.memory.history(kind.name, sizeClass));
      }
      return E.isRight(resumed) ? resumePoll(resumed.right, now(), policy) : failWith(fromCodec(resumed.left));
    });
  };
}

/**
 * Submits an image for detection, then watches its task: {@linkcode submitImage} followed by {@linkcode watchRegions}.
 * Each subscription submits the image again. The deadline covers both steps.
 *
 * @param image The image file.
 * @param settings The settings of the detection.
 *
 * @throws {TypeError} If `image` is neither a typed array, a `DataView`, a buffer nor a `Blob`.
 * @throws {RangeError} If a setting is out of range, if `resume` is the state of a task of another kind, or, when the
 * result is called with a service, if an option is out of range.
 *
 * @example
 * ```ts
 * import { connect, detectRegions, fixed } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 * import { lastValueFrom } from "rxjs";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * const statuses = detectRegions(image, { dsrMode: "Regions" }, { schedule: fixed({ delay: 10 }) })(service);
 * ok(isRight(await lastValueFrom(statuses)));
 * ```
 *
 * @category Detect
 */
export function detectRegions(
  image: ImageSource,
  settings?: DetectionSettings,
  options: RunOptions = {},
): (service: Service) => Observable<Reply> {
  return runTask(DETECT_REGIONS, { image, settings }, options);
}

/**
 * Submits a task of any kind, then watches it, like {@linkcode detectRegions}.
 *
 * @param input What the task is about.
 *
 * @throws {TypeError} If the image is neither a typed array, a `DataView`, a buffer nor a `Blob`.
 * @throws {RangeError} If the input has a value that the service does not support, if `resume` is the state of a task of
 * another kind, or, when the result is called with a service, if an option is out of range.
 *
 * @example
 * ```ts
 * import { connect, fixed, RECOGNIZE_IMAGE, runTask, toPromise } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * const statuses = runTask(RECOGNIZE_IMAGE, { image }, { schedule: fixed({ delay: 10 }) })(service);
 * const { text } = await toPromise(statuses);
 * ```
 *
 * @category Tasks
 */
export function runTask<Input, A extends object>(
  kind: TaskKind<Input, A>,
  input: NoInfer<Input>,
  options: RunOptions = {},
): (service: Service) => Observable<Reply<A>> {
  const submit = submitTask(kind, input);
  const resumed = options.resume === undefined ? E.right(NOT_SUBMITTED) : RunState.decode(options.resume);
  const task = E.isRight(resumed) ? resumed.right.task : null;
  if (task !== null && task.kind !== kind.name) {
    throw new RangeError(`Cannot resume the task ${task.id} as its state must be of the kind ${kind.name}`);
  }
  return (service) => {
    const policy = policyFor(service, options);
    return statusStream(service, kind, policy, options.signal, (now, signal) => {
      if (E.isLeft(resumed)) return failWith(fromCodec(resumed.left));
      const { sizeClass, onState: save, onSubmit } = options;
      const submission = { kind, input, submit, sizeClass, state: resumed.right, save, onSubmit };
      return startTask(service, policy, submission, now(), now, signal);
    });
  };
}

/**
 * Starts a watch. `now` returns milliseconds since 1970. `signal` aborts when the subscriber leaves or the watch is
 * aborted.
 */
export type Begin<A extends object> = (now: () => number, signal: AbortSignalLike) => Next<A> | PromiseLike<Next<A>>;

/** A function with the signature of {@linkcode pollBy}. */
export type Poll<A extends object> = (...args: Required<Parameters<typeof pollBy<A>>>) => PromiseLike<Next<A>>;

/**
 * Returns the statuses of a watch: emits each status, waits, and polls again, until the watch ends or `outer` aborts.
 */
export function statusStream<A extends object>(
  service: Service,
  kind: ResultKind<A>,
  policy: PollPolicy,
  outer: AbortSignal | undefined,
  begin: Begin<A>,
  poll: Poll<A> = pollBy,
): Observable<Reply<A>> {
  return new Observable((subscriber) => run(subscriber, service, kind, policy, outer, begin, poll));
}

/**
 * Runs a watch for a subscriber. There may be thousands at a time, so the closures keep as little as possible, not even
 * `begin`.
 */
function run<A extends object>(
  subscriber: Subscriber<Reply<A>>,
  service: Service,
  kind: ResultKind<A>,
  policy: PollPolicy,
  outer: AbortSignal | undefined,
  begin: Begin<A>,
  poll: Poll<A>,
): void {
  // The difference between the watch's clock and that of the timers.
  const offset = Date.now() - service.timers.now();
  let state: PollState | null = null;
  let timer: TimerEntry | null = null;
  let inFlight: Cancellation | null = null;

  const settle = (next: Next<A>): void => {
    inFlight = null;
    state = next._tag === "Wait" ? next.state : null;
    if (next.heard !== null) subscriber.next(E.right(next.heard));
    if (subscriber.closed) return;
    if (next._tag === "Done") end(subscriber, next.reply);
    // The caller's own `onSubmit` or schedule may abort the signal before there is a state.
    else if (outer?.aborted) end(subscriber, E.left(gaveUp("aborted", next.state)));
    else timer = service.timers.set(next.delay, pollNext);
  };
  const pollNext = (): void => {
    if (state === null) return;
    const signal = inFlight = openRequest(outer);
    whenDone(poll(service, kind, policy, state, clockOf(service, offset), { signal }), settle, subscriber);
  };

  const unlisten = outer && onAbort(outer, () => {
    // While the image is being sent, the outcome of the request determines whether it may have been accepted.
    if (state !== null) end(subscriber, E.left(gaveUp("aborted", state)));
    else if (inFlight !== null) cancel(inFlight);
  });
  subscriber.add(() => {
    unlisten?.();
    if (timer !== null) service.timers.cancel(timer);
    if (inFlight !== null) cancel(inFlight);
    if (state !== null) learn(service, state, null, clockOf(service, offset)());
  });
  const signal = inFlight = openRequest(outer);
  whenDone(begin(clockOf(service, offset), signal), settle, subscriber);
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
  subscriber: Subscriber<Reply<A>>,
): void {
  if ("then" in next) next.then(settle, (error) => subscriber.error(error));
  else settle(next);
}

/**
 * A monotonic clock that starts with the system time at the start of the watch, so that setting the clock has no
 * effect.
 */
function clockOf({ timers }: Service, offset: number): () => number {
  return () => Math.round(offset + timers.now());
}

function end<A extends object>(subscriber: Subscriber<Reply<A>>, reply: Reply<A>): void {
  subscriber.next(reply);
  subscriber.complete();
}
