import {
  deepStrictEqual as deepEqual,
  equal as looseEqual,
  ok,
  strictEqual as equal,
  throws,
} from "node:assert/strict";
import fc from "fast-check";
import { readImageHeader } from "../../src/internal/image_header.ts";
import { extractPage, findPages, isTiff } from "../../src/files/tiff.ts";
import { pixelsOf, readPage, tiff, type TiffPage } from "./tiff_file.ts";

const SHORT = 3, LONG = 4, RATIONAL = 5, UNDEFINED = 7, IFD = 13;
const PAGES: readonly TiffPage[] = [
  { width: 5, height: 7, gray: 10 },
  { width: 8, height: 9, gray: 100, rowsPerStrip: 2 },
  { width: 3, height: 4, gray: 200, rowsPerStrip: 3 },
];

/** The pages of a file, each as a file. */
const split = (file: Uint8Array): readonly Uint8Array[] => findPages(file).pages.map((at) => extractPage(file, at));

/** The file with another value of a tag in each of its directories. */
const withTag = (page: TiffPage, tag: number, type: number, ...values: number[]): TiffPage => ({
  ...page,
  tags: [...page.tags ?? [], { tag, type, values }],
});

Deno.test("findPages() and extractPage() split a file of either byte order", () => {
  for (const isLittle of [true, false]) {
    const file = tiff(PAGES, isLittle);
    const pages = split(file);
    equal(pages.length, 3);
    pages.forEach((page, i) => {
      const { tags, pixels } = readPage(page);
      deepEqual(pixels, pixelsOf(PAGES[i]));
      deepEqual(tags.get(258), [8]);
      equal(page[0], file[0]);
      deepEqual(readImageHeader(page), { ...readImageHeader(tiff([PAGES[i]]))! });
      deepEqual(findPages(page), { pages: [8], isSingle: true });
    });
  }
});

Deno.test("every tag of a page is kept, whatever the type of its values", () => {
  const tags = [
    { tag: 270, type: 2, values: [..."A description of the page\0"].map((c) => c.charCodeAt(0)) },
    { tag: 274, type: SHORT, values: [6] },
    { tag: 282, type: RATIONAL, values: [300, 1] },
    { tag: 283, type: RATIONAL, values: [300, 1] },
    { tag: 347, type: UNDEFINED, values: Array.from({ length: 301 }, (_, i) => i % 256) }, // the tables of a JPEG
  ];
  for (const isLittle of [true, false]) {
    const [, page] = split(tiff([PAGES[0], { ...PAGES[1], tags }], isLittle));
    const read = readPage(page).tags;
    for (const { tag, values } of tags) deepEqual(read.get(tag), values);
    equal(readImageHeader(page)?.orientation, 6);
  }
});

Deno.test("tiles are copied like strips, and blank ones stay blank", () => {
  const page: TiffPage = {
    ...PAGES[0],
    tags: [
      { tag: 322, type: SHORT, values: [16] },
      { tag: 323, type: SHORT, values: [16] },
      { tag: 324, type: SHORT, values: [8, 0, 12] },
      { tag: 325, type: SHORT, values: [4, 0, 3] },
    ],
  };
  const file = tiff([page, PAGES[1]]);
  const { tags } = readPage(split(file)[0]);
  const [first, blank, last] = tags.get(324) ?? [];
  const output = split(file)[0];
  deepEqual(output.subarray(first, first + 4), file.subarray(8, 12));
  equal(blank, 0);
  deepEqual(output.subarray(last, last + 3), file.subarray(12, 15));
});

Deno.test("thumbnails, masks, sub-images and EXIF are not part of pages", () => {
  const file = tiff([
    withTag(PAGES[2], 254, LONG, 1),
    withTag(withTag(withTag(PAGES[0], 330, IFD, 8), 34665, LONG, 8), 254, LONG, 2),
    withTag(PAGES[2], 254, LONG, 4),
    withTag(PAGES[2], 255, SHORT, 2),
    withTag(PAGES[1], 255, SHORT, 3),
  ]);
  const pages = split(file);
  deepEqual(pages.map((page) => readPage(page).pixels), [pixelsOf(PAGES[0]), pixelsOf(PAGES[1])]);
  deepEqual([...readPage(pages[0]).tags.keys()].filter((tag) => tag === 330 || tag === 34665), []);
  equal(findPages(file).isSingle, false);
});

Deno.test("a file with thumbnails only has one page", () => {
  const file = tiff([withTag(PAGES[2], 254, LONG, 1), withTag(PAGES[1], 254, LONG, 1)]);
  deepEqual(split(file).map((page) => readPage(page).pixels), [pixelsOf(PAGES[2])]);
});

Deno.test("strips that share their data are copied once", () => {
  const size = 700;
  const base: TiffPage = { width: 70, height: 10, gray: 1 };
  const count = 10_000;
  const file = tiff([
    {
      ...base,
      tags: [
        { tag: 273, type: LONG, values: Array<number>(count).fill(8) },
        { tag: 279, type: LONG, values: Array<number>(count).fill(size) },
      ],
    },
    PAGES[0],
  ]);
  const [page] = split(file);
  ok(page.length < file.length);
  equal(readPage(page).tags.get(273)?.length, count);
});

