/**
 * Tesseract, in the WebAssembly build of `tesseract.js-core`.
 *
 * @module
 */
import type { ImageHeader } from "../internal/image_header.ts";
import { withPix } from "./pixels.ts";

/** The part of `tesseract.js-core` that is used here. The package has no types. Source: `javascript/tesseract.idl`. */
export interface Tesseract {
  readonly TessBaseAPI: new () => TessBaseApi;
  readonly FS: {
    readonly writeFile: (path: string, bytes: Uint8Array) => void;
    readonly unlink: (path: string) => void;
  };
  readonly _malloc: (size: number) => number;
  readonly _free: (pointer: number) => void;
  /** Decodes an image file in memory. Returns a pointer to its `Pix`, or 0 if it cannot. */
  readonly _pixReadMem: (file: number, size: number) => number;
  /** Frees the image that the pointer at this address points to. */
  readonly _pixDestroy: (reference: number) => void;
  readonly Pix: PixClass;
  readonly wrapPointer: (pointer: number, type: PixClass) => Pix;
  readonly getValue: (pointer: number, type: "i32") => number;
  readonly setValue: (pointer: number, value: number, type: "i32") => void;
  readonly getPointer: (object: object) => number;
  readonly destroy: (object: object) => void;
}

/** Tesseract's own interface. */
export interface TessBaseApi {
  readonly InitForAnalysePage: () => void;
  /** Loads the file `LANGUAGE.traineddata` of a folder. Returns 0 on success. */
  readonly Init: (folder: string, language: string, engineMode: number) => number;
  readonly SetVariable: (name: string, value: string) => boolean;
  /** Sets the image. Copies it, and applies the orientation. The other parameters are for other kinds of images. */
  readonly SetImage: (
    pix: Pix,
    ...others: [] | [
      width: undefined,
      height: undefined,
      bytesPerPixel: undefined,
      bytesPerLine: undefined,
      exif: number,
    ]
  ) => void;
  /** The image with its orientation applied, as 1 bit, 8 bits or 32 bits per pixel. */
  readonly GetInputImage: () => Pix;
  readonly AnalyseLayout: () => PageIterator;
  readonly SetRectangle: (left: number, top: number, width: number, height: number) => void;
  /** Returns 0 on success, and another number if the rectangle is too small for text. */
  readonly Recognize: (monitor: null) => number;
  readonly GetUTF8Text: () => string;
  readonly GetHOCRText: (page: number) => string;
  readonly End: () => void;
}

/** An image of Leptonica. Its pixels are in rows of 32-bit words, from the most to the least significant bits. */
export interface Pix {
  readonly get_w: () => number;
  readonly get_h: () => number;
  /** The number of bits per pixel. */
  readonly get_d: () => number;
  /** The number of words per row. */
  readonly get_wpl: () => number;
  /** The number of samples per pixel: 4 for an image with transparency. */
  readonly get_spp: () => number;
  /** The address of the pixels. */
  readonly get_data: () => number;
}

type PixClass = new () => Pix;

/** Tesseract's iterator over the parts of a page. */
export interface PageIterator {
  readonly Begin: () => void;
  readonly Next: (level: number) => boolean;
  readonly Empty: (level: number) => boolean;
  readonly IsAtBeginningOf: (level: number) => boolean;
  readonly BlockType: () => number;
  readonly BoundingBox: (level: number, left: number, top: number, right: number, bottom: number) => boolean;
}

type CreateTesseract = (options: { readonly print: () => void; readonly printErr: () => void }) => Promise<Tesseract>;

/** The maximum number of pixels per side. Tesseract has 16-bit coordinates and aborts on longer sides. */
export const MAX_SIDE = 32_767;

/** Page segmentation modes, as values of the variable `tessedit_pageseg_mode`. */
export const AUTOMATIC = "3", SINGLE_BLOCK = "6";

/** Set before every call, since some variables keep their values from the call before. */
const VARIABLES: readonly (readonly [name: string, value: string])[] = [
  ["user_defined_dpi", "70"], // a low value makes Tesseract measure the resolution, which files often state wrongly
  ["thresholding_method", "2"], // Sauvola's method, for photographs with shadows
  ["thresholding_window_size", "1.4"], // times 70 dpi: as many pixels as the default has at 300 dpi
  ["thresholding_kfactor", "0.2"], // pale print disappears with the default of 0.34
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
  // Leptonica, which decodes the file, applies the orientation of TIFF files, but not that of other formats.
  const orientation = header.type === "image/tiff" ? 1 : header.orientation;
  const result = withPix(tesseract, image, (pix) => {
    api.SetImage(pix, undefined, undefined, undefined, undefined, orientation);
    return use(api);
  });
  api.End();
  tesseract.destroy(api);
  return result;
}

/** The first sentence of an error. */
export function firstSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/\n|\. /, 1)[0];
}
