import fc from "fast-check";
import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal, throws } from "node:assert/strict";
import { toAlto } from "../../src/page/alto.ts";
import type { PageContent } from "../../src/page/content.ts";
import { PAGE_FORMATS } from "../../src/page/formats.ts";
import { toHocr } from "../../src/page/hocr.ts";
import { toPageXml } from "../../src/page/page_xml.ts";
import { sizedPage } from "../support/pages.ts";
import { parseXml } from "../support/xml.ts";

const region = { left: 10, top: 20, right: 30, bottom: 40 };
const PAGE = { regions: [{ region, text: "A title" }], size: { width: 50, height: 60 }, imageName: "a.png" };

function write(name: string, page: PageContent = PAGE): string {
  return PAGE_FORMATS.find((format) => format.name === name)?.write(page) ?? "";
}

Deno.test("PAGE_FORMATS lists all formats, with names for options and unique extensions", () => {
  deepEqual(
    PAGE_FORMATS.map(({ name, extension }) => name + extension),
    [
      "page-xml.page.xml",
      "alto.alto.xml",
      "hocr.hocr",
      "text.txt",
      "markdown.md",
      "csv.csv",
      "coco.coco.json",
      "web-annotation.annotations.json",
      "svg.svg",
    ],
  );
  for (const { name, mediaType } of PAGE_FORMATS) {
    match(name, /^[a-z-]+$/);
    match(mediaType, /^[a-z]+\/[a-z+]+$/);
  }
});

Deno.test("PAGE_FORMATS write the same as the functions of the formats", () => {
  equal(write("page-xml"), toPageXml(PAGE));
  equal(write("alto"), toAlto(PAGE));
  equal(write("hocr"), toHocr(PAGE));
  equal(write("text"), "A title\n");
  equal(write("markdown"), "A title\n");
  match(write("csv"), /^image,index,.*\r\na\.png,1,10,20,30,40,,A title\r\n$/);
  const coco = JSON.parse(write("coco"));
  deepEqual([coco.images[0].width, coco.annotations[0].bbox], [50, [10, 20, 20, 20]]);
  const annotations = JSON.parse(write("web-annotation"));
  deepEqual([annotations.id, annotations.items[0].id], ["", "#region-1"]);
  equal(annotations.items[0].target.source, "a.png");
});

Deno.test("PAGE_FORMATS write an SVG of the page's size, with text only if there is any", () => {
  const svg = parseXml(write("svg"));
  deepEqual([svg.attributes.viewBox, svg.attributes.role], ["0 0 50 60", "group"]);
  equal(parseXml(write("svg", { regions: [{ region }] })).attributes.role, "img");
});

Deno.test("PAGE_FORMATS say what they need: only without a size do they throw, only without texts are they empty", () => {
  for (const { needs, write } of PAGE_FORMATS) {
    if (needs.includes("size")) throws(() => write({ regions: [{ region, text: "a" }] }), RangeError);
    else ok(write({ regions: [{ region, text: "a" }] }).length > 0);
    equal(write({ ...PAGE, regions: [{ region }] }) === "", needs.includes("text"));
  }
});

Deno.test("PAGE_FORMATS write any page", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    for (const { write } of PAGE_FORMATS) equal(typeof write(page), "string");
  }));
});
