/**
 * Writes PNG files.
 *
 * @module
 */
import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { concat } from "../internal/bytes.ts";

/** An opaque image. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** Four bytes for each pixel, row by row: red, green and blue, and one that is ignored. */
  readonly pixels: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Color types. */
export const GRAY = 0, RGB = 2;

/** Encodes an image as PNG, in gray if it has no colors. Source: the PNG specification, third edition. */
export async function toPng(bitmap: Bitmap): Promise<Uint8Array> {
  const { width, height } = bitmap;
  const channels = isGray(bitmap) ? 1 : 3;
  const data = await promisify(deflate)(toRows(bitmap, channels));
  return toFile({ width, height, bitDepth: 8, colorType: channels === 1 ? GRAY : RGB }, data);
}

/**
 * Returns a PNG file.
 *
 * @param data The rows in the zlib format.
 */
export function toFile(
  { width, height, bitDepth, colorType }: {
    readonly width: number;
    readonly height: number;
    readonly bitDepth: number;
    readonly colorType: number;
  },
  data: Uint8Array,
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([bitDepth, colorType], 8);
  return concat([SIGNATURE, toChunk("IHDR", header), toChunk("IDAT", data), toChunk("IEND", new Uint8Array())]);
}

function isGray({ pixels }: Bitmap): boolean {
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false;
  }
  return true;
}

/** The rows, each after the number of its filter: 0 for none. */
function toRows({ width, height, pixels }: Bitmap, channels: 1 | 3): Uint8Array {
  const rows = new Uint8Array(height * (1 + width * channels));
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    to++;
    for (let x = 0; x < width; x++, from += 4) {
      for (let channel = 0; channel < channels; channel++) rows[to++] = pixels[from + channel];
    }
  }
  return rows;
}

function toChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(data.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(new TextEncoder().encode(type), 4);
  chunk.set(data, 8);
  view.setUint32(data.length + 8, crc32(chunk.subarray(4, -4)));
  return chunk;
}

/** Node.js has one of its own only from 20.15 on. */
function crc32(bytes: Uint8Array): number {
  const table = Int32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; bit++) byte = byte >>> 1 ^ (byte & 1 ? 0xedb88320 : 0);
    return byte;
  });
  let crc = ~0;
  for (const byte of bytes) crc = crc >>> 8 ^ table[(crc ^ byte) & 0xff];
  return ~crc;
}
