/**
 * Tesseract's page layout analysis.
 *
 * @module
 */
import { displaySize, type ImageHeader } from "../internal/image_header.ts";
import type { Region } from "../model/region.ts";
import type { DsrMode } from "../model/settings.ts";
import { AUTOMATIC, type TessBaseApi, type Tesseract, withImage } from "./tesseract.ts";

const BLOCK = 0, LINE = 2, WORD = 3, SYMBOL = 4; // PageIteratorLevel
const FIRST_TEXT = 1, LAST_TEXT = 8; // PolyBlockType: 1 to 8 are text, 9 and above are images, rules and noise

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
  const init = (api: TessBaseApi): void => api.InitForAnalysePage();
  const use = (api: TessBaseApi): readonly Region[] => readLayout(tesseract, api, displaySize(header), toLevel(mode));
  return withImage(tesseract, image, header, AUTOMATIC, init, use);
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
