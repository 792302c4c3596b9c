/**
 * Lays recognized text over its regions, so that the words in the picture can be selected, copied and searched.
 *
 * @module
 */
import type { Region } from "../model/region.ts";
import { isVisible, splitLines } from "./lines.ts";
import { escapeXml, print } from "./xml.ts";

// Fractions of a line's height. With common fonts, ascenders and descenders then fill the line but do not leave it.
const FONT_SIZE = 0.8;
const DESCENT = 0.23;

/**
 * Draws each text over its region: transparent, in a group whose text content is the title followed by the text. Line
 * feeds replace other line breaks.
 *
 * The texts must be drawn after the outlines. They are invisible, but an outline on top of them would receive the
 * pointer events that start a selection.
 */
export function drawTexts(regions: readonly Region[], texts: readonly string[], titles: readonly string[]): string {
  const groups = regions.map((region, i) => drawText(region, texts[i], titles[i]));
  // SVG 1.1 has no `fill="transparent"`. Firefox copies the line feeds between lines only with `xml:space` on the group.
  return `<g fill-opacity="0" xml:space="preserve">\n${groups.join("\n")}\n</g>`;
}

/**
 * The lines share the height of the region equally, and each is stretched to its width. Blank lines take up no space:
 * OCR engines such as Tesseract separate paragraphs by a blank line even if the page does not.
 */
function drawText({ left, top, right, bottom }: Region, text: string, title: string): string {
  const lines = splitLines(text);
  const height = (bottom - top) / Math.max(1, lines.filter(isVisible).length);
  const center = print((left + right) / 2);
  const width = print(Math.max(0.01, right - left));
  let lineBottom = top;
  const drawLine = (line: string): string => {
    if (!isVisible(line)) return escapeXml(line);
    lineBottom += height;
    // Lines are separate elements, which browsers copy as lines. Firefox ignores the `textLength` of a `<tspan>`.
    // `unicode-bidi="plaintext"` writes a line from right to left if its first letter is, for example, Hebrew or Arabic.
    // It is not inherited, and Chromium does not inherit `xml:space`.
    return `<text x="${center}" y="${print(lineBottom - DESCENT * height)}" textLength="${width}" ` +
      `lengthAdjust="spacingAndGlyphs" unicode-bidi="plaintext" xml:space="preserve">${escapeXml(line)}</text>`;
  };
  return `<g font-size="${print(Math.max(0.01, FONT_SIZE * height))}">${title}${lines.map(drawLine).join("\n")}</g>`;
}
