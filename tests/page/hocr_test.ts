import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import type { Region } from "../../src/model/region.ts";
import { toHocr } from "../../src/page/hocr.ts";
import { linesOf, sizedPage } from "../support/pages.ts";
import { descendants, parseXml, type XmlElement } from "../support/xml.ts";

const size = { width: 100, height: 200 };
const box = (left: number, top: number, right: number, bottom: number): Region => ({ left, top, right, bottom });

function ofClass(root: XmlElement, name: string): readonly XmlElement[] {
  return ["div", "p", "span"].flatMap((tag) => descendants(root, tag)).filter(({ attributes }) =>
    attributes.class === name
  );
}

const titles = (root: XmlElement, name: string): readonly string[] =>
  ofClass(root, name).map(({ attributes }) => attributes.title);

/** C1 control characters are allowed in XML, but not in HTML. */
const toHtml = (line: string): string => line.replace(/[\x7f-\x9f]/g, "\ufffd");

Deno.test("toHocr() writes regions as areas with paragraphs, in reading order", () => {
  const polygon = [{ x: 10, y: 5 }, { x: 10, y: 40 }, { x: 90, y: 5 }];
  const regions = [{ region: box(10, 50, 90, 60) }, { region: { ...box(10, 5, 90, 40), polygon } }];
  const root = parseXml(toHocr({ regions, size, imageName: 'a; "b"\n.jpg' }));
  equal(root.uri, "http://www.w3.org/1999/xhtml");
  deepEqual(titles(root, "ocr_page"), ['image "a%3B %22b%22\n.jpg"; bbox 0 0 100 200; ppageno 0']);
  const expected = ["bbox 10 50 90 60", "bbox 10 5 90 40; poly 10 5 90 5 10 40"];
  deepEqual(titles(root, "ocr_carea"), expected);
  deepEqual(titles(root, "ocr_par"), expected);
  deepEqual(titles(root, "ocr_line"), []);
});

Deno.test("toHocr() writes a single line as a line, and several as the text of the paragraph", () => {
  const regions = [{ region: box(0, 0, 9, 9), text: "To Lucasta\n" }, {
    region: box(1, 1, 9, 9),
    text: "one\n\n<two>",
  }];
  const root = parseXml(toHocr({ regions, size }));
  deepEqual(titles(root, "ocr_line"), ["bbox 0 0 9 9"]);
  deepEqual(ofClass(root, "ocrx_word").map(({ text, attributes }) => [text, attributes.title]), [
    ["To Lucasta", "bbox 0 0 9 9"],
  ]);
  const paragraph = ofClass(root, "ocr_par")[1];
  equal(paragraph.text, "one\n\n<two>");
  deepEqual(paragraph.children.map(({ name }) => name), ["br", "br"]);
});

Deno.test("toHocr() throws if the size is unknown", () => {
  // @ts-expect-error: the size is required
  throws(() => toHocr({ regions: [] }), {
    name: "RangeError",
    message: "Cannot write hOCR as size.width must be a whole number from 1 to 2147483647: current value is nothing",
  });
});

Deno.test("toHocr() is well-formed for any page, with every text and unique ids", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const html = toHocr(page);
    equal(toHocr(page), html);
    const root = parseXml(html);
    const texts = ofClass(root, "ocr_par").map((paragraph) =>
      ofClass(paragraph, "ocrx_word").map(({ text }) => text)[0] ?? paragraph.text
    );
    deepEqual(texts, page.regions.map(({ text = "" }) => linesOf(text).map(toHtml).join("\n")));
    const ids = [...html.matchAll(/ id="(\w+)"/g)].map(([, id]) => id);
    equal(new Set(ids).size, ids.length);
    equal(titles(root, "ocr_page").every((title) => title.split(";").length <= 3), true);
  }));
});
