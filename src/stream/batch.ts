/**
 * Many images, a few at a time, as one stream.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { concatMap, defer, map, mergeMap, Observable, of } from "../internal/rxjs.ts";
import { onAbort } from "../internal/abort.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import { atLeast } from "../internal/check.ts";
import { causeOf } from "../internal/http.ts";
import { inOrder, isObject } from "../internal/json.ts";
import { reportUncaught } from "../internal/notify.ts";
import type { Service } from "../client/service.ts";
import { submitTask } from "../client/operations.ts";
import { DETECT_REGIONS } from "../model/detect_regions.ts";
import { Detection } from "../model/detection.ts";
import { type RegionsError, unreadable } from "../model/error.ts";
import { ReadState } from "../model/read_state.ts";
import { FinalReadStatus, type ReadStatus } from "../model/reading.ts";
import { finalStatusCodec } from "../model/reply.ts";
import { RunState } from "../model/run_state.ts";
import type { DetectionSettings } from "../model/settings.ts";
import type { ImageSource } from "../model/task_kind.ts";
import type { TaskStatus } from "../model/task_status.ts";
import { digestOf, type Journal, type JournalEntry, type JournalStorage, readEntry, writeEntry } from "./journal.ts";
import { type ReadOptions, readRegions, type ReadSettings } from "./read.ts";
import { detectRegions, type RunOptions } from "./watch.ts";

/**
 * An image of a batch.
 *
 * @category Tasks
 */
export interface BatchImage {
  /**
   * Identifies the image in the stream, such as the name of its file. With a journal, a second image with the same key is
   * `Unreadable`.
   */
  readonly key: string;
  /**
   * The image file, or a function that reads it, which is called when its turn has come. The message of an error that it
   * throws becomes the cause of `Unreadable`.
   */
  readonly image: ImageSource | (() => ImageSource | PromiseLike<ImageSource>);
}

/**
 * A reply about one of the images of a batch.
 *
 * @category Tasks
 */
export interface BatchReply<A = TaskStatus> {
  /** The key of the image. */
  readonly key: string;
  /** The status or error. A `Left`, or a final status, is the last one of its image. */
  readonly reply: E.Either<RegionsError, A>;
}

/**
 * The limits of a batch.
 *
 * @category Tasks
 */
export interface BatchLimits {
  /**
   * The maximum number of images that are in progress at the same time: an integer of 1 or more, or Infinity.
   *
   * @default {4}
   */
  readonly concurrency?: number | undefined;
  /** When it aborts, no further image is started, and the stream completes when those in progress have ended. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether images that the journal has without a result are submitted again: those whose submission is `Unconfirmed`, and
   * those whose task ended with `Error` or `NotExist`. The service may bill them twice.
   *
   * @default {false}
   */
  readonly resubmit?: boolean | undefined;
}

/**
 * Options of {@linkcode runMany}.
 *
 * @category Tasks
 */
export interface BatchOptions<A = unknown, S extends RunState = RunState> extends BatchLimits {
  /** Makes the batch safe against crashes: see {@linkcode detectMany}. */
  readonly journal?: Journal<A, S> | undefined;
}

/**
 * What {@linkcode runMany} passes on for an image: its key, and the options that connect its task to the journal.
 *
 * @category Tasks
 */
export interface BatchContext<S extends RunState = RunState> {
  /** The key of the image. */
  readonly key: string;
  /** The option `onState`: saves the state in the journal. Undefined without a journal. */
  readonly onState: ((state: S) => Promise<void>) | undefined;
  /** The option `resume`: the state in the journal. Undefined if there is none. */
  readonly resume: S | undefined;
}

/**
 * Options of {@linkcode detectMany}.
 *
 * @category Detect
 */
