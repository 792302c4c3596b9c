/**
 * Writes plain text.
 *
 * @module
 */
import { type PageContent, toBlocks } from "./content.ts";

/**
 * Options of {@linkcode toText}.
 *
 * @category Page
 */
export interface TextOptions {
  /**
   * What separates the texts of two regions. Pass `"\n\n"` if the regions are paragraphs rather than lines.
   *
   * @default {"\n"}
   */
  readonly separator?: string | undefined;
}

/**
 * Writes the texts of a page as plain text, in the order of its regions. Line feeds separate their lines. Regions
 * without text are left out, as are blank lines at the start and end of a text. Unless there is no text at all, the
 * result ends with a line feed.
 *
 * @throws {RangeError} If the width or height of `page.size` is not a whole number from 1 to 2^31 - 1.
 * @throws {TypeError} If a region is not a `Region`, or if a text is not a string.
 *
 * @example
 * ```ts
 * import { toText } from "@ocr-cloud/regions/page";
 * import { equal } from "node:assert/strict";
 *
 * const regions = [
 *   { region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "To Lucasta\n" },
 *   { region: { left: 187, top: 150, right: 894, bottom: 180 }, text: "Going to the Wars" },
 * ];
 * equal(toText({ regions }), "To Lucasta\nGoing to the Wars\n");
 * ```
 *
 * @category Page
 */
export function toText(page: PageContent, options: TextOptions = {}): string {
  const { separator = "\n" } = options;
  const texts = toBlocks("text", page).map(({ lines }) => (lines ?? []).join("\n")).filter((text) => text !== "");
  return texts.length === 0 ? "" : `${texts.join(separator)}\n`;
}
