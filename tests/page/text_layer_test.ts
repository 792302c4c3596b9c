import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Region } from "../../src/model/region.ts";
import { type SvgOptions, toSvg } from "../../src/page/svg.ts";
import { region } from "../support/arbitrary.ts";
import { type Element, named, parseSvg } from "../support/svg.ts";

const HEADING: Region = { left: 187, top: 110, right: 894, bottom: 140 };
const BODY: Region = { left: 32, top: 178, right: 894, bottom: 478 };
const PAGE = { width: 1065, height: 1879 };

/** The three layers of a drawing with texts. */
function layersOf(svg: Element): readonly [outlines: Element, texts: Element, labels: Element] {
  const layers = named(svg, "g");
  equal(layers.length, 3);
  return [layers[0], layers[1], layers[2]];
}

/** The groups with the texts of the regions. */
function groupsOf(regions: readonly Region[], texts: readonly string[]): readonly Element[] {
  return named(layersOf(parseSvg(toSvg(regions, { ...PAGE, texts })))[1], "g");
}

/** The text of a group, without its title. */
function textOf(group: Element): string {
  const [title] = named(group, "title");
  ok(group.content.startsWith(title.content));
  return group.content.slice(title.content.length);
}

function linesOf(text: string): readonly Element[] {
  return named(groupsOf([BODY], [text])[0], "text");
}

function baselinesOf(text: string): readonly number[] {
  return linesOf(text).map(({ attributes }) => Number(attributes.y));
}

Deno.test("toSvg() draws the text of each region in a group with the title of the region", () => {
  const groups = groupsOf([HEADING, BODY], ["BIOGRAPHICAL NOTICE. xxv", "graceful\nmanner"]);
  deepEqual(groups.map(({ children }) => children.map(({ name, content }) => [name, content])), [
    [["title", "Region 1: 187, 110, 894, 140"], ["text", "BIOGRAPHICAL NOTICE. xxv"]],
    [["title", "Region 2: 32, 178, 894, 478"], ["text", "graceful"], ["text", "manner"]],
  ]);
});

Deno.test("toSvg() stretches each line of a text to the width of its region", () => {
  for (const { attributes } of linesOf("graceful\nI")) {
    equal(attributes.textLength, "862");
    equal(attributes.lengthAdjust, "spacingAndGlyphs");
    equal(attributes.x, "463"); // the center, since the document has the text anchor "middle"
  }
  equal(parseSvg(toSvg([])).attributes["text-anchor"], "middle");
});

Deno.test("toSvg() distributes the lines of a text evenly over the height of its region", () => {
  deepEqual(baselinesOf("one"), [409]);
  deepEqual(baselinesOf("one\ntwo\nthree"), [255, 355, 455]);
});

Deno.test("toSvg() lays a text over the bounding box of a polygon", () => {
  const polygon = [{ x: 32, y: 200 }, { x: 500, y: 178 }, { x: 894, y: 300 }, { x: 300, y: 478 }];
  const drawn = [BODY, { ...BODY, polygon }].map((region) => groupsOf([region], ["one\ntwo"]));
  deepEqual(drawn[1], drawn[0]);
});

Deno.test("toSvg() keeps blank lines but leaves no space for them", () => {
  for (const text of ["one\n\ntwo\n", "\n \n\tone\ntwo", "one\n\u00a0\n\n\ntwo\n\n"]) {
    deepEqual(baselinesOf(text), baselinesOf("one\ntwo"));
    equal(textOf(groupsOf([BODY], [text])[0]), text);
  }
});

Deno.test("toSvg() draws nothing for a text without visible characters", () => {
  for (const text of ["", "\n", " \r\n\t"]) deepEqual(linesOf(text), []);
});

Deno.test("toSvg() breaks lines at every line break of Unicode", () => {
  const breaks = ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029"];
  deepEqual(linesOf(breaks.map((end, i) => `${i}${end}`).join("")).map(({ text }) => text), [..."01234567"]);
});

Deno.test("toSvg() preserves white space, and writes a line right to left if its first letter is", () => {
  for (const text of ["  a   b\t", "שלום, world."]) {
    const [line] = linesOf(text);
    equal(line.text, text);
    equal(line.attributes["xml:space"], "preserve");
    equal(line.attributes["unicode-bidi"], "plaintext");
  }
});

Deno.test("toSvg() draws texts invisibly, above the image and the outlines, and below the labels", () => {
  const svg = parseSvg(toSvg([HEADING, BODY], { ...PAGE, image: "page.jpg", labels: "always", texts: ["a", "b"] }));
  deepEqual(svg.children.map(({ name }) => name), ["title", "g", "g", "g"]);
  const [outlines, texts, labels] = layersOf(svg);
  deepEqual(outlines.children.map(({ name }) => name), ["image", "g", "g"]);
  deepEqual(texts.attributes, { "fill-opacity": "0", "xml:space": "preserve" });
  deepEqual(labels.children.map(({ name }) => name), ["rect", "text", "rect", "text"]);
});

Deno.test("toSvg() excludes labels from the selection, and lets the text below them be selected", () => {
  const [, , { attributes }] = layersOf(parseSvg(toSvg([BODY], { ...PAGE, labels: "always", texts: ["a"] })));
  equal(attributes["pointer-events"], "none");
  equal(attributes.style, "-webkit-user-select:none;user-select:none");
});

Deno.test("toSvg() lets screen readers read the texts, but nothing else", () => {
  const svg = parseSvg(toSvg([BODY], { ...PAGE, image: "page.jpg", texts: ["a"] }));
  equal(svg.attributes.role, "group"); // the content of an `img` is not read
  deepEqual(layersOf(svg).map(({ attributes }) => attributes["aria-hidden"]), ["true", undefined, "true"]);
});

