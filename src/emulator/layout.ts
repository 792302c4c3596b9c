/**
 * Tesseract's page layout analysis.
 *
 * @module
 */
import { displaySize, type ImageHeader } from "../internal/image_header.ts";
import type { Region } from "../model/region.ts";
import type { DsrMode } from "../model/settings.ts";
import { type Block, isSliver, mergeStrips } from "./blocks.ts";
import { enlarge } from "./pixels.ts";
import { AUTOMATIC, MAX_SIDE, withImage } from "./tesseract.ts";
import type { TessBaseApi, Tesseract } from "./tesseract_api.ts";

type Size = ReturnType<typeof displaySize>;

const BLOCK = 0, LINE = 2, WORD = 3, SYMBOL = 4; // PageIteratorLevel
const FIRST_TEXT = 1, LAST_TEXT = 8; // PolyBlockType: 1 to 8 are text, 9 and above are images, rules and noise

/** Images with fewer pixels, such as A4 pages at 75 dpi, are enlarged, since small letters are taken for noise. */
const MIN_PIXELS = 800_000;

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
  const size = displaySize(header);
  const init = (api: TessBaseApi): void => api.InitForAnalysePage();
  return withImage(tesseract, image, header, AUTOMATIC, init, (api) => {
    const scale = isSmall(size) ? 2 : 1;
    if (scale === 2) enlarge(tesseract, api);
    const blocks = readBlocks(tesseract, api, size, scale, mode === "TextDetector" ? WORD : LINE)
      .filter(({ region }) => !isSliver(region, size.width));
    return mode === "LineDetector" || mode === "TextDetector"
      ? blocks.flatMap(({ parts }) => parts)
      : mergeStrips(blocks).map(({ region }) => region);
  });
}

function isSmall({ width, height }: Size): boolean {
  return width * height < MIN_PIXELS && Math.max(width, height) <= MAX_SIDE / 2;
}

/** Reads the text blocks, and the lines or words in them, of an image that is enlarged by `scale`. */
function readBlocks(
  tesseract: Tesseract,
  api: TessBaseApi,
  { width, height }: Size,
  scale: number,
  level: number,
): readonly Block[] {
  const blocks: { readonly region: Region; readonly parts: Region[] }[] = [];
  const iterator = api.AnalyseLayout();
  if (tesseract.getPointer(iterator) === 0) return blocks; // a blank page
  const corners = tesseract._malloc(16);
  const corner = (i: number): number => tesseract.getValue(corners + i * 4, "i32");
  const readRegion = (level: number): Region | null => {
    if (!iterator.BoundingBox(level, corners, corners + 4, corners + 8, corners + 12)) return null;
    // Rounded inwards, since letters are a little larger after interpolation.
    const left = Math.max(0, Math.ceil(corner(0) / scale)), top = Math.max(0, Math.ceil(corner(1) / scale));
    const right = Math.min(width, Math.floor(corner(2) / scale));
    const bottom = Math.min(height, Math.floor(corner(3) / scale));
    return left < right && top < bottom ? { left, top, right, bottom } : null;
  };
  iterator.Begin();
  do {
    const type = iterator.BlockType();
    if (type < FIRST_TEXT || type > LAST_TEXT) continue;
    if (iterator.IsAtBeginningOf(BLOCK)) {
      const region = readRegion(BLOCK);
      if (region !== null) blocks.push({ region, parts: [] });
    }
    const part = readRegion(level);
    if (part === null) continue;
    // For a line or word without symbols, Tesseract reports the whole page. A line or word with symbols may also cover
    // the whole page, if the image is cropped to it.
    const isWholePage = part.left === 0 && part.top === 0 && part.right === width && part.bottom === height;
    if (!isWholePage || !iterator.Empty(SYMBOL)) blocks.at(-1)?.parts.push(part);
  } while (iterator.Next(level));
  tesseract._free(corners);
  tesseract.destroy(iterator);
  return blocks;
}
