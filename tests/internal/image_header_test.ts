import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { imageSize } from "image-size";
import { displaySize, findOrientations, type ImageHeader, readImageHeader } from "../../src/internal/image_header.ts";

type Bytes = readonly number[];

const ascii = (text: string): Bytes => [...text].map((c) => c.charCodeAt(0));
const u16 = (n: number): Bytes => [n >>> 8 & 255, n & 255];
const u32 = (n: number): Bytes => [...u16(n >>> 16), ...u16(n & 0xffff)];
const le = (bytes: Bytes): Bytes => bytes.toReversed();
const u24le = (n: number): Bytes => [n & 255, n >>> 8 & 255, n >>> 16 & 255];
const of = (...parts: readonly Bytes[]): Uint8Array<ArrayBuffer> => Uint8Array.from(parts.flat());

const header = (type: string, width: number, height: number, orientation = 1): ImageHeader => ({
  type,
  width,
  height,
  orientation,
  pixels: width * height,
});

interface Tag {
  readonly tag: number;
  readonly type: "BYTE" | "SHORT" | "LONG";
  readonly value: number;
}

const tag = (tag: number, type: Tag["type"], value: number): Tag => ({ tag, type, value });

/** The file ends with its last tag. A real file continues, but the reader does not need the rest. */
function tiff(tags: readonly Tag[], isLittle: boolean, directory: 8 | 10 = 10): Bytes {
  const short = (n: number): Bytes => isLittle ? le(u16(n)) : u16(n);
  const long = (n: number): Bytes => isLittle ? le(u32(n)) : u32(n);
  const entries = tags.map(({ tag, type, value }) => {
    const code = { BYTE: 1, SHORT: 3, LONG: 4 }[type];
    return [
      ...short(tag),
      ...short(code),
      ...long(1),
      ...type === "LONG" ? long(value) : type === "SHORT" ? [...short(value), 0, 0] : [value, 0, 0, 0],
    ];
  });
  const start = [...ascii(isLittle ? "II" : "MM"), ...short(42), ...long(directory)];
  return [...start, ...Array(directory - 8).fill(9), ...short(tags.length), ...entries.flat()];
}

const exif = (orientation: number, isLittle = false): Bytes => tiff([tag(0x112, "SHORT", orientation)], isLittle);

const segment = (marker: number, data: Bytes): Bytes => [0xff, marker, ...u16(data.length + 2), ...data];
const app1 = (exif: Bytes): Bytes => segment(0xe1, [...ascii("Exif\0\0"), ...exif]);
const frame = (width: number, height: number, marker = 0xc0): Bytes => [
  ...[0xff, marker],
  ...[...u16(17), 8],
  ...u16(height),
  ...u16(width),
];
const jpeg = (...parts: readonly Bytes[]): Uint8Array<ArrayBuffer> => of([0xff, 0xd8], ...parts);

const png = (width: number, height: number): Bytes => [
  ...[0x89, ...ascii("PNG\r\n\x1a\n")],
  ...[...u32(13), ...ascii("IHDR"), ...u32(width), ...u32(height)],
];
const pngChunk = (type: string, data: Bytes): Bytes => [...u32(data.length), ...ascii(type), ...data, ...u32(0)];
const pngRest = [8, 0, 0, 0, 0, ...u32(0)];

const gif = (version: string, width: number, height: number): Bytes => [
  ...ascii(`GIF${version}`),
  ...le(u16(width)),
  ...le(u16(height)),
];

const webpChunk = (type: string, data: Bytes): Bytes => [
  ...ascii(type),
  ...le(u32(data.length)),
  ...data,
  ...data.length % 2 === 0 ? [] : [0],
];
const webp = (...chunks: readonly Bytes[]): Uint8Array<ArrayBuffer> =>
  of(ascii("RIFF"), le(u32(4 + chunks.flat().length)), ascii("WEBP"), ...chunks);
const vp8 = (width: number, height: number): Bytes =>
  webpChunk("VP8 ", [0, 0, 0, 0x9d, 0x01, 0x2a, ...le(u16(width)), ...le(u16(height))]);
const vp8l = (width: number, height: number): Bytes =>
  webpChunk("VP8L", [0x2f, ...le(u32((width - 1) + (height - 1) * 0x4000))]).slice(0, 13);
