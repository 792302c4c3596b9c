/**
 * Writes Markdown.
 *
 * @module
 */
import { type PageContent, toBlocks } from "./content.ts";
import { isVisible } from "./lines.ts";

/**
 * Writes the texts of a page as Markdown, in the order of its regions. Each region is a paragraph, and so is each part of
 * a text between blank lines. Other line breaks are kept, as soft ones. Regions without text are left out.
 *
 * Characters that have a meaning in Markdown are escaped, so that the text is shown as it is and nothing becomes a
 * heading, a list, an image or HTML. GitHub still links web addresses. Spaces at either end of a line are left out.
 *
 * Source: [CommonMark 0.31.2](https://spec.commonmark.org/0.31.2/) and the
 * [extensions of GitHub](https://github.github.com/gfm/).
 *
 * @throws {RangeError} If the width or height of `page.size` is not a whole number from 1 to 2^31 - 1.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toMarkdown } from "@ocr-cloud/regions/page";
 * import { equal } from "node:assert/strict";
 *
 * const regions = [
 *   { region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "1. To Lucasta" },
 *   { region: { left: 187, top: 150, right: 894, bottom: 210 }, text: "Going to the\nWars" },
 * ];
 * equal(toMarkdown({ regions }), "1\\. To Lucasta\n\nGoing to the\nWars\n");
 * ```
 *
 * @category Page
 */
export function toMarkdown(page: PageContent): string {
  let markdown = "";
  for (const { lines } of toBlocks("Markdown", page)) {
    let separator = "\n";
    for (const line of lines ?? []) {
      if (isVisible(line)) markdown += `${markdown === "" ? "" : separator}${escapeLine(line.trim())}\n`;
      separator = isVisible(line) ? "" : "\n";
    }
  }
  return markdown;
}

/** Inline markup is escaped anywhere in a line, and the markup of blocks only where a line starts with it. */
function escapeLine(line: string): string {
  return line
    .replace(/[\\`*_[\]<>&~|$]/g, "\\$&")
    .replace(/^(\d*)([#+=:.)-])/, "$1\\$2");
}
