/**
 * Tesseract, in the WebAssembly build of `tesseract.js-core`.
 *
 * @module
 */
import type { ImageHeader } from "../internal/image_header.ts";

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

/** Tesseract's own interface. */
export interface TessBaseApi {
  readonly InitForAnalysePage: () => void;
  /** Loads the file `LANGUAGE.traineddata` of a folder. Returns 0 on success. */
  readonly Init: (folder: string, language: string, engineMode: number) => number;
  readonly SetVariable: (name: string, value: string) => boolean;
  /** Decodes the file `/input`. Returns 0 on success. */
  readonly SetImageFile: (exifOrientation: number, angle: number) => number;
  readonly AnalyseLayout: () => PageIterator;
  readonly SetRectangle: (left: number, top: number, width: number, height: number) => void;
  /** Returns 0 on success, and another number if the rectangle is too small for text. */
  readonly Recognize: (monitor: null) => number;
  readonly GetUTF8Text: () => string;
  readonly GetHOCRText: (page: number) => string;
  readonly End: () => void;
}

/** Tesseract's iterator over the parts of a page. */
export interface PageIterator {
  readonly Begin: () => void;
  readonly Next: (level: number) => boolean;
  readonly Empty: (level: number) => boolean;
  readonly BlockType: () => number;
  readonly BoundingBox: (level: number, left: number, top: number, right: number, bottom: number) => boolean;
}

type CreateTesseract = (options: { readonly print: () => void; readonly printErr: () => void }) => Promise<Tesseract>;

/** Page segmentation modes, as values of the variable `tessedit_pageseg_mode`. */
export const AUTOMATIC = "3", SINGLE_BLOCK = "6";

const INPUT = "/input"; // the path is hard-coded in Tesseract

/** Set before every call, since some variables keep their values from the call before. */
const VARIABLES: readonly (readonly [name: string, value: string])[] = [
  ["user_defined_dpi", "70"], // a low value makes Tesseract measure the resolution, which files often state wrongly
  ["thresholding_method", "2"], // Sauvola's method, for photographs with shadows
];

/**
 * Loads Tesseract. Rejects with an `Error` whose message starts with `Cannot start the`, followed by `name` and a
 * colon.
 */
export async function loadTesseract(name: string): Promise<Tesseract> {
  const { default: create } = await importTesseract(name);
  try {
    return await create({ print: () => {}, printErr: () => {} });
  } catch (error) {
    throw new Error(
      `Cannot start the ${name}: Tesseract's WebAssembly module failed to start (${firstSentence(error)})`,
    );
  }
}

async function importTesseract(name: string): Promise<{ readonly default: CreateTesseract }> {
  try {
    // The build with only the neural network can also analyze layouts.
    return await import(
      // @ts-ignore: outside Deno, TypeScript requires types, which the package does not have
      "tesseract.js-core/tesseract-core-simd-lstm.wasm.js"
    );
  } catch (error) {
    throw new Error(
      `Cannot start the ${name}: the package tesseract.js-core could not be loaded. Install it with ` +
        `\`npm install tesseract.js-core\` (${firstSentence(error)})`,
    );
  }
}

/**
 * Decodes an image, with its orientation applied, and passes it to `use`. Returns null if Leptonica cannot decode the
 * file.
 *
 * Throws if the WebAssembly instance aborts. Its state is undefined then: it must not be used again.
 *
 * @param init Initializes the interface, before variables are set and the image is decoded.
 * @param mode The page segmentation mode.
 */
export function withImage<A>(
  tesseract: Tesseract,
  image: Uint8Array,
  header: ImageHeader,
  mode: string,
  init: (api: TessBaseApi) => void,
  use: (api: TessBaseApi) => A,
): A | null {
  const api = new tesseract.TessBaseAPI();
  init(api);
  for (const [name, value] of VARIABLES) api.SetVariable(name, value);
  api.SetVariable("tessedit_pageseg_mode", mode);
  tesseract.FS.writeFile(INPUT, image);
  // Leptonica, which decodes the file, applies the orientation of TIFF files, but not that of other formats.
  const isRead = api.SetImageFile(header.type === "image/tiff" ? 1 : header.orientation, 0) === 0;
  tesseract.FS.unlink(INPUT);
  const result = isRead ? use(api) : null;
  api.End();
  tesseract.destroy(api);
  return result;
}

/** The first sentence of an error. */
export function firstSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/\n|\. /, 1)[0];
}
