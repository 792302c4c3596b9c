/**
 * A real recognizer of text, for the emulator and for scripts: Tesseract's neural network, in the WebAssembly build of
 * `tesseract.js-core`. It is loaded when the first image arrives, as is the data of a language, from the package
 * `@tesseract.js-data/CODE`. In Deno, reading that package needs a permission (`--allow-read`).
 *
 * It reads the same images as the detector: PNG, JPEG, GIF (the first frame), WebP (unless animated), PNM, and TIFF
 * (the first page, unless it is tiled or compressed with JPEG or Deflate), up to 100 megapixels and 32,767 pixels per
 * side. A page takes 1 to 7 seconds, and a line 0.1 seconds.
 *
 * Tesseract supports 69 of the service's 154 languages. It reads Chinese in simplified characters, Serbian in Cyrillic
 * letters, and Azerbaijani, Kurdish and Uzbek in Latin letters.
 *
 * @module
 */
import { displaySize, type ImageHeader } from "../internal/image_header.ts";
import type { Language } from "../model/language.ts";
import type { Region } from "../model/region.ts";
import { checkHeader, createEngine, MAX_PIXELS } from "./engine.ts";
import { runJobs, startJobPool, type WorkerOptions } from "./job_pool.ts";
import type { RecognitionRequest } from "./kinds.ts";
import { loadLanguage } from "./language_data.ts";
import { areaOf, clamp, recognizeText } from "./recognition.ts";

export type { RecognitionRequest, WorkerOptions };

/**
 * A recognizer that runs in worker threads.
 *
 * @category Emulator
 */
export interface Recognizer {
  /**
   * Does the same as the function {@linkcode recognize}, without blocking the calling thread. Images are started in the
   * order of the calls. The image is copied before the call returns. In addition, rejects with an `Error` if the worker
   * exits, the time limit is exceeded, or the recognizer is closed before the image has been processed.
   */
  readonly recognize: (image: Uint8Array, request: RecognitionRequest) => Promise<readonly string[]>;
  /**
   * Starts a worker, and loads Tesseract and the data of a language now, rather than when the first image arrives, so
   * that a server finds problems before it accepts images. Rejects as {@linkcode recognize} does.
   *
   * @param language The language; `English` by default.
   */
  readonly ready: (language?: Language) => Promise<void>;
  /** Terminates the workers and frees their memory. Pending and later calls of `recognize` reject. */
  readonly close: () => Promise<void>;
}

interface Job {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly request: RecognitionRequest;
}

const NAME = "recognizer";

const MAX_REGIONS = 10_000;

const BLANK = "P1\n2 2\n0 0\n0 0\n"; // a white page, as a portable bitmap

const engine = createEngine(NAME, "recognition");

/**
 * Recognizes the text in regions of an image. Returns one text per region, in the order of the regions, or the text of
 * the whole image as the only one. Regions are in pixels of the image as displayed, that is, with its EXIF or TIFF
 * orientation applied. Each is read as a single block of text. What lies outside of the image is ignored; the text of a
 * region that lies outside, or has no area, is empty. The image is decoded once.
 *
 * The format `Text` is plain text with a line break between lines, and an empty line between the blocks of a whole
 * image. `Hocr` is an element of HTML as in the [hOCR specification](http://kba.github.io/hocr-spec/1.2/): a `div` of
 * the class `ocr_page` with the positions of blocks, paragraphs, lines and words in pixels of the whole image, and the
 * confidence in each word in percent.
 *
 * Recognition blocks the calling thread; {@linkcode startRecognizer} moves it to a worker.
 *
 * Rejects with an `Error`, whose message starts with
 * - `Cannot recognize`, followed by the language, if Tesseract does not support the language, or if its package is not
 *   installed; the message then contains the command that installs it.
 * - `Cannot recognize the regions:` if there are over 10,000 of them, or if their areas add up to over 100 megapixels.
 * - `Cannot read the image:` if the file is not an image, has an unsupported format, is truncated, or exceeds 100
 *   megapixels or 32,767 pixels per side.
 * - `Cannot start the recognizer:` if Tesseract does not work, or if `tesseract.js-core` is not installed; the message
 *   then contains the command that installs it.
 *
 * @example
 * ```ts
 * import { recognize } from "@ocr-cloud/regions/recognizer";
 * import { deepEqual } from "node:assert/strict";
 * import { readFile } from "node:fs/promises";
 *
 * const page = await readFile("examples/pages/lucasta.047.jpg");
 * const title = { left: 187, top: 105, right: 760, bottom: 145 };
 * const texts = await recognize(page, { language: "English", format: "Text", regions: [title] });
 * deepEqual(texts, ["BIOGRAPHICAL NOTICE."]);
 * ```
 *
 * @category Emulator
 */
export async function recognize(image: Uint8Array, request: RecognitionRequest): Promise<readonly string[]> {
  const { language, format, regions } = request;
  const header = checkHeader(image, NAME);
  const clamped = regions && checkRegions(regions, header);
  const data = await loadLanguage(language);
  return await engine(header, (tesseract) => recognizeText(tesseract, image, header, data, format, clamped));
}

/**
 * Creates a recognizer that runs in worker threads, so that a server can do other work while it recognizes pages. A
 * worker is started when an image arrives and no worker is idle, up to the number in `options`. One that crashes, or
 * exceeds the time limit, is replaced, and only the image that it was processing is lost. Idle workers do not keep the
 * process alive.
 *
 * The workers run this same module. Therefore, Deno needs permission to read the module and its dependencies, and the
 * module must not be bundled into a single file with the application, which would then be started again in each worker.
 *
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { startRecognizer } from "@ocr-cloud/regions/recognizer";
 * import { match } from "node:assert/strict";
 * import { readFile } from "node:fs/promises";
 *
 * const recognizer = startRecognizer();
 * const page = await readFile("examples/pages/lucasta.047.jpg");
 * const line = { left: 30, top: 178, right: 894, bottom: 218 };
 * const [hocr] = await recognizer.recognize(page, { language: "English", format: "Hocr", regions: [line] });
 * match(hocr, /<span class='ocrx_word' id='word_1_2' title='bbox 187 .*>which<\/span>/);
 * await recognizer.close();
 * ```
 *
 * @category Emulator
 */
export function startRecognizer(options: WorkerOptions = {}): Recognizer {
  const { run, close } = startJobPool<Job, readonly string[]>(NAME, import.meta.url, options);
  const recognize: Recognizer["recognize"] = (bytes, request) => {
    const image = new Uint8Array(bytes);
    return run({ image, request }, [image.buffer]);
  };
  const blank = new TextEncoder().encode(BLANK);
  return {
    recognize,
    ready: async (language = "English") => void await recognize(blank, { language, format: "Text", regions: null }),
    close,
  };
}

/** Clamps regions to the image. Bounds the time that they take. */
function checkRegions(regions: readonly Region[], header: ImageHeader): readonly Region[] {
  if (regions.length > MAX_REGIONS) {
    throw new Error(`Cannot recognize the regions: ${regions.length} regions exceed the limit of ${MAX_REGIONS}`);
  }
  const clamped = regions.map((region) => clamp(region, displaySize(header)));
  const total = clamped.reduce((sum, region) => sum + areaOf(region), 0);
  if (total > MAX_PIXELS) {
    throw new Error(
      `Cannot recognize the regions: ${total} pixels in all regions exceed the limit of ` +
        `${MAX_PIXELS / 1_000_000} megapixels`,
    );
  }
  return clamped;
}

runJobs(NAME, ({ image, request }: Job) => recognize(image, request));
