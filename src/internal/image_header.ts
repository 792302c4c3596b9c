/**
 * Reads the format, size and EXIF orientation of an image file from its header, without decoding the image.
 *
 * @module
 */

/** The properties that an image file states in its header. */
export interface ImageHeader {
  /** The MIME type, such as `image/png`. */
  readonly type: string;
  /**
   * Width in pixels as stored, before the orientation is applied. At least 1. For a GIF, wide enough for both the
   * logical screen and the first frame, which is how browsers show it.
   */
  readonly width: number;
  /** Height in pixels as stored, before the orientation is applied. At least 1. For a GIF, see `width`. */
  readonly height: number;
  /** How to rotate or mirror the image for display: 1 to 8 as in EXIF and TIFF, or 1 if the file does not state it. */
  readonly orientation: number;
  /**
   * The number of pixels that a decoder allocates: at least `width` x `height`, and more for an animated GIF, since
   * GIFLIB decodes all frames even if only the first is used. Check size limits against this number.
   */
  readonly pixels: number;
}

/** The position and size of a frame of a GIF file on its logical screen, in pixels. */
export interface GifFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Size = Pick<ImageHeader, "width" | "height">;

interface Tag {
  /** The first value, or 0 if it is not a 16-bit or 32-bit integer. */
  readonly value: number;
  /** The position of the value's least significant byte. */
  readonly at: number;
}

const WIDTH = 0x100, HEIGHT = 0x101, ORIENTATION = 0x112; // TIFF tags
const SHORT = 3, LONG = 4; // TIFF types
const BMP_HEADER_SIZES = [12, 40, 52, 56, 64, 108, 124];
const PNM_TYPES = ["image/x-portable-bitmap", "image/x-portable-graymap", "image/x-portable-pixmap"];

/**
 * Reads the header of a PNG, JPEG, GIF, WebP, TIFF, BMP or PNM (P1 to P6) file. Never throws.
 *
 * @returns null if the format is not one of these, the header is incomplete, or the width or height is zero
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  return read(bytes, []);
}

/**
 * Returns the positions of the bytes that hold the file's EXIF or TIFF orientation; there may be none or several. If
 * each of these bytes is set to 1, programs show the image as it is stored.
 */
export function findOrientations(bytes: Uint8Array): readonly number[] {
  const found: number[] = [];
  read(bytes, found);
  return found;
}

/** Reads the header, and adds the positions of orientation values to `found`. */
function read(bytes: Uint8Array, found: number[]): ImageHeader | null {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const header = readPng(view, found) ?? readJpeg(view, found) ?? readGif(view) ?? readWebp(view, found) ??
      readTiff(view, found) ?? readBmp(view) ?? readPnm(view);
    return header !== null && header.width > 0 && header.height > 0 ? header : null;
  } catch {
    // A DataView throws when it is read past its end: the file is truncated.
    return null;
  }
}

/** Returns the size of the image as displayed, in pixels. Orientations 5 to 8 swap width and height. */
export function displaySize(header: ImageHeader): Size {
  const { width, height, orientation } = header;
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

/** Returns the values in the first directory of a TIFF file, by tag. */
export function readTiffTags(bytes: Uint8Array): ReadonlyMap<number, number> {
  try {
    const tags = readTags(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) ?? new Map<number, Tag>();
    return new Map([...tags].map(([tag, { value }]) => [tag, value]));
  } catch {
    return new Map();
  }
}

/**
 * Returns the frames of a GIF file. If the file is truncated, returns the frames before that point.
 *
 * Source: the GIF89a specification, sections 18 to 26.
 */
export function readGifFrames(bytes: Uint8Array): readonly GifFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: GifFrame[] = [];
  const skipBlocks = (at: number): number => {
    while (view.getUint8(at) > 0) at += 1 + view.getUint8(at);
    return at + 1;
  };
  const colors = (flags: number): number => flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
  try {
    let at = 13 + colors(view.getUint8(10));
    for (;;) {
      const label = view.getUint8(at);
      if (label === 0x21) at = skipBlocks(at + 2);
      else if (label === 0x2c) {
        const [left, top, width, height] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true));
        frames.push({ left, top, width, height });
        at = skipBlocks(at + 11 + colors(view.getUint8(at + 9)));
      } else return frames;
    }
  } catch {
    return frames;
  }
}

function toHeader(type: string, width: number, height: number, orientation = 1): ImageHeader {
  return { type, width, height, orientation, pixels: width * height };
}

function readPng(view: DataView, found: number[]): ImageHeader | null {
  if (text(view, 0, 8) !== "\x89PNG\r\n\x1a\n" || text(view, 12, 4) !== "IHDR") return null;
  let orientation = 1;
  for (let at = 33; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    if (text(view, at + 4, 4) === "eXIf") orientation = readOrientation(view, at + 8, view.getUint32(at), found);
  }
  return toHeader("image/png", view.getUint32(16), view.getUint32(20), orientation);
}

function readJpeg(view: DataView, found: number[]): ImageHeader | null {
  if (view.getUint16(0) !== 0xffd8) return null;
  let orientation = 1;
  for (let at = 2;;) {
    // Like libjpeg, skip stray bytes before a marker and fill bytes within it.
    while (view.getUint8(at) !== 0xff) at++;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    const isBare = marker === 0 || marker === 1 || marker >= 0xd0 && marker <= 0xd8;
    if (isBare) continue;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return toHeader("image/jpeg", view.getUint16(at + 5), view.getUint16(at + 3), orientation);
    const length = view.getUint16(at);
    const isScanOrEnd = marker === 0xda || marker === 0xd9;
    if (isScanOrEnd || length < 2) return null;
    if (marker === 0xe1 && text(view, at + 2, 6) === "Exif\0\0") {
      orientation = readOrientation(view, at + 8, length - 8, found);
    }
    at += length;
  }
}

