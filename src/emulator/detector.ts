/**
 * A real detector of text regions, for the emulator and for scripts: Tesseract's page layout analysis, in the
 * WebAssembly build of `tesseract.js-core`. It needs no language model, network or permissions, and is loaded when the
 * first image arrives. It works well on clean pages with one or two columns, and poorly on ruled tables, heavily skewed
 * scans and scans at 75 dpi.
 *
 * It reads PNG, JPEG, GIF (the first frame), WebP (unless animated), PNM, and TIFF (the first page, unless it is tiled
 * or compressed with JPEG or Deflate), up to 100 megapixels and 32,767 pixels per side. For a GIF, the pixels of all
 * frames are added up. An A4 page takes 0.2 to 0.8 seconds.
 *
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { nameUnsupported } from "./unsupported.ts";
import { type ImageHeader, readImageHeader } from "../internal/image_header.ts";
import type { Region } from "../model/region.ts";
import type { DsrMode } from "../model/settings.ts";
import { analyzeLayout, firstSentence, loadTesseract, type Tesseract } from "./tesseract.ts";

/**
 * A detector that runs in a worker thread.
 *
 * @category Emulator
 */
export interface Detector {
  /**
   * Does the same as the function {@linkcode detect}, without blocking the calling thread. Images are processed one at
   * a time, in the order of the calls. The image is copied before the call returns. In addition, rejects with an
   * `Error` if the worker exits or the detector is closed before the image has been processed.
   */
  readonly detect: (image: Uint8Array, mode: DsrMode) => Promise<readonly Region[]>;
  /**
   * Starts the worker and loads Tesseract now, rather than when the first image arrives, so that a server finds
   * problems before it accepts images. Rejects if the detector does not work in this environment, with an `Error` whose
   * message starts with `Cannot start the detector:`. If `tesseract.js-core` is not installed, the message contains the
   * command that installs it.
   */
  readonly ready: () => Promise<void>;
  /** Terminates the worker and frees its memory. Pending and later calls of `detect` reject. */
  readonly close: () => Promise<void>;
}

interface Job {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly mode: DsrMode;
  readonly resolve: (regions: readonly Region[]) => void;
  readonly reject: (error: Error) => void;
}

/** A message to the worker. */
type WorkerRequest = Pick<Job, "image" | "mode">;

/** A message from the worker. */
type WorkerResult = { readonly regions: readonly Region[] } | { readonly message: string };

/** The first message from the worker, once it has loaded this module. A worker that exits before it failed to start. */
const STARTED = "started";

const MAX_PIXELS = 100_000_000; // at this size, the heap of the WebAssembly grows to 1.9 GB, and it never shrinks
const MAX_SIDE = 32_767; // Tesseract has 16-bit coordinates and aborts on longer sides
const WORKER = "@ocr-cloud/regions/detector";

const BLANK = "P1\n2 2\n0 0\n0 0\n"; // a white page, as a portable bitmap

let loading: Promise<Tesseract> | null = null;

/**
 * Detects the text regions of an image. Returns them in reading order, in pixels of the image as displayed, that is,
 * with its EXIF or TIFF orientation applied. The mode `LineDetector` returns lines, `TextDetector` returns words, and
 * all other modes return blocks. The result for a blank page is empty. The transparency of a WebP is ignored.
 *
 * Detection blocks the calling thread; {@linkcode startDetector} moves it to a worker.
 *
 * Rejects with an `Error` whose message starts with `Cannot read the image:` if the file is not an image, has an
 * unsupported format, is truncated, or exceeds 100 megapixels or 32,767 pixels per side. If the detector itself does
 * not work, the message starts with `Cannot start the detector:`. If `tesseract.js-core` is not installed, the message
 * contains the command that installs it.
 *
 * @example
 * ```ts
 * import { detect } from "@ocr-cloud/regions/detector";
 * import { equal } from "node:assert/strict";
 * import { readFile } from "node:fs/promises";
 *
 * const page = await readFile("examples/pages/lucasta.047.jpg");
 * const [runningHead, column] = await detect(page, "Regions");
 * equal(runningHead.bottom < column.top, true);
 * equal((await detect(page, "LineDetector")).length > 30, true);
 * ```
 *
 * @category Emulator
 */
export async function detect(image: Uint8Array, mode: DsrMode): Promise<readonly Region[]> {
  const header = checkHeader(image);
  const started = loading ??= loadTesseract();
  let tesseract: Tesseract;
  try {
    tesseract = await started;
  } catch (error) {
    if (loading === started) loading = null;
    throw error;
  }
  try {
    // Another call may have crashed the instance while this one was waiting for it.
    if (loading !== started) return detect(image, mode);
    const regions = analyzeLayout(tesseract, image, header, mode);
    if (regions !== null) return regions;
  } catch (error) {
    // After an abort, the state of the instance is undefined, and even cleaning up is unsafe. The next call creates a
    // new one.
    if (loading === started) loading = null;
    throw new Error(`Cannot read the image: the layout analysis crashed (${firstSentence(error)})`);
  }
  throw new Error(`Cannot read the image: the ${header.type} data is damaged, truncated or in an unsupported format`);
}

