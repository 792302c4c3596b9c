import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { toBase64 } from "../../src/internal/base64.ts";
import type { Region } from "../../src/model/region.ts";
import { type SvgOptions, toSvg } from "../../src/page/svg.ts";
import { type Element, named, parseSvg } from "../support/svg.ts";

function draw(regions: readonly Region[], options?: SvgOptions): Element {
  return parseSvg(toSvg(regions, options));
}

interface Tag {
  readonly number: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly stroke: string;
  readonly fill: string;
}

/** The tolerance of sums of coordinates, which are rounded to two decimals. */
const ROUNDING = 0.021;

/** Labels are aligned to a grid with eight cells per side of a label. */
const isNear = (a: number, b: number, side: number): boolean => Math.abs(a - b) <= side / 8 + ROUNDING;

/** The labels with their borders: each is a top-level rectangle, followed by its text. */
function tagsOf(svg: Element): readonly Tag[] {
  return named(svg, "text").map((text) => {
    const { stroke, fill, "stroke-width": line, ...rect } = svg.children[svg.children.indexOf(text) - 1].attributes;
    const [x, y] = [rect.x, rect.y].map((start) => Number(start) - Number(line) / 2);
    const [width, height] = [rect.width, rect.height].map((length) => Number(length) + Number(line));
    const [textX, textY] = [Number(text.attributes.x), Number(text.attributes.y)];
    ok(textX >= x - ROUNDING && textX <= x + width + ROUNDING);
    ok(textY >= y - ROUNDING && textY <= y + height + ROUNDING);
    return { number: text.text, x, y, width, height, stroke, fill };
  });
}

function overlap(a: Tag, b: Tag): boolean {
  return Math.abs(a.x - b.x) < a.width - ROUNDING && Math.abs(a.y - b.y) < a.height - ROUNDING;
}

function box(left: number, top: number, right: number, bottom: number): Region {
  return { left, top, right, bottom };
}

const PAGE = { width: 1000, height: 1400 };

const JPEG_HEAD = [0xff, 0xd8];
const EXIF_TURNED_RIGHT = [
  ...[0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0], // APP1, "Exif"
  ...[0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0], // orientation 6
];
const FRAME_640_480 = [0xff, 0xc0, 0, 11, 8, 480 >> 8, 480 & 255, 640 >> 8, 640 & 255, 1, 1, 0x11, 0, 0xff, 0xd9];
const JPEG = new Uint8Array([...JPEG_HEAD, ...FRAME_640_480]);
const TURNED_JPEG = new Uint8Array([...JPEG_HEAD, ...EXIF_TURNED_RIGHT, ...FRAME_640_480]);

Deno.test("toSvg() draws one titled group per region, in the order given", () => {
  const groups = named(draw([box(12, 40, 300, 88), box(0, 8, 697, 441)], PAGE), "g");
  deepEqual(groups.map(({ children }) => children.map(({ name }) => name)), [["title", "rect"], ["title", "rect"]]);
  deepEqual(groups.map(({ children }) => children[0].text), ["Region 1: 12, 40, 300, 88", "Region 2: 0, 8, 697, 441"]);
  deepEqual(groups.map(({ children }) => children[1].attributes), [
    { x: "12", y: "40", width: "288", height: "48" },
    { x: "0", y: "8", width: "697", height: "433" },
  ]);
});

Deno.test("toSvg() fills regions translucently and outlines them in the same color", () => {
  for (const { attributes } of named(draw([box(0, 0, 9, 9), box(0, 0, 9, 9)], PAGE), "g")) {
    equal(attributes.fill, attributes.stroke);
    ok(Number(attributes["fill-opacity"]) > 0 && Number(attributes["fill-opacity"]) < 0.3);
    ok(Number(attributes["stroke-width"]) > 1);
  }
});

Deno.test("toSvg() draws a polygon where a region has one", () => {
  const polygon = [{ x: 10, y: 20.5 }, { x: 300, y: 30 }, { x: 290, y: 90 }];
  const [group] = named(draw([{ ...box(10, 20.5, 300, 90), polygon }], PAGE), "g");
  equal(group.children[0].text, "Region 1: 10, 20.5, 300, 90");
  equal(group.children[1].name, "polygon");
  deepEqual(group.children[1].attributes, { points: "10,20.5 300,30 290,90" });
});