function readGif(view: DataView): ImageHeader | null {
  if (!/^GIF8[79]a$/.test(text(view, 0, 6))) return null;
  const frames = readGifFrames(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const { left, top, width, height } = frames[0] ?? { left: 0, top: 0, width: 0, height: 0 };
  const header = toHeader(
    "image/gif",
    Math.max(view.getUint16(6, true), left + width),
    Math.max(view.getUint16(8, true), top + height),
  );
  const decoded = frames.reduce((pixels, { width, height }) => pixels + width * height, 0);
  return { ...header, pixels: Math.max(header.pixels, decoded) };
}

/** Sources: RFC 9649, and RFC 6386, section 9.1, for the size of a VP8 frame. */
function readWebp(view: DataView, found: number[]): ImageHeader | null {
  if (text(view, 0, 4) !== "RIFF" || text(view, 8, 4) !== "WEBP") return null;
  const webp = (width: number, height: number, orientation = 1) => toHeader("image/webp", width, height, orientation);
  switch (text(view, 12, 4)) {
    case "VP8 ":
      if (text(view, 23, 3) !== "\x9d\x01\x2a") return null;
      return webp(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
    case "VP8L": {
      if (view.getUint8(20) !== 0x2f) return null;
      const bits = view.getUint32(21, true);
      return webp((bits & 0x3fff) + 1, (bits >>> 14 & 0x3fff) + 1);
    }
    case "VP8X": {
      const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
      let orientation = 1;
      for (let at = 12, size = 0; at + 8 <= view.byteLength; at += 8 + size + size % 2) {
        size = view.getUint32(at + 4, true);
        if (text(view, at, 4) === "EXIF") orientation = readOrientation(view, at + 8, size, found);
      }
      return webp(uint24(24) + 1, uint24(27) + 1, orientation);
    }
  }
  return null;
}

function readTiff(view: DataView, found: number[]): ImageHeader | null {
  const tags = readTags(view);
  if (tags === null) return null;
  const orientation = takeOrientation(tags, 0, found);
  return toHeader("image/tiff", tags.get(WIDTH)?.value ?? 0, tags.get(HEIGHT)?.value ?? 0, orientation);
}

function readBmp(view: DataView): ImageHeader | null {
  if (text(view, 0, 2) !== "BM") return null;
  const headerSize = view.getUint32(14, true);
  if (!BMP_HEADER_SIZES.includes(headerSize)) return null;
  const [width, height] = headerSize === 12
    ? [view.getUint16(18, true), view.getUint16(20, true)]
    : [view.getInt32(18, true), Math.abs(view.getInt32(22, true))]; // negative if rows are stored from top to bottom
  return toHeader("image/bmp", width, height);
}

function readPnm(view: DataView): ImageHeader | null {
  const match = /^P([1-6])(?:\s|#[^\n]*\n)+(\d{1,10})(?:\s|#[^\n]*\n)+(\d{1,10})\s/.exec(text(view, 0, 4096));
  if (match === null) return null;
  const [, kind, width, height] = match.map(Number);
  return toHeader(PNM_TYPES[(kind - 1) % 3], width, height);
}

/** Reads the orientation from an EXIF block, which has the structure of a TIFF file. Returns 1 if it is malformed. */
function readOrientation(view: DataView, at: number, length: number, found: number[]): number {
  try {
    const block = new DataView(view.buffer, view.byteOffset + at, Math.min(length, view.byteLength - at));
    return takeOrientation(readTags(block), at, found);
  } catch {
    return 1;
  }
}

function takeOrientation(tags: ReadonlyMap<number, Tag> | null, start: number, found: number[]): number {
  const { value, at } = tags?.get(ORIENTATION) ?? { value: 1, at: 0 };
  if (value < 2 || value > 8) return 1;
  found.push(start + at);
  return value;
}

/** Reads the first directory of a TIFF file. */
function readTags(view: DataView): ReadonlyMap<number, Tag> | null {
  const isLittle = text(view, 0, 4) === "II*\0";
  if (!isLittle && text(view, 0, 4) !== "MM\0*") return null;
  const directory = view.getUint32(4, isLittle);
  const tags = new Map<number, Tag>();
  for (let i = 0; i < view.getUint16(directory, isLittle); i++) {
    const entry = directory + 2 + i * 12;
    const tag = view.getUint16(entry, isLittle);
    const type = view.getUint16(entry + 2, isLittle);
    const at = entry + 8;
    const value = type === SHORT ? view.getUint16(at, isLittle) : type === LONG ? view.getUint32(at, isLittle) : 0;
    // Like LibTIFF, use the first entry if a tag occurs twice.
    if (!tags.has(tag)) tags.set(tag, { value, at: isLittle ? at : at + (type === SHORT ? 1 : 3) });
  }
  return tags;
}

/** Reads up to `length` bytes as Latin-1 characters. Returns fewer if the file ends before that. */
function text(view: DataView, at: number, length: number): string {
  const end = Math.max(0, Math.min(length, view.byteLength - at));
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, end));
}
