/**
 * Pages to write as files, and what must be read back.
 *
 * @module
 */
import fc from "fast-check";
import type { PageRegion, SizedPageContent } from "../../src/page/content.ts";
import { region } from "./arbitrary.ts";

/** Texts with everything that is special in XML, HTML, CSV or Markdown. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(
    fc.constantFrom(
      ...["a", "Word", " ", "\t", "\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\0", "\x07", "\x1b", "\ud800"],
      ...["\udc00", "\ufffe", "\uffff", "😀", "]]>", "<![CDATA[", "<!--", "-->", "&", "&amp;", "&#0;", "<", ">", '"'],
      ...[
        "'",
        ",",
        ";",
        "=1+1",
        "@",
        "</p>",
        "#",
        "- ",
        "+",
        "1.",
        "2)",
        "*",
        "_",
        "`",
        "~~~",
        "|",
        "---",
        "===",
        "\\",
      ],
      ...["!", "[a](b)", "$", "\u00a0", "\u3000", "שלום", "\ufeff"],
    ),
    { maxLength: 12 },
  ).map((parts) => parts.join("")),
);

const pageRegion: fc.Arbitrary<PageRegion> = fc.record(
  { region, text: fc.option(hostileText, { nil: undefined }) },
  { requiredKeys: ["region"] },
);

const length = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.constant(2 ** 31 - 1));

/** Pages of any size, with regions anywhere. */
export const sizedPage: fc.Arbitrary<SizedPageContent> = fc.record({
  regions: fc.array(pageRegion, { maxLength: 5 }),
  size: fc.record({ width: length, height: length }),
  imageName: fc.option(hostileText, { nil: undefined }),
}, { requiredKeys: ["regions", "size"] });

/** The lines of a text that every format keeps: characters of XML, without blank lines at the start and end. */
export function linesOf(text: string): readonly string[] {
  // deno-lint-ignore no-control-regex
  const forbidden = /[\0-\x08\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu;
  const lines = text.replace(/\r\n|[\n\v\f\r\x85\u2028\u2029]/g, "\n").replace(forbidden, "\ufffd").split("\n");
  const isBlank = (line: string): boolean => line.trim() === "";
  return lines.slice(lines.findIndex((line) => !isBlank(line)), lines.findLastIndex((line) => !isBlank(line)) + 1);
}
