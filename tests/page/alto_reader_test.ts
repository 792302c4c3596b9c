import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import { toAlto } from "../../src/page/alto.ts";
import { readAlto } from "../../src/page/alto_reader.ts";
import { linesOf, sizedPage } from "../support/pages.ts";
import { equalOutlines, equalTesseract, errorsOf, onlyPage } from "../support/read_pages.ts";
import { TESSERACT_ALTO } from "../support/tesseract.ts";

const document = (content: string, unit = "pixel", namespace = "http://www.loc.gov/standards/alto/ns-v4#"): string =>
  `<alto xmlns="${namespace}"><Description><MeasurementUnit>${unit}</MeasurementUnit></Description>${content}</alto>`;

const layout = (content: string, attributes = ""): string =>
  `<Layout><Page${attributes}><PrintSpace>${content}</PrintSpace></Page></Layout>`;

const place = ' HPOS="10" VPOS="20" WIDTH="30" HEIGHT="40"';
const region = { left: 10, top: 20, right: 40, bottom: 60 };

Deno.test("readAlto() reads what toAlto() has written", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const { regions, size, imageName } = onlyPage(readAlto(toAlto(page)));
    equalOutlines(regions, page);
    const toWords = (line: string): string => line.replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
    deepEqual(
      regions.map(({ text }) => text ?? ""),
      page.regions.map(({ text = "" }) => linesOf(text).filter((line) => line.trim() !== "").map(toWords).join("\n")),
    );
    deepEqual(size, { ...page.size });
    equal(toAlto({ regions, size: page.size, imageName }), toAlto({ ...page, imageName, regions }));
  }));
});

Deno.test("readAlto() reads Tesseract's files, at each level", () =>
  equalTesseract((level) => readAlto(TESSERACT_ALTO, { level })));

Deno.test("readAlto() reads versions 2 to 4, and files without a namespace", () => {
  const block = layout(`<TextBlock${place}/>`);
  for (const version of ["http://www.loc.gov/standards/alto/ns-v2#", "http://www.loc.gov/standards/alto/ns-v3#", ""]) {
    deepEqual(onlyPage(readAlto(document(block, "pixel", version))), { regions: [{ region }] });
  }
  deepEqual(errorsOf(readAlto(document(block, "pixel", "http://www.loc.gov/standards/alto/ns-v9#"))), [
    'line 1: alto: expected the element alto of ALTO 2, 3 or 4, got the namespace "http://www.loc.gov/standards/alto/ns-v9#"',
  ]);
});

Deno.test("readAlto() converts units with the resolution of the image, and refuses to guess it", () => {
  const page = layout(`<TextBlock${place}/>`, ' WIDTH="2100" HEIGHT="2970"');
  deepEqual(onlyPage(readAlto(document(page, "mm10"), { resolution: 254 })), {
    regions: [{ region }],
    size: { width: 2100, height: 2970 },
  });
  deepEqual(onlyPage(readAlto(document(page, "inch1200"), { resolution: 600 })), {
    regions: [{ region: { left: 5, top: 10, right: 20, bottom: 30 } }],
    size: { width: 1050, height: 1485 },
  });
  deepEqual(onlyPage(readAlto(document(page, "pixel"), { resolution: 600 })).regions, [{ region }]);
  deepEqual(errorsOf(readAlto(document(page, "mm10"))), [
    'line 1: Description: expected pixel in MeasurementUnit, got "mm10", which needs the option resolution',
  ]);
  deepEqual(errorsOf(readAlto(document(page, "furlong"), { resolution: 600 })), [
    'line 1: Description: expected pixel, mm10 or inch1200 in MeasurementUnit, got "furlong"',
  ]);
  for (const resolution of [0, -1, NaN, Infinity]) {
    throws(() => readAlto(document(page), { resolution }), {
      name: "RangeError",
      message: `Cannot read ALTO as resolution must be finite and greater than 0: current value is ${resolution}`,
    });
  }
});

