/**
 * Many images, a few at a time, as one stream.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { defer, map, mergeMap, Observable, of } from "rxjs";
import { onAbort } from "../internal/abort.ts";
import { causeOf } from "../internal/http.ts";
import { atLeast } from "../internal/check.ts";
import type { Service } from "../client/service.ts";
import { submitTask } from "../client/operations.ts";
import { DETECT_REGIONS } from "../model/detect_regions.ts";
import { network, type RegionsError } from "../model/error.ts";
import type { DetectionSettings } from "../model/settings.ts";
import type { ImageSource } from "../model/task_kind.ts";
import type { TaskStatus } from "../model/task_status.ts";
import { detectRegions, type RunOptions } from "./watch.ts";

/**
 * An image of a batch.
 *
 * @category Tasks
 */
export interface BatchImage {
  /** Identifies the image in the stream, such as the name of its file. */
  readonly key: string;
  /** The image file, or a function that reads it, which is called when its turn has come. */
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
 * Options of {@linkcode runMany}.
 *
 * @category Tasks
 */
export interface BatchOptions {
  /**
   * The maximum number of images that are in progress at the same time: an integer of 1 or more, or Infinity.
   *
   * @default {4}
   */
  readonly concurrency?: number | undefined;
  /** When it aborts, no further image is started, and the stream completes when those in progress have ended. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options of {@linkcode detectMany}.
 *
 * @category Detect
 */
export interface DetectManyOptions extends BatchOptions, Omit<RunOptions, "onSubmit" | "signal"> {
  /** When it aborts, no further image is started, and those in progress end with `GaveUp` or `Unconfirmed`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the key of an image and the id of its task as soon as the service has accepted the image. If it throws, the
   * error is reported as uncaught and has no other effect.
   */
  readonly onSubmit?: ((key: string, id: string) => void) | undefined;
}

/**
 * Detects the regions of many images, a few at a time: {@linkcode detectRegions} for each. The schedule and the limits
 * apply to each image, and the budget of the service to all of them together.
 *
 * The next image is requested only when there is room for it, so the number of images may be unlimited. A failure ends
 * the image that it concerns, and no other: an image that cannot be read is a `Network` error with `neverSent`.
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
  const { concurrency, onSubmit, ...others } = options;
  // An invalid setting is reported now, not when the first image is started.
  submitTask(DETECT_REGIONS, { image: new Uint8Array(1), settings });
  const run = (image: ImageSource, key: string) =>
    detectRegions(image, settings, { ...others, onSubmit: onSubmit && ((id) => onSubmit(key, id)) });
  return runMany(images, run, { concurrency, signal: others.signal });
}

/**
 * Runs tasks of any kind for many images, a few at a time, like {@linkcode detectMany}.
 *
 * @param run Returns the stream of an image, such as `readRegions(image)` or `runTask(RECOGNIZE_IMAGE, { image })`. If the
 * stream of an image errors, so does the whole stream, which happens only if a callback or the schedule of the caller
 * throws.
 *
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { connect, fixed, readRegions, runMany } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const images = [{ key: "page 1", image: () => Deno.readFile("examples/pages/lucasta.047.jpg") }];
 * const replies = runMany(images, (image) => readRegions(image, {}, { schedule: fixed({ delay: 10 }) }), { concurrency: 8 });
 * await replies(service).forEach(({ key, reply }) => console.log(key, reply._tag));
 * ```
 *
 * @category Tasks
 */
export function runMany<A>(
  images: Iterable<BatchImage> | AsyncIterable<BatchImage>,
  run: (image: ImageSource, key: string) => (service: Service) => Observable<E.Either<RegionsError, A>>,
  options: BatchOptions = {},
): (service: Service) => Observable<BatchReply<A>> {
  const { concurrency = 4, signal } = options;
  atLeast("run many tasks", "concurrency", concurrency, 1);
  return (service) => {
    const start = ({ key, image }: BatchImage): Observable<BatchReply<A>> =>
      defer(() => read(image)).pipe(
        mergeMap((file) => E.isLeft(file) ? of(file) : run(file.right, key)(service)),
        map((reply) => ({ key, reply })),
      );
    return pullAll(images, start, concurrency, signal);
  };
}

/** Reads an image. */
async function read(image: BatchImage["image"]): Promise<E.Either<RegionsError, ImageSource>> {
  if (typeof image !== "function") return E.right(image);
  try {
    return E.right(await image());
  } catch (error) {
    return E.left(network("submit", `the image cannot be read: ${causeOf(error)}`, true));
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
