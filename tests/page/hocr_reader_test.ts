import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { toHocr } from "../../src/page/hocr.ts";
import { readHocr } from "../../src/page/hocr_reader.ts";
import { linesOf, sizedPage } from "../support/pages.ts";
import { equalOutlines, equalTesseract, errorsOf, onlyPage } from "../support/read_pages.ts";
import { TESSERACT_HOCR } from "../support/tesseract.ts";

const document = (content: string, title = ""): string =>
  `<!doctype html>\n<html><body><div class="ocr_page" title='${title}'>${content}</div></body></html>`;

const part = (name: string, box: string, content: string): string =>
  `<span class="${name}" title="bbox ${box}">${content}</span>`;

Deno.test("readHocr() reads what toHocr() has written", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const { regions, size, imageName } = onlyPage(readHocr(toHocr(page)));
    equalOutlines(regions, page);
    const toShown = (line: string): string =>
      line.replace(/[\x7f-\x9f]/g, "\ufffd").replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
    deepEqual(
      regions.map(({ text }) => text ?? ""),
      page.regions.map(({ text = "" }) => linesOf(text).map(toShown).join("\n")),
    );
    deepEqual(size, { ...page.size });
    equal(toHocr({ regions, size: page.size, imageName }), toHocr({ ...page, imageName, regions }));
  }));
});

Deno.test("readHocr() reads Tesseract's files, at each level", () =>
  equalTesseract((level) => readHocr(TESSERACT_HOCR, { level })));

Deno.test("readHocr() reads HTML with void elements, scripts and named characters", () => {
  const html = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><link rel=stylesheet><script>if (a < b && c) d = "</div>";</script>
<style>p > a { color: red }</style></head><body><!-- <br> & -->
<div class="ocr_page" title="bbox 0 0 90 80">
<p class="ocr_par" title="bbox 1 2 3 4">R&amp;D&nbsp;&Eacute;t&eacute; &hellip;<br>AT&T &foo; &lt;&#233;&#xe9;<BR/>&thetasym;</p>
</div></body></html>`;
  deepEqual(errorsOf(readHocr(html)), ["line 2: unquoted attribute value"]);
  deepEqual(onlyPage(readHocr(html.replace("=stylesheet", '="stylesheet"'))), {
    regions: [{ region: { left: 1, top: 2, right: 3, bottom: 4 }, text: "R&D\u00a0Été …\nAT&T &foo; <éé\nϑ" }],
    size: { width: 90, height: 80 },
  });
});

Deno.test("readHocr() keeps the numbers of lines when it removes scripts, for errors", () => {
  deepEqual(errorsOf(readHocr(`<html><script>\n\n</script>\n<div class='ocr_page'></p></div></html>`)), [
    "line 4: unexpected close tag",
  ]);
});

Deno.test("readHocr() separates lines by line feeds and paragraphs by blank lines, as browsers do", () => {
  const paragraph = (...lines: readonly string[]): string =>
    `<p class="ocr_par" title="bbox 0 0 9 9">\n  ${
      lines.map((line) => part("ocr_line", "0 0 9 9", line)).join("\n  ")
    }</p>\n`;
  const words = part("ocrx_word", "0 0 4 9", "<strong>f</strong>our") + "\n " + part("ocrx_word", "5 0 9 9", "words");
  const area = `<div class="ocr_carea" title="bbox 0 0 9 9">${paragraph("one", " t w  o ")}${paragraph(words)}</div>`;
  equal(onlyPage(readHocr(document(area))).regions[0].text, "one\nt w o\n\nfour words");
  const mixed = `<div class="ocr_carea" title="bbox 0 0 9 9">a${part("ocr_line", "0 0 9 9", "b")}c<div>d</div>e</div>`;
  equal(onlyPage(readHocr(document(mixed))).regions[0].text, "a\nb\nc\nd\ne");
  const lines = onlyPage(readHocr(document(area), { level: "line" })).regions;
  deepEqual(lines.map(({ text }) => text), ["one", "t w o", "four words"]);
});

Deno.test("readHocr() reads all kinds of lines, with and without an area around them", () => {
  const kinds = ["ocr_line", "ocrx_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat"];
  const lines = kinds.map((kind) => part(`x ${kind}`, "0 0 9 9", kind)).join("");
  for (const content of [lines, part("ocr_carea", "0 0 9 9", lines)]) {
    const { regions } = onlyPage(readHocr(document(content), { level: "line" }));
    deepEqual(regions.map(({ text }) => text), kinds);
  }
  deepEqual(onlyPage(readHocr(document(lines))).regions.length, kinds.length);
});

Deno.test("readHocr() reads properties in any order, quoted semicolons, and the size of whole pages only", () => {
  const title = (title: string) => {
    const { size, imageName } = onlyPage(readHocr(document("", title)));
    return [size, imageName];
  };
  deepEqual(title('bbox 0 0 90 80; image "a; bbox 1 2 3 4.png"'), [{ width: 90, height: 80 }, "a; bbox 1 2 3 4.png"]);
  deepEqual(title("image a.png ;ppageno 0;bbox 0 0 90.4 80;"), [{ width: 90, height: 80 }, "a.png"]);
  deepEqual(title("bbox 10 0 90 80"), [undefined, undefined]);
  deepEqual(title("bbox 0 0 0 0"), [undefined, undefined]);
  deepEqual(title(""), [undefined, undefined]);
});

Deno.test("readHocr() reads every page", () => {
  const pages = document(part("ocr_line", "0 0 9 9", "a")).replace("</body>", '<div class="ocr_page"></div></body>');
  const result = readHocr(pages);
  deepEqual(result._tag === "Right" && result.right.map(({ regions }) => regions.length), [1, 0]);
});

Deno.test("readHocr() names each element that it cannot read", () => {
  const boxes = ["1 2 3", "1 2 3 4 5", "9 2 3 4", "NaN 2 3 4", "-Infinity 0 1 1"];
  deepEqual(
    errorsOf(readHocr(document(boxes.map((box) => `\n${part("ocr_line", box, "a")}`).join("")))),
    boxes.map((box, i) => `line ${i + 3}: span: expected two corners in bbox, got "${box}"`),
  );
  deepEqual(errorsOf(readHocr(document('<p class="ocr_par" id="p1"></p>'))), [
    "line 2: p p1: expected coordinates, got none",
  ]);
  deepEqual(errorsOf(readHocr(document('<p class="ocr_par" title="bbox 0 0 9 9; poly 1 2 3"></p>'))), [
    'line 2: p: expected pairs of numbers in poly, got "1 2 3"',
  ]);
  deepEqual(errorsOf(readHocr("<html></html>")), ["line 1: html: expected an element of the class ocr_page, got none"]);
});
