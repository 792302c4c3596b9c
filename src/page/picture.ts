/**
 * An image as SVG refers to it: a link, or bytes as a `data:` URL that every viewer shows upright.
 *
 * @module
 */
import { toBase64 } from "../internal/base64.ts";
import { preview } from "../model/codec.ts";
import { displaySize, findOrientations, readImageHeader } from "../internal/image_header.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import { readImageKind } from "../internal/image_kind.ts";
import type { Size } from "./labels.ts";
import { escapeXml } from "./xml.ts";

/** What an `<image>` element needs. */
export interface Picture {
  /** Safe to stand in an attribute as it is. */
  readonly href: string;
  /** How the viewer must turn the image: 1 to 8 as in EXIF. */
  readonly orientation: number;
  /** The size as displayed, if the bytes state it. */
  readonly size: Size | null;
}

/** The kinds that browsers, librsvg, resvg and Inkscape all show. */
const SHOWN: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Those that have a header but are shown by few viewers, by their types without `image/`. */
const NAMES: Readonly<Record<string, string>> = {
  "bmp": "a BMP",
  "tiff": "a TIFF",
  "x-portable-bitmap": "a PBM",
  "x-portable-graymap": "a PGM",
  "x-portable-pixmap": "a PPM",
};

/** libxml2 refuses attributes over 10,000,000 bytes (`XML_MAX_TEXT_LENGTH`), and Base64 takes 4 bytes for 3. */
const MAX_BYTES = 7_499_900;

/**
 * Reads an image for drawing. Viewers disagree on EXIF orientation: browsers turn the image, librsvg, resvg and Inkscape
 * do not. The embedded copy therefore says that it is upright, and the caller turns it.
 *
 * @throws {TypeError} If `image` is neither bytes nor a link, is empty, or is a link that SVG must not hold.
 */
export function toPicture(image: ArrayBufferView | ArrayBufferLike | string): Picture {
  if (typeof image === "string") return { href: escapeXml(checkLink(image)), orientation: 1, size: null };
  const bytes = checkBytes(image);
  const header = readImageHeader(bytes);
  const type = header?.type ?? readImageKind(bytes)?.type ?? "application/octet-stream";
  return {
    href: `data:${type};base64,${toBase64(header === null ? bytes : toUpright(bytes, header.type))}`,
    orientation: header?.orientation ?? 1,
    size: header === null ? null : displaySize(header),
  };
}

/**
 * What keeps viewers from showing an image that `toSvg` embeds, as sentences for a person. Empty if nothing is known to.
 *
 * - Only PNG, JPEG, GIF and WebP are shown by browsers, librsvg, resvg and Inkscape alike.
 * - Viewers that use libxml2, such as librsvg and ImageMagick, refuse an image of more than 7.5 MB.
 *
 * @param image The image as it is passed to `toSvg`. Links are not examined.
 *
 * @throws {TypeError} If `image` is neither bytes nor a link, or is empty.
 *
 * @example
 * ```ts
 * import { svgWarnings } from "@ocr-cloud/regions";
 * import { deepEqual } from "node:assert/strict";
 * import { readFile } from "node:fs/promises";
 *
 * deepEqual(svgWarnings(await readFile("examples/pages/patent.png")), []);
 * deepEqual(svgWarnings(new TextEncoder().encode("%PDF-1.7")), [
 *   "The image is a PDF, which many viewers cannot show inside an SVG. Convert it to PNG or JPEG.",
 * ]);
 * ```
 *
 * @category Views
 */
export function svgWarnings(image: ArrayBufferView | ArrayBufferLike | string): readonly string[] {
  if (typeof image === "string") return [];
  const bytes = checkBytes(image);
  const warnings: string[] = [];
  const type = readImageHeader(bytes)?.type ?? "";
  if (!SHOWN.includes(type)) {
    const name = NAMES[type.slice("image/".length)] ?? readImageKind(bytes)?.name ?? "of an unknown kind";
    warnings.push(
      `The image is ${name}, which many viewers cannot show inside an SVG. Convert it to PNG or JPEG.`,
    );
  }
  if (bytes.length > MAX_BYTES) {
    const megabytes = (Math.ceil(bytes.length / 100_000) / 10).toFixed(1);
    warnings.push(
      `The image has ${megabytes} MB. Viewers that use libxml2, such as librsvg and ImageMagick, refuse an SVG with ` +
        "an image over 7.5 MB. Make it smaller, or link to it.",
    );
  }
  return warnings;
}

function checkBytes(image: unknown): Uint8Array {
  const bytes = toBytes(image);
  if (bytes !== null && bytes.length > 0) return bytes;
  if (isBlob(image)) {
    throw new TypeError("Cannot draw a Blob, which is read asynchronously: pass `await blob.arrayBuffer()` instead");
  }
  throw new TypeError(
    "Cannot draw the image as it must be a link or the bytes of a file, in a typed array, DataView or ArrayBuffer: " +
      `current value is ${bytes === null ? preview(image) : "empty"}`,
  );
}

/** The link as a browser reads it, which drops line breaks and tabs anywhere, and control characters before it. */
function checkLink(link: string): string {
  const read = link.replace(/[\t\n\r]/g, "").replace(/^[\0- ]+/, "");
  if (/^(https?:|data:image\/)/i.test(read) || !/^[a-z][a-z0-9+.-]*:/i.test(read)) return read;
  throw new TypeError(
    "Cannot draw the image as its link must be http:, https:, data:image/ or relative: " +
      `current value is ${preview(link)}`,
  );
}

/** A copy whose orientation is 1, or the bytes themselves if it already is. */
function toUpright(bytes: Uint8Array, type: string): Uint8Array {
  const found = findOrientations(bytes);
  if (found.length === 0) return bytes;
  const copy = new Uint8Array(bytes);
  for (const at of found) copy[at] = 1;
  if (type === "image/png") sealPngExif(copy);
  return copy;
}

/** Updates the checksums of the chunks that hold EXIF: some decoders refuse a PNG with a wrong one. */
function sealPngExif(png: Uint8Array): void {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length; at += 12 + view.getUint32(at)) {
    const end = at + 8 + view.getUint32(at);
    const isExif = view.getUint32(at + 4) === 0x65584966; // "eXIf"
    if (isExif && end + 4 <= png.length) view.setUint32(end, crc32(png.subarray(at + 4, end)));
  }
}

/** CRC-32 as PNG and ZIP use it. Source: the PNG specification, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