const vp8x = (width: number, height: number): Bytes =>
  webpChunk("VP8X", [0, 0, 0, 0, ...u24le(width - 1), ...u24le(height - 1)]);

const bmp = (width: number, height: number): Bytes => [
  ...ascii("BM"),
  ...Array(12).fill(0),
  ...[...le(u32(40)), ...le(u32(width)), ...le(u32(height))],
];

/** Each file ends with its header, so that every prefix is truncated. */
const HEADERS: readonly (readonly [bytes: Uint8Array, expected: ImageHeader])[] = [
  [of(png(300, 70_000)), header("image/png", 300, 70_000)],
  [jpeg(app1(exif(6)), frame(300, 200)), header("image/jpeg", 300, 200, 6)],
  [of(gif("87a", 300, 200)), header("image/gif", 300, 200)],
  [of(gif("89a", 300, 200)), header("image/gif", 300, 200)],
  [webp(vp8(300, 200)), header("image/webp", 300, 200)],
  [webp(vp8l(16_384, 300)), header("image/webp", 16_384, 300)],
  [webp(vp8x(70_000, 300)), header("image/webp", 70_000, 300)],
  [
    of(tiff([tag(0x112, "SHORT", 8), tag(0x100, "SHORT", 300), tag(0x101, "LONG", 70_000)], true)),
    header("image/tiff", 300, 70_000, 8),
  ],
  [
    of(tiff([tag(0x112, "SHORT", 3), tag(0x101, "SHORT", 300), tag(0x100, "LONG", 70_000)], false)),
    header("image/tiff", 70_000, 300, 3),
  ],
  [of(bmp(300, 70_000)), header("image/bmp", 300, 70_000)],
  [of(ascii("P6\n# made by hand\n300 # wide\n200\n")), header("image/x-portable-pixmap", 300, 200)],
];

for (const [bytes, expected] of HEADERS) {
  const name = String.fromCharCode(...bytes.subarray(0, 16)).replace(/[^ -~]/g, ".");

  Deno.test(`readImageHeader() reads the ${expected.type} that starts with ${name}`, () => {
    deepEqual(readImageHeader(bytes), expected);
  });

  Deno.test(`readImageHeader() returns null for every truncation of the ${expected.type} that starts with ${name}`, () => {
    for (let length = 0; length < bytes.length; length++) {
      equal(readImageHeader(bytes.subarray(0, length)), null, `${length} bytes`);
      equal(readImageHeader(bytes.slice(0, length)), null, `${length} bytes`);
    }
  });
}

Deno.test("readImageHeader() agrees with image-size on real and generated files", async () => {
  const pages = ["lucasta.047.jpg", "cavalerie.29.jpg", "patent.png", "zanotti-78.jpg"];
  const files = await Promise.all(
    pages.map((name) => readFile(new URL(`../../examples/pages/${name}`, import.meta.url))),
  );
  const made = [
    of(png(300, 200), pngRest),
    // image-size expects the EXIF directory at byte 8, where cameras write it.
    jpeg(app1(tiff([tag(0x112, "SHORT", 6)], true, 8)), frame(300, 200), Array(20).fill(0)),
    of(tiff([tag(0x100, "SHORT", 300), tag(0x101, "SHORT", 200)], true), Array(20).fill(0)),
    of(gif("89a", 300, 200)),
    webp(vp8(300, 200)),
    webp(vp8x(300, 200)),
    of(bmp(300, 200)),
    of(ascii("P5\n300 200\n255\n")),
  ];
  for (const file of [...files, ...made]) {
    const { width, height, orientation } = imageSize(file);
    const ours = readImageHeader(file);
    deepEqual({ width: ours?.width, height: ours?.height }, { width, height });
    equal(ours?.orientation, orientation ?? 1);
  }
});

Deno.test("readImageHeader() recognizes all frame markers of JPEG and no other markers", () => {
  for (let marker = 0xc0; marker <= 0xcf; marker++) {
    const isFrame = ![0xc4, 0xc8, 0xcc].includes(marker);
    const width = readImageHeader(jpeg([...frame(300, 200, marker), ...Array(10).fill(0)], frame(5, 5)))?.width;
    equal(width, isFrame ? 300 : 5, marker.toString(16));
  }
});

