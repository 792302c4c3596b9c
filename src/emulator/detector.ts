/**
 * A real detector of text regions, for the emulator and for scripts: Tesseract's page-layout analysis, as the
 * WebAssembly of `tesseract.js-core`. It needs no language model, no network and no permission, and it is loaded at the
 * first image. It is good on clean pages of one or two columns, and weak on ruled tables, strong skew and 75 dpi.
 *
 * It reads PNG, JPEG, GIF (the first frame), WebP (not animated), PNM, and TIFF (the first page; not tiled, and not
 * compressed as JPEG or Deflate), up to 100 megapixels and 32,767 pixels a side. The frames of a GIF count together.
 * An A4 page takes 0.2 to 0.8 s.
 *
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { nameUnsupported } from "./unsupported.ts";
import { displaySize, type ImageHeader, readImageHeader } from "../internal/image_header.ts";
import type { Region } from "../model/region.ts";
import type { DsrMode } from "../model/settings.ts";

/**
 * A detector with a thread of its own.
 *
 * @category Emulator
 */
export interface Detector {
  /**
   * As {@linkcode detect}, elsewhere: this thread goes on. One image at a time, in the order of the calls. The image is
   * copied at once. Rejects with an `Error` also where the worker dies, or is closed, before the image's turn is over.
   */
  readonly detect: (image: Uint8Array, mode: DsrMode) => Promise<readonly Region[]>;
  /**
   * Starts the worker and loads Tesseract now instead of at the first image. Rejects if the detector cannot work here,
   * with an `Error` whose message starts with `Cannot start the detector:`. For example, it names the package
   * `tesseract.js-core` and the command that installs it. Call it before you accept images.
   */
  readonly ready: () => Promise<void>;
  /** Ends the thread, which gives its memory back. Whatever is waiting, and every later call, rejects. */
  readonly close: () => Promise<void>;
}

/** What is used of `tesseract.js-core`, which ships no types. Source: its `javascript/tesseract.idl`. */
interface Tesseract {
  readonly TessBaseAPI: new () => TessBaseApi;
  readonly FS: {
    readonly writeFile: (path: string, bytes: Uint8Array) => void;
    readonly unlink: (path: string) => void;
  };
  readonly _malloc: (size: number) => number;
  readonly _free: (pointer: number) => void;
  readonly getValue: (pointer: number, type: "i32") => number;
  readonly getPointer: (object: object) => number;
  readonly destroy: (object: object) => void;
}

interface TessBaseApi {
  readonly InitForAnalysePage: () => void;
  readonly SetVariable: (name: string, value: string) => boolean;
  /** Reads `/input`; 0 where that went well. */
  readonly SetImageFile: (exifOrientation: number, angle: number) => number;
  readonly AnalyseLayout: () => PageIterator;
  readonly End: () => void;
}

interface PageIterator {
  readonly Begin: () => void;
  readonly Next: (level: number) => boolean;
  readonly Empty: (level: number) => boolean;
  readonly BlockType: () => number;
  readonly BoundingBox: (level: number, left: number, top: number, right: number, bottom: number) => boolean;
}

type CreateTesseract = (options: { readonly print: () => void; readonly printErr: () => void }) => Promise<Tesseract>;

interface Job {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly mode: DsrMode;
  readonly resolve: (regions: readonly Region[]) => void;
  readonly reject: (error: Error) => void;
}

type Question = Pick<Job, "image" | "mode">;

type Answer = { readonly regions: readonly Region[] } | { readonly message: string };

/** The first message of a worker whose module has been loaded: a worker that dies without it could not be started. */
const STARTED = "started";

const MAX_PIXELS = 100_000_000; // the heap of the WebAssembly grows to 1.9 GB at this size, and never shrinks
const MAX_SIDE = 32_767; // Tesseract's coordinates are 16-bit numbers: it aborts on longer sides
const BLOCK = 0, LINE = 2, WORD = 3, SYMBOL = 4; // PageIteratorLevel
const FIRST_TEXT = 1, LAST_TEXT = 8; // PolyBlockType: text; from 9 on images, rules and noise
const INPUT = "/input"; // the path is Tesseract's
const WORKER = "@ocr-cloud/regions/detector";

