/**
 * Writes CSV.
 *
 * @module
 */
import { type Block, type PageContent, toBlocks, writePoints } from "./content.ts";
import { toAllowed } from "./xml.ts";

/**
 * Writes a page as CSV (RFC 4180): a header and one row for each region, in reading order.
 *
 * | column                           | value                                                                       |
 * | -------------------------------- | --------------------------------------------------------------------------- |
 * | `image`                          | the name of the image                                                       |
 * | `index`                          | the position of the region in the reading order, from 1                     |
 * | `left`, `top`, `right`, `bottom` | the rectangle, in whole pixels                                              |
 * | `polygon`                        | the corners as `x,y` separated by spaces, clockwise, or empty for a rectangle |
 * | `text`                           | the text, with line feeds between its lines, or empty                       |
 *
 * Texts are written as they are, and spreadsheets calculate those that look like formulas. If you open texts from images
 * of strangers in a spreadsheet, import the column as text. Excel reads UTF-8 only if the file starts with a byte order
 * mark: write `"\ufeff" + toCsv(page)`.
 *
 * @throws {RangeError} If the width or height of `page.size` is not a whole number from 1 to 2^31 - 1.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toCsv } from "@ocr-cloud/regions/page";
 * import { equal } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta, going" }];
 * equal(
 *   toCsv({ regions, imageName: "lucasta.047.jpg" }),
 *   "image,index,left,top,right,bottom,polygon,text\r\n" +
 *     'lucasta.047.jpg,1,187,110,894,140,,"To Lucasta, going"\r\n',
 * );
 * ```
 *
 * @category Page
 */
export function toCsv(page: PageContent): string {
  const image = toAllowed(page.imageName ?? "");
  const writeRow = ({ outline, points, lines }: Block, i: number): readonly string[] => {
    const { left, top, right, bottom, polygon } = outline;
    const corners = polygon === undefined ? "" : writePoints(points);
    return [image, ...[i + 1, left, top, right, bottom].map(String), corners, (lines ?? []).join("\n")];
  };
  const header = ["image", "index", "left", "top", "right", "bottom", "polygon", "text"];
  const rows = [header, ...toBlocks("CSV", page).map(writeRow)];
  return rows.map((row) => `${row.map(writeField).join(",")}\r\n`).join("");
}

/** Spaces at either end are quoted as well, since some programs trim fields that are not. */
function writeField(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