export interface DetectManyOptions extends BatchLimits, Omit<RunOptions, "onSubmit" | "onState" | "resume" | "signal"> {
  /** When it aborts, no further image is started, and those in progress end with `GaveUp` or `Unconfirmed`. */
  readonly signal?: AbortSignal | undefined;
  /** Where to keep what has been paid for, so that the same call continues after a crash. */
  readonly journal?: JournalStorage | undefined;
  /**
   * Called with the key of an image and the id of its task as soon as the service has accepted the image. If it throws, the
   * error is reported as uncaught and has no other effect.
   */
  readonly onSubmit?: ((key: string, id: string) => void) | undefined;
}

/**
 * Options of {@linkcode readMany}.
 *
 * @category Recognize
 */
export interface ReadManyOptions extends BatchLimits, Omit<ReadOptions, "onState" | "resume" | "signal"> {
  /** When it aborts, no further image is started, and those in progress end with `GaveUp` or `Unconfirmed`. */
  readonly signal?: AbortSignal | undefined;
  /** Where to keep what has been paid for, so that the same call continues after a crash. */
  readonly journal?: JournalStorage | undefined;
}

/**
 * Detects the regions of many images, a few at a time: {@linkcode detectRegions} for each. The schedule and the limits
 * apply to each image, and the budget of the service to all of them together.
 *
 * The next image is requested only when there is room for it, so the number of images may be unlimited. A failure ends
 * the image that it concerns, and no other: an image that cannot be read is `Unreadable`.
 *
 * With a `journal`, the same call continues after a crash. An image that has ended is not sent again: its last status is
 * emitted from the journal. A task that was submitted is watched. If the process ended during a submission, the image is
 * `Unconfirmed`, and sent again only with `resubmit`. An entry of the journal counts only for the same image with the same
 * settings. If an entry cannot be read, or not be written before a submission, the stream errors.
 *
 * @param images The images, in the order in which they are started.
 * @param settings The settings of all detections.
 *
 * @throws {RangeError} If a setting or an option is out of range.
 *
 * @example
 * ```ts
 * import { connect, describe, detectMany, fixed } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const images = ["lucasta.047.jpg", "patent.png"].map((key) => ({
 *   key,
 *   image: () => Deno.readFile(`examples/pages/${key}`),
 * }));
 * await detectMany(images, {}, { schedule: fixed({ delay: 10 }) })(service)
 *   .forEach(({ key, reply }) => console.log(`${key}: ${describe(reply)}`));
 * ```
 *
 * @category Detect
 */
export function detectMany(
  images: Iterable<BatchImage> | AsyncIterable<BatchImage>,
  settings?: DetectionSettings,
  options: DetectManyOptions = {},
): (service: Service) => Observable<BatchReply> {
  const { concurrency, resubmit, journal: storage, onSubmit, ...others } = options;
  // An invalid setting is reported now, not when the first image is started.
  submitTask(DETECT_REGIONS, { image: new Uint8Array(1), settings });
  const journal: Journal<TaskStatus> | undefined = storage && {
    storage,
    state: RunState,
    last: finalStatusCodec(Detection),
    settings: [DETECT_REGIONS.name, Object.entries(inOrder(settings ?? {}))],
  };
  const run = (image: ImageSource, { key, ...resumption }: BatchContext) =>
    detectRegions(image, settings, { ...others, ...resumption, onSubmit: onSubmit && ((id) => onSubmit(key, id)) });
  return runMany(images, run, { concurrency, signal: others.signal, journal, resubmit });
}

/**
 * Reads many images, a few at a time: {@linkcode readRegions} for each, in the way of {@linkcode detectMany}.
 *
 * @param images The images, in the order in which they are started.
 * @param settings The settings of all readings.
 *
 * @throws {RangeError} If a setting or an option is out of range.
 *
 * @example
 * ```ts
 * import { connect, fixed, readMany } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const images = [{ key: "page 1", image: () => Deno.readFile("examples/pages/lucasta.047.jpg") }];
 * // In memory. Use `openJournal` or the storage of a Durable Object instead.
 * const entries = new Map<string, unknown>();
 * const journal = {
 *   get: (key: string) => Promise.resolve(entries.get(key)),
 *   put: (key: string, value: unknown) => Promise.resolve(entries.set(key, value)),
 * };
 * await readMany(images, { language: "English" }, { journal, schedule: fixed({ delay: 10 }) })(service)
 *   .forEach(({ key, reply }) => console.log(key, reply._tag));
 * ```
 *
 * @category Recognize
 */
