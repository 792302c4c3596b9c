import { rejects, strictEqual as equal } from "node:assert/strict";
import { detect } from "../../src/emulator/detector.ts";
import { nameUnsupported } from "../../src/emulator/unsupported.ts";
import { readImageHeader } from "../../src/internal/image_header.ts";

type Bytes = readonly number[];

const ascii = (text: string): Bytes => [...text].map((c) => c.charCodeAt(0));
const u16 = (n: number): Bytes => [n >>> 8 & 255, n & 255];
const u32 = (n: number): Bytes => [...u16(n >>> 16), ...u16(n & 0xffff)];
const zeros = (length: number): Bytes => Array(length).fill(0);

const tiff = (...tags: readonly (readonly [tag: number, value: number])[]): Bytes => {
  const all = [[256, 9], [257, 9], ...tags];
  return [
    ...[...ascii("MM\0*"), ...u32(8), ...u16(all.length)],
    ...all.flatMap(([tag, value]) => [...u16(tag), ...u16(4), ...u32(1), ...u32(value)]),
    ...u32(0),
  ];
};
const webp = (flags: number): Bytes => [
  ...[...ascii("RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0"), flags],
  ...zeros(9),
];
const gif = (left: number, top: number): Bytes => [
  ...ascii("GIF89a\x09\0\x09\0\0\0\0,"),
  ...[left, 0, top, 0, 2, 0, 2, 0, 0, 2, 0, 0x3b],
];

const UNSUPPORTED: readonly (readonly [bytes: Bytes, name: string])[] = [
  [[...ascii("BM"), ...zeros(12), 40, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0], "a BMP"],
  [ascii("\0\0\0\x0cjP  \r\n\x87\n"), "a JPEG 2000"],
  [[0xff, 0x4f, 0xff, 0x51, 0, 0], "a JPEG 2000"],
  [ascii("\0\0\0\x0cJXL \r\n\x87\n"), "a JPEG XL"],
  [[0xff, 0x0a, 0, 0], "a JPEG XL"],
  [ascii("\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"), "an AVIF"],
  [ascii("\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"), "an AVIF"],
  [ascii("\0\0\0\x1cftypheic\0\0\0\0mif1heic"), "a HEIC"],
  [ascii("\0\0\0\x1cftypmif1\0\0\0\0mif1heic"), "a HEIC"],
  [ascii("%PDF-1.7\n%\xe2\xe3\xcf\xd3"), "a PDF"],
  [ascii("P7\nWIDTH 9\nHEIGHT 9\n"), "a PAM"],
  [ascii("II+\0\x08\0\0\0"), "a BigTIFF"],
  [ascii("8BPS\0\x01"), "a Photoshop file"],
  [ascii("AT&TFORM\0\0\0\0DJVU"), "a DjVu"],
  [[0, 0, 1, 0, 1, 0], "an icon"],
  [ascii('<svg xmlns="http://www.w3.org/2000/svg"/>'), "an SVG"],
  [ascii('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n<svg width="9"/>'), "an SVG"],
  [[...ascii("II"), 0xbc, 1, 8, 0, 0, 0], "a JPEG XR"],
  [ascii("qoif\0\0\0\x09"), "a QOI"],
  [ascii("gimp xcf v011\0"), "a GIMP file"],
  [ascii("v/1\x01\x02\0\0\0"), "an OpenEXR"],
  [[...zeros(128), ...ascii("DICM")], "a DICOM file"],
  [tiff([259, 32909]), "a TIFF with PixarLog compression"],
  [tiff([259, 34661]), "a TIFF with JBIG compression"],
  [tiff([259, 34887]), "a TIFF with LERC compression"],
  [tiff([259, 8]), "a TIFF with Deflate compression"],
  [tiff([259, 32946]), "a TIFF with Deflate compression"],
  [tiff([259, 7]), "a TIFF with JPEG compression"],
  [tiff([259, 50001]), "a TIFF with WebP compression"],
  [tiff([259, 5], [322, 256], [323, 256]), "a tiled TIFF"],
  [webp(0x02), "an animated WebP"],
  [gif(1, 0), "a GIF whose first frame does not start in the top left corner"],
  [gif(0, 1), "a GIF whose first frame does not start in the top left corner"],
];

for (const [bytes, name] of UNSUPPORTED) {
  Deno.test(`detect() rejects ${name} that starts with ${JSON.stringify(String.fromCharCode(...bytes.slice(0, 12)))} by name`, () =>
    rejects(detect(Uint8Array.from(bytes), "Regions"), {
      message: `Cannot read the image: it is ${name}, which the detector does not support. Convert it to PNG or JPEG`,
    }));
}

Deno.test("nameUnsupported() returns null for supported and unknown formats", () => {
  const others = [tiff(), tiff([259, 1]), tiff([259, 4]), tiff([259, 5]), tiff([259, 32773]), webp(0), gif(0, 0)];
  for (const bytes of [...others, [], ascii("P5\n9 9\n255\n"), ascii("Dear Sir"), ascii("<html><svg-like>")]) {
    const image = Uint8Array.from(bytes);
    equal(nameUnsupported(image, readImageHeader(image)), null);
  }
});
