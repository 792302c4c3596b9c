import fc from "fast-check";
import { deepStrictEqual as deepEqual, doesNotMatch, strictEqual as equal } from "node:assert/strict";
import { toMarkdown } from "../../src/page/markdown.ts";
import { linesOf, sizedPage } from "../support/pages.ts";

const region = { left: 0, top: 0, right: 9, bottom: 9 };

Deno.test("toMarkdown() writes regions and the parts between blank lines as paragraphs", () => {
  const regions = [
    { region, text: "\none\r\n\u2028\n two  \nthree\n" },
    { region },
    { region, text: " " },
    { region, text: "four" },
  ];
  equal(toMarkdown({ regions }), "one\n\ntwo\nthree\n\nfour\n");
  equal(toMarkdown({ regions: [] }), "");
});

Deno.test("toMarkdown() escapes what would be markup", () => {
  const cases = [
    ["# a #1", "\\# a #1"],
    ["- a-b", "\\- a-b"],
    ["+ a", "\\+ a"],
    ["12. a", "12\\. a"],
    ["1) a 1.5", "1\\) a 1.5"],
    ["1.5", "1\\.5"],
    ["===", "\\==="],
    ["---", "\\---"],
    ["> a", "\\> a"],
    ["*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"],
    ["![a](b)", "!\\[a\\](b)"],
    ["<b> &amp; $x$", "\\<b\\> \\&amp; \\$x\\$"],
    ["a | b ~~c~~", "a \\| b \\~\\~c\\~\\~"],
    ["a\\", "a\\\\"],
    ["    code", "code"],
  ];
  for (const [text, expected] of cases) equal(toMarkdown({ regions: [{ region, text }] }), `${expected}\n`);
});

Deno.test("toMarkdown() keeps every visible line of any page, and no line starts a block", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const lines = toMarkdown(page).split("\n").filter((line) => line !== "");
    const expected = page.regions.flatMap(({ text = "" }) => linesOf(text)).map((line) => line.trim());
    deepEqual(lines.map((line) => line.replace(/\\([!-/:-@[-`{-~])/g, "$1")), expected.filter((line) => line !== ""));
    for (const line of lines) doesNotMatch(line, /^(?:\s|[#>+*=|~`-]|\d+[.)])|(?<!\\)(?:\\\\)*[<[*_`&]|\\$(?<!\\\\)/);
  }));
});
