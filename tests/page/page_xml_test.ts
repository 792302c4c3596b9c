import fc from "fast-check";
import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal, throws } from "node:assert/strict";
import type { Region } from "../../src/model/region.ts";
import { toPageXml } from "../../src/page/page_xml.ts";
import { fromPolygon, toPolygon } from "../../src/page/polygon.ts";
import { linesOf, sizedPage } from "../support/pages.ts";
import { descendants, parseXml, type XmlElement } from "../support/xml.ts";

const size = { width: 100, height: 200 };
const box = (left: number, top: number, right: number, bottom: number): Region => ({ left, top, right, bottom });

function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

function textOf(element: XmlElement): string | undefined {
  const equiv = child(element, "TextEquiv");
  return equiv === undefined ? undefined : child(equiv, "Unicode")?.text;
}

Deno.test("toPageXml() writes regions in reading order", () => {
  const regions = [{ region: box(10, 50, 90, 60) }, { region: box(10, 5, 90, 40), text: "Title" }];
  const root = parseXml(toPageXml({ regions, size, imageName: 'a "b"\t\n.jpg' }));
  equal(root.uri, "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15");
  const [page] = descendants(root, "Page");
  deepEqual(page.attributes, { imageFilename: 'a "b"\t\n.jpg', imageWidth: "100", imageHeight: "200" });
  deepEqual(descendants(page, "RegionRefIndexed").map(({ attributes }) => attributes), [
    { index: "0", regionRef: "r1" },
    { index: "1", regionRef: "r2" },
  ]);
  deepEqual(
    descendants(page, "TextRegion").map((region) => [
      region.attributes.id,
      child(region, "Coords")?.attributes.points,
      textOf(region),
    ]),
    [["r1", "10,50 90,50 90,60 10,60", undefined], ["r2", "10,5 90,5 90,40 10,40", "Title"]],
  );
});

Deno.test("toPageXml() writes a text of one line as a line, and a longer text only as that of the region", () => {
  const regions = [
    { region: box(0, 0, 9, 9), text: "one\n" },
    { region: box(0, 0, 9, 9), text: "\none\r\n\r\ntwo\n" },
    { region: box(0, 0, 9, 9), text: " \n" },
  ];
  const [one, two, none] = descendants(parseXml(toPageXml({ regions, size })), "TextRegion");
  deepEqual(one.children.map(({ name }) => name), ["Coords", "TextLine", "TextEquiv"]);
  deepEqual(one.children[1].children.map(({ name }) => name), ["Coords", "TextEquiv"]);
  equal(textOf(one.children[1]), "one");
  equal(one.children[1].children[0].attributes.points, "0,0 9,0 9,9 0,9");
  deepEqual(two.children.map(({ name }) => name), ["Coords", "TextEquiv"]);
  equal(textOf(two), "one\n\ntwo");
  equal(textOf(none), "");
});

Deno.test("toPageXml() rounds rectangles outward and keeps polygons clockwise and within the page", () => {
  const polygon = [{ x: -5, y: 10.4 }, { x: 10, y: 300 }, { x: 120, y: 20 }];
  const regions = [
    { region: box(-0.5, 2.7, 10.1, 20) },
    { region: { left: -5, top: 10.4, right: 120, bottom: 300, polygon } },
  ];
  const coords = descendants(parseXml(toPageXml({ regions, size })), "Coords");
  deepEqual(coords.map(({ attributes }) => attributes.points), ["0,2 11,2 11,20 0,20", "0,10 100,20 10,200"]);
});

Deno.test("toPageXml() states the time only if it is given", () => {
  match(toPageXml({ regions: [], size }), /<Created>1970-01-01T00:00:00.000Z<\/Created>/);
  const created = new Date("2026-11-27T13:00:00Z");
  match(toPageXml({ regions: [], size }, { created }), /<LastChange>2026-11-27T13:00:00.000Z<\/LastChange>/);
  for (const created of [new Date(NaN), new Date(Date.UTC(10_000, 0)), new Date(-1e14)]) {
    throws(() => toPageXml({ regions: [], size }, { created }), {
      name: "RangeError",
      message: /^Cannot write PAGE XML as created must be a date from the year 1 to 9999: current year is /,
    });
  }
});

Deno.test("toPageXml() throws if the size, a region or a text is invalid", () => {
  for (const width of [0, 1.5, NaN, Infinity, 2 ** 31]) {
    throws(() => toPageXml({ regions: [], size: { width, height: 1 } }), {
      name: "RangeError",
      message:
        `Cannot write PAGE XML as size.width must be a whole number from 1 to 2147483647: current value is ${width}`,
    });
  }
  // @ts-expect-error: the size is required
  throws(() => toPageXml({ regions: [] }), /size.width must be .* current value is nothing$/);
  throws(() => toPageXml({ regions: [{ region: box(NaN, 0, 1, 1) }], size }), {
    name: "TypeError",
    message: "Cannot write PAGE XML as region 1 must be a Region: current value is an object",
  });
  // @ts-expect-error: not a string
  throws(() => toPageXml({ regions: [{ region: box(0, 0, 1, 1), text: 5 }], size }), {
    name: "TypeError",
    message: "Cannot write PAGE XML as text 1 must be a string: current value is 5",
  });
});

Deno.test("toPageXml() is well-formed for any page, with every text, and outlines within the page", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const xml = toPageXml(page);
    equal(toPageXml(page), xml);
    const root = parseXml(xml);
    const regions = descendants(root, "TextRegion");
    deepEqual(regions.map(({ attributes }) => attributes.id), page.regions.map((_, i) => `r${i + 1}`));
    deepEqual(
      regions.map(textOf),
      page.regions.map(({ text }) => text === undefined ? undefined : linesOf(text).join("\n")),
    );
    for (const { attributes } of descendants(root, "Coords")) {
      match(attributes.points, /^(\d+,\d+ )+\d+,\d+$/);
      const points = attributes.points.split(" ").map((point) => {
        const [x, y] = point.split(",").map(Number);
        return { x, y };
      });
      ok(points.every(({ x, y }) => x <= page.size.width && y <= page.size.height));
      deepEqual(toPolygon(fromPolygon(points)), points);
    }
  }));
});
