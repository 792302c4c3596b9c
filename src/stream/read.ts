/**
 * Reading an image in two steps: the detection of its regions, then the recognition of their texts, as one stream.
 *
 * @module
 */
import { checkSizeClass } from "../internal/check.ts";
import * as E from "../internal/either.ts";
import { concat, concatMap, defer, type Observable, of } from "../internal/rxjs.ts";
import { cancelTask, submitTask } from "../client/operations.ts";
import { policyFor } from "../client/poll_once.ts";
import type { Req, Service } from "../client/service.ts";
import { DETECT_REGIONS } from "../model/detect_regions.ts";
import { fromCodec, malformed } from "../model/error.ts";
import type { FileOutput } from "../model/output.ts";
import type { ImageInput } from "../model/preprocessing.ts";
import { ReadState, type ReadStep } from "../model/read_state.ts";
import type { Reading, ReadReply, ReadStatus } from "../model/reading.ts";
import { RECOGNIZE_REGIONS } from "../model/recognition.ts";
import type { TextSettings } from "../model/recognition_settings.ts";
import type { Region } from "../model/region.ts";
import type { DetectionSettings } from "../model/settings.ts";
import { NOT_SUBMITTED, type RunState } from "../model/run_state.ts";
import type { ImageSource, TaskKind } from "../model/task_kind.ts";
import type { Reply } from "../model/reply.ts";
import type { Completed, Finished, TaskStatus } from "../model/task_status.ts";
import { inReadingOrder, type ReadingDirection } from "../page/reading_order.ts";
import type { PollOptions, PollPolicy } from "../polling/policy.ts";
import { failWith } from "../polling/step.ts";
import { startTask } from "./submission.ts";
import { statusStream, watchTask } from "./watch.ts";

/**
 * The settings of {@linkcode readRegions}. All other settings that preprocess the image are off, since the service does
 * not document whether the coordinates of regions refer to the image before or after that.
 *
 * @category Recognize
 */
export interface ReadSettings
  extends
    Pick<DetectionSettings, "dsrMode" | "dsrConfidence">,
    Pick<TextSettings<"Text" | "Hocr">, "language" | "makeSpellCheck" | "resultType"> {
  /**
   * A kind of task that preprocesses the image first, such as `DESKEW_IMAGE`. Both steps then use its result, in which
   * the coordinates of the regions lie.
   *
   * @default {undefined} none
   */
  readonly preprocess?: TaskKind<ImageInput, FileOutput> | undefined;
  /**
   * The direction in which the page is read, which determines the order of the result.
   *
   * @default {"ltr"}
   */
  readonly direction?: ReadingDirection | undefined;
}

/**
 * Options of {@linkcode readRegions}. The schedule applies to each task, and the deadline to all of them together.
 *
 * @category Recognize
 */
export interface ReadOptions extends PollOptions {
  /**
   * The size class of the image, such as `large`, if durations depend on it. The schedule learns each class separately, so
   * use a few classes.
   */
  readonly sizeClass?: string | undefined;
  /** When it aborts, the stream ends with `GaveUp`, or with `Unconfirmed` if an image was being sent. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the state before each submission and after it. Persist the state to resume after a crash: the stream
   * waits until a returned promise settles, even past the deadline. If it rejects or throws before a submission, nothing
   * is sent, and the stream errors. Afterwards, the error is reported as uncaught and has no other effect.
   */
  readonly onState?: ((state: ReadState) => void | Promise<void>) | undefined;
  /**
   * The last state that `onState` received, even after it has been serialized to JSON. The image and the settings must
   * be the same. Tasks that were submitted are not submitted again.
   *
   * If the process ended during a submission, the stream ends with `Unconfirmed`. To submit again nevertheless, resume
   * from `{ ...state, submitting: false }`.
   */
  readonly resume?: ReadState | undefined;
}

/** Switched off, since they may move the coordinates. */
const AS_IS = {
  makeSkewCorrect: false,
  makeBinarization: false,
  makeContrastCorrection: false,
  makeUpsampling: false,
  rotate: 0,
};

/** Any region, to check the settings of the recognition. */
const ANYWHERE: Region = { left: 0, top: 0, right: 1, bottom: 1 };

const FIRST: Omit<ReadState, "step"> = {
  ...NOT_SUBMITTED,
  preprocessed: null,
  regions: [],
  notices: [],
};

