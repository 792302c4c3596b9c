/** TIFF files, as small as tests need them. */

/** A page with 8-bit gray pixels, without compression. */
export interface TiffPage {
  readonly width: number;
  readonly height: number;
  /** The gray value of all pixels is this one plus the number of the row, modulo 256. */
  readonly gray: number;
  readonly rowsPerStrip?: number;
  /** Further tags, or others in place of those that are written. */
  readonly tags?: readonly TiffTag[];
}

export interface TiffTag {
  readonly tag: number;
  readonly type: number;
  readonly values: readonly number[];
}

const SHORT = 3, LONG = 4;
const SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4 };

/** The pixels of a page. */
export function pixelsOf({ width, height, gray }: TiffPage): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => (gray + Math.floor(i / width)) % 256);
}

/** Encodes a TIFF file. The directories follow the data of their pages. */
export function tiff(pages: readonly TiffPage[], isLittle = true): Uint8Array<ArrayBuffer> {
  const bytes: number[] = isLittle ? [0x49, 0x49, 42, 0] : [0x4d, 0x4d, 0, 42];
  const number = (value: number, size: number): readonly number[] => {
    const big = Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256);
    return isLittle ? big.reverse() : big;
  };
  const add = (part: Iterable<number>): number => {
    if (bytes.length % 2 === 1) bytes.push(0);
    const at = bytes.length;
    bytes.push(...part);
    return at;
  };
  let link = add([0, 0, 0, 0]);
  for (const page of pages) {
    const { width, height, rowsPerStrip = height, tags = [] } = page;
    const pixels = pixelsOf(page);
    const positions: number[] = [], sizes: number[] = [];
    for (let row = 0; row < height; row += rowsPerStrip) {
      const strip = pixels.subarray(row * width, (row + rowsPerStrip) * width);
      positions.push(add(strip));
      sizes.push(strip.length);
    }
    const all = new Map<number, TiffTag>();
    const set = (tag: number, type: number, ...values: number[]): unknown => all.set(tag, { tag, type, values });
    set(256, SHORT, width);
    set(257, SHORT, height);
    set(258, SHORT, 8);
    set(259, SHORT, 1);
    set(262, SHORT, 1);
    set(273, LONG, ...positions);
    set(277, SHORT, 1);
    set(278, SHORT, rowsPerStrip);
    set(279, LONG, ...sizes);
    for (const tag of tags) all.set(tag.tag, tag);
    const entries = [...all.values()].sort((a, b) => a.tag - b.tag).flatMap(({ tag, type, values }) => {
      const size = SIZES[type] ?? 1;
      const encoded = values.flatMap((value) => number(value, size === 8 ? 4 : size));
      const count = type === 5 ? values.length / 2 : values.length;
      const value = encoded.length <= 4 ? [...encoded, 0, 0, 0, 0].slice(0, 4) : number(add(encoded), 4);
      return [...number(tag, 2), ...number(type, 2), ...number(count, 4), ...value];
    });
    const at = add([...number(entries.length / 12, 2), ...entries]);
    bytes.splice(link, 4, ...number(at, 4));
    link = bytes.length;
    bytes.push(0, 0, 0, 0);
  }
  return Uint8Array.from(bytes);
}

/** Reads the only page of a file, independently of the library. */
export function readPage(
  file: Uint8Array,
): { readonly tags: ReadonlyMap<number, readonly number[]>; readonly pixels: Uint8Array } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isLittle = file[0] === 0x49;
  const start = view.getUint32(4, isLittle);
  const tags = new Map<number, readonly number[]>();
  const count = view.getUint16(start, isLittle);
  for (let at = start + 2; at < start + 2 + count * 12; at += 12) {
    const type = view.getUint16(at + 2, isLittle), size = SIZES[type] ?? 1;
    const length = view.getUint32(at + 4, isLittle) * (size === 8 ? 2 : 1), step = size === 8 ? 4 : size;
    const from = length * step <= 4 ? at + 8 : view.getUint32(at + 8, isLittle);
    const read = (i: number): number =>
      step === 1
        ? view.getUint8(from + i)
        : step === 2
        ? view.getUint16(from + i * 2, isLittle)
        : view.getUint32(from + i * 4, isLittle);
    tags.set(view.getUint16(at, isLittle), Array.from({ length }, (_, i) => read(i)));
  }
  if (view.getUint32(start + 2 + count * 12, isLittle) !== 0) throw new Error("There is another page");
  const positions = tags.get(273) ?? tags.get(324) ?? [], sizes = tags.get(279) ?? tags.get(325) ?? [];
  return { tags, pixels: Uint8Array.from(positions.flatMap((at, i) => [...file.subarray(at, at + sizes[i])])) };
}
