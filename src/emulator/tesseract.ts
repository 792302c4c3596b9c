/**
 * Tesseract's page layout analysis, in the WebAssembly build of `tesseract.js-core`.
 *
 * @module
 */
import { displaySize, type ImageHeader } from "../internal/image_header.ts";
import type { Region } from "../model/region.ts";
import type { DsrMode } from "../model/settings.ts";

/** The part of `tesseract.js-core` that is used here. The package has no types. Source: `javascript/tesseract.idl`. */
export interface Tesseract {
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
  /** Decodes the file `/input`. Returns 0 on success. */
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

const BLOCK = 0, LINE = 2, WORD = 3, SYMBOL = 4; // PageIteratorLevel
const FIRST_TEXT = 1, LAST_TEXT = 8; // PolyBlockType: 1 to 8 are text, 9 and above are images, rules and noise
const INPUT = "/input"; // the path is hard-coded in Tesseract

/** Set before every call, since some variables keep their values from the call before. */
const VARIABLES: readonly (readonly [name: string, value: string])[] = [
  ["tessedit_pageseg_mode", "3"], // fully automatic; the default treats the page as a single block
  ["user_defined_dpi", "70"], // a low value makes Tesseract measure the resolution, which files often state wrongly
  ["thresholding_method", "2"], // Sauvola's method, for photographs with shadows
];

/** Loads Tesseract. Rejects with an `Error` whose message starts with `Cannot start the detector:`. */
export async function loadTesseract(): Promise<Tesseract> {
  const { default: create } = await importTesseract();
  try {
    return await create({ print: () => {}, printErr: () => {} });
  } catch (error) {
    throw new Error(
      `Cannot start the detector: Tesseract's WebAssembly module failed to start (${firstSentence(error)})`,
    );
  }
}

async function importTesseract(): Promise<{ readonly default: CreateTesseract }> {
  try {
    return await import(
      // @ts-ignore: outside Deno, TypeScript requires types, which the package does not have
      "tesseract.js-core/tesseract-core-simd-lstm.wasm.js"
    );
  } catch (error) {
    throw new Error(
      "Cannot start the detector: the package tesseract.js-core could not be loaded. Install it with " +
        `\`npm install tesseract.js-core\` (${firstSentence(error)})`,
    );
  }
}

/**
 * Finds the text regions of an image, in reading order. Returns null if Leptonica cannot decode the file.
 *
 * Throws if the WebAssembly instance aborts. Its state is undefined then: it must not be used again.
 */
export function analyzeLayout(
  tesseract: Tesseract,
  image: Uint8Array,
  header: ImageHeader,
  mode: DsrMode,
): readonly Region[] | null {
  const api = new tesseract.TessBaseAPI();
  api.InitForAnalysePage();
  for (const [name, value] of VARIABLES) api.SetVariable(name, value);
  tesseract.FS.writeFile(INPUT, image);
  // Leptonica, which decodes the file, applies the orientation of TIFF files, but not that of other formats.
  const isRead = api.SetImageFile(header.type === "image/tiff" ? 1 : header.orientation, 0) === 0;
  tesseract.FS.unlink(INPUT);
  const regions = isRead ? readLayout(tesseract, api, displaySize(header), toLevel(mode)) : null;
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
    // For a line or word without symbols, Tesseract reports the whole page. A line or word with symbols may also cover
    // the whole page, if the image is cropped to it.
    const isWholePage = left === 0 && top === 0 && right === width && bottom === height;
    const isSpurious = level !== BLOCK && isWholePage && iterator.Empty(SYMBOL);
    if (left < right && top < bottom && !isSpurious) regions.push({ left, top, right, bottom });
  } while (iterator.Next(level));
  tesseract._free(corners);
  tesseract.destroy(iterator);
  return regions;
}

function toLevel(mode: DsrMode): number {
  return mode === "LineDetector" ? LINE : mode === "TextDetector" ? WORD : BLOCK;
}

/** The first sentence of an error. */
export function firstSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/\n|\. /, 1)[0];
}