/** Set at every call, since some variables outlive it. */
const VARIABLES: readonly (readonly [name: string, value: string])[] = [
  ["tessedit_pageseg_mode", "3"], // automatic; else the page is one block
  ["user_defined_dpi", "70"], // below any real one: then it is measured from the text, while files often lie about it
  ["thresholding_method", "2"], // Sauvola's: for photographs with shadows
];

const BLANK = "P1\n2 2\n0 0\n0 0\n"; // a white page, as a portable bitmap

let loading: Promise<Tesseract> | null = null;

/**
 * Finds the regions of an image that hold text, in reading order, in pixels of the image as it is shown, that is with
 * its EXIF or TIFF orientation applied. `LineDetector` finds lines, `TextDetector` words, every other mode blocks. A
 * blank page has none. The transparency of a WebP is ignored.
 *
 * It runs in this thread, which stands still for as long; {@linkcode startDetector} does not.
 *
 * Rejects with an `Error` whose message starts with `Cannot read the image:` if the file is not an image, is of a kind
 * that the detector cannot read, is cut off, or has more than 100 megapixels or 32,767 pixels a side. If the detector
 * itself cannot work, the message starts with `Cannot start the detector:`. For example, it names the package
 * `tesseract.js-core` and the command that installs it.
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
  const started = loading ??= load();
  let tesseract: Tesseract;
  try {
    tesseract = await started;
  } catch (error) {
    if (loading === started) loading = null;
    throw error;
  }
  try {
    // Another call may have broken the instance while this one waited for it.
    if (loading !== started) return detect(image, mode);
    const regions = analyse(tesseract, image, header, toLevel(mode));
    if (regions !== null) return regions;
  } catch (error) {
    // After an abort nothing of the instance can be trusted, so not even cleaned up: the next call makes a new one.
    if (loading === started) loading = null;
    throw new Error(`Cannot read the image: the layout analysis broke down (${reason(error)})`, { cause: error });
  }
  throw new Error(`Cannot read the image: the ${header.type} data is damaged, cut off or of an unsupported kind`);
}

/**
 * A detector with a worker thread of its own, for servers: other work goes on while it reads a page. Nothing is started
 * before the first image. A worker that dies is replaced; only the image that it was reading is lost. An idle worker
 * does not keep the process alive. Start several to use several processors.
 *
 * The thread runs this very module: Deno asks for the permission to read it and what it imports, and an application
 * that is bundled into one file would start itself again in the thread, so leave this module out of the bundle.
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
    let task = "start the detector: its";
    const onEnd = (how: string): void => {
      if (worker !== started) return;
      worker = null;
      finish((job) => job.reject(new Error(`Cannot ${task} worker died (${how})`)));
    };
    started.on("message", (answer: Answer | typeof STARTED) => {
      if (answer === STARTED) return void (task = "read the image: the detector's");
      if (worker !== started) return;
      finish((job) => "regions" in answer ? job.resolve(answer.regions) : job.reject(new Error(answer.message)));
    });
    started.on("error", (error) => onEnd(reason(error)));
    started.on("exit", (code) => onEnd(`exit code ${code}`));
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
      const message = `Cannot start the detector: its worker does not start (${reason(error)})`;
      finish((job) => job.reject(new Error(message)));
    }
  };

  const end = async (): Promise<void> => {
    const left = current === null ? waiting.splice(0) : [current, ...waiting.splice(0)];
    const ended = worker;
    current = worker = null;
    for (const job of left) job.reject(closed());
    await ended?.terminate();
  };

  const detect: Detector["detect"] = (image, mode) =>
    new Promise((resolve, reject) => {
      if (closing !== null) return reject(closed());
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
      `Cannot read the image: it is ${unsupported}, which this detector cannot read. Convert it to PNG or JPEG`,
    );
  }
  if (header === null) {
    throw new Error(
      "Cannot read the image: it is not a PNG, JPEG, GIF, WebP, TIFF or PNM file, or it is cut off in its header",
    );
  }
  const { width, height, pixels } = header;
  if (pixels > MAX_PIXELS) {
    const frames = pixels > width * height ? `, ${pixels} pixels with all of its frames,` : " pixels";
    throw new Error(
      `Cannot read the image: ${width} x ${height}${frames} exceed the limit of ${MAX_PIXELS / 1_000_000} megapixels`,
    );
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new Error(
      `Cannot read the image: one side of ${width} x ${height} pixels exceeds the limit of ${MAX_SIDE} pixels`,
    );
  }
  return header;
}

function toLevel(mode: DsrMode): number {
  return mode === "LineDetector" ? LINE : mode === "TextDetector" ? WORD : BLOCK;
}

/** Rejects with a message that starts with `Cannot start the detector:`. No image is at fault then. */
async function load(): Promise<Tesseract> {
  const { default: create } = await importTesseract();
  try {
    return await create({ print: () => {}, printErr: () => {} });
  } catch (error) {
    throw new Error(`Cannot start the detector: Tesseract's WebAssembly does not start (${reason(error)})`);
  }
}