/**
 * Creates a detector that runs in a worker thread, so that a server can do other work while it analyzes a page. The
 * worker is started when the first image arrives. If it crashes, it is replaced, and only the image that was being
 * processed is lost. An idle worker does not keep the process alive. To use several processors, create several
 * detectors.
 *
 * The worker runs this same module. Therefore, Deno needs permission to read the module and its dependencies, and the
 * module must not be bundled into a single file with the application, which would then be started again in the worker.
 *
 * @example
 * ```ts
 * import { startDetector } from "@ocr-cloud/regions/detector";
 * import { equal } from "node:assert/strict";
 * import { readFile } from "node:fs/promises";
 *
 * const detector = startDetector();
 * const words = await detector.detect(await readFile("examples/pages/zanotti-78.jpg"), "TextDetector");
 * equal(words.length > 300, true);
 * await detector.close();
 * ```
 *
 * @category Emulator
 */
export function startDetector(): Detector {
  const waiting: Job[] = [];
  let current: Job | null = null;
  let worker: Worker | null = null;
  let closing: Promise<void> | null = null;

  const start = (): Worker => {
    const started = new Worker(toWorkerUrl(import.meta.url), { workerData: WORKER });
    let failure = "start the detector: its worker";
    const onExit = (how: string): void => {
      if (worker !== started) return;
      worker = null;
      finish((job) => job.reject(new Error(`Cannot ${failure} exited unexpectedly (${how})`)));
    };
    started.on("message", (message: WorkerResult | typeof STARTED) => {
      if (message === STARTED) return void (failure = "read the image: the detector's worker");
      if (worker !== started) return;
      finish((job) => "regions" in message ? job.resolve(message.regions) : job.reject(new Error(message.message)));
    });
    started.on("error", (error) => onExit(firstSentence(error)));
    started.on("exit", (code) => onExit(`exit code ${code}`));
    return started;
  };

  const finish = (settle: (job: Job) => void): void => {
    if (current !== null) settle(current);
    current = null;
    next();
  };

  const next = (): void => {
    if (current !== null) return;
    current = waiting.shift() ?? null;
    if (current === null) return worker?.unref();
    const { image, mode } = current;
    try {
      worker ??= start();
      worker.ref();
      worker.postMessage({ image, mode }, [image.buffer]);
    } catch (error) {
      const message = `Cannot start the detector: its worker could not be created (${firstSentence(error)})`;
      finish((job) => job.reject(new Error(message)));
    }
  };

  const end = async (): Promise<void> => {
    const unfinished = current === null ? waiting.splice(0) : [current, ...waiting.splice(0)];
    const terminated = worker;
    current = worker = null;
    for (const job of unfinished) job.reject(closedError());
    await terminated?.terminate();
  };

  const detect: Detector["detect"] = (image, mode) =>
    new Promise((resolve, reject) => {
      if (closing !== null) return reject(closedError());
      waiting.push({ image: new Uint8Array(image), mode, resolve, reject });
      next();
    });

  return {
    detect,
    ready: async () => void await detect(new TextEncoder().encode(BLANK), "Regions"),
    close: () => closing ??= end(),
  };
}

function checkHeader(image: Uint8Array): ImageHeader {
  if (image.length === 0) throw new Error("Cannot read the image: the file is empty");
  const header = readImageHeader(image);
  const unsupported = nameUnsupported(image, header);
  if (unsupported !== null) {
    throw new Error(
      `Cannot read the image: it is ${unsupported}, which the detector does not support. Convert it to PNG or JPEG`,
    );
  }
  if (header === null) {
    throw new Error(
      "Cannot read the image: it is not a PNG, JPEG, GIF, WebP, TIFF or PNM file, or its header is incomplete",
    );
  }
  const { width, height, pixels } = header;
  if (pixels > MAX_PIXELS) {
    const size = pixels > width * height ? `${pixels} pixels in all frames` : `${width} x ${height} pixels`;
    throw new Error(`Cannot read the image: ${size} exceed the limit of ${MAX_PIXELS / 1_000_000} megapixels`);
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new Error(
      `Cannot read the image: ${width} x ${height} pixels exceed the limit of ${MAX_SIDE} pixels per side`,
    );
  }
  return header;
}

/**
 * Workers can be started only from files and `data:` URLs, so a module from elsewhere (JSR) is imported by the latter.
 */
function toWorkerUrl(module: string): URL {
  return new URL(
    module.startsWith("file:") ? module : `data:text/javascript,import ${encodeURIComponent(JSON.stringify(module))}`,
  );
}

function closedError(): Error {
  return new Error("Cannot read the image: the detector is closed");
}

if (!isMainThread && workerData === WORKER) {
  parentPort?.on("message", ({ image, mode }: WorkerRequest) => {
    const post = (result: WorkerResult): void => parentPort?.postMessage(result);
    detect(image, mode).then((regions) => post({ regions }), (error: Error) => post({ message: error.message }));
  });
  parentPort?.postMessage(STARTED);
}
