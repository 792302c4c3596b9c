/**
 * Tesseract, in the WebAssembly build of `tesseract.js-core`.
 *
 * @module
 */
import type { ImageHeader } from "../internal/image_header.ts";
import { withPix } from "./pixels.ts";
import type { TessBaseApi, Tesseract } from "./tesseract_api.ts";

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