async function importTesseract(): Promise<{ readonly default: CreateTesseract }> {
  try {
    return await import(
      // @ts-ignore: outside Deno, TypeScript asks for types, which the package does not ship
      "tesseract.js-core/tesseract-core-simd-lstm.wasm.js"
    );
  } catch (error) {
    throw new Error(
      "Cannot start the detector: the package tesseract.js-core cannot be loaded. Install it with " +
        `\`npm install tesseract.js-core\` (${reason(error)})`,
    );
  }
}

/** Null where the file cannot be read. Throws where the instance has aborted. */
function analyse(
  tesseract: Tesseract,
  image: Uint8Array,
  header: ImageHeader,
  level: number,
): readonly Region[] | null {
  const api = new tesseract.TessBaseAPI();
  api.InitForAnalysePage();
  for (const [name, value] of VARIABLES) api.SetVariable(name, value);
  tesseract.FS.writeFile(INPUT, image);
  // Leptonica, which decodes the file, turns a TIFF by itself and nothing else.
  const isRead = api.SetImageFile(header.type === "image/tiff" ? 1 : header.orientation, 0) === 0;
  tesseract.FS.unlink(INPUT);
  const regions = isRead ? readLayout(tesseract, api, displaySize(header), level) : null;
  api.End();
  tesseract.destroy(api);
  return regions;
}

function readLayout(
  tesseract: Tesseract,
  api: TessBaseApi,
  { width, height }: ReturnType<typeof displaySize>,
  level: number,
): readonly Region[] {
  const regions: Region[] = [];
  const iterator = api.AnalyseLayout();
  if (tesseract.getPointer(iterator) === 0) return regions; // a blank page
  const corners = tesseract._malloc(16);
  const corner = (i: number): number => tesseract.getValue(corners + i * 4, "i32");
  iterator.Begin();
  do {
    const type = iterator.BlockType();
    if (type < FIRST_TEXT || type > LAST_TEXT) continue;
    if (!iterator.BoundingBox(level, corners, corners + 4, corners + 8, corners + 12)) continue;
    const left = Math.max(0, corner(0)), top = Math.max(0, corner(1));
    const right = Math.min(width, corner(2)), bottom = Math.min(height, corner(3));
    // A line or a word without a symbol reports the whole page; one that fills a page cut to it does so rightly.
    const isPage = left === 0 && top === 0 && right === width && bottom === height;
    const isVoid = level !== BLOCK && isPage && iterator.Empty(SYMBOL);
    if (left < right && top < bottom && !isVoid) regions.push({ left, top, right, bottom });
  } while (iterator.Next(level));
  tesseract._free(corners);
  tesseract.destroy(iterator);
  return regions;
}

/** Workers are started from files only; a module from elsewhere (JSR) is imported by one of a single line. */
function toWorkerUrl(module: string): URL {
  return new URL(
    module.startsWith("file:") ? module : `data:text/javascript,import ${encodeURIComponent(JSON.stringify(module))}`,
  );
}

function closed(): Error {
  return new Error("Cannot read the image: the detector is closed");
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/\n|\. /, 1)[0];
}

if (!isMainThread && workerData === WORKER) {
  parentPort?.on("message", ({ image, mode }: Question) => {
    const reply = (answer: Answer): void => parentPort?.postMessage(answer);
    detect(image, mode).then((regions) => reply({ regions }), (error: Error) => reply({ message: error.message }));
  });
  parentPort?.postMessage(STARTED);
}
