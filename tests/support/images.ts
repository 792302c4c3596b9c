/** Image files, as small as tests need them. */
import type { Region } from "../../src/model/region.ts";

export const ascii = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
export const join = (...parts: readonly Iterable<number>[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
export const u16 = (n: number): readonly number[] => [n >>> 8, n & 255];
export const u32 = (n: number): readonly number[] => [...u16(n >>> 16), ...u16(n & 0xffff)];

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 0 is black, 255 white. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  E: [31, 16, 16, 30, 16, 16, 31],
  H: [17, 17, 17, 31, 17, 17, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  T: [31, 4, 4, 4, 4, 4, 4],
};

/** Lines of capitals, 28 pixels high and 40 apart, with `margin` pixels of white around them. */
export function draw(lines: readonly string[], margin: number): Picture {
  const scale = 4, advance = 6 * scale, leading = 10 * scale;
  const width = Math.max(...lines.map((line) => line.length)) * advance - scale + 2 * margin;
  const height = lines.length * leading - 3 * scale + 2 * margin;
  const pixels = new Uint8Array(width * height).fill(255);
  lines.forEach((line, row) =>
    [...line].forEach((letter, column) => {
      for (let y = 0; y < 7 * scale; y++) {
        for (let x = 0; x < 5 * scale; x++) {
          const isInk = (GLYPHS[letter]?.[Math.floor(y / scale)] ?? 0) >> 4 - Math.floor(x / scale) & 1;
          if (isInk) pixels[(margin + row * leading + y) * width + margin + column * advance + x] = 0;
        }
      }
    })
  );
  return { width, height, pixels };
}

export const TEXT = draw(["HELLO TO NO ONE", "THE NOTE ON THE", "HOTEL TOLL NET"], 40);

export const blank = (width: number, height: number): Picture => ({
  width,
  height,
  pixels: new Uint8Array(width * height).fill(255),
});

export const pgm = ({ width, height, pixels }: Picture): Uint8Array<ArrayBuffer> => {
  const start = ascii(`P5\n${width} ${height}\n255\n`);
  const file = new Uint8Array(start.length + pixels.length);
  file.set(start);
  file.set(pixels, start.length);
  return file;
};

/** Encodes a picture as a PBM, with one bit per pixel. */
export function pbm({ width, height, pixels }: Picture): Uint8Array<ArrayBuffer> {
  const bits = new Uint8Array(Math.ceil(width / 8) * height);
  pixels.forEach((pixel, i) => {
    const x = i % width, y = Math.floor(i / width);
    if (pixel < 128) bits[y * Math.ceil(width / 8) + (x >> 3)] |= 0x80 >> (x & 7);
  });
  return join(ascii(`P4\n${width} ${height}\n`), bits);
}

/** Encodes a picture as a PPM, in color. */
export const ppm = ({ width, height, pixels }: Picture): Uint8Array<ArrayBuffer> =>
  join(ascii(`P6\n${width} ${height}\n255\n`), [...pixels].flatMap((pixel) => [pixel, pixel, pixel]));

/** The lines HELLO and HOTEL, with a margin of 20 pixels, in black on a transparent background. */
export const TRANSPARENT_WEBP: Uint8Array<ArrayBuffer> = Uint8Array.from(
  atob(
    "UklGRrgAAABXRUJQVlA4TKsAAAAvw8AaEA8QEfMfgnUkWVE6A/LPkgxeyeEJqH8R/Vfktm2jW7qb/QYAAAAAAAAAAAAAAAAAAAAA" +
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACDLOSLXBxBpXMpIJ21LF07VaqShuKDYl6DotpWK" +
      "dw7FN8svrVNE6uw3MmWg9b+1U/TZUlLDUFxQ7PIpuaCc1OaFAfnp3RAA",
  ),
  (c) => c.charCodeAt(0),
);

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left?: number;
  readonly top?: number;
}

const le16 = (n: number): readonly number[] => u16(n).toReversed();

/**
 * Encodes a GIF. Its screen may be smaller than its frame. For each of `frames`, only a header is written, without
 * data.
 */
export function gif(
  { width, height, pixels }: Picture,
  screen = { width, height },
  frames: readonly Frame[] = [{ width, height }],
): Uint8Array<ArrayBuffer> {
  const bits: number[] = [];
  const put = (code: number): unknown => bits.push(code & 1, code >> 1 & 1, code >> 2 & 1);
  // LZW without a code table: the table is cleared before codes need more than three bits.
  pixels.forEach((pixel, i) => {
    if (i % 2 === 0) put(4);
    put(pixel === 0 ? 0 : 1);
  });
  put(5);
  const data: number[] = [];
  for (let at = 0; at < bits.length; at += 255 * 8) {
    const block: number[] = [];
    for (let i = at; i < Math.min(at + 255 * 8, bits.length); i += 8) {
      block.push(bits.slice(i, i + 8).reduce((byte, bit, j) => byte | bit << j, 0));
    }
    data.push(block.length, ...block);
  }
  const file = [
    ...[...ascii("GIF89a"), ...le16(screen.width), ...le16(screen.height), 0x80, 0, 0, 0, 0, 0, 255, 255, 255],
    ...[0x21, 0xf9, 4, 0, 0, 0, 0, 0], // a graphic control extension, as in animations
  ];
  for (const { width, height, left = 0, top = 0 } of frames) {
    file.push(0x2c, ...le16(left), ...le16(top), ...le16(width), ...le16(height), 0, 2, ...data, 0);
  }
  return Uint8Array.from([...file, 0x3b]);
}

export function tiff({ width, height, pixels }: Picture, orientation: number): Uint8Array<ArrayBuffer> {
  const tags = [
    ...[[256, width], [257, height], [258, 8], [259, 1], [262, 1], [273, 134]],
    ...[[274, orientation], [277, 1], [278, height], [279, pixels.length]],
  ];
  const entries = tags.map(([tag, value]) => [...u16(tag), ...u16(4), ...u32(1), ...u32(value)]);
  return join(ascii("MM\0*"), u32(8), u16(tags.length), entries.flat(), u32(0), pixels);
}

export function png(picture: Picture, orientation: number): Promise<Uint8Array<ArrayBuffer>> {
  return encodePng(picture, 0, (pixel) => [pixel], ["eXIf", exif(orientation)]);
}

/** Encodes a picture as a PNG with transparency: each pixel as a shade of gray and its alpha. */
export function grayAlphaPng(
  picture: Picture,
  toSamples: (pixel: number) => readonly [gray: number, alpha: number],
): Promise<Uint8Array<ArrayBuffer>> {
  return encodePng(picture, 4, toSamples);
}

/** Encodes a picture as a PNG with a palette. The colors are red, green, blue and alpha of white and of black pixels. */
export function palettePng(
  picture: Picture,
  white: readonly number[],
  black: readonly number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const palette = [...white.slice(0, 3), ...black.slice(0, 3)];
  return encodePng(picture, 3, (pixel) => [pixel < 128 ? 1 : 0], ["PLTE", palette], ["tRNS", [white[3], black[3]]]);
}

async function encodePng(
  { width, height, pixels }: Picture,
  colorType: number,
  toSamples: (pixel: number) => readonly number[],
  ...others: readonly (readonly [type: string, data: Iterable<number>])[]
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = Array.from(
    { length: height },
    (_, y) => [0, ...[...pixels.subarray(y * width, (y + 1) * width)].flatMap(toSamples)],
  );
  const deflated = new Blob([Uint8Array.from(rows.flat())]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(deflated).arrayBuffer());
  const chunk = (type: string, data: Iterable<number>): readonly number[] => {
    const content = [...ascii(type), ...data];
    return [...u32(content.length - 4), ...content, ...u32(crc32(content))];
  };
  return join(
    [0x89, ...ascii("PNG\r\n\x1a\n")],
    chunk("IHDR", [...u32(width), ...u32(height), 8, colorType, 0, 0, 0]),
    ...others.map(([type, data]) => chunk(type, data)),
    chunk("IDAT", data),
    chunk("IEND", []),
  );
}

function crc32(bytes: readonly number[]): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const exif = (orientation: number): readonly number[] => [
  ...[...ascii("MM\0*"), ...u32(8), ...u16(1)],
  ...[...u16(0x112), ...u16(3), ...u32(1), ...u16(orientation), 0, 0, ...u32(0)],
];

/** Inserts an EXIF segment after the first marker of a JPEG. */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array<ArrayBuffer> {
  const block = [...ascii("Exif\0\0"), ...exif(orientation)];
  return join([0xff, 0xd8, 0xff, 0xe1, ...u16(block.length + 2), ...block], jpeg.subarray(2));
}

/** Maps a region of the stored image to the displayed image. Source: EXIF 2.32, tag 0x0112. */
export function turn({ left, top, right, bottom }: Region, orientation: number, width: number, height: number): Region {
  const flipX = { left: width - right, right: width - left };
  const flipY = { top: height - bottom, bottom: height - top };
  switch (orientation) {
    case 2:
      return { ...flipX, top, bottom };
    case 3:
      return { ...flipX, ...flipY };
    case 4:
      return { left, right, ...flipY };
    case 5:
      return { left: top, top: left, right: bottom, bottom: right };
    case 6:
      return { left: flipY.top, top: left, right: flipY.bottom, bottom: right };
    case 7:
      return { left: flipY.top, top: flipX.left, right: flipY.bottom, bottom: flipX.right };
    case 8:
      return { left: top, top: flipX.left, right: bottom, bottom: flipX.right };
    default:
      return { left, top, right, bottom };
  }
}
