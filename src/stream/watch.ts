/**
 * The polling of a task as a stream of statuses. The only file that makes an Observable.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { Observable, type Subscriber } from "rxjs";
import { cancel, type Cancellation, createCancellation, onAbort } from "../internal/abort.ts";
import { type ImageSource, learn, policyFor, pollBy, submitImage } from "../client/operations.ts";
import { preview } from "../model/codec.ts";
import { fromCodec, gaveUp, type RegionsError } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import { notify, type Service } from "../client/request.ts";
import type { DetectionSettings } from "../model/settings.ts";
import { type Done, type Next, type PollOptions, type PollPolicy, resumePoll, startPoll } from "../polling/step.ts";
import type { Reply } from "../model/task_status.ts";
import type { TimerEntry } from "../internal/timers.ts";

const NONE: WatchOptions = {};

/**
 * Options for {@linkcode detectRegions}.
 *
 * @category Detect
 */
export interface DetectOptions extends PollOptions {
  /** Ends the stream with `GaveUp`, or with `Unconfirmed` where the image was just being sent. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Hears the task's id as soon as the service has taken the image: store it, and neither a failure nor a crash loses the
   * task. What it throws is reported as an uncaught error, and changes nothing.
   */
  readonly onSubmit?: ((id: string) => void) | undefined;
}

/**
 * Options for {@linkcode watchRegions}.
 *
 * @category Detect
 */
export interface WatchOptions extends PollOptions {
  /** Ends the stream with `GaveUp`. */
  readonly signal?: AbortSignal | undefined;
  /** When the image was sent, in milliseconds since 1970: then the first poll waits for its time. */
  readonly submittedAt?: number | undefined;
  /** Where an earlier watch of the same task stood: what its `GaveUp` carried, also after a way through JSON. */
  readonly resume?: PollState | undefined;
}

/**
 * The statuses of a task, as they are heard, up to the first that is final: `Completed`, `Error` or `NotExist`.
 *
 * Cold: nothing happens before a subscription, each subscription polls for itself, and unsubscribing ends the request
 * under way at once. What passes (no connection, time-out, 429, 5xx, one bad answer) is tried again inside. A Left is
 * the last value: the library could not find out, and says why. The error channel is used only for what the caller's
 * own schedule throws.
 *
 * @param id The task's id.
 *
 * @throws {RangeError} If an option is out of its range, or the state to go on from is another task's.
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
export function watchRegions(id: string, options: WatchOptions = NONE): (service: Service) => Observable<Reply> {
  const resumed = options.resume === undefined ? null : PollState.decode(options.resume);
  if (resumed !== null && E.isRight(resumed) && resumed.right.id !== id) {
    throw new RangeError(`Cannot go on with the watch of ${id} as the state must be of the same task`);
  }
  const { submittedAt = null } = options;
  if (submittedAt !== null && !Number.isFinite(submittedAt)) {
    throw new RangeError(
      "Cannot watch a task as submittedAt must be a time in milliseconds since 1970: " +
        `current value is ${preview(submittedAt)}`,
    );
  }
  return (service) =>
    follow(service, (policy, _, now) => {
      if (resumed === null) return startPoll(id, now(), submittedAt, policy);
      return E.isRight(resumed) ? resumePoll(resumed.right, now(), policy) : failed(fromCodec(resumed.left));
    }, options);
}

/**
 * Sends an image for detection, then watches its task: {@linkcode submitImage}, then {@linkcode watchRegions}. Each
 * subscription sends the image anew. The deadline covers both.
 *
 * @param image The image's file.
 * @param settings What the detection is told.
 *
 * @throws {TypeError} If the image is no bytes.
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
  options: DetectOptions = NONE,
): (service: Service) => Observable<Reply> {
  const submit = submitImage(image, settings);
  const begin: Begin = async (policy, service, now) => {
    const startedAt = now();
    const id = await submit({ ...service, endsAt: performance.now() + policy.deadline })();
    if (E.isLeft(id)) {
      const isLate = id.left._tag === "Timeout" && now() >= startedAt + policy.deadline;
      return failed(isLate ? gaveUp("deadline", null) : id.left);
    }
    if (options.onSubmit) notify(options.onSubmit, id.right);
    const submittedAt = now();
    return startPoll(id.right, submittedAt, submittedAt, policy, startedAt);
  };
  return (service) => follow(service, begin, options);
}

/** What a watch begins with. The service has the watch's own signal; `now` is in milliseconds since 1970. */
export type Begin = (policy: PollPolicy, service: Service, now: () => number) => Next | PromiseLike<Next>;

/** One poll and what follows it: {@linkcode pollBy}, but in tests of the stream alone. */
export type Turn = (
  now: () => number,
) => (state: PollState, options: PollOptions) => (service: Service) => () => PromiseLike<Next>;

/** Follows a task from its beginning to its end, or to the signal's: emit what was heard, sleep, poll, and again. */
export function follow(
  service: Service,
  begin: Begin,
  options: WatchOptions,
  turn: Turn = pollBy,
): Observable<Reply> {
  policyFor(service, options);
  // Thousands of these sleep at a time, so each holds no more than it needs.
  return new Observable<Reply>((subscriber) => {
    const outer = options.signal;
    // The watch's own clock is this much ahead of the timers'.
    const offset = Date.now() - service.timers.now();
    let state: PollState | null = null;
    let sleeping: TimerEntry | null = null;
    let inFlight: Cancellation | null = null;

    const go = (): void => {
      const now = clockOf(service, offset);
      const signal = inFlight = createCancellation();
      if (outer?.aborted) cancel(signal);
      const next = state === null
        ? begin(policyFor(service, options), { ...service, signal }, now)
        : turn(now)(state, options)({ ...service, signal })();
      if ("then" in next) next.then(on, (fault) => subscriber.error(fault));
      else on(next);
    };
    const on = (next: Next): void => {
      inFlight = null;
      state = next._tag === "Wait" ? next.state : null;
      if (next.heard !== null) subscriber.next(E.right(next.heard));
      if (subscriber.closed) return;
      if (next._tag === "Done") end(subscriber, next.reply);
      // An abort in the caller's own `onSubmit` or schedule comes before there is a state to end with.
      else if (outer?.aborted) end(subscriber, E.left(gaveUp("aborted", next.state)));
      else sleeping = service.timers.sleep(next.delay, go);
    };

    const unlisten = outer && onAbort(outer, () => {
      // While the image is being sent, only the outcome of that tells whether it may have been taken.
      if (state !== null) end(subscriber, E.left(gaveUp("aborted", state)));
      else if (inFlight !== null) cancel(inFlight);
    });
    subscriber.add(() => {
      unlisten?.();
      if (sleeping !== null) service.timers.cancel(sleeping);
      if (inFlight !== null) cancel(inFlight);
      if (state !== null) learn(service, state, null, clockOf(service, offset)());
    });
    go();
  });
}

/** The wall clock's time when a watch began, and monotonic from there: nobody who sets a clock ends a watch. */
function clockOf({ timers }: Service, offset: number): () => number {
  return () => Math.round(offset + timers.now());
}

function end(subscriber: Subscriber<Reply>, reply: Reply): void {
  subscriber.next(reply);
  subscriber.complete();
}

function failed(error: RegionsError): Done {
  return { _tag: "Done", heard: null, reply: E.left(error) };
}
