/**
 * Writes ALTO.
 *
 * @module
 */
import type { Region } from "../model/region.ts";
import { type Block, checkSize, type SizedPageContent, toBlocks, writePoints } from "./content.ts";
import { isVisible } from "./lines.ts";
import { escapeXml } from "./xml.ts";

/**
 * Writes a page as ALTO, version 4.4. Each region is a `TextBlock`, and the order of the regions is the declared reading
 * order.
 *
 * Each line of a text is a `TextLine`, and each word a `String`. The only line of a region has the region's coordinates.
 * Several lines, and words, have none: they are optional in ALTO, and not known. Blank lines are left out, since a
 * `TextLine` must have a word. Spaces and tabs between words are written as one `SP`.
 *
 * Source: the [schema of ALTO](https://www.loc.gov/standards/alto/).
 *
 * @throws {RangeError} If the width or height of `page.size` is not a whole number from 1 to 2^31 - 1.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toAlto } from "@ocr-cloud/regions/page";
 * import { match } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const xml = toAlto({ regions, size: { width: 1065, height: 1879 }, imageName: "lucasta.047.jpg" });
 * match(xml, /<TextBlock ID="r1" HPOS="187" VPOS="110" WIDTH="707" HEIGHT="30">/);
 * match(xml, /<String CONTENT="To"\/><SP\/><String CONTENT="Lucasta"\/>/);
 * ```
 *
 * @category Page
 */
export function toAlto(page: SizedPageContent): string {
  const { width, height } = checkSize("ALTO", page.size);
  const blocks = toBlocks("ALTO", page);
  const name = page.imageName ?? "";
  const source = name === ""
    ? ""
    : `<sourceImageInformation><fileName>${escapeXml(name)}</fileName></sourceImageInformation>\n`;
  const refs = blocks.map((_, i) => `<ElementRef ID="o${i + 1}" REF="r${i + 1}"/>\n`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" SCHEMAVERSION="4.4">
<Description>
<MeasurementUnit>pixel</MeasurementUnit>
${source}</Description>
${refs === "" ? "" : `<ReadingOrder>\n<OrderedGroup ID="order">\n${refs}</OrderedGroup>\n</ReadingOrder>\n`}<Layout>
<Page ID="page" PHYSICAL_IMG_NR="1" WIDTH="${width}" HEIGHT="${height}">
<PrintSpace HPOS="0" VPOS="0" WIDTH="${width}" HEIGHT="${height}">
${blocks.map(writeBlock).join("")}</PrintSpace>
</Page>
</Layout>
</alto>
`;
}

function writeBlock({ outline, points, lines }: Block, i: number): string {
  const shape = outline.polygon === undefined ? "" : `<Shape><Polygon POINTS="${writePoints(points)}"/></Shape>\n`;
  const visible = (lines ?? []).filter(isVisible);
  const place = writePlace(outline);
  const start = visible.length === 1 ? `<TextLine${place}>\n${shape}` : "<TextLine>\n";
  return `<TextBlock ID="r${i + 1}"${place}>\n${shape}${
    visible.map((line) => `${start}${writeWords(line)}\n</TextLine>\n`).join("")
  }</TextBlock>\n`;
}

function writePlace({ left, top, right, bottom }: Region): string {
  return ` HPOS="${left}" VPOS="${top}" WIDTH="${right - left}" HEIGHT="${bottom - top}"`;
}

function writeWords(line: string): string {
  const words = line.split(/[ \t]+/).filter((word) => word !== "");
  return words.map((word) => `<String CONTENT="${escapeXml(word)}"/>`).join("<SP/>");
}
