/**
 * Writes hOCR.
 *
 * @module
 */
import type { Point, Region } from "../model/region.ts";
import { type Block, checkSize, type SizedPageContent, toBlocks } from "./content.ts";
import { escapeAttribute, escapeXml } from "./xml.ts";

/**
 * Writes a page as hOCR, version 1.2, in XHTML. Each region is an `ocr_carea` with an `ocr_par`, in reading order.
 *
 * A text of a single line is an `ocr_line` with one `ocrx_word`, both with the coordinates of the region. hOCR leaves it
 * to the OCR engine what a word is, and programs such as OCRmyPDF read nothing else. The lines of a longer text have no
 * known coordinates. Since programs such as `hocr-pdf` fail if an `ocr_line` has none, these lines are the text of the
 * paragraph, separated by `<br/>`.
 *
 * Source: the [specification of hOCR](https://kba.github.io/hocr-spec/1.2/).
 *
 * @throws {RangeError} If the width or height of `page.size` is not a whole number from 1 to 2^31 - 1.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toHocr } from "@ocr-cloud/regions/page";
 * import { match } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const html = toHocr({ regions, size: { width: 1065, height: 1879 } });
 * match(html, /<div class="ocr_page" id="page_1" title="bbox 0 0 1065 1879; ppageno 0">/);
 * match(html, /<span class="ocrx_word" id="word_1" title="bbox 187 110 894 140">To Lucasta<\/span>/);
 * ```
 *
 * @category Page
 */
export function toHocr(page: SizedPageContent): string {
  const { width, height } = checkSize("hOCR", page.size);
  const blocks = toBlocks("hOCR", page);
  // Properties are separated by semicolons, and a name is quoted. Neither can be escaped except as in URLs.
  const name = (page.imageName ?? "").replace(/[";]/g, encodeURIComponent);
  const image = name === "" ? "" : `image "${name}"; `;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="und" lang="und">
<head>
<title></title>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<meta name="ocr-system" content="@ocr-cloud/regions"/>
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word"/>
</head>
<body>
<div class="ocr_page" id="page_1" title="${escapeAttribute(image)}bbox 0 0 ${width} ${height}; ppageno 0">
${blocks.map(writeBlock).join("")}</div>
</body>
</html>
`;
}

function writeBlock({ outline, points, lines }: Block, i: number): string {
  const place = ` title="${writeBox(outline)}${outline.polygon === undefined ? "" : `; ${writePolygon(points)}`}"`;
  const n = i + 1;
  return `<div class="ocr_carea" id="block_${n}"${place}>\n` +
    `<p class="ocr_par" id="par_${n}" dir="auto"${place}>${writeLines(lines ?? [], n, place)}</p>\n</div>\n`;
}

function writeLines(lines: readonly string[], n: number, place: string): string {
  const texts = lines.map(writeText);
  if (lines.length !== 1) return texts.join("<br/>\n");
  return `\n<span class="ocr_line" id="line_${n}"${place}>` +
    `<span class="ocrx_word" id="word_${n}"${place}>${texts[0]}</span></span>\n`;
}

/** HTML does not allow C1 control characters, which XML does. */
function writeText(line: string): string {
  return escapeXml(line.replace(/[\x7f-\x9f]/g, "\ufffd"));
}

function writeBox({ left, top, right, bottom }: Region): string {
  return `bbox ${left} ${top} ${right} ${bottom}`;
}

function writePolygon(points: readonly Point[]): string {
  return `poly ${points.map(({ x, y }) => `${x} ${y}`).join(" ")}`;
}