Deno.test("readAlto() reads every page, with its margins, in the declared order", () => {
  const block = (id: string): string =>
    `<TextBlock ID="${id}"${place}><TextLine><String CONTENT="${id}"/></TextLine></TextBlock>`;
  const pages = `<Layout><Page><TopMargin>${block("header")}</TopMargin><PrintSpace>${block("a")}` +
    `<ComposedBlock ID="columns">${block("b")}${block("c")}</ComposedBlock></PrintSpace></Page>` +
    `<Page><PrintSpace>${block("next")}</PrintSpace></Page></Layout>`;
  const read = (content: string) => {
    const result = readAlto(document(content));
    return result._tag === "Right" ? result.right.map(({ regions }) => regions.map(({ text }) => text)) : result.left;
  };
  deepEqual(read(pages), [["header", "a", "b", "c"], ["next"]]);
  const order =
    '<ReadingOrder><OrderedGroup ID="o"><ElementRef REF="columns"/><ElementRef REF="a"/></OrderedGroup></ReadingOrder>';
  deepEqual(read(order + pages), [["b", "c", "a", "header"], ["next"]]);
});

Deno.test("readAlto() separates words by spaces, and keeps the hyphen at the end of a line", () => {
  const lines = '<TextLine><String CONTENT="a"/><SP/><String CONTENT="hy"/><HYP CONTENT="-"/></TextLine>' +
    '<TextLine><String CONTENT="phen"/><String CONTENT="b"/></TextLine><TextLine/>';
  equal(
    onlyPage(readAlto(document(layout(`<TextBlock${place}>${lines}</TextBlock>`)))).regions[0].text,
    "a hy-\nphen b",
  );
});

Deno.test("readAlto() reads polygons in each of the ways in which they are written", () => {
  const polygon = [{ x: 1, y: 2 }, { x: 9.5, y: 2 }, { x: 5, y: 8 }];
  for (const points of ["1,2 9.5,2 5,8", "1 2 9.5 2 5 8", "1,2,9.5,2,5,8", " 1,2\n9.5 , 2 5,8 "]) {
    const block = `<TextBlock${place}><Shape><Polygon POINTS="${points}"/></Shape></TextBlock>`;
    deepEqual(onlyPage(readAlto(document(layout(block)))).regions[0].region, {
      left: 1,
      top: 2,
      right: 9.5,
      bottom: 8,
      polygon,
    });
  }
});

Deno.test("readAlto() names each block that it cannot read", () => {
  const blocks = [
    "",
    ' HPOS="1" VPOS="2" WIDTH="3"',
    ' HPOS="1" VPOS="2" WIDTH="-3" HEIGHT="4"',
    ' HPOS="Infinity" VPOS="2" WIDTH="3" HEIGHT="4"',
    ' HPOS="9e15" VPOS="2" WIDTH="9e15" HEIGHT="4"',
    ' HPOS="0x10" VPOS="" WIDTH="3" HEIGHT="4"',
  ].map((place, i) => `\n<TextBlock ID="b${i}"${place}/>`).join("");
  const numbers = "expected numbers in HPOS, VPOS, WIDTH and HEIGHT, got";
  deepEqual(errorsOf(readAlto(document(layout(blocks)))), [
    "line 2: TextBlock b0: expected coordinates, got none",
    `line 3: TextBlock b1: ${numbers} "1", "2", "3", nothing`,
    `line 4: TextBlock b2: ${numbers} "1", "2", "-3", "4"`,
    `line 5: TextBlock b3: ${numbers} "Infinity", "2", "3", "4"`,
    `line 6: TextBlock b4: ${numbers} "9e15", "2", "9e15", "4"`,
    `line 7: TextBlock b5: ${numbers} "0x10", "", "3", "4"`,
  ]);
  deepEqual(errorsOf(readAlto(document("<Layout/>"))), ["line 1: alto: expected the element Page, got none"]);
});
