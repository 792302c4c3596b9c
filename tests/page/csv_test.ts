import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { toCsv } from "../../src/page/csv.ts";
import { linesOf, sizedPage } from "../support/pages.ts";

/** Reads CSV according to RFC 4180. */
function parseCsv(csv: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [], end = 0;
  for (const match of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2]);
    end = match.index + match[0].length;
    if (match[3] === ",") continue;
    rows.push(row);
    row = [];
  }
  equal(end, csv.length);
  return rows;
}

Deno.test("toCsv() writes a row for each region, in reading order", () => {
  const polygon = [{ x: -10, y: 5 }, { x: 10, y: 40 }, { x: 90, y: 5.4 }];
  const regions = [
    { region: { left: 0.5, top: 1, right: 9, bottom: 9.2 }, text: 'a "b"\r\nc' },
    { region: { left: -10, top: 5, right: 90, bottom: 40, polygon } },
  ];
  equal(
    toCsv({ regions }),
    "image,index,left,top,right,bottom,polygon,text\r\n" +
      ',1,0,1,9,10,,"a ""b""\nc"\r\n' +
      ',2,0,5,90,40,"0,5 90,5 10,40",\r\n',
  );
});

Deno.test("toCsv() can be read back for any page, with and without its size", () => {
  fc.assert(fc.property(sizedPage, fc.boolean(), (page, hasSize) => {
    const rows = parseCsv(toCsv(hasSize ? page : { ...page, size: undefined }));
    equal(rows.length, page.regions.length + 1);
    for (const row of rows) equal(row.length, 8);
    deepEqual(rows.slice(1).map((row) => row[7]), page.regions.map(({ text = "" }) => linesOf(text).join("\n")));
    for (const row of rows.slice(1)) {
      for (const n of row.slice(1, 6)) equal(/^\d+$/.test(n), true, n);
    }
  }));
});
