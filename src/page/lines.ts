/**
 * Lines of texts.
 *
 * @module
 */

/** The mandatory line breaks of Unicode (UAX 14). XML does not allow some of them. */
const LINE_BREAK = /\r\n|[\n\v\f\r\x85\u2028\u2029]/;

/** Splits a text into its lines. An empty text has one empty line. */
export function splitLines(text: string): readonly string[] {
  return text.split(LINE_BREAK);
}

/** Whether there is anything to see in a line. */
export function isVisible(line: string): boolean {
  return line.trim() !== "";
}
