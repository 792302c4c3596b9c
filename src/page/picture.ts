/**
 * Prepares an image for an SVG: as a link, or as a `data:` URL that every viewer shows upright.
 *
 * @module
 */
import { toBase64 } from "../internal/base64.ts";
import { preview } from "../internal/text.ts";
import { displaySize, findOrientations, readImageHeader } from "../internal/image_header.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import { readImageKind } from "../internal/image_kind.ts";
import type { Size } from "./geometry.ts";
import { escapeXml } from "./xml.ts";

/** The properties of an `<image>` element. */
export interface Picture {
  /** The link or `data:` URL, already escaped for use in an attribute. */
  readonly href: string;
  /** How the SVG must rotate or mirror the image: 1 to 8 as in EXIF. */
  readonly orientation: number;
  /** The size as displayed, in pixels, or null if it is unknown. */
  readonly size: Size | null;
}

/** The formats that browsers, librsvg, resvg and Inkscape all support. */
const SHOWN: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Names of the formats that `readImageHeader` reads but few viewers support, by MIME type without `image/`. */
const NAMES: Readonly<Record<string, string>> = {
  "bmp": "a BMP",
  "tiff": "a TIFF",
  "x-portable-bitmap": "a PBM",
  "x-portable-graymap": "a PGM",
  "x-portable-pixmap": "a PPM",
};

/** libxml2 rejects attributes over 10,000,000 bytes (`XML_MAX_TEXT_LENGTH`), and Base64 encodes 3 bytes as 4. */
const MAX_BYTES = 7_499_900;

/**
 * Prepares an image for drawing. Browsers apply EXIF orientation; librsvg, resvg and Inkscape do not. Therefore the
 * orientation in the embedded copy is reset to 1, and the caller applies it as a transform.
 *
 * @throws {TypeError} If `image` is neither bytes nor a link, is empty, or is a link with an unsafe scheme.
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
 * Returns warnings, as sentences for the user, about viewers that may not show an image that {@linkcode toSvg} embeds.
 * Returns an empty array if there are no known problems.
 *
 * - Only PNG, JPEG, GIF and WebP are supported by all of browsers, librsvg, resvg and Inkscape.
 * - Viewers that use libxml2, such as librsvg and ImageMagick, reject images over 7.5 MB.
 *
 * @param image The image as passed to `toSvg`. Links are not examined.
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
 *   "The image is a PDF, which many viewers cannot show in an SVG. Convert it to PNG or JPEG.",
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
    const name = NAMES[type.slice("image/".length)] ?? readImageKind(bytes)?.name ?? "in an unknown format";
    warnings.push(`The image is ${name}, which many viewers cannot show in an SVG. Convert it to PNG or JPEG.`);
  }
  if (bytes.length > MAX_BYTES) {
    const megabytes = (Math.ceil(bytes.length / 100_000) / 10).toFixed(1);
    warnings.push(
      `The image is ${megabytes} MB in size. Viewers that use libxml2, such as librsvg and ImageMagick, reject an SVG ` +
        "with an embedded image over 7.5 MB. Reduce the image, or link to it instead.",
    );
  }
  return warnings;
}

function checkBytes(image: unknown): Uint8Array {
  const bytes = toBytes(image);
  if (bytes !== null && bytes.length > 0) return bytes;
  if (isBlob(image)) {
    throw new TypeError(
      "Cannot draw the image as a Blob can only be read asynchronously: pass `await blob.arrayBuffer()` instead",
    );
  }
  throw new TypeError(
    "Cannot draw the image as it must be a link, or the bytes of a file as a typed array, DataView or ArrayBuffer: " +
      `current value is ${bytes === null ? preview(image) : "empty"}`,
  );
}

/**
 * Returns the link as a browser parses it: without tabs and line breaks, and without leading control characters, any of
 * which could hide a scheme such as `javascript:`.
 */
function checkLink(link: string): string {
  const parsed = link.replace(/[\t\n\r]/g, "").replace(/^[\0- ]+/, "");
  if (/^(https?:|data:image\/)/i.test(parsed) || !/^[a-z][a-z0-9+.-]*:/i.test(parsed)) return parsed;
  throw new TypeError(
    "Cannot draw the image as its link must be http:, https:, data:image/ or relative: " +
      `current value is ${preview(link)}`,
  );
}

/** Returns a copy with orientation 1, or the bytes themselves if they need no change. */
function toUpright(bytes: Uint8Array, type: string): Uint8Array {
  const found = findOrientations(bytes);
  if (found.length === 0) return bytes;
  const copy = new Uint8Array(bytes);
  for (const at of found) copy[at] = 1;
  if (type === "image/png") updateExifChecksums(copy);
  return copy;
}

/** Updates the checksums of a PNG's EXIF chunks, since some decoders reject a PNG with a wrong checksum. */
function updateExifChecksums(png: Uint8Array): void {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length; at += 12 + view.getUint32(at)) {
    const end = at + 8 + view.getUint32(at);
    const isExif = view.getUint32(at + 4) === 0x65584966; // "eXIf"
    if (isExif && end + 4 <= png.length) view.setUint32(end, crc32(png.subarray(at + 4, end)));
  }
}

/** Computes a CRC-32 as used in PNG and ZIP. Source: the PNG specification, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