/**
 * Reads an image: detects its regions, then recognizes the text of each. Returns a stream of the statuses of both tasks,
 * each with its step, and of the result. Each step emits `Pending` as soon as the service has accepted its image. If a
 * step ends with `Error` or `NotExist`, its status is the last value.
 *
 * The stream follows the same rules as that of `detectRegions`: it is cold, a `Left` is always the last value, and every
 * image is submitted at most once. Keep the image until the stream completes, since it is sent with each step. If no
 * regions are found, nothing is sent to recognize them.
 *
 * @param image The image file.
 * @param settings The settings of all steps.
 *
 * @throws {TypeError} If `image` is neither a typed array, a `DataView`, a buffer nor a `Blob`.
 * @throws {RangeError} If a setting has a value that the service does not support, or, when the result is called with a
 * service, if an option is out of range.
 *
 * @example
 * ```ts
 * import { connect, fixed, readRegions, toPromise } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { equal } from "node:assert/strict";
 *
 * const emulator = emulate({
 *   detect: () => Promise.resolve([{ left: 187, top: 110, right: 894, bottom: 140 }]),
 *   recognize: () => Promise.resolve(["To Lucasta"]),
 * });
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulator });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * const { regions } = await toPromise(readRegions(image, {}, { schedule: fixed({ delay: 10 }) })(service));
 * equal(regions[0].text, "To Lucasta");
 * ```
 *
 * @category Recognize
 */
export function readRegions(
  image: ImageSource,
  settings: ReadSettings = {},
  options: ReadOptions = {},
): (service: Service) => Observable<ReadReply> {
  const { preprocess, direction, dsrMode, dsrConfidence, ...recognition } = settings;
  const detection = { ...AS_IS, dsrMode, dsrConfidence, language: settings.language };
  // What is invalid is reported now, not after the detection has been paid for.
  submitTask(DETECT_REGIONS, { image, settings: detection });
  submitTask(RECOGNIZE_REGIONS, { image, settings: recognition, regions: [ANYWHERE] });
  if (preprocess !== undefined) submitTask(preprocess, { image });
  inReadingOrder([], { direction });
  checkSizeClass(options.sizeClass);
  const first: ReadState = { ...FIRST, step: preprocess === undefined ? "detect" : "preprocess" };
  const resumed = options.resume === undefined ? E.right(first) : ReadState.decode(options.resume);
  if (E.isRight(resumed)) checkState(resumed.right, preprocess);
  return (service) => {
    const policy = policyFor(service, options);
    return defer(() => {
      if (E.isLeft(resumed)) return of(E.left(fromCodec(resumed.left)));
      const run: Run = { service, policy, options, startedAt: service.timers.now() };
      const state = resumed.right;

      const detect = (state: ReadState, file: Uint8Array | null): Observable<ReadReply> =>
        follow(
          runStep(run, DETECT_REGIONS, { image: file ?? image, settings: detection }, state),
          (status) => ({ step: "detect", status }),
          (found) => {
            const next: ReadState = { ...advance(state, found), step: "recognize", regions: found.regions };
            return next.regions.length === 0
              ? of(E.right(toReading(next, [], file, direction)))
              : recognize(next, file);
          },
        );
      const recognize = (state: ReadState, file: Uint8Array | null): Observable<ReadReply> => {
        const input = { image: file ?? image, settings: { ...recognition, ...AS_IS }, regions: state.regions };
        return follow(
          runStep(run, RECOGNIZE_REGIONS, input, state),
          (status) => ({ step: "recognize", status }),
          (read) => of(E.right(toReading(advance(state, read), read.texts, file, direction))),
        );
      };
      const afterPreprocessing = state.step === "recognize" ? recognize : detect;
      if (preprocess === undefined) return afterPreprocessing(state, null);
      const { preprocessed } = state;
      return preprocessed === null
        ? follow(runStep(run, preprocess, { image }, state), toPreprocess, (completed) => {
          const { id, file } = completed;
          return detect({ ...advance(state, completed), step: "detect", preprocessed: id }, file);
        })
        // The result of the finished task is fetched again.
        : follow(
          watchTask(preprocess, preprocessed, { ...policy, signal: options.signal })(service),
          toPreprocess,
          ({ file }) => afterPreprocessing(state, file),
        );
    });
  };
}