Deno.test("readImageHeader() skips fill bytes, stray bytes and markers without data in a JPEG", () => {
  const expected = header("image/jpeg", 300, 200);
  deepEqual(readImageHeader(jpeg([0xff, 0xff], frame(300, 200))), expected);
  deepEqual(readImageHeader(jpeg([1, 2, 0xff, 0], frame(300, 200))), expected);
  deepEqual(readImageHeader(jpeg([0xff, 0xd0, 0xff, 0x01], frame(300, 200))), expected);
  deepEqual(readImageHeader(jpeg(segment(0xfe, [0xff, 0xc0, ...Array(9).fill(7)]), frame(300, 200))), expected);
});

Deno.test("readImageHeader() returns null for a JPEG whose scan, end or invalid length precedes its frame", () => {
  for (const part of [segment(0xda, [0, 0]), [0xff, 0xd9, 0, 2], [0xff, 0xe0, 0, 0], [0xff, 0xe0, 0, 1]]) {
    equal(readImageHeader(jpeg(part, frame(300, 200))), null);
  }
});

Deno.test("readImageHeader() reads each EXIF orientation of a JPEG, in both byte orders", () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    for (const isLittle of [false, true]) {
      const file = jpeg(segment(0xe0, ascii("JFIF\0")), app1(exif(orientation, isLittle)), frame(300, 200));
      deepEqual(readImageHeader(file), header("image/jpeg", 300, 200, orientation));
    }
  }
});

Deno.test("readImageHeader() returns orientation 1 if EXIF does not state one from 1 to 8", () => {
  const blocks = [
    exif(0),
    exif(9),
    tiff([tag(0x112, "BYTE", 6)], true),
    tiff([tag(0x10f, "SHORT", 6)], true),
    exif(6).slice(0, -3),
    ascii("no TIFF at all"),
    [],
  ];
  for (const block of blocks) {
    deepEqual(readImageHeader(jpeg(app1(block), frame(300, 200))), header("image/jpeg", 300, 200));
  }
  const xmp = segment(0xe1, [...ascii("http:\0"), ...exif(6)]);
  deepEqual(readImageHeader(jpeg(xmp, frame(300, 200))), header("image/jpeg", 300, 200));
});

Deno.test("readImageHeader() reads the EXIF orientation of a PNG before or after its pixels", () => {
  const expected = header("image/png", 300, 200, 6);
  const pixels = pngChunk("IDAT", [1, 2, 3]);
  deepEqual(readImageHeader(of(png(300, 200), pngRest, pngChunk("eXIf", exif(6)), pixels)), expected);
  deepEqual(readImageHeader(of(png(300, 200), pngRest, pixels, pngChunk("eXIf", exif(6, true)))), expected);
});

Deno.test("readImageHeader() reads the EXIF orientation of a WebP after chunks of odd length", () => {
  const file = webp(vp8x(300, 200), webpChunk("ALPH", [1, 2, 3]), webpChunk("EXIF", exif(6)));
  deepEqual(readImageHeader(file), header("image/webp", 300, 200, 6));
});

Deno.test("readImageHeader() ignores the scaling bits of a VP8 frame", () => {
  deepEqual(readImageHeader(webp(vp8(300 + 0x4000, 200 + 0xc000))), header("image/webp", 300, 200));
});

Deno.test("readImageHeader() reads the first of duplicate TIFF tags and ignores tags of another type", () => {
  const size = [tag(0x100, "SHORT", 300), tag(0x101, "SHORT", 200)];
  const twice = tiff([...size, tag(0x100, "SHORT", 1), tag(0x101, "LONG", 1)], true);
  deepEqual(readImageHeader(of(twice)), header("image/tiff", 300, 200));
  equal(readImageHeader(of(tiff([tag(0x100, "BYTE", 30), ...size], true))), null);
  equal(readImageHeader(of(tiff(size.slice(1), true))), null);
});

Deno.test("readImageHeader() reads top-down and OS/2 BMP files", () => {
  deepEqual(readImageHeader(of(bmp(300, -200))), header("image/bmp", 300, 200));
  const os2 = of(ascii("BM"), Array(12).fill(0), le(u32(12)), le(u16(300)), le(u16(200)));
  deepEqual(readImageHeader(os2), header("image/bmp", 300, 200));
});

