import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { toPageXml } from "../../src/page/page_xml.ts";
import { readPageXml } from "../../src/page/page_xml_reader.ts";
import { linesOf, sizedPage } from "../support/pages.ts";
import { equalOutlines, errorsOf, onlyPage } from "../support/read_pages.ts";

const document = (content: string, version = "2019-07-15", attributes = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/${version}">` +
  `<Page${attributes}>${content}</Page></PcGts>`;

const coords = (left: number, top: number, right: number, bottom: number): string =>
  `<Coords points="${left},${top} ${right},${top} ${right},${bottom} ${left},${bottom}"/>`;

const text = (text: string, index = ""): string => `<TextEquiv${index}><Unicode>${text}</Unicode></TextEquiv>`;

Deno.test("readPageXml() reads what toPageXml() has written", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const { regions, size, imageName } = onlyPage(readPageXml(toPageXml(page)));
    equalOutlines(regions, page);
    deepEqual(
      regions.map(({ text }) => text),
      page.regions.map(({ text }) => text === undefined ? undefined : linesOf(text).join("\n")),
    );
    deepEqual(size, { ...page.size });
    equal(toPageXml({ regions, size: page.size, imageName }), toPageXml({ ...page, regions }));
  }));
});

Deno.test("readPageXml() reads all versions, and points that are elements", () => {
  const points = [[1, 2], [9, 2], [5, 8]].map(([x, y]) => `<Point x="${x}" y="${y}"/>`).join("");
  const region = `<TextRegion id="r1"><Coords>${points}</Coords>${text("Title")}</TextRegion>`;
  const polygon = [{ x: 1, y: 2 }, { x: 9, y: 2 }, { x: 5, y: 8 }];
  for (const version of ["2009-03-16", "2010-01-12", "2010-03-19", "2013-07-15", "2016-07-15", "2017-07-15"]) {
    deepEqual(onlyPage(readPageXml(document(region, version))), {
      regions: [{ region: { left: 1, top: 2, right: 9, bottom: 8, polygon }, text: "Title" }],
    });
  }
  deepEqual(errorsOf(readPageXml(document(region).replaceAll("pagecontent/", "other/"))), [
    'line 2: PcGts: expected the element PcGts of PAGE XML, got the namespace "http://schema.primaresearch.org/PAGE/gts…"',
  ]);
});

Deno.test("readPageXml() finds elements by their namespace, whatever their prefix", () => {
  const page = `<p:PcGts xmlns:p="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15" xmlns:x="urn:x">
    <p:Page><x:TextRegion/><p:TextRegion><x:Coords/><p:Coords points="1,2 3,4"/></p:TextRegion></p:Page></p:PcGts>`;
  deepEqual(onlyPage(readPageXml(page)).regions, [{ region: { left: 1, top: 2, right: 3, bottom: 4 } }]);
});

Deno.test("readPageXml() puts regions in the declared order, nested ones after those around them", () => {
  const region = (id: string, inner = ""): string =>
    `<TextRegion id="${id}">${coords(0, 0, 9, 9)}${text(id)}${inner}</TextRegion>`;
  const order = `<ReadingOrder><OrderedGroup id="g">
    <RegionRefIndexed index="2" regionRef="c"/><OrderedGroupIndexed index="1" regionRef="b">
    <RegionRefIndexed index="1" regionRef="a"/><RegionRefIndexed index="0" regionRef="t"/></OrderedGroupIndexed>
    <RegionRefIndexed index="0" regionRef="image"/><RegionRefIndexed index="9" regionRef="b"/></OrderedGroup></ReadingOrder>`;
  const regions = region("late") + region("a", region("inside a")) + region("b") + region("c") +
    `<TableRegion id="t">${coords(0, 0, 1, 1)}${region("cell 1")}${
      region("cell 2")
    }</TableRegion><ImageRegion id="image"/>`;
  const page = onlyPage(readPageXml(document(order + regions)));
  deepEqual(page.regions.map(({ text }) => text), ["b", "cell 1", "cell 2", "a", "inside a", "c", "late"]);
  const unordered = onlyPage(readPageXml(document(regions)));
  deepEqual(unordered.regions.map(({ text }) => text), ["late", "a", "inside a", "b", "c", "cell 1", "cell 2"]);
});

