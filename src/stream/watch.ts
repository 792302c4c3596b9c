/**
 * The polling of a task as a stream of statuses. This is the only file that makes an Observable of polls.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { checkSizeClass } from "../internal/check.ts";
import { Observable } from "../internal/rxjs.ts";
import { submitTask } from "../client/operations.ts";
import { type Begin, beginWatch, type Poll, runPolls, type WatchOptions } from "../client/poll_loop.ts";
import { policyFor, pollBy } from "../client/poll_once.ts";
import type { Service } from "../client/service.ts";
import { DETECT_REGIONS } from "../model/detect_regions.ts";
import { DETECTION } from "../model/detection.ts";
import { fromCodec } from "../model/error.ts";
import { NOT_SUBMITTED, RunState } from "../model/run_state.ts";
import type { DetectionSettings } from "../model/settings.ts";
import type { ImageSource, ResultKind, TaskKind } from "../model/task_kind.ts";
import type { Reply } from "../model/reply.ts";
import type { PollOptions, PollPolicy } from "../polling/policy.ts";
import { failWith } from "../polling/step.ts";
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
  const begin = beginWatch(kind, id, options);
  return (service) => {
    const policy = policyFor(service, options);
    return statusStream(service, kind, policy, options.signal, begin(service, policy));
  };
}

/**
 * Submits an image for detection, then watches its task: {@linkcode submitImage} followed by {@linkcode watchRegions}.
 * Emits `Pending` as soon as the service has accepted the image, before the first poll. Each subscription submits the
 * image again. The deadline covers both steps.
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
 * Submits a task of any kind, then watches it, like {@linkcode detectRegions}. Emits `Pending` as soon as the service has
 * accepted the task.
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
  checkSizeClass(options.sizeClass);
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
  return new Observable((subscriber) => runPolls(subscriber, service, kind, policy, outer, begin, poll));
}
