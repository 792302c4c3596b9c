/**
 * What the first bytes of an image file say: its format, size and EXIF orientation. Nothing is decoded.
 *
 * @module
 */

/** What an image file says about itself. */
export interface ImageHeader {
  /** The MIME type, such as `image/png`. */
  readonly type: string;
  /** Pixels from left to right, as stored: before the orientation is applied. At least 1. */
  readonly width: number;
  /** Pixels from top to bottom, as stored: before the orientation is applied. At least 1. */
  readonly height: number;
  /** How to turn the image to show it: 1 to 8 as EXIF and TIFF number them, 1 (as it is) where the file says nothing. */
  readonly orientation: number;
}

const WIDTH = 0x100, HEIGHT = 0x101, ORIENTATION = 0x112; // TIFF tags
const SHORT = 3, LONG = 4; // TIFF types
const BMP_HEADER_SIZES = [12, 40, 52, 56, 64, 108, 124];
const PNM_TYPES = ["image/x-portable-bitmap", "image/x-portable-graymap", "image/x-portable-pixmap"];

/**
 * The header of a PNG, JPEG, GIF, WebP, TIFF, BMP or PNM (P1 to P6) file. Total: it never throws, whatever the bytes.
 *
 * @returns null where the bytes are no such file, are cut off within its header, or state a width or height of zero
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const header = readPng(view) ?? readJpeg(view) ?? readGif(view) ?? readWebp(view) ?? readTiff(view) ??
      readBmp(view) ?? readPnm(view);
    return header !== null && header.width > 0 && header.height > 0 ? header : null;
  } catch {
    // A DataView throws where it is read past its end: there the file is cut off.
    return null;
  }
}

/** The size of the image as it is shown: orientations 5 to 8 lay it on its side. In pixels. */
export function displaySize(header: ImageHeader): { readonly width: number; readonly height: number } {
  const { width, height, orientation } = header;
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

function readPng(view: DataView): ImageHeader | null {
  if (text(view, 0, 8) !== "\x89PNG\r\n\x1a\n" || text(view, 12, 4) !== "IHDR") return null;
  let orientation = 1;
  for (let at = 33; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    if (text(view, at + 4, 4) === "eXIf") orientation = readOrientation(view, at + 8, view.getUint32(at));
  }
  return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20), orientation };
}

function readJpeg(view: DataView): ImageHeader | null {
  if (view.getUint16(0) !== 0xffd8) return null;
  let orientation = 1;
  for (let at = 2;;) {
    // As libjpeg does: stray bytes before a marker are passed over, and so are fill bytes within it.
    while (view.getUint8(at) !== 0xff) at++;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    const isBare = marker === 0 || marker === 1 || marker >= 0xd0 && marker <= 0xd8;
    if (isBare) continue;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      return { type: "image/jpeg", width: view.getUint16(at + 5), height: view.getUint16(at + 3), orientation };
    }
    const length = view.getUint16(at);
    const isScanOrEnd = marker === 0xda || marker === 0xd9;
    if (isScanOrEnd || length < 2) return null;
    if (marker === 0xe1 && text(view, at + 2, 6) === "Exif\0\0") {
      orientation = readOrientation(view, at + 8, length - 8);
    }
    at += length;
  }
}

function readGif(view: DataView): ImageHeader | null {
  if (!/^GIF8[79]a$/.test(text(view, 0, 6))) return null;
  return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true), orientation: 1 };
}

/** Sources: RFC 9649; for the size of VP8 also RFC 6386, section 9.1. */
function readWebp(view: DataView): ImageHeader | null {
  if (text(view, 0, 4) !== "RIFF" || text(view, 8, 4) !== "WEBP") return null;
  const webp = (width: number, height: number, orientation = 1): ImageHeader => ({
    type: "image/webp",
    width,
    height,
    orientation,
  });
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
        if (text(view, at, 4) === "EXIF") orientation = readOrientation(view, at + 8, size);
      }
      return webp(uint24(24) + 1, uint24(27) + 1, orientation);
    }
  }
  return null;
}

function readTiff(view: DataView): ImageHeader | null {
  const tags = readTags(view);
  if (tags === null) return null;
  const orientation = checkOrientation(tags.get(ORIENTATION));
  return { type: "image/tiff", width: tags.get(WIDTH) ?? 0, height: tags.get(HEIGHT) ?? 0, orientation };
}

function readBmp(view: DataView): ImageHeader | null {
  if (text(view, 0, 2) !== "BM") return null;
  const headerSize = view.getUint32(14, true);
  if (!BMP_HEADER_SIZES.includes(headerSize)) return null;
  const [width, height] = headerSize === 12
    ? [view.getUint16(18, true), view.getUint16(20, true)]
    : [view.getInt32(18, true), Math.abs(view.getInt32(22, true))]; // a negative height: rows from the top
  return { type: "image/bmp", width, height, orientation: 1 };
}

function readPnm(view: DataView): ImageHeader | null {
  const match = /^P([1-6])(?:\s|#[^\n]*\n)+(\d{1,10})(?:\s|#[^\n]*\n)+(\d{1,10})\s/.exec(text(view, 0, 4096));
  if (match === null) return null;
  const [, kind, width, height] = match.map(Number);
  return { type: PNM_TYPES[(kind - 1) % 3], width, height, orientation: 1 };
}

/** The orientation in an EXIF block, which is a TIFF file of its own; 1 where the block is broken. */
function readOrientation(view: DataView, at: number, length: number): number {
  try {
    const block = new DataView(view.buffer, view.byteOffset + at, Math.min(length, view.byteLength - at));
    return checkOrientation(readTags(block)?.get(ORIENTATION));
  } catch {
    return 1;
  }
}

function checkOrientation(orientation = 1): number {
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/** The first directory of a TIFF file; 0 for a value that is no number of 16 or 32 bits. */
function readTags(view: DataView): ReadonlyMap<number, number> | null {
  const isLittle = text(view, 0, 4) === "II*\0";
  if (!isLittle && text(view, 0, 4) !== "MM\0*") return null;
  const directory = view.getUint32(4, isLittle);
  const tags = new Map<number, number>();
  for (let i = 0; i < view.getUint16(directory, isLittle); i++) {
    const at = directory + 2 + i * 12;
    const tag = view.getUint16(at, isLittle);
    const type = view.getUint16(at + 2, isLittle);
    const value = type === SHORT
      ? view.getUint16(at + 8, isLittle)
      : type === LONG
      ? view.getUint32(at + 8, isLittle)
      : 0;
    // Of a tag that stands twice, the first counts: so LibTIFF reads it.
    if (!tags.has(tag)) tags.set(tag, value);
  }
  return tags;
}

/** Bytes as characters; fewer than `length` where the file ends. */
function text(view: DataView, at: number, length: number): string {
  const end = Math.max(0, Math.min(length, view.byteLength - at));
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, end));
}
