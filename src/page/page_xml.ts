/**
 * Writes PAGE XML.
 *
 * @module
 */
import { preview } from "../internal/text.ts";
import { type Block, checkSize, type SizedPageContent, toBlocks, writePoints } from "./content.ts";
import { escapeAttribute, escapeXml } from "./xml.ts";

const NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15";

/**
 * Options of {@linkcode toPageXml}.
 *
 * @category Page
 */
export interface PageXmlOptions {
  /**
   * When the file was created, which PAGE XML must state. The year must be from 1 to 9999.
   *
   * @default {new Date(0)} 1970, so that equal pages are written as equal files
   */
  readonly created?: Date | undefined;
}

/**
 * Writes a page as PAGE XML, version 2019-07-15. Each region is a `TextRegion`, and the order of the regions is the
 * declared reading order.
 *
 * A region whose text is a single line has a `TextLine` with the same outline, since many programs read only lines. The
 * lines of a longer text have no known coordinates, which a `TextLine` must have. Their text is that of the region, with
 * line feeds between them.
 *
 * Source: the [schema of PAGE XML](https://github.com/PRImA-Research-Lab/PAGE-XML).
 *
 * @throws {RangeError} If the width or height of `page.size` is not a whole number from 1 to 2^31 - 1, or if
 * `options.created` is not a valid date from the year 1 to 9999.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toPageXml } from "@ocr-cloud/regions/page";
 * import { match } from "node:assert/strict";
 *
 * const regions = [{ region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta" }];
 * const xml = toPageXml({ regions, size: { width: 1065, height: 1879 }, imageName: "lucasta.047.jpg" });
 * match(xml, /<Page imageFilename="lucasta.047.jpg" imageWidth="1065" imageHeight="1879">/);
 * match(xml, /<Coords points="187,110 894,110 894,140 187,140"\/>/);
 * match(xml, /<Unicode>To Lucasta<\/Unicode>/);
 * ```
 *
 * @category Page
 */
export function toPageXml(page: SizedPageContent, options: PageXmlOptions = {}): string {
  const { width, height } = checkSize("PAGE XML", page.size);
  const time = toTime(options.created ?? new Date(0));
  const blocks = toBlocks("PAGE XML", page);
  const refs = blocks.map((_, i) => `<RegionRefIndexed index="${i}" regionRef="r${i + 1}"/>\n`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="${NAMESPACE}">
<Metadata>
<Creator>@ocr-cloud/regions</Creator>
<Created>${time}</Created>
<LastChange>${time}</LastChange>
</Metadata>
<Page imageFilename="${escapeAttribute(page.imageName ?? "")}" imageWidth="${width}" imageHeight="${height}">
${refs === "" ? "" : `<ReadingOrder>\n<OrderedGroup id="order">\n${refs}</OrderedGroup>\n</ReadingOrder>\n`}${
    blocks.map(writeRegion).join("")
  }</Page>
</PcGts>
`;
}

function writeRegion({ points, lines }: Block, i: number): string {
  const coords = `<Coords points="${writePoints(points)}"/>\n`;
  const text = lines === null ? "" : `<TextEquiv><Unicode>${escapeXml(lines.join("\n"))}</Unicode></TextEquiv>\n`;
  const line = lines?.length === 1 ? `<TextLine id="r${i + 1}l1">\n${coords}${text}</TextLine>\n` : "";
  return `<TextRegion id="r${i + 1}">\n${coords}${line}${text}</TextRegion>\n`;
}

function toTime(date: Date): string {
  const year = date.getUTCFullYear();
  if (year >= 1 && year <= 9999) return date.toISOString();
  throw new RangeError(
    `Cannot write PAGE XML as created must be a date from the year 1 to 9999: current year is ${preview(year)}`,
  );
}