Deno.test("readImageHeader() reads P1 to P6 with comments and any whitespace", () => {
  const types = ["bitmap", "graymap", "pixmap"];
  for (let kind = 1; kind <= 6; kind++) {
    const type = `image/x-portable-${types[(kind - 1) % 3]}`;
    for (const text of ["300 200\n", "\t300\r\n200 255 ", "# a 1 2\n#\n 300\n#b 3\n200\n"]) {
      deepEqual(readImageHeader(of(ascii(`P${kind}\n${text}`))), header(type, 300, 200));
    }
  }
});

Deno.test("readImageHeader() returns null for files that are not images", () => {
  const texts = [
    "",
    "BMW is a maker of cars, and no bitmap",
    "P7\n3 3\n",
    "P5 a b ",
    "P5\n3 -3\n",
    "GIF88a000000",
    "<svg/>",
  ];
  for (const text of texts) equal(readImageHeader(of(ascii(text))), null, text);
  equal(readImageHeader(webp(webpChunk("ANIM", Array(20).fill(1)))), null);
});

Deno.test("readImageHeader() returns null if the width or height is zero", () => {
  const files = [
    of(png(0, 5)),
    jpeg(frame(5, 0)),
    of(gif("89a", 0, 5)),
    webp(vp8(5, 0)),
    of(bmp(-5, 5)),
    of(ascii("P5 0 5 ")),
  ];
  for (const file of files) equal(readImageHeader(file), null);
});

Deno.test("readImageHeader() does not read beyond a view of a larger buffer", () => {
  const inside = of([1, 2, 3], png(300, 200), [4, 5]).subarray(3, 27);
  deepEqual(readImageHeader(inside), header("image/png", 300, 200));
  const turned = of([1, 2, 3], [...jpeg(app1(exif(6)), frame(300, 200))]).subarray(3);
  deepEqual(readImageHeader(turned), header("image/jpeg", 300, 200, 6));
  // The chunk extends beyond the view, so the orientation there must not be read.
  const cut = of(png(300, 200), pngRest, pngChunk("eXIf", exif(6)));
  deepEqual(readImageHeader(cut.subarray(0, cut.length - 8)), header("image/png", 300, 200));
});

const isSane = (u: ImageHeader | null): boolean =>
  u === null ||
  u.type.startsWith("image/") && [u.width, u.height].every((n) => Number.isSafeInteger(n) && n > 0) &&
    Number.isInteger(u.orientation) && u.orientation >= 1 && u.orientation <= 8;

Deno.test("readImageHeader() never throws on arbitrary bytes", () => {
  const starts = ["", "\x89PNG\r\n\x1a\n", "\xff\xd8", "GIF89a", "RIFF    WEBPVP8X", "II*\0", "MM\0*", "BM", "P5 "];
  const junk = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }));
  fc.assert(
    fc.property(junk, ([start, rest]) => isSane(readImageHeader(of(ascii(start), [...rest])))),
    { numRuns: 2000 },
  );
});