export function readMany(
  images: Iterable<BatchImage> | AsyncIterable<BatchImage>,
  settings: ReadSettings = {},
  options: ReadManyOptions = {},
): (service: Service) => Observable<BatchReply<ReadStatus>> {
  const { concurrency, resubmit, journal: storage, ...others } = options;
  readRegions(new Uint8Array(1), settings);
  const journal: Journal<ReadStatus, ReadState> | undefined = storage && {
    storage,
    state: ReadState,
    last: FinalReadStatus,
    settings: ["Read", Object.entries(inOrder({ ...settings, preprocess: settings.preprocess?.name }))],
  };
  const run = (image: ImageSource, { onState, resume }: BatchContext<ReadState>) =>
    readRegions(image, settings, { ...others, onState, resume });
  return runMany(images, run, { concurrency, signal: others.signal, journal, resubmit });
}

/**
 * Runs tasks of any kind for many images, a few at a time, in the way of {@linkcode detectMany}.
 *
 * @param run Returns the stream of an image, such as `runTask(RECOGNIZE_IMAGE, { image }, context)`. If the stream of an
 * image errors, so does the whole stream, which happens only if a callback or the schedule of the caller throws.
 *
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { connect, fixed, RECOGNIZE_IMAGE, runMany, runTask } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const images = [{ key: "page 1", image: () => Deno.readFile("examples/pages/lucasta.047.jpg") }];
 * const replies = runMany(
 *   images,
 *   (image, context) => runTask(RECOGNIZE_IMAGE, { image }, { ...context, schedule: fixed({ delay: 10 }) }),
 *   { concurrency: 8 },
 * );
 * await replies(service).forEach(({ key, reply }) => console.log(key, reply._tag));
 * ```
 *
 * @category Tasks
 */
export function runMany<A, S extends RunState = RunState>(
  images: Iterable<BatchImage> | AsyncIterable<BatchImage>,
  run: (image: ImageSource, context: BatchContext<S>) => (service: Service) => Observable<E.Either<RegionsError, A>>,
  options: BatchOptions<A, S> = {},
): (service: Service) => Observable<BatchReply<A>> {
  const { concurrency = 4, signal, journal, resubmit = false } = options;
  atLeast("run many tasks", "concurrency", concurrency, 1);
  return (service) => {
    const seen = new Set<string>();
    const start = ({ key, image }: BatchImage): Observable<BatchReply<A>> => {
      // With the entry of another image, it might be sent in each run.
      if (seen.has(key)) return of({ key, reply: E.left(unreadable("another image has the same key")) });
      if (journal !== undefined) seen.add(key);
      return defer(() => read(image)).pipe(
        mergeMap((file) => {
          if (E.isLeft(file)) return of(file);
          const runWith = (context: BatchContext<S>) => run(file.right, context)(service);
          return journal === undefined
            ? runWith({ key, onState: undefined, resume: undefined })
            : runJournaled(journal, key, file.right, resubmit, runWith);
        }),
        map((reply) => ({ key, reply })),
      );
    };
    return pullAll(images, start, concurrency, signal);
  };
}

/** Reads an image. */
async function read(image: BatchImage["image"]): Promise<E.Either<RegionsError, ImageSource>> {
  if (typeof image !== "function") return E.right(image);
  try {
    return E.right(await image());
  } catch (error) {
    return E.left(unreadable(causeOf(error)));
  }
}

