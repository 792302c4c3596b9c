import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal, throws } from "node:assert/strict";
import { Region } from "../../src/model/region.ts";
import { readAlto, readHocr, readPageXml } from "../../src/page/page_reader.ts";
import { TESSERACT_ALTO, TESSERACT_HOCR } from "../support/tesseract.ts";
import { errorsOf, onlyPage } from "../support/read_pages.ts";

const READERS = { "PAGE XML": readPageXml, "ALTO": readAlto, "hOCR": readHocr } as const;

const PAGE = `<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><Page imageWidth="90" ` +
  `imageHeight="80"><TextRegion id="r"><Coords points="1,2 3,2 3,4 1,4"/><TextEquiv><Unicode>a</Unicode></TextEquiv>` +
  `</TextRegion></Page></PcGts>`;

const FILES = [PAGE, TESSERACT_ALTO, TESSERACT_HOCR];

/** What is spliced into a file: markup, numbers, and single characters. */
const splice: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.constantFrom(
    ...["<", ">", "</p>", "<br>", "&", "&nbsp;", "&lol;", '"', "'", "]]>", "<![CDATA[", "<!--", "<?x", "\0", "\ud800"],
    ...["1e999", "-1e999", "NaN", "9007199254740993", "-1", "0x10", "1e-999", " ", ",", "xmlns=''", "<!DOCTYPE x>"],
  ),
);

Deno.test("the readers never throw for a string, and what they read are regions", () => {
  const mutated = fc.tuple(
    fc.constantFrom(...FILES),
    fc.array(fc.tuple(fc.nat(), fc.nat(20), splice), { maxLength: 3 }),
  )
    .map(([file, edits]) =>
      edits.reduce((file, [at, length, splice]) => {
        const start = at % file.length;
        return file.slice(0, start) + splice + file.slice(start + length);
      }, file)
    );
  const options = fc.record({ level: fc.constantFrom("block" as const, "line" as const, "word" as const) });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: "binary" })), options, (file, options) => {
      for (const read of Object.values(READERS)) {
        const pages = read(file, options);
        if (E.isLeft(pages)) {
          ok(pages.left.errors.length > 0);
          ok(pages.left.errors.every((error) => /^[^\n]{1,600}$/.test(error)), JSON.stringify(pages.left.errors));
          continue;
        }
        for (const { regions, size } of pages.right) {
          ok(regions.every(({ region }) => Region.is(region)));
          ok(size === undefined || [size.width, size.height].every((length) => length >= 1 && length < 2 ** 31));
        }
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("the readers never expand entities", () => {
  const levels = Array.from({ length: 30 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join("");
  const laughs = `<!DOCTYPE PcGts [<!ENTITY l0 "lol">${levels}]>`;
  const external = `<!DOCTYPE PcGts [<!ENTITY l30 SYSTEM "file:///etc/passwd">]>`;
  for (const doctype of [laughs, external]) {
    deepEqual(errorsOf(readPageXml(doctype + PAGE.replace(">a<", ">&l30;<"))), ["line 1: undefined entity"]);
    deepEqual(errorsOf(readAlto(doctype + `<alto a="&l30;"/>`)), ["line 1: undefined entity"]);
    const html = `<p class="ocr_page"><b class="ocr_line" title="bbox 0 0 1 1">&l30; &constructor; &__proto__;</b></p>`;
    equal(onlyPage(readHocr(doctype + html)).regions[0].text, "&l30; &constructor; &__proto__;");
  }
  for (const name of ["constructor", "__proto__", "nbsp"]) {
    deepEqual(errorsOf(readPageXml(PAGE.replace(">a<", `>&${name};<`))), ["line 1: undefined entity"]);
  }
});

Deno.test("the readers limit the length, the depth and the number of elements", () => {
  for (const read of Object.values(READERS)) {
    deepEqual(errorsOf(read("<a>".repeat(100_000))), ["line 1: expected elements at most 200 levels deep"]);
    deepEqual(errorsOf(read(" ".repeat(2 ** 26 + 1))), ["expected at most 67108864 characters, got 67108865"]);
  }
  const elements = (count: number): string => `<alto>${"<a/>".repeat(count - 1)}</alto>`;
  deepEqual(errorsOf(readAlto(elements(500_001))), ["line 1: expected at most 500000 elements"]);
});

Deno.test("the readers read attributes and texts of megabytes", () => {
  const points = "1,2 3,4 5,0 ".repeat(300_000);
  equal(onlyPage(readPageXml(PAGE.replace("1,2 3,2 3,4 1,4", points))).regions[0].region.right, 5);
  const html = (title: string, text: string): string =>
    `<p class="ocr_page"><b class="ocr_line" title="${title}">${text}</b></p>`;
  const words = "word ".repeat(500_000);
  equal(onlyPage(readHocr(html("bbox 0 0 1 1", words))).regions[0].text, words.trim());
  equal(
    onlyPage(readHocr(html(`bbox 0 0 1 1;${"x".repeat(4_000_000)}`, `<br ${" ".repeat(4_000_000)}>a`))).regions
      .length,
    1,
  );
  match(
    errorsOf(readHocr(html(`bbox ${"1".repeat(4_000_000)}x`, "a")))[0],
    /^line 1: b: expected two corners in bbox, got "1{40}…"$/,
  );
});

Deno.test("the readers take time in proportion to the length of hostile files", () => {
  const start = performance.now();
  for (const part of ["<!--", "<script ", "<!doctype ", "<br ", `<br "`, "&a", "&", `<br "<br '`, "</script "]) {
    readHocr(part.repeat(400_000 / part.length));
  }
  // It takes 0.2 seconds; quadratic time would be minutes.
  ok(performance.now() - start < 20_000);
});

Deno.test("the readers remove a byte order mark, and tell truncated files from whole ones", () => {
  const whole = [() => readPageXml(`\ufeff${PAGE}`), () => readAlto(`\ufeff${TESSERACT_ALTO}`)];
  for (const read of [...whole, () => readHocr(`\ufeff${TESSERACT_HOCR}`)]) equal(read()._tag, "Right");
  for (const file of FILES) {
    for (const read of Object.values(READERS)) equal(read(file.slice(0, file.lastIndexOf("</") - 1))._tag, "Left");
  }
});

Deno.test("the readers name the format that they expected, and refuse that of another reader", () => {
  for (const [format, read] of Object.entries(READERS)) {
    const results = FILES.map((file) => read(file));
    deepEqual(results.map(E.isRight), Object.keys(READERS).map((name) => name === format));
    for (const result of results) {
      ok(E.isRight(result) || result.left.format === format && result.left._tag === "Unreadable");
    }
  }
});

Deno.test("the readers throw a TypeError for what is no string, and a RangeError for an unknown level", () => {
  for (const [format, read] of Object.entries(READERS)) {
    // @ts-expect-error: not a string
    throws(() => read(new Uint8Array(3)), {
      name: "TypeError",
      message: `Cannot read ${format} as the file must be a string: current value is an object`,
    });
    // @ts-expect-error: not a level
    throws(() => read("", { level: "glyph" }), {
      name: "RangeError",
      message: `Cannot read ${format} as level must be block, line or word: current value is "glyph"`,
    });
  }
});