Deno.test("toSvg() keeps a region without width or height visible", () => {
  const [group] = named(draw([box(5, 6, 5, 6)], PAGE), "g");
  deepEqual(group.children[1].attributes, { x: "5", y: "6", width: "0.01", height: "0.01" });
});

Deno.test("toSvg() repeats a combination of color and dashes only after twelve regions", () => {
  const groups = named(draw(Array(24).fill(box(100, 100, 200, 200)), PAGE), "g");
  const styles = groups.map(({ attributes }) => [attributes.stroke, attributes["stroke-dasharray"]]);
  for (let i = 1; i < styles.length; i++) {
    ok(styles[i][0] !== styles[i - 1][0] && styles[i][1] !== styles[i - 1][1]);
  }
  equal(new Set(styles.map(String)).size, 12);
  deepEqual(styles.slice(12), styles.slice(0, 12));
});

Deno.test("toSvg() draws lines with WCAG's contrast of 3:1 on white, and labels in black on white", () => {
  const luminance = (color: string) => {
    const [r, g, b] = color.slice(1).match(/../g)!
      .map((hex) => parseInt(hex, 16) / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const svg = draw(Array(12).fill(box(100, 100, 200, 200)), PAGE);
  const groups = named(svg, "g");
  tagsOf(svg).forEach(({ stroke, fill }, i) => {
    equal(stroke, groups[i].attributes.stroke);
    equal(fill, "#fff");
    ok(1.05 / (luminance(stroke) + 0.05) >= 3, stroke);
  });
  for (const { attributes } of named(svg, "text")) equal(attributes.fill, "#000");
});

Deno.test("toSvg() numbers regions from 1, to the left of their top left corners", () => {
  const regions = [box(200, 100, 800, 300), box(200, 400, 800, 700)];
  const tags = tagsOf(draw(regions, PAGE));
  deepEqual(tags.map(({ number }) => number), ["1", "2"]);
  tags.forEach((tag, i) => {
    ok(isNear(tag.x + tag.width, regions[i].left, tag.width));
    ok(isNear(tag.y, regions[i].top, tag.height));
  });
});

Deno.test("toSvg() places a polygon's label beside its bounding box, level with its top left point", () => {
  const polygon = [{ x: 900, y: 100 }, { x: 850, y: 500 }, { x: 100, y: 400 }, { x: 150, y: 200 }];
  const [tag] = tagsOf(draw([{ ...box(100, 100, 900, 500), polygon }], PAGE));
  ok(isNear(tag.x + tag.width, 100, tag.width));
  ok(isNear(tag.y, 200, tag.height));
});

Deno.test("toSvg() draws labels after all shapes, so that no shape covers a label", () => {
  const names = draw(Array(3).fill(box(0, 0, 9, 9)), { ...PAGE, image: "a.png", labels: "always" }).children
    .map(({ name }) => name);
  equal(names.join(" "), "title image g g g rect text rect text rect text");
});

Deno.test("toSvg() labels each of many lines that are less tall than a label", () => {
  const tags = tagsOf(draw(Array.from({ length: 40 }, (_, i) => box(300, 50 + i * 20, 900, 68 + i * 20)), PAGE));
  ok(tags[0].height > 20);
  tags.forEach((tag, i) => {
    ok(!tags.slice(0, i).some((other) => overlap(tag, other)), tag.number);
    // The label is next to its line: at most a label's width to the side, and almost level with it.
    ok(Math.abs(tag.y - (50 + i * 20)) <= tag.height && tag.x < 300 && tag.x > 300 - 2.2 * tag.width, tag.number);
  });
});

Deno.test("toSvg() moves a label outward if another label is in the way", () => {
  const [first, left] = tagsOf(draw(Array(2).fill(box(500, 700, 600, 800)), PAGE));
  ok(left.x < first.x && left.x > first.x - 1.6 * first.width && left.y === first.y);
});

Deno.test("toSvg() labels a region without a left margin on its right, or above", () => {
  const [right] = tagsOf(draw([box(0, 700, 90, 800)], PAGE));
  ok(isNear(right.x, 90, right.width) && isNear(right.y, 700, right.height));
  const [above] = tagsOf(draw([box(0, 700, 1000, 800)], PAGE));
  ok(isNear(above.x, 0, above.width) && isNear(above.y + above.height, 700, above.height));
});

Deno.test("toSvg() places the labels of 120 identical regions without overlap, in the middle and in corners", () => {
  const corners = [box(500, 700, 600, 800), box(0, 0, 9, 9), box(999, 1399, 1000, 1400), box(0, 1399, 9, 1400)];
  for (const region of corners) {
    const tags = tagsOf(draw(Array(120).fill(region), { ...PAGE, labels: "always" }));
    equal(tags.length, 120);
    tags.forEach((tag, i) => ok(!tags.slice(0, i).some((other) => overlap(tag, other)), tag.number));
  }
});

/** A page of 20 lines with 10 words each. */
const WORDS = Array.from({ length: 200 }, (_, i) => {
  const left = 100 + i % 10 * 80, top = 200 + Math.floor(i / 10) * 40;
  return box(left, top, left + 70, top + 30);
});

Deno.test("toSvg() never covers text with labels and omits labels without space", () => {
  for (const regions of [WORDS, WORDS.toReversed(), [...WORDS, box(0, 0, 1000, 150)]]) {
    const tags = tagsOf(draw(regions, PAGE));
    ok(tags.length >= 30 && tags.length < 100, `${tags.length}`);
    for (const { number, x, y, width, height } of tags) {
      for (const { left, top, right, bottom } of regions) {
        const isOver = x < right - ROUNDING && left < x + width - ROUNDING && y < bottom - ROUNDING &&
          top < y + height - ROUNDING;
        ok(!isOver, `${number} covers ${left}, ${top}`);
      }
    }
  }
});

Deno.test("toSvg() never moves a label past another region's text", () => {
  // The margin has space for the labels of all three, but there they would seem to belong to the first.
  const row = [box(500, 100, 520, 200), box(525, 100, 545, 200), box(550, 100, 1000, 200)];
  const lid = box(0, 0, 1000, 99);
  const tags = tagsOf(draw([...row, lid], PAGE));
  deepEqual(tags.map(({ number }) => number), ["1"]);
});

Deno.test("toSvg() centers a label vertically on a region that is less tall than the label", () => {
  const [tag] = tagsOf(draw([box(500, 700, 600, 704)], PAGE));
  ok(isNear(tag.y + tag.height / 2, 702, tag.height));
});

Deno.test("toSvg() labels every region if labels is always, and none if it is never", () => {
  const tags = tagsOf(draw(WORDS, { ...PAGE, labels: "always" }));
  deepEqual(tags.map(({ number }) => number), WORDS.map((_, i) => String(i + 1)));
  tags.forEach((tag, i) => ok(!tags.slice(0, i).some((other) => overlap(tag, other)), tag.number));
  const none = draw(WORDS, { ...PAGE, labels: "never" });
  equal(named(none, "text").length, 0);
  equal(named(none, "g").length, 200);
  // @ts-expect-error: not one of the values
  throws(() => toSvg([], { labels: "sometimes" }), {
    name: "RangeError",
    message: 'Cannot draw labels as they must be auto, always or never: current value is "sometimes"',
  });
});

for (const labels of ["auto", "always"] as const) {
  Deno.test(`toSvg() takes time linear in the number of regions if labels is ${labels}`, () => {
    const measure = (length: number): number => {
      const column = Array.from({ length }, (_, i) => box(100, i * 500, 900, i * 500 + 400));
      const start = performance.now();
      toSvg(column, { labels });
      return performance.now() - start;
    };
    measure(1_000);
    const few = Math.max(20, measure(10_000)), many = Math.min(measure(100_000), measure(100_000));
    // The ratio is about 10 if the time is linear, and about 100 if it is quadratic.
    ok(many < 30 * few, `${few.toFixed()} ms for 10,000, ${many.toFixed()} ms for 100,000`);
  });
}

Deno.test("toSvg() draws 100,000 identical regions", () => {
  const svg = toSvg(Array(100_000).fill(box(500, 700, 600, 800)), { ...PAGE, labels: "always" });
  equal(svg.match(/<text /g)?.length, 100_000);
});

Deno.test("toSvg() scales lines and labels with the page", () => {
  const sizes = [10, 1_000, 100_000].map((side) => {
    const svg = draw([box(0, 0, side, side)], { width: side, height: side });
    return [Number(svg.attributes["font-size"]) / side, Number(named(svg, "g")[0].attributes["stroke-width"]) / side];
  });
  for (const [font, line] of sizes) {
    ok(font > 0.012 && font < 0.02, `${font}`);
    ok(line > 0.001 && line < 0.005, `${line}`);
  }
});

Deno.test("toSvg() keeps labels on pages of any proportions, even if the region is far outside", () => {
  for (const [width, height] of [[1000, 1400], [200_000, 20], [10, 20_000], [1, 1], [3, 3]]) {
    for (const region of [box(-50, -50, -40, -40), box(0, 0, 1, 1), box(5e5, 5e5, 6e5, 6e5)]) {
      for (const count of [1, 12, 100]) {
        const tags = tagsOf(draw(Array(count).fill(region), { width, height, labels: "always" }));
        equal(tags.length, count);
        for (const { x, y, width: w, height: h } of tags) {
          ok(
            x >= -ROUNDING && y >= -ROUNDING && x + w <= width + ROUNDING && y + h <= height + ROUNDING,
            `${width} x ${height}`,
          );
        }
      }
    }
  }
});

Deno.test("toSvg() states its size, the role img and a title", () => {
  const svg = draw([], { width: 1065, height: 1879.5, title: "Page 47" });
  equal(svg.name, "svg");
  equal(svg.attributes.role, "img");
  equal(svg.attributes.width, "1065");
  equal(svg.attributes.height, "1879.5");
  equal(svg.attributes.viewBox, "0 0 1065 1879.5");
  deepEqual(svg.children.map(({ name, text }) => [name, text]), [["title", "Page 47"]]);
});

Deno.test("toSvg() states the number of regions in the default title", () => {
  const titles = [0, 1, 2].map((count) => draw(Array(count).fill(box(0, 0, 9, 9))).children[0].text);
  deepEqual(titles, ["0 text regions", "1 text region", "2 text regions"]);
});

Deno.test("toSvg() uses the extent of the regions if no size is known", () => {
  equal(draw([box(0, 5, 300, 20), box(0, 0, 30, 200.25)]).attributes.viewBox, "0 0 300 200.25");
  equal(draw([]).attributes.viewBox, "0 0 1 1");
  equal(draw([box(-9, -9, -1, -1)]).attributes.viewBox, "0 0 1 1");
  equal(draw([box(0, 0, 30, 20)], { width: 50 }).attributes.viewBox, "0 0 50 20");
  equal(draw([box(0, 0, 30, 20)], { height: 50 }).attributes.viewBox, "0 0 30 50");
});

Deno.test("toSvg() embeds the bytes of an image with the size that they state", () => {
  const svg = draw([box(0, 0, 9, 9)], { image: JPEG });
  equal(svg.attributes.viewBox, "0 0 640 480");
  deepEqual(named(svg, "image").map(({ attributes }) => attributes), [{
    "xlink:href": `data:image/jpeg;base64,${toBase64(JPEG)}`,
    width: "640",
    height: "480",
    preserveAspectRatio: "none",
  }]);
});

/** Where the stored top left corner of a 640 x 480 image must appear. Source: EXIF 2.32, tag 0x0112. */
const TOP_LEFT: Readonly<Record<number, readonly [x: number, y: number]>> = {
  2: [640, 0],
  3: [640, 480],
  4: [0, 480],
  5: [0, 0],
  6: [480, 0],
  7: [480, 640],
  8: [0, 640],
};

Deno.test("toSvg() embeds a rotated image with orientation 1 and a transform", () => {
  for (const [orientation, expected] of Object.entries(TOP_LEFT)) {
    const file = TURNED_JPEG.with(TURNED_JPEG.indexOf(6), Number(orientation));
    const before = file.slice();
    const svg = draw([], { image: file });
    deepEqual(file, before);
    equal(svg.attributes.viewBox, Number(orientation) < 5 ? "0 0 640 480" : "0 0 480 640");
    const [image] = named(svg, "image");
    const [type, base64] = image.attributes["xlink:href"].split(",");
    equal(type, "data:image/jpeg;base64");
    deepEqual(
      Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
      TURNED_JPEG.with(TURNED_JPEG.indexOf(6), 1),
    );
    const { width, height, transform } = image.attributes;
    deepEqual([width, height], ["640", "480"]);
    const [a, b, c, d, e, f] = transform.match(/-?\d+/g)?.map(Number) ?? [];
    deepEqual([e, f], expected);
    const x = a * 640 + c * 480 + e, y = b * 640 + d * 480 + f;
    const [pageWidth, pageHeight] = svg.attributes.viewBox.split(" ").slice(2).map(Number);
    deepEqual([x, y], [pageWidth - e, pageHeight - f]);
    equal(a * d - b * c, [2, 4, 5, 7].includes(Number(orientation)) ? -1 : 1);
  }
});

Deno.test("toSvg() stretches a rotated image to the given displayed size", () => {
  const [image] = named(draw([], { image: TURNED_JPEG, width: 48, height: 128 }), "image");
  deepEqual([image.attributes.width, image.attributes.height], ["128", "48"]);
  equal(image.attributes.transform, "matrix(0 1 -1 0 48 0)");
});

Deno.test("toSvg() prefers the given size to the size that the bytes state", () => {
  equal(draw([], { image: JPEG, width: 320 }).attributes.viewBox, "0 0 320 480");
  equal(draw([], { image: JPEG, height: 240 }).attributes.viewBox, "0 0 640 240");
});

Deno.test("toSvg() embeds bytes in an unknown format without a size", () => {
  const svg = draw([box(0, 0, 30, 20)], { image: new Uint8Array([1, 2, 3]) });
  equal(svg.attributes.viewBox, "0 0 30 20");
  deepEqual(named(svg, "image")[0].attributes, {
    "xlink:href": "data:application/octet-stream;base64,AQID",
    preserveAspectRatio: "none",
  });
});

Deno.test("toSvg() does not stretch a linked image of unknown size to the extent of the regions", () => {
  const imageOf = (options: SvgOptions) => named(draw([box(0, 0, 30, 20)], options), "image")[0].attributes;
  const link = { "xlink:href": "page.png", preserveAspectRatio: "none" };
  deepEqual(imageOf({ image: "page.png" }), link);
  deepEqual(imageOf({ image: "page.png", width: 50 }), { ...link, width: "50" });
  deepEqual(imageOf({ image: "page.png", height: 60 }), { ...link, height: "60" });
});

Deno.test("toSvg() accepts http:, https:, data:image/ and relative links as browsers parse them", () => {
  const links = {
    "http://example.org/a.png": "http://example.org/a.png",
    "HTTPS://example.org/a.png?b=1&c=\"'<2>": "HTTPS://example.org/a.png?b=1&c=\"'<2>",
    "data:image/png;base64,AAAA": "data:image/png;base64,AAAA",
    "Data:Image/svg+xml,%3Csvg/%3E": "Data:Image/svg+xml,%3Csvg/%3E",
    "//example.org/a.png": "//example.org/a.png",
    "../pages/a b.png": "../pages/a b.png",
    "./javascript:a.png": "./javascript:a.png",
    "1:2.png": "1:2.png",
    "": "",
    " \0\n\t page\r\n.p\tng": "page.png",
    "a\0b.png": "a\ufffdb.png",
  };
  for (const [link, href] of Object.entries(links)) {
    equal(named(draw([], { image: link }), "image")[0].attributes["xlink:href"], href);
  }
});

Deno.test("toSvg() rejects every other link, even if the scheme is disguised", () => {
  const links = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " \x01javascript:alert(1)",
    "java\nscript:alert(1)",
    "j\ta\rvascript\n:alert(1)",
    "vbscript:x",
    "data:text/html,<script>alert(1)</script>",
    "data:,x",
    "data:image",
    "data: image/png,x",
    "file:///etc/passwd",
    "blob:https://example.org/1",
    "ftp://example.org/a.png",
    "C:\\pages\\1.png",
    "httpsx://example.org",
  ];
  for (const link of links) {
    throws(() => toSvg([], { image: link }), {
      name: "TypeError",
      message: "Cannot draw the image as its link must be http:, https:, data:image/ or relative: " +
        `current value is ${JSON.stringify(link.length > 40 ? `${link.slice(0, 40)}…` : link)}`,
    });
  }
});

Deno.test("toSvg() truncates a long link in its error message", () => {
  throws(() => toSvg([], { image: `javascript:${"x".repeat(1e6)}` }), ({ message }: Error) => message.length < 200);
});

Deno.test("toSvg() throws a RangeError if the width or height is not finite and greater than 0", () => {
  for (const [value, shown] of [[0, "0"], [-0, "-0"], [-5, "-5"], [NaN, "NaN"], [Infinity, "Infinity"]] as const) {
    for (const name of ["width", "height"]) {
      throws(() => toSvg([], { [name]: value }), {
        name: "RangeError",
        message: `Cannot draw the image as its ${name} must be finite and greater than 0: current value is ${shown}`,
      });
    }
  }
});

Deno.test("toSvg() throws a TypeError that names the first invalid region", () => {
  const message = "Cannot draw region 2 as it must be a Region with finite coordinates, left <= right and " +
    "top <= bottom: current value is ";
  const faults = [
    [box(0, NaN, 9, 9), "0, NaN, 9, 9"],
    [box(0, 0, Infinity, 9), "0, 0, Infinity, 9"],
    [box(300, 40, 12, 88), "300, 40, 12, 88"],
    [box(1, 9, 2, 8), "1, 9, 2, 8"],
    [{ ...box(1, 2, 3, 4), polygon: [{ x: NaN, y: 0 }] }, "1, 2, 3, 4"],
  ] as const;
  for (const [region, shown] of faults) {
    throws(() => toSvg([box(0, 0, 9, 9), region]), { name: "TypeError", message: message + shown });
  }
});

Deno.test("toSvg() writes numbers with at most two decimals and no exponent", () => {
  const svg = toSvg([box(-1e-7, 1 / 3, 2 ** 53, 2 ** 53)], { width: 1e21, height: 1.5e300 });
  match(svg, /viewBox="0 0 1000000000000000000000 1500000\d{294}"/);
  match(svg, /Region 1: 0, 0.33, 9007199254740992, 9007199254740992/);
  for (const number of svg.match(/"[-\d. ]+"/g)?.join(" ").match(/[-\d.e+]+/gi) ?? []) {
    match(number, /^-?\d+(\.\d{1,2})?$/);
  }
  ok(!/\de[+-]?\d|NaN|Infinity/.test(svg));
});

Deno.test("toSvg() escapes markup in the title", () => {
  const titles = [
    "</title><script>alert(1)</script>",
    "]]> <![CDATA[ <!-- -- --> <?xml?> &amp; &#0; &nbsp; \"'",
    "a\rb\r\nc\td\ne",
    "Ärger 😀 \u0085\u2028",
  ];
  for (const title of titles) {
    const svg = draw([], { title });
    deepEqual(svg.children.map(({ name, text }) => [name, text]), [["title", title]]);
  }
});

Deno.test("toSvg() replaces characters that XML does not allow", () => {
  const forbidden = ["\0", "\x08", "\x0b", "\x0c", "\x0e", "\x1f", "\ufffe", "\uffff", "\ud800", "\udfff", "\udc00"];
  for (const character of forbidden) {
    equal(draw([], { title: `a${character}b` }).children[0].text, "a\ufffdb");
    equal(named(draw([], { image: `a${character}b` }), "image")[0].attributes["xlink:href"], "a\ufffdb");
  }
});

const coordinate = fc.oneof(
  fc.integer({ min: -100, max: 5_000 }),
  fc.double({ min: -(2 ** 53), max: 2 ** 53, noNaN: true }),
);
const point = fc.record({ x: coordinate, y: coordinate });
const region: fc.Arbitrary<Region> = fc.tuple(fc.boolean(), fc.array(point, { minLength: 3, maxLength: 9 })).map(
  ([isPolygon, points]) => {
    const xs = points.map(({ x }) => x), ys = points.map(({ y }) => y);
    const bounds = box(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
    return isPolygon ? { ...bounds, polygon: points } : bounds;
  },
);
const hostile = fc.array(
  fc.oneof(
    fc.constantFrom(..."java script : data image/ http https // / \\ & \" ' < > ]]> <!-- &#0; # ? . x".split(" ")),
    fc.constantFrom(" ", "\t", "\n", "\r", "\0", "\x1f", "\x7f", "\xa0", "\ufeff", "\ufffe", "\ud800", "\udc00", "😀"),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  ),
  { maxLength: 9 },
).map((pieces) => pieces.join(""));
const length = fc.option(fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }), {
  nil: undefined,
});
const NAMES = ["svg", "title", "image", "g", "rect", "polygon", "text"];
const ATTRIBUTES = [
  ..."xmlns xmlns:xlink width height viewBox role font-family font-weight font-size text-anchor".split(" "),
  ..."xlink:href preserveAspectRatio transform fill fill-opacity stroke stroke-width stroke-dasharray x y points".split(
    " ",
  ),
];

