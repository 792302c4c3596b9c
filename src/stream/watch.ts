/**
 * The polling of a task as a stream of statuses. The only file that makes an Observable.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { Observable, type Subscriber } from "rxjs";
import { type AbortSignalLike, cancel, type Cancellation, createCancellation, onAbort } from "../internal/abort.ts";
import { preview } from "../internal/text.ts";
import type { TimerEntry } from "../internal/timers.ts";
import { type ImageSource, submitImage } from "../client/operations.ts";
import { learn, policyFor, pollBy } from "../client/poll_once.ts";
import { notify } from "../client/request.ts";
import type { Service } from "../client/service.ts";
import { fromCodec, gaveUp } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import type { DetectionSettings } from "../model/settings.ts";
import type { Reply } from "../model/task_status.ts";
import type { PollOptions, PollPolicy } from "../polling/policy.ts";
import { failWith, type Next, resumePoll, startPoll } from "../polling/step.ts";

/**
 * Options for {@linkcode detectRegions}.
 *
 * @category Detect
 */
export interface DetectOptions extends PollOptions {
  /** Ends the stream with `GaveUp` when it aborts, or with `Unconfirmed` if the image was being sent at that moment. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the task's id as soon as the service has accepted the image: persist it to recover the task after a crash.
   * What it throws is reported as an uncaught error and changes nothing.
   */
  readonly onSubmit?: ((id: string) => void) | undefined;
}

/**
 * Options for {@linkcode watchRegions}.
 *
 * @category Detect
 */
export interface WatchOptions extends PollOptions {
  /** Ends the stream with `GaveUp` when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When the image was sent, in milliseconds since 1970. If it is known, the schedule decides when the first poll is due,
   * and `NotExist` is not final within the first 10 seconds.
   */
  readonly submittedAt?: number | undefined;
  /** The state that `GaveUp` carried, even after it has been serialized to JSON: resumes an earlier watch of the task. */
  readonly resume?: PollState | undefined;
}

/**
 * Returns the statuses of a task, up to the first final one: `Completed`, `Error` or `NotExist`.
 *
 * Cold: nothing happens before a subscription, each subscription polls for itself, and unsubscribing aborts the request in
 * flight at once. Transient failures (no connection, timeout, 429, 5xx, one unintelligible answer) are retried internally.
 * A Left is always the last value: the status could not be determined; the error says why. The error channel carries
 * only what the caller's own schedule throws.
 *
 * @param id The task's id.
 *
 * @throws {RangeError} If an option is out of its range, or if `resume` is the state of another task.
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
  const resumed = options.resume === undefined ? null : PollState.decode(options.resume);
  if (resumed !== null && E.isRight(resumed) && resumed.right.id !== id) {
    throw new RangeError(`Cannot resume the watch of ${id} as the state must be of the same task`);
  }
  const { submittedAt = null, signal } = options;
  if (submittedAt !== null && !Number.isFinite(submittedAt)) {
    throw new RangeError(
      "Cannot watch a task as submittedAt must be a time in milliseconds since 1970: " +
        `current value is ${preview(submittedAt)}`,
    );
  }
  return (service) => {
    const policy = policyFor(service, options);
    return statusStream(service, policy, signal, (now) => {
      if (resumed === null) return startPoll(id, now(), submittedAt, policy, service.memory.history());
      return E.isRight(resumed) ? resumePoll(resumed.right, now(), policy) : failWith(fromCodec(resumed.left));
    });
  };
}

/**
 * Sends an image for detection, then watches its task: {@linkcode submitImage}, then {@linkcode watchRegions}. Each
 * subscription sends the image again. The deadline covers both steps.
 *
 * @param image The image file.
 * @param settings The settings of the detection.
 *
 * @throws {TypeError} If `image` is neither a typed array, a `DataView`, a buffer nor a `Blob`.
 * @throws {RangeError} If a setting or an option is out of its range.
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
  options: DetectOptions = {},
): (service: Service) => Observable<Reply> {
  const submit = submitImage(image, settings);
  return (service) => {
    const policy = policyFor(service, options);
    return statusStream(service, policy, options.signal, async (now, signal) => {
      const startedAt = now();
      const id = await submit(service, { signal, endsAt: performance.now() + policy.deadline })();
      if (E.isLeft(id)) {
        const isLate = id.left._tag === "Timeout" && now() >= startedAt + policy.deadline;
        return failWith(isLate ? gaveUp("deadline", null) : id.left);
      }
      if (options.onSubmit) notify(options.onSubmit, id.right);
      const submittedAt = now();
      return startPoll(id.right, submittedAt, submittedAt, policy, service.memory.history(), startedAt);
    });
  };
}

/** How a watch begins. `now` returns milliseconds since 1970; `signal` aborts when the watch ends. */
export type Begin = (now: () => number, signal: AbortSignalLike) => Next | PromiseLike<Next>;