Deno.test("toSvg() throws a RangeError if the number of texts is not that of the regions", () => {
  for (const texts of [[], ["a"], ["a", "b", "c"]]) {
    throws(() => toSvg([HEADING, BODY], { texts }), {
      name: "RangeError",
      message: "Cannot draw the texts as their number must be that of the regions, 2: " +
        `current value is ${texts.length}`,
    });
  }
});

Deno.test("toSvg() throws a TypeError that names the first text that is not a string", () => {
  const faults = [[5, "5"], [null, "null"], [["b"], "an array of 1"]] as const;
  for (const [text, shown] of [...faults, [undefined, "nothing"] as const]) {
    // @ts-expect-error: not strings
    throws(() => toSvg([HEADING, BODY], { texts: ["a", text] }), {
      name: "TypeError",
      message: `Cannot draw text 2 as it must be a string: current value is ${shown}`,
    });
  }
  throws(() => toSvg([HEADING], { texts: Array(1) }), /^TypeError: Cannot draw text 1 as it must be a string/);
});

const hostile: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    fc.constantFrom("\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", " ", "\t", "\ufeff", "\u200b", "\u202e"),
    fc.constantFrom("\0", "\x1f", "\x7f", "\ufffe", "\uffff", "\ud800", "\udc00", "😀", "e\u0301", "שלום", "مرحبا"),
    fc.constantFrom(..."</text> <![CDATA[ ]]> <!-- --> &amp; &#0; & < > \" ' word".split(" ")),
    fc.string({ unit: "binary" }),
  ),
  { maxLength: 12 },
).map((pieces) => pieces.join(""));

const drawing: fc.Arbitrary<readonly (readonly [Region, string])[]> = fc.array(fc.tuple(region, hostile), {
  maxLength: 8,
});

function draw(pairs: readonly (readonly [Region, string])[], options: SvgOptions = {}): string {
  return toSvg(pairs.map(([region]) => region), { ...options, texts: pairs.map(([, text]) => text) });
}

Deno.test("toSvg() returns well-formed XML whose text content is the texts, for any texts", () => {
  // deno-lint-ignore no-control-regex
  const FORBIDDEN = /[\0-\x08\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu;
  fc.assert(fc.property(drawing, (pairs) => {
    const groups = named(layersOf(parseSvg(draw(pairs)))[1], "g");
    deepEqual(
      groups.map(textOf),
      pairs.map(([, text]) =>
        text.replaceAll("\r\n", "\n").replace(/[\v\f\r\x85\u2028\u2029]/g, "\n").replace(FORBIDDEN, "\ufffd")
      ),
    );
  }));
});

Deno.test("toSvg() keeps every line of a text within its region and below the previous line", () => {
  fc.assert(fc.property(drawing, (pairs) => {
    const groups = named(layersOf(parseSvg(draw(pairs)))[1], "g");
    groups.forEach((group, i) => {
      const { left, top, right, bottom } = pairs[i][0];
      // Numbers are rounded to two decimals, and large ones to the precision of a double.
      const tolerance = 0.02 + 1e-15 * Math.max(-left, right, -top, bottom);
      const em = Number(group.attributes["font-size"]);
      const lines = named(group, "text");
      lines.forEach(({ attributes }, n) => {
        const [x, y, length] = [attributes.x, attributes.y, attributes.textLength].map(Number);
        ok(length > 0 && x - length / 2 >= left - tolerance && x + length / 2 <= right + tolerance);
        // The ascenders and descenders of common fonts. Sources: DejaVu Sans, Arial, Helvetica, Liberation Sans.
        ok(y - 0.93 * em >= top - tolerance && y + 0.24 * em <= bottom + tolerance);
        ok(n === 0 || y - Number(lines[n - 1].attributes.y) >= 1.17 * em - 2 * tolerance);
      });
    });
  }));
});

Deno.test("toSvg() draws the same outlines and labels with and without texts", () => {
  const options = fc.record({ image: fc.constantFrom(undefined, "a.png"), labels: fc.constantFrom("auto", "always") });
  fc.assert(fc.property(drawing, options, (pairs, options) => {
    const regions = pairs.map(([region]) => region);
    const without = toSvg(regions, options);
    equal(toSvg(regions, { ...options, texts: undefined }), without);
    const shapes = (svg: Element): readonly Element[] => svg.children.filter(({ name }) => name !== "title");
    const [outlines, , labels] = layersOf(parseSvg(draw(pairs, options)));
    deepEqual([...outlines.children, ...labels.children], shapes(parseSvg(without)));
    ok(without.includes(' role="img" ') && !/aria-|user-select|pointer-events|textLength/.test(without));
  }));
});

Deno.test("toSvg() takes time linear in the length of the texts", () => {
  const measure = (text: string): number => {
    const start = performance.now();
    toSvg([BODY], { texts: [text] });
    return performance.now() - start;
  };
  for (const piece of ["a", " ", "\n", "a\n", " \n\r", "\ud800", "<"]) {
    measure(piece.repeat(2_000));
    const short = Math.max(20, measure(piece.repeat(20_000)));
    const long = Math.min(measure(piece.repeat(200_000)), measure(piece.repeat(200_000)));
    // The ratio is about 10 if the time is linear, and about 100 if it is quadratic.
    ok(long < 30 * short, `${JSON.stringify(piece)}: ${short.toFixed()} ms, then ${long.toFixed()} ms`);
  }
});