Deno.test("toSvg() returns well-formed XML with one group per region for arbitrary arguments", () => {
  const options = fc.record({
    title: fc.option(hostile, { nil: undefined }),
    labels: fc.constantFrom(undefined, "auto", "always"),
    image: fc.oneof(
      fc.constant(undefined),
      fc.uint8Array({ minLength: 1 }),
      fc.constant(JPEG),
      fc.constant(TURNED_JPEG),
    ),
    width: length,
    height: length,
  });
  fc.assert(fc.property(fc.array(region, { maxLength: 30 }), options, (regions, options) => {
    const svg = draw(regions, options);
    equal(named(svg, "g").length, regions.length);
    const numbers = tagsOf(svg).map(({ number }) => Number(number));
    if (options.labels === "always") deepEqual(numbers, regions.map((_, i) => i + 1));
    else deepEqual(numbers, [...new Set(numbers)].filter((n) => n > 0 && n <= regions.length).sort((a, b) => a - b));
    const visit = ({ name, attributes, children }: Element): void => {
      ok(NAMES.includes(name), name);
      for (const [key, value] of Object.entries(attributes)) {
        ok(ATTRIBUTES.includes(key), key);
        if (/^(x|y|width|height|points|viewBox|font-size|stroke-(width|dasharray))$/.test(key)) {
          match(value, /^-?\d+(\.\d\d?)?([ ,]-?\d+(\.\d\d?)?)*$/);
        }
      }
      children.forEach(visit);
    };
    visit(svg);
  }));
});

Deno.test("toSvg() accepts exactly the links that browsers resolve to a web address or an image", () => {
  const base = "https://example.org/pages/";
  fc.assert(
    fc.property(hostile, (link) => {
      const isAllowed = (text: string) => {
        const url = URL.parse(text, base);
        return url === null || /^https?:$/.test(url.protocol) || /^data:image\//i.test(url.href);
      };
      try {
        const { "xlink:href": href } = named(draw([], { image: link }), "image")[0].attributes;
        ok(isAllowed(href) && isAllowed(link), link);
      } catch (error) {
        ok(error instanceof TypeError, link);
        match(error.message, /^Cannot draw the image as its link must be /);
        // A link that no browser can read, such as `x://[`, may be refused as well.
        ok(!isAllowed(link) || URL.parse(link, base) === null, link);
      }
    }),
    { numRuns: 2_000 },
  );
});