/** One poll, as {@linkcode pollBy} makes it. */
export type Poll = (...args: Required<Parameters<typeof pollBy>>) => PromiseLike<Next>;

/** The statuses of a watch: emits what it hears, waits, polls, and so on to its end or until `outer` aborts. */
export function statusStream(
  service: Service,
  policy: PollPolicy,
  outer: AbortSignal | undefined,
  begin: Begin,
  poll: Poll = pollBy,
): Observable<Reply> {
  return new Observable((subscriber) => run(subscriber, service, policy, outer, begin, poll));
}

/** Runs a watch for one subscriber. Thousands of these wait at a time, so none holds more than it needs: not even `begin`. */
function run(
  subscriber: Subscriber<Reply>,
  service: Service,
  policy: PollPolicy,
  outer: AbortSignal | undefined,
  begin: Begin,
  poll: Poll,
): void {
  // The watch's own clock is this much ahead of the timers'.
  const offset = Date.now() - service.timers.now();
  let state: PollState | null = null;
  let timer: TimerEntry | null = null;
  let inFlight: Cancellation | null = null;

  /** Polls. The first run, which has no state yet, begins the watch instead. */
  const proceed = (begin?: Begin): void => {
    const now = clockOf(service, offset);
    const signal = inFlight = createCancellation();
    if (outer?.aborted) cancel(signal);
    const next = state === null ? begin?.(now, signal) : poll(service, policy, state, now, { signal });
    if (next === undefined) return;
    if ("then" in next) next.then(settle, (error) => subscriber.error(error));
    else settle(next);
  };
  const settle = (next: Next): void => {
    inFlight = null;
    state = next._tag === "Wait" ? next.state : null;
    if (next.heard !== null) subscriber.next(E.right(next.heard));
    if (subscriber.closed) return;
    if (next._tag === "Done") end(subscriber, next.reply);
    // An abort in the caller's own `onSubmit` or schedule comes before there is a state to end with.
    else if (outer?.aborted) end(subscriber, E.left(gaveUp("aborted", next.state)));
    else timer = service.timers.sleep(next.delay, proceed);
  };

  const unlisten = outer && onAbort(outer, () => {
    // While the image is being sent, only the outcome of that tells whether it may have been accepted.
    if (state !== null) end(subscriber, E.left(gaveUp("aborted", state)));
    else if (inFlight !== null) cancel(inFlight);
  });
  subscriber.add(() => {
    unlisten?.();
    if (timer !== null) service.timers.cancel(timer);
    if (inFlight !== null) cancel(inFlight);
    if (state !== null) learn(service, state, null, clockOf(service, offset)());
  });
  proceed(begin);
}

/** The wall clock's time when a watch began, and monotonic from there: setting the clock does not end a watch. */
function clockOf({ timers }: Service, offset: number): () => number {
  return () => Math.round(offset + timers.now());
}

function end(subscriber: Subscriber<Reply>, reply: Reply): void {
  subscriber.next(reply);
  subscriber.complete();
}