/** Runs the task of an image, or continues it, and keeps the journal. */
function runJournaled<A, S extends RunState>(
  journal: Journal<A, S>,
  key: string,
  image: ImageSource,
  resubmit: boolean,
  run: (context: BatchContext<S>) => Observable<E.Either<RegionsError, A>>,
): Observable<E.Either<RegionsError, A>> {
  return defer(async () => {
    const bytes = await bytesOf(image);
    if (E.isLeft(bytes)) return of(bytes);
    const digest = await digestOf(bytes.right, journal.settings);
    const write = (entry: JournalEntry<A, S>): Promise<void> => writeEntry(journal, key, digest, entry);
    const entry = await readEntry(journal, key, digest);
    if (entry?._tag === "Ended" && !(resubmit && isFailed(entry.last))) return of(E.right(entry.last));
    return run({
      key,
      onState: (state) => write({ _tag: "Running", state }),
      resume: entry?._tag === "Running" ? resubmit ? { ...entry.state, submitting: false } : entry.state : undefined,
    }).pipe(concatMap(async (reply) => {
      if (E.isLeft(reply) || !journal.last.is(reply.right)) return reply;
      // Before the caller learns of it, so that the result is not lost if the process ends now.
      await write({ _tag: "Ended", last: reply.right }).catch(reportUncaught);
      return reply;
    }));
  }).pipe(mergeMap((replies) => replies));
}
/** Whether a final value is a status that a new task may improve. */
function isFailed(last: unknown): boolean {
  if (!isObject(last)) return false;
  const { _tag } = isObject(last.status) ? last.status : last;
  return _tag === "Error" || _tag === "NotExist";
}

/** Returns the bytes of an image. */
async function bytesOf(image: ImageSource): Promise<E.Either<RegionsError, Uint8Array>> {
  try {
    const bytes = toBytes(isBlob(image) ? await image.arrayBuffer() : image);
    return bytes === null ? E.left(unreadable("its buffer was detached")) : E.right(bytes);
  } catch (error) {
    return E.left(unreadable(causeOf(error)));
  }
}

/**
 * Merges the streams of all items, of which at most `concurrency` are active. In contrast to RxJS's `mergeMap`, which
 * buffers the items of an asynchronous iterable without limit, requests the next item only when it can be started.
 *
 * @param signal When it aborts, no further item is started, even one that has been requested.
 */
function pullAll<A, B>(
  items: Iterable<A> | AsyncIterable<A>,
  start: (item: A) => Observable<B>,
  concurrency: number,
  signal: AbortSignal | undefined,
): Observable<B> {
  return new Observable((subscriber) => {
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    let active = 0;
    let isPulling = false;
    /** Whether no further item is requested. */
    let isOver = signal?.aborted ?? false;
    let isExhausted = false;
    const pull = async (): Promise<void> => {
      while (!isOver && active < concurrency) {
        const { done, value } = await iterator.next();
        if (done) isOver = isExhausted = true;
        // The subscriber may have left meanwhile, or the signal may have aborted.
        else if (!isOver) run(value);
      }
      isPulling = false;
      endIfOver();
    };
    const endIfOver = (): void => {
      if (isOver && active === 0) subscriber.complete();
    };
    const stop = (): void => {
      isOver = true;
      // The next item may never arrive.
      endIfOver();
    };
    const pullMore = (): void => {
      if (isPulling) return;
      isPulling = true;
      pull().catch((error) => subscriber.error(error));
    };
    const run = (item: A): void => {
      active++;
      subscriber.add(
        start(item).subscribe({
          next: (value) => subscriber.next(value),
          error: (error) => subscriber.error(error),
          complete: () => {
            active--;
            if (isOver) endIfOver();
            else pullMore();
          },
        }),
      );
    };
    const unlisten = signal && onAbort(signal, stop);
    subscriber.add(() => {
      unlisten?.();
      isOver = true;
      // The iterable may have files open.
      if (!isExhausted) close(iterator);
    });
    pullMore();
  });
}

async function close(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Nobody is subscribed anymore.
  }
}
