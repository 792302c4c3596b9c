/**
 * Tesseract's text recognition.
 *
 * @module
 */
import { displaySize, type ImageHeader } from "../internal/image_header.ts";
import type { Region } from "../model/region.ts";
import type { RecognitionRequest } from "./kinds.ts";
import type { LanguageData } from "./language_data.ts";
import { AUTOMATIC, SINGLE_BLOCK, withImage } from "./tesseract.ts";
import type { TessBaseApi, Tesseract } from "./tesseract_api.ts";

const NEURAL_NETWORK = 1; // OcrEngineMode

/**
 * Recognizes the text in each region of an image, in the order of the regions. Regions that are empty, as cut off by
 * {@linkcode clamp}, have no text. If `regions` is null, recognizes the text of the whole image instead. Returns null
 * if Leptonica cannot decode the file.
 *
 * Throws if the WebAssembly instance aborts. Its state is undefined then: it must not be used again.
 */
export function recognizeText(
  tesseract: Tesseract,
  image: Uint8Array,
  header: ImageHeader,
  { code, bytes }: LanguageData,
  format: RecognitionRequest["format"],
  regions: readonly Region[] | null,
): readonly string[] | null {
  const { width, height } = displaySize(header);
  const page = { left: 0, top: 0, right: width, bottom: height };
  const init = (api: TessBaseApi): void => {
    const path = `/${code}.traineddata`;
    tesseract.FS.writeFile(path, bytes);
    const status = api.Init("/", code, NEURAL_NETWORK);
    tesseract.FS.unlink(path);
    if (status !== 0) throw new Error(`Tesseract does not accept the data of the language ${code}`);
  };
  // A region is a block, a line or a word. If its layout were analyzed, about a third of single words would be lost.
  return withImage(
    tesseract,
    image,
    header,
    regions === null ? AUTOMATIC : SINGLE_BLOCK,
    init,
    (api) =>
      (regions ?? [page]).map((region) => {
        const { left, top, right, bottom } = region;
        if (areaOf(region) === 0) return "";
        api.SetRectangle(left, top, right - left, bottom - top);
        if (api.Recognize(null) !== 0) return "";
        return format === "Hocr" ? toHocr(api, region) : api.GetUTF8Text().trimEnd();
      }),
  );
}

/**
 * Tesseract states a page's width and height instead of its right and bottom, and the resolution that it was told
 * instead of the measured one.
 */
function toHocr(api: TessBaseApi, { left, top, right, bottom }: Region): string {
  return api.GetHOCRText(0).replace(
    /; bbox [-\d ]+; ppageno 0; scan_res [\d ]+/,
    `; bbox ${left} ${top} ${right} ${bottom}; ppageno 0`,
  );
}

/** The number of pixels in a region: 0 if a coordinate is not a number. */
export function areaOf({ left, top, right, bottom }: Region): number {
  return left < right && top < bottom ? (right - left) * (bottom - top) : 0;
}

/** Cuts off what lies outside of an image, and extends the rest to whole pixels. */
export function clamp(
  { left, top, right, bottom }: Region,
  { width, height }: ReturnType<typeof displaySize>,
): Region {
  return {
    left: Math.max(0, Math.floor(left)),
    top: Math.max(0, Math.floor(top)),
    right: Math.min(width, Math.ceil(right)),
    bottom: Math.min(height, Math.ceil(bottom)),
  };
}
