/**
 * A real detector of text regions, for the emulator and for scripts: Tesseract's page layout analysis, in the
 * WebAssembly build of `tesseract.js-core`. It needs no language model, network or permissions, and is loaded when the
 * first image arrives. It works well on clean pages with one or several columns. It is weak on forms and ruled tables, on
 * handwriting, and on photographs, and finds nothing on pages that are tilted by 15 degrees. Small images are enlarged.
 *
 * It reads PNG, JPEG, GIF (the first frame), WebP (unless animated), PNM, and TIFF (the first page, unless it is tiled
 * or compressed with JPEG or Deflate), up to 100 megapixels and 32,767 pixels per side. For a GIF, the pixels of all
 * frames are added up. An A4 page takes 0.2 to 0.8 seconds, and a dense one of 100 megapixels several minutes.
 *
 * @module
 */
import type { Region } from "../model/region.ts";
import type { DsrMode } from "../model/settings.ts";
import { checkHeader, createEngine } from "./engine.ts";
import { runJobs, startJobPool, type WorkerOptions } from "./job_pool.ts";
import { analyzeLayout } from "./layout.ts";

export type { WorkerOptions };

/**
 * A detector that runs in worker threads.
 *
 * @category Emulator
 */
export interface Detector {
  /**
   * Does the same as the function {@linkcode detect}, without blocking the calling thread. Images are started in the
   * order of the calls. The image is copied before the call returns. In addition, rejects with an `Error` if the worker
   * exits, the time limit is exceeded, or the detector is closed before the image has been processed.
   */
  readonly detect: (image: Uint8Array, mode: DsrMode) => Promise<readonly Region[]>;
  /**
   * Starts a worker and loads Tesseract now, rather than when the first image arrives, so that a server finds
   * problems before it accepts images. Rejects if the detector does not work in this environment, with an `Error` whose
   * message starts with `Cannot start the detector:`. If `tesseract.js-core` is not installed, the message contains the
   * command that installs it.
   */
  readonly ready: () => Promise<void>;
  /** Terminates the workers and frees their memory. Pending and later calls of `detect` reject. */
  readonly close: () => Promise<void>;
}

interface Job {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly mode: DsrMode;
}

const NAME = "detector";
const BLANK = "P1\n2 2\n0 0\n0 0\n"; // a white page, as a portable bitmap

const engine = createEngine(NAME, "layout analysis");

/**
 * Detects the text regions of an image. Returns them in reading order, in pixels of the image as displayed, that is,
 * with its EXIF or TIFF orientation applied. The mode `LineDetector` returns lines, `TextDetector` returns words, and
 * all other modes return blocks. Narrow strips at the left and right edges, which are usually parts of the facing page,
 * are left out. The result for a blank page is empty. Transparent parts count as white, or as black if almost nothing
 * would be visible on white.
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
  const header = checkHeader(image, NAME);
  return await engine(header, (tesseract) => analyzeLayout(tesseract, image, header, mode));
}

/**
 * Creates a detector that runs in worker threads, so that a server can do other work while it analyzes pages. A worker
 * is started when an image arrives and no worker is idle, up to the number in `options`. One that crashes, or exceeds
 * the time limit, is replaced, and only the image that it was processing is lost. Idle workers do not keep the process
 * alive.
 *
 * The workers run this same module. Therefore, Deno needs permission to read the module and its dependencies, and the
 * module must not be bundled into a single file with the application, which would then be started again in each worker.
 *
 * @throws {RangeError} If an option is out of range.
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
export function startDetector(options: WorkerOptions = {}): Detector {
  const { run, close } = startJobPool<Job, readonly Region[]>(NAME, import.meta.url, options);
  const detect: Detector["detect"] = (bytes, mode) => {
    const image = new Uint8Array(bytes);
    return run({ image, mode }, [image.buffer]);
  };
  return { detect, ready: async () => void await detect(new TextEncoder().encode(BLANK), "Regions"), close };
}

runJobs(NAME, ({ image, mode }: Job) => detect(image, mode));