Deno.test("readImageHeader() never throws on mutated headers", () => {
  const mutation = fc.record({
    file: fc.constantFrom(...HEADERS.map(([bytes]) => bytes)),
    changes: fc.array(fc.tuple(fc.nat(80), fc.constantFrom(0, 1, 2, 127, 128, 254, 255)), {
      minLength: 1,
      maxLength: 4,
    }),
    tail: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(mutation, ({ file, changes, tail }) => {
      const mutant = of([...file], [...tail]);
      for (const [at, byte] of changes) mutant[at % mutant.length] = byte;
      return isSane(readImageHeader(mutant));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("readImageHeader() takes linear time for malicious files", () => {
  const read = (size: number): void => {
    equal(readImageHeader(new Uint8Array(size).fill(0xff).with(1, 0xd8)), null);
    equal(readImageHeader(of(ascii("II*\0"), Array(Math.round(size / 32)).fill(255))), null);
    const chunks = new Uint8Array(size);
    chunks.set(of(png(300, 200), pngRest));
    deepEqual(readImageHeader(chunks), header("image/png", 300, 200));
    chunks.set(webp(vp8x(300, 200)));
    deepEqual(readImageHeader(chunks), header("image/webp", 300, 200));
    equal(readImageHeader(of(ascii("P5 "), ascii("#\n".repeat(size / 20)))), null);
  };
  // The shortest of three, since other tests run at the same time.
  const measure = (size: number): number =>
    Math.min(...[1, 2, 3].map(() => {
      const start = performance.now();
      read(size);
      return performance.now() - start;
    }));
  measure(200_000);
  const few = Math.max(5, measure(200_000)), many = measure(3_200_000);
  // The ratio is about 16 if the time is linear, and about 256 if it is quadratic.
  equal(many < 64 * few, true, `${few} ms, and ${many} ms for 16 times as much`);
});

Deno.test("displaySize() swaps width and height for orientations 5 to 8", () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    const expected = orientation < 5 ? { width: 300, height: 200 } : { width: 200, height: 300 };
    deepEqual(displaySize(header("image/jpeg", 300, 200, orientation)), expected);
  }
});

const gifFrame = (left: number, top: number, width: number, height: number, palette = 0): Bytes => [
  ...[0x2c, ...[left, top, width, height].flatMap((n) => le(u16(n))), palette === 0 ? 0 : 0x80 | palette - 1],
  ...Array(palette === 0 ? 0 : 3 * 2 ** palette).fill(0x2c),
  ...[2, 3, 1, 2, 3, 1, 4, 0],
];

Deno.test("readImageHeader() counts the pixels of all frames of a GIF with palettes and extensions", () => {
  const start = [...gif("89a", 30, 20), 0x81, 0, 0, ...Array(12).fill(0x2c)];
  const comment = [0x21, 0xfe, 2, 0x2c, 0x2c, 1, 0x2c, 0];
  const frames = [gifFrame(0, 0, 30, 20), comment, gifFrame(5, 5, 700, 2, 3), comment, gifFrame(0, 0, 10, 10)];
  const expected = { ...header("image/gif", 30, 20), pixels: 600 + 1400 + 100 };
  deepEqual(readImageHeader(of(start, ...frames, [0x3b], gifFrame(0, 0, 9000, 9000))), expected);
  // In a truncated file, the frames before the end count, since a decoder allocates them before it reaches the end.
  deepEqual(readImageHeader(of(start, ...frames.slice(0, 3).flat().slice(0, -3).map((byte) => [byte]))), {
    ...expected,
    pixels: 2000,
  });
});

Deno.test("readImageHeader() returns a size for a GIF that covers its logical screen and first frame", () => {
  const start = [...gif("89a", 30, 20), 0, 0, 0];
  const file = of(start, gifFrame(10, 0, 100, 15), gifFrame(0, 0, 7, 500));
  deepEqual(readImageHeader(file), { ...header("image/gif", 110, 20), pixels: 1500 + 3500 });
  const hidden = of(gif("89a", 1, 1), [0, 0, 0], gifFrame(0, 0, 32_000, 32_000));
  deepEqual(readImageHeader(hidden), header("image/gif", 32_000, 32_000));
});

Deno.test("findOrientations() finds the byte of each orientation in both byte orders", () => {
  for (const isLittle of [false, true]) {
    const files = [
      jpeg(app1(exif(6, isLittle)), app1(exif(8, isLittle)), frame(300, 200)),
      of(png(300, 200), pngRest, pngChunk("eXIf", exif(6, isLittle))),
      webp(vp8x(300, 200), webpChunk("EXIF", exif(6, isLittle))),
      of(tiff([tag(0x100, "LONG", 300), tag(0x101, "SHORT", 200), tag(0x112, "LONG", 6)], isLittle)),
      of(tiff([tag(0x100, "LONG", 300), tag(0x101, "SHORT", 200), tag(0x112, "SHORT", 6)], isLittle)),
    ];
    for (const file of files) {
      const found = findOrientations(file);
      equal(found.length, file === files[0] ? 2 : 1);
      for (const at of found) file[at] = 1;
      equal(readImageHeader(file)?.orientation, 1);
      deepEqual(findOrientations(file), []);
    }
  }
});
