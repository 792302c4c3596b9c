import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import type { Region } from "../../src/model/region.ts";
import { toAlto } from "../../src/page/alto.ts";
import { linesOf, sizedPage } from "../support/pages.ts";
import { descendants, parseXml, type XmlElement } from "../support/xml.ts";

const size = { width: 100, height: 200 };
const box = (left: number, top: number, right: number, bottom: number): Region => ({ left, top, right, bottom });

function textOf(line: XmlElement): string {
  return line.children.filter(({ name }) => name !== "Shape")
    .map(({ name, attributes }) => name === "SP" ? " " : attributes.CONTENT).join("");
}

Deno.test("toAlto() writes blocks with the coordinates of their regions, in reading order", () => {
  const polygon = [{ x: 10, y: 5 }, { x: 10, y: 40 }, { x: 90, y: 5 }];
  const regions = [{ region: box(10, 50, 90, 60) }, { region: { ...box(10, 5, 90, 40), polygon }, text: "A  line" }];
  const root = parseXml(toAlto({ regions, size, imageName: "a&b.jpg" }));
  equal(root.uri, "http://www.loc.gov/standards/alto/ns-v4#");
  equal(descendants(root, "fileName")[0].text, "a&b.jpg");
  equal(descendants(root, "MeasurementUnit")[0].text, "pixel");
  deepEqual(descendants(root, "ElementRef").map(({ attributes }) => attributes.REF), ["r1", "r2"]);
  const [page] = descendants(root, "Page");
  equal(`${page.attributes.WIDTH} ${page.attributes.HEIGHT}`, "100 200");
  const blocks = descendants(page, "TextBlock");
  deepEqual(blocks.map(({ attributes }) => attributes), [
    { ID: "r1", HPOS: "10", VPOS: "50", WIDTH: "80", HEIGHT: "10" },
    { ID: "r2", HPOS: "10", VPOS: "5", WIDTH: "80", HEIGHT: "35" },
  ]);
  deepEqual(blocks[0].children, []);
  deepEqual(descendants(blocks[1], "Polygon").map(({ attributes }) => attributes.POINTS), [
    "10,5 90,5 10,40",
    "10,5 90,5 10,40",
  ]);
});

Deno.test("toAlto() gives only a single line the coordinates of its region", () => {
  const regions = [
    { region: box(0, 0, 9, 9), text: " To\tLucasta \n" },
    { region: box(0, 0, 9, 9), text: "one\n\ntwo words" },
    { region: box(0, 0, 9, 9), text: " " },
  ];
  const blocks = descendants(parseXml(toAlto({ regions, size })), "TextBlock");
  deepEqual(blocks.map((block) => block.children.map((line) => [textOf(line), line.attributes])), [
    [["To Lucasta", { HPOS: "0", VPOS: "0", WIDTH: "9", HEIGHT: "9" }]],
    [["one", {}], ["two words", {}]],
    [],
  ]);
});

Deno.test("toAlto() throws if the size is unknown", () => {
  // @ts-expect-error: the size is required
  throws(() => toAlto({ regions: [] }), {
    name: "RangeError",
    message: "Cannot write ALTO as size.width must be a whole number from 1 to 2147483647: current value is nothing",
  });
});

Deno.test("toAlto() is well-formed for any page, with every word", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const xml = toAlto(page);
    equal(toAlto(page), xml);
    const blocks = descendants(parseXml(xml), "TextBlock");
    deepEqual(
      blocks.map((block) => descendants(block, "TextLine").map(textOf)),
      page.regions.map(({ text = "" }) =>
        linesOf(text).filter((line) => line.trim() !== "").map((line) =>
          line.replace(/[ \t]+/g, " ").replace(/^ | $/g, "")
        )
      ),
    );
  }));
});
