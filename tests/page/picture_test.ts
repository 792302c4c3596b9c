import { deepStrictEqual as deepEqual, match, notEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { runInNewContext } from "node:vm";
import { crc32 } from "node:zlib";
import { svgWarnings, toPicture } from "../../src/page/picture.ts";
import { toSvg } from "../../src/page/svg.ts";

const ascii = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** The header of a JPEG of 640 x 480 pixels. */
const page = ascii("\xff\xd8\xff\xc0\0\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\0\xff\xd9");
const EXIF = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

const bytesOf = (href: string): Buffer => Buffer.from(href.slice(href.indexOf(",") + 1), "base64");

Deno.test("toSvg() draws the same for bytes in every type of view and buffer, from any realm", () => {
  const expected = toSvg([], { image: page });
  const shared = new SharedArrayBuffer(page.length);
  new Uint8Array(shared).set(page);
  const larger = new Uint8Array(page.length + 16);
  larger.set(page, 8);
  const images = [
    page.buffer,
    shared,
    new DataView(page.buffer),
    new Uint8ClampedArray(page),
    larger.subarray(8, -8),
    Buffer.from(page),
    runInNewContext("new Uint8Array(bytes)", { bytes: page }),
    runInNewContext("new Uint8Array(bytes).buffer", { bytes: page }),
  ];
  for (const image of images) ok(toSvg([], { image }) === expected, image.constructor.name);
});

Deno.test("toSvg() throws a TypeError for values that are neither bytes nor links", () => {
  const gone = new Uint8Array(page);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const refused: readonly (readonly [image: unknown, message: RegExp])[] = [
    [new Blob([page]), /^Cannot draw the image as a Blob .*: pass `await blob\.arrayBuffer\(\)` instead$/],
    [new File([page], "page.jpg"), /^Cannot draw the image as a Blob /],
    [new Uint8Array(), /current value is empty$/],
    [new ArrayBuffer(0), /current value is empty$/],
    [gone, /^Cannot draw the image as it must be a link, or the bytes of a file/],
    [[1, 2, 3], /^Cannot draw the image as it must be a link, or the bytes of a file/],
    [null, /current value is null$/],
    [5, /current value is 5$/],
    [new URL("https://example.org/page.png"), /^Cannot draw the image as it must be a link/],
    [new Response(page), /^Cannot draw the image as it must be a link/],
  ];
  for (const [image, message] of refused) {
    // @ts-expect-error: not one of the accepted types
    throws(() => toSvg([], { image }), { name: "TypeError", message });
  }
});

Deno.test("toPicture() sets the orientation of a PNG to 1 and updates the checksum", () => {
  const chunk = (type: string, data: string): string => {
    const sum = crc32(ascii(type + data));
    const u32 = (n: number): string => String.fromCharCode(n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255);
    return u32(data.length) + type + data + u32(sum);
  };
  const png = (exif: string): Uint8Array =>
    ascii(
      "\x89PNG\r\n\x1a\n" + chunk("IHDR", "\0\0\0\x03\0\0\0\x02\x08\0\0\0\0") + chunk("eXIf", exif) + chunk("IEND", ""),
    );
  const { href, orientation, size } = toPicture(png(EXIF));
  equal(orientation, 6);
  deepEqual(size, { width: 2, height: 3 });
  ok(bytesOf(href).equals(png(EXIF.replace("\x06", "\x01"))));
});

Deno.test("toPicture() sets the orientation of a WebP and a TIFF to 1", () => {
  const webp = ascii("RIFF\x44\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0\x02\0\0\x01\0\0EXIF\x1a\0\0\0" + EXIF);
  const tiff = ascii(
    "MM\0*\0\0\0\x08\0\x03\x01\0\0\x03\0\0\0\x01\0\x03\0\0\x01\x01\0\x03\0\0\0\x01\0\x02\0\0\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
  );
  for (const file of [webp, tiff]) {
    const { href, orientation } = toPicture(file);
    equal(orientation, 6);
    ok(bytesOf(href).equals(file.with(file.lastIndexOf(6), 1)));
  }
});

Deno.test("toPicture() uses the MIME type of formats whose header it cannot read", () => {
  match(toPicture(ascii("\0\0\0\x1cftypavif\0\0\0\0avifmif1")).href, /^data:image\/avif;base64,/);
  match(toPicture(ascii("anything")).href, /^data:application\/octet-stream;base64,/);
});

Deno.test("svgWarnings() names formats that many viewers cannot show", () => {
  const kinds = {
    "a TIFF": "MM\0*\0\0\0\x08\0\x02\x01\0\0\x03\0\0\0\x01\0\x09\0\0\x01\x01\0\x03\0\0\0\x01\0\x09\0\0",
    "a BMP": "BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\x09\0\0\0\x09\0\0\0",
    "a PGM": "P5\n9 9\n255\n",
    "a PDF": "%PDF-1.7",
    "a HEIC": "\0\0\0\x1cftypheic\0\0\0\0mif1heic",
    "in an unknown format": "Dear Sir",
  };
  for (const [name, start] of Object.entries(kinds)) {
    deepEqual(svgWarnings(ascii(start)), [
      `The image is ${name}, which many viewers cannot show in an SVG. Convert it to PNG or JPEG.`,
    ]);
  }
  for (const image of [page, page.buffer, "page.tif", "data:image/tiff;base64,AAAA"]) deepEqual(svgWarnings(image), []);
});

Deno.test("svgWarnings() warns of images that exceed libxml2's limit on attributes", () => {
  const large = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    bytes.set(page);
    return bytes;
  };
  const MAX_TEXT_LENGTH = 10_000_000; // libxml2's XML_MAX_TEXT_LENGTH
  const shown = large(7_499_900), refused = large(7_500_000);
  ok(toPicture(shown).href.length < MAX_TEXT_LENGTH);
  ok(toPicture(refused).href.length > MAX_TEXT_LENGTH);
  deepEqual(svgWarnings(shown), []);
  const [warning, ...others] = svgWarnings(refused);
  deepEqual(others, []);
  match(warning, /^The image is 7\.5 MB in size\. .* reject an SVG with an embedded image over 7\.5 MB\./);
  notEqual(svgWarnings(large(7_600_000))[0], warning);
});
