/**
 * Writes black and white PNG files.
 *
 * @module
 */
import { GRAY, toFile } from "../../files/png.ts";
import { concat } from "../../internal/bytes.ts";

/** A black and white image. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** Whether the pixel is black. */
  readonly isBlack: (x: number, y: number) => boolean;
}

/** The maximum size of an uncompressed block of Deflate. */
const MAX_BLOCK = 0xffff;

/**
 * Returns a PNG file with one bit per pixel. It is not compressed: each runtime's Deflate has its own output, but a
 * recording refers to an image by the hash of its file. Source: the PNG specification, RFC 1950 and RFC 1951.
 */
export function toPng({ width, height, isBlack }: Bitmap): Uint8Array {
  const bytesPerRow = Math.ceil(width / 8);
  // Each row starts with the number of its filter: 0 for none. A pixel is white if its bit is set.
  const rows = new Uint8Array(height * (1 + bytesPerRow));
  for (let y = 0; y < height; y++) {
    const start = y * (1 + bytesPerRow) + 1;
    for (let x = 0; x < width; x++) if (!isBlack(x, y)) rows[start + (x >> 3)] |= 0x80 >> (x & 7);
  }
  return toFile({ width, height, bitDepth: 1, colorType: GRAY }, toZlib(rows));
}

/** Wraps bytes in the zlib format without compressing them. */
function toZlib(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  for (let start = 0; start < bytes.length; start += MAX_BLOCK) {
    const block = bytes.subarray(start, start + MAX_BLOCK);
    const isLast = start + MAX_BLOCK >= bytes.length;
    const { length } = block;
    parts.push(Uint8Array.of(isLast ? 1 : 0, length, length >> 8, ~length, ~length >> 8), block);
  }
  const checksum = adler32(bytes);
  return concat([...parts, Uint8Array.of(checksum >> 24, checksum >> 16, checksum >> 8, checksum)]);
}

function adler32(bytes: Uint8Array): number {
  let a = 1, b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 0x10000 + a;
}
