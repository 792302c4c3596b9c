/**
 * Writes black and white PNG files.
 *
 * @module
 */

/** A black and white image. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** Whether the pixel is black. */
  readonly isBlack: (x: number, y: number) => boolean;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The maximum size of an uncompressed block of Deflate. */
const MAX_BLOCK = 0xffff;

/**
 * Returns a PNG file with one bit per pixel. It is not compressed: each runtime's Deflate has its own output, but a
 * recording refers to an image by the hash of its file. Source: the PNG specification, RFC 1950 and RFC 1951.
 */
export function toPng({ width, height, isBlack }: Bitmap): Uint8Array<ArrayBuffer> {
  const bytesPerRow = Math.ceil(width / 8);
  // Each row starts with the number of its filter: 0 for none. A pixel is white if its bit is set.
  const rows = new Uint8Array(height * (1 + bytesPerRow));
  for (let y = 0; y < height; y++) {
    const start = y * (1 + bytesPerRow) + 1;
    for (let x = 0; x < width; x++) if (!isBlack(x, y)) rows[start + (x >> 3)] |= 0x80 >> (x & 7);
  }
  const bitDepth = 1, grayscale = 0;
  return joined([
    SIGNATURE,
    ...toChunk("IHDR", [...toInt32(width), ...toInt32(height), bitDepth, grayscale, 0, 0, 0]),
    ...toChunk("IDAT", joined(toZlib(rows))),
    ...toChunk("IEND", []),
  ]);
}

type Bytes = ArrayLike<number>;

function toChunk(type: string, data: Bytes): readonly Bytes[] {
  const typed = joined([new TextEncoder().encode(type), data]);
  return [toInt32(data.length), typed, toInt32(crc32(typed))];
}

/** Wraps bytes in the zlib format without compressing them. */
function toZlib(bytes: Uint8Array): readonly Bytes[] {
  const parts: Bytes[] = [[0x78, 0x01]];
  for (let start = 0; start < bytes.length; start += MAX_BLOCK) {
    const block = bytes.subarray(start, start + MAX_BLOCK);
    const isLast = start + MAX_BLOCK >= bytes.length;
    const { length } = block;
    parts.push([isLast ? 1 : 0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff], block);
  }
  return [...parts, toInt32(adler32(bytes))];
}

function joined(parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

/** Four bytes, the most significant one first. */
function toInt32(n: number): readonly number[] {
  return [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

function adler32(bytes: Uint8Array): number {
  let a = 1, b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 0x10000 + a;
}