Deno.test("readPageXml() prefers the text of the region, then those of its lines, then those of their words", () => {
  const word = (word: string): string => `<Word>${coords(1, 1, 2, 2)}${text(word)}</Word>`;
  const lines =
    `<TextLine>${coords(1, 1, 5, 3)}${text("second", ' index="1"')}${text("first", ' index="0"')}</TextLine>` +
    `<TextLine>${coords(1, 5, 5, 8)}${word("two")}${word("words")}</TextLine>`;
  const read = (own: string) =>
    onlyPage(readPageXml(document(`<TextRegion>${coords(0, 0, 9, 9)}${lines}${own}</TextRegion>`))).regions[0].text;
  equal(read(text("own")), "own");
  equal(read(""), "first\ntwo words");
  equal(read(text("")), "first\ntwo words");
  equal(read("<TextEquiv><PlainText>plain</PlainText></TextEquiv>"), "plain");
});

Deno.test("readPageXml() reads lines and words, and whole regions where there are none", () => {
  const line = `<TextLine>${coords(1, 1, 5, 3)}<Word>${coords(1, 1, 2, 3)}${text("a")}</Word>${text("a b")}</TextLine>`;
  const bare = `<TextLine>${text("no place")}</TextLine>`;
  const page = document(
    [line, line + bare, ""].map((lines) => `<TextRegion>${coords(0, 0, 9, 9)}${lines}${text("block")}</TextRegion>`)
      .join(""),
  );
  const read = (level: "block" | "line" | "word") =>
    onlyPage(readPageXml(page, { level })).regions.map(({ text, region }) => `${text} ${region.right}`);
  deepEqual(read("block"), ["block 9", "block 9", "block 9"]);
  deepEqual(read("line"), ["a b 5", "block 9", "block 9"]);
  deepEqual(read("word"), ["a 2", "block 9", "block 9"]);
});

Deno.test("readPageXml() takes the rectangle around the lines if a region has no coordinates", () => {
  const lines = [[1, 1, 5, 3], [2, 4, 9, 6]].map(([l, t, r, b]) => `<TextLine>${coords(l, t, r, b)}</TextLine>`).join(
    "",
  );
  deepEqual(onlyPage(readPageXml(document(`<TextRegion>${lines}</TextRegion>`))).regions, [
    { region: { left: 1, top: 1, right: 9, bottom: 6 } },
  ]);
});

Deno.test("readPageXml() takes four corners of an upright rectangle as one, in any order around it, and no others", () => {
  const read = (points: string) =>
    onlyPage(readPageXml(document(`<TextRegion><Coords points="${points}"/></TextRegion>`))).regions[0].region;
  const box = { left: 1, top: 2, right: 9, bottom: 8 };
  for (const points of ["1,2 9,2 9,8 1,8", "9,8 9,2 1,2 1,8", "1,8 9,2", "1,8 1,2 9,2 9,8"]) {
    deepEqual(read(points), box);
  }
  for (const points of ["1,2 9,8 9,2 1,8", "1,2 9,2 9,8 1,2", "1,2 9,3 9,8 1,8", "1,2 9,2 9,8 1,8 1,2"]) {
    equal(read(points).polygon?.length, points.split(" ").length);
  }
});

Deno.test("readPageXml() names each region that it cannot read", () => {
  const regions = ["", `<Coords/>`, `<Coords points="1,2 3"/>`, `<Coords points="1,2 NaN,4"/>`].map((content, i) =>
    `\n<TextRegion id="r${i}">${content}</TextRegion>`
  ).join("");
  deepEqual(errorsOf(readPageXml(document(regions, undefined, ' imageWidth="-5" imageHeight="1e999"'))), [
    "line 3: TextRegion r0: expected coordinates, got none",
    'line 4: TextRegion r1: expected pairs of numbers in Coords, got ""',
    'line 5: TextRegion r2: expected pairs of numbers in Coords, got "1,2 3"',
    'line 6: TextRegion r3: expected pairs of numbers in Coords, got "1,2 NaN,4"',
    'line 2: Page: expected a size in pixels in imageWidth, got "-5"',
    'line 2: Page: expected a size in pixels in imageHeight, got "1e999"',
  ]);
  equal(errorsOf(readPageXml(document("<TextRegion/>".repeat(1000)))).length, 100);
});