Deno.test("damaged files are errors", () => {
  const damaged = (reason: string) => ({ name: "Error", message: `it is a damaged TIFF file: ${reason}` });
  const ends = damaged("it ends too early, or refers to parts beyond its end");
  const file = tiff(PAGES);
  const view = new DataView(file.buffer);
  throws(() => findPages(Uint8Array.of(0x49, 0x49, 42, 0)), ends);
  throws(() => findPages(Uint8Array.of(0x49, 0x49, 42, 0, 0, 0, 0, 0)), damaged("it has no pages"));
  throws(() => findPages(file.subarray(0, -100)), ends);

  const { pages: [first, second, third] } = findPages(file);
  const nextOf = (at: number): number => at + 2 + view.getUint16(at, true) * 12;
  for (const to of [first, second, third]) {
    const loop = file.slice();
    new DataView(loop.buffer).setUint32(nextOf(third), to, true);
    throws(() => findPages(loop), damaged("its directories form a loop"));
  }
  const beyond = file.slice();
  new DataView(beyond.buffer).setUint32(nextOf(first), 0xfffffff0, true);
  throws(() => findPages(beyond), ends);

  const read = (...tags: NonNullable<TiffPage["tags"]>) => split(tiff([{ ...PAGES[0], tags }, PAGES[1]]));
  throws(() => read({ tag: 279, type: LONG, values: [1, 2] }), damaged("the number of strips of a page is not clear"));
  throws(() => read({ tag: 273, type: LONG, values: [] }), damaged("the number of strips of a page is not clear"));
  throws(() => read({ tag: 273, type: LONG, values: [0xffffff00] }), ends);
  throws(() => read({ tag: 279, type: LONG, values: [0xffffffff] }), ends);
  throws(
    () => read({ tag: 273, type: RATIONAL, values: [1, 1] }),
    damaged("the positions of its parts are not integers"),
  );
  throws(
    () =>
      read({ tag: 273, type: LONG, values: [8, 9, 10, 11, 12] }, {
        tag: 279,
        type: LONG,
        values: [200, 200, 200, 200, 199],
      }),
    damaged("its parts overlap"),
  );
  throws(() => read({ tag: 259, type: SHORT, values: [6] }), {
    message: "it is a TIFF file with an outdated kind of JPEG compression, which cannot be split into pages",
  });
});

Deno.test("a page without an image is an error, and the other pages are not concerned", () => {
  const file = tiff(PAGES);
  const { pages } = findPages(file);
  // The tag of the positions becomes another one.
  const view = new DataView(file.buffer);
  for (let at = pages[1] + 2;; at += 12) {
    if (view.getUint16(at, true) !== 273) continue;
    view.setUint16(at, 40_000, true);
    break;
  }
  throws(() => extractPage(file, pages[1]), { message: "it is a damaged TIFF file: a page has no image" });
  for (const i of [0, 2]) deepEqual(readPage(extractPage(file, pages[i])).pixels, pixelsOf(PAGES[i]));
});

Deno.test("overlapping directories do not multiply the work", () => {
  // A directory of 65,535 entries at every even position.
  const file = new Uint8Array(2_000_000);
  const view = new DataView(file.buffer);
  file.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, 8, true);
  for (let at = 8; at < 700_000; at += 8) {
    view.setUint16(at, 65_535, true);
    view.setUint32(at + 2 + 65_535 * 12, at + 8, true);
  }
  const start = performance.now();
  throws(() => findPages(file), { message: "it is a damaged TIFF file: its directories overlap" });
  ok(performance.now() - start < 2000);
});

Deno.test("random and mutated files never hang, and throw nothing but clauses about damage", () => {
  const attempt = (file: Uint8Array): void => {
    if (!isTiff(file)) return;
    let pages: readonly number[] = [];
    const check = (error: unknown): void => {
      ok(error instanceof Error);
      looseEqual(error.constructor, Error, `${error.stack}`);
      ok(/^it is a (?:damaged )?TIFF file/.test(error.message), error.message);
    };
    try {
      ({ pages } = findPages(file));
    } catch (error) {
      check(error);
    }
    for (const page of pages) {
      try {
        const output = extractPage(file, page);
        ok(output.length <= 3 * file.length + 1000);
      } catch (error) {
        check(error);
      }
    }
  };
  const junk = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 })).map(([isLittle, rest]) =>
    Uint8Array.of(...(isLittle ? [0x49, 0x49, 42, 0] : [0x4d, 0x4d, 0, 42]), ...rest)
  );
  fc.assert(fc.property(junk, attempt), { numRuns: 3000 });
  const edits = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 0xff, 0x7f, 8), fc.nat(255))), {
    maxLength: 6,
  });
  const mutated = fc.tuple(fc.boolean(), edits, fc.nat(20)).map(([isLittle, edits, cut]) => {
    const file = tiff(PAGES, isLittle);
    for (const [at, value] of edits) file[at % file.length] = value;
    return cut === 0 ? file.subarray(0, edits.length * 37) : file;
  });
  fc.assert(fc.property(mutated, attempt), { numRuns: 5000 });
});