/**
 * Cancels the current task of a reading: the service deletes it and its image. If no task has been submitted, nothing is
 * sent.
 *
 * @param state The last state that `onState` received.
 * @param settings The settings of the reading.
 *
 * @throws {RangeError} If the current task preprocesses the image, and `settings` lack its kind.
 *
 * @example
 * ```ts
 * import { cancelReading, connect, readRegions, type ReadState } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * let last: ReadState | undefined;
 * const onState = (state: ReadState): void => void (last = state);
 * const subscription = readRegions(new Uint8Array([1, 2, 3]), {}, { onState })(service).subscribe();
 * subscription.unsubscribe();
 * if (last !== undefined) await cancelReading(last)(service)();
 * ```
 *
 * @category Recognize
 */
export function cancelReading({ step, task }: ReadState, { preprocess }: ReadSettings = {}): Req<void> {
  if (task === null) return () => () => Promise.resolve(E.right(undefined));
  const kind = kindOf(step, preprocess);
  if (kind?.name === task.kind) return cancelTask(task.id, kind);
  throw new RangeError(`Cannot cancel a reading as settings.preprocess must be of the kind ${task.kind}`);
}

/** The kind of a step's task, or undefined for the preprocessing of a reading without one. */
function kindOf(
  step: ReadStep,
  preprocess: ReadSettings["preprocess"],
): Pick<TaskKind<never, never>, "name" | "path"> | undefined {
  return { preprocess, detect: DETECT_REGIONS, recognize: RECOGNIZE_REGIONS }[step];
}

/** What all steps of a reading share. `startedAt` is in the time of the service's timers. */
interface Run {
  readonly service: Service;
  readonly policy: PollPolicy;
  readonly options: ReadOptions;
  readonly startedAt: number;
}

/** Submits a step's task and watches it, or resumes watching it. */
function runStep<Input, A extends object>(
  { service, policy, options, startedAt }: Run,
  kind: TaskKind<Input, A>,
  input: Input,
  state: ReadState,
): Observable<Reply<A>> {
  return statusStream(service, kind, policy, options.signal, (now, signal) => {
    // The caller's part of the input has been checked, so if it is invalid, it is because of what the service returned.
    let submit: Req<string>;
    try {
      submit = submitTask(kind, input);
    } catch (error) {
      return failWith(malformed([error instanceof Error ? error.message : String(error)]));
    }
    const { sizeClass, onState } = options;
    const save = onState && ((changed: RunState) => onState({ ...state, ...changed }));
    const began = now() - (service.timers.now() - startedAt);
    return startTask(service, policy, { kind, input, submit, sizeClass, state, save }, began, now, signal);
  });
}

/** Emits the statuses of a step and, once it is completed, what follows. */
function follow<A extends object>(
  replies: Observable<Reply<A>>,
  toStatus: (status: TaskStatus<A>) => ReadStatus,
  next: (completed: Completed<A>) => Observable<ReadReply>,
): Observable<ReadReply> {
  return replies.pipe(concatMap((reply) => {
    const own = of(E.map(toStatus)(reply));
    if (E.isLeft(reply) || reply.right._tag !== "Completed") return own;
    const completed = reply.right;
    return concat(own, defer(() => next(completed)));
  }));
}

const toPreprocess = (status: TaskStatus<FileOutput>): ReadStatus => ({ step: "preprocess", status });

/** The state after a step. */
function advance(state: ReadState, { notices }: Finished): ReadState {
  return { ...state, submitting: false, task: null, notices: [...state.notices, ...notices] };
}

/** There is a text for each region, since a response with another number of results is malformed. */
function toReading(
  { regions, notices }: ReadState,
  texts: readonly string[],
  image: Uint8Array | null,
  direction: ReadingDirection | undefined,
): Reading {
  const ordered = inReadingOrder(regions.map((region, index) => ({ ...region, index })), { direction });
  return {
    step: "done",
    regions: ordered.map(({ index }) => ({ region: regions[index], text: texts[index] })),
    image,
    notices,
  };
}

/** Throws a `RangeError` if the state is that of a reading with other settings. */
function checkState(
  { step, task, preprocessed, regions }: ReadState,
  preprocess: ReadSettings["preprocess"],
): void {
  const isSame = preprocess === undefined
    ? step !== "preprocess" && preprocessed === null
    : (step === "preprocess") === (preprocessed === null);
  const isItsTask = task === null || task.kind === kindOf(step, preprocess)?.name;
  const isComplete = step !== "recognize" || regions.length > 0 && (task === null || task.results === regions.length);
  if (isSame && isItsTask && isComplete) return;
  throw new RangeError("Cannot resume a reading as its state must be that of a reading with the same settings");
}
