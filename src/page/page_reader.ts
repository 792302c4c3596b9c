/**
 * Readers of PAGE XML, ALTO and hOCR, back into regions with their texts. An entry point of its own, since it needs the
 * XML parser [saxes](https://github.com/lddubeau/saxes).
 *
 * Files may come from strangers. A file that cannot be read is a `Left` that says what is wrong in which line; the
 * readers do not throw for any string. Entities are not expanded, and nothing is loaded. A file may have up to 2^26
 * characters and 500,000 elements, nested up to 200 levels deep.
 *
 * @example
 * ```ts
 * import { toAlto, toText } from "@ocr-cloud/regions/page";
 * import { readAlto } from "@ocr-cloud/regions/page-reader";
 * import { isRight } from "fp-ts/lib/Either.js";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const pages = readAlto(toAlto({ regions, size: { width: 1065, height: 1879 } }));
 * if (isRight(pages)) { for (const page of pages.right) console.log(toText(page)); }
 * else console.error(pages.left.errors.join("\n"));
 * ```
 *
 * @module
 */
export type { Point, Region } from "../model/region.ts";
export { type AltoReaderOptions, readAlto } from "./alto_reader.ts";
export type { PageContent, PageRegion } from "./content.ts";
export type { Size } from "./geometry.ts";
export { readHocr } from "./hocr_reader.ts";
export { readPageXml } from "./page_xml_reader.ts";
export type { ReaderOptions, Unreadable } from "./reading.ts";
