/**
 * Splits a TIFF file with several pages into files with one page each. The compressed data of a page is copied as it is.
 * No library does that: those on npm decode pages to pixels.
 *
 * If the file is damaged, all functions throw an `Error` whose message is a clause. The work, and the memory that they
 * allocate, are bounded by the size of the file.
 *
 * Sources: TIFF 6.0 and its supplements; LibTIFF's `tif_dir.c` and `tif_dirread.c` for how files are read in practice.
 *
 * @module
 */

/** The pages of a file. */
export interface TiffPages {
  /** The positions of the directories of pages, of which there is at least one. */
  readonly pages: readonly number[];
  /** Whether the file consists of one page and nothing else. */
  readonly isSingle: boolean;
}

/** The values of a tag. */
interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** The position of the values in the file. */
  readonly at: number;
}

interface Directory {
  /** By tag. If a tag occurs twice, the first one counts, as for LibTIFF. */
  readonly entries: ReadonlyMap<number, Entry>;
  /** In bytes. */
  readonly size: number;
  /** The position of the next directory, or 0. */
  readonly next: number;
}

/** A file that is read in its byte order. */
interface Tiff {
  readonly view: DataView;
  readonly isLittle: boolean;
}

/** The values of a tag in the new file. */
interface NewEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** The values, or their position if they take more than four bytes. */
  readonly value: Uint8Array;
}

/** The part of the new file that follows the directory. */
interface Layout {
  /** Copies a part of the old file, unless it has been copied. Returns its position in the new file. */
  readonly copy: (at: number, size: number) => number;
  /** Adds bytes. Returns their position. */
  readonly add: (bytes: Uint8Array) => number;
  /** Returns the new file, complete but for what precedes this part. */
  readonly toFile: () => Uint8Array;
}

const NEW_SUBFILE_TYPE = 254, SUBFILE_TYPE = 255, COMPRESSION = 259; // tags
const OLD_JPEG = 6; // a compression with tables at further positions, which was replaced by 7
/** The tags of the positions of strips or tiles, and those of their sizes. */
const DATA: readonly (readonly [positions: number, sizes: number])[] = [[273, 279], [324, 325]];
/** Tags that lead to what is not part of the page: unused space, subordinate images, and EXIF. */
const DROPPED = [288, 289, 330, 400, 34665, 34853, 40965];
const SHORT = 3, LONG = 4, IFD = 13; // types
/** The size of a value in bytes, by type. */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const HEADER_SIZE = 8, ENTRY_SIZE = 12, INLINE_SIZE = 4;
const MAX_DIRECTORIES = 65_536;

/** Whether a file has the header of a TIFF file, other than a BigTIFF. */
export function isTiff(file: Uint8Array): boolean {
  const start = String.fromCharCode(...file.subarray(0, 4));
  return start === "II*\0" || start === "MM\0*";
}

/** Finds the pages of a file. Thumbnails and transparency masks are not pages. */
export function findPages(file: Uint8Array): TiffPages {
  const tiff = toTiff(file);
  const seen = new Set<number>(), pages: number[] = [];
  let size = 0;
  for (let at = uint32(tiff, 4); at !== 0;) {
    if (seen.has(at)) throw damaged("its directories form a loop");
    if (seen.size === MAX_DIRECTORIES) throw new Error(`it is a TIFF file with more than ${MAX_DIRECTORIES} pages`);
    seen.add(at);
    const directory = readDirectory(tiff, at);
    size += directory.size;
    // Otherwise a small file could state many directories with many entries each.
    if (size > file.length) throw damaged("its directories overlap");
    if (isPage(tiff, directory)) pages.push(at);
    at = directory.next;
  }
  const [first] = seen;
  if (first === undefined) throw damaged("it has no pages");
  return { pages: pages.length > 0 ? pages : [first], isSingle: seen.size === 1 };
}

/**
 * Makes a file of one page.
 *
 * @param at The position of its directory, from {@linkcode findPages}.
 */
export function extractPage(file: Uint8Array, at: number): Uint8Array {
  const tiff = toTiff(file);
  const { entries } = readDirectory(tiff, at);
  if (firstOf(tiff, entries.get(COMPRESSION)) === OLD_JPEG) {
    throw new Error("it is a TIFF file with an outdated kind of JPEG compression, which cannot be split into pages");
  }
  const kept = [...entries.values()].filter(({ tag, type }) => !DROPPED.includes(tag) && type !== IFD);
  const layout = createLayout(tiff, HEADER_SIZE + 2 + kept.length * ENTRY_SIZE + 4);
  const moved = new Map(DATA.flatMap(([positions, sizes]) => moveData(tiff, entries, positions, sizes, layout)));
  if (moved.size === 0) throw damaged("a page has no image");
  return write(tiff, layout, kept.map((entry) => moved.get(entry.tag) ?? moveValues(tiff, entry, layout)));
}

/** Copies the strips or tiles of a page. Returns the entry of their new positions, if the page has any. */
function moveData(
  tiff: Tiff,
  entries: Directory["entries"],
  positionsTag: number,
  sizesTag: number,
  { copy, add }: Layout,
): readonly (readonly [tag: number, entry: NewEntry])[] {
  const positions = entries.get(positionsTag), sizes = entries.get(sizesTag);
  if (positions === undefined) return [];
  const { tag, count } = positions;
  if (count === 0 || sizes?.count !== count) throw damaged("the number of strips of a page is not clear");
  // The positions of all values are checked before anything of their number is allocated.
  checkValues(tiff, positions);
  checkValues(tiff, sizes);
  const moved = new Uint8Array(count * SIZES[LONG]);
  for (let i = 0; i < count; i++) {
    const size = valueOf(tiff, sizes, i);
    // A strip without data is blank.
    if (size > 0) moved.set(toLong(tiff, copy(valueOf(tiff, positions, i), size)), i * SIZES[LONG]);
  }
  return [[tag, { tag, type: LONG, count, value: moved.length <= INLINE_SIZE ? moved : toLong(tiff, add(moved)) }]];
}

function moveValues(tiff: Tiff, entry: Entry, { copy }: Layout): NewEntry {
  const size = entry.count * SIZES[entry.type];
  return { ...entry, value: size <= INLINE_SIZE ? bytesAt(tiff, entry.at, size) : toLong(tiff, copy(entry.at, size)) };
}

/** @param start Where the part begins that follows the directory. */
function createLayout(tiff: Tiff, start: number): Layout {
  const parts: (readonly [at: number, bytes: Uint8Array])[] = [];
  const copies = new Map<string, number>();
  let end = start, copied = 0;
  const add = (bytes: Uint8Array): number => {
    const at = end + end % 2;
    parts.push([at, bytes]);
    end = at + bytes.length;
    return at;
  };
  const copy = (at: number, size: number): number => {
    const key = `${at}:${size}`;
    const earlier = copies.get(key);
    if (earlier !== undefined) return earlier;
    const bytes = bytesAt(tiff, at, size);
    copied += size;
    // Otherwise a small file could state that all of it belongs to each of a million strips.
    if (copied > tiff.view.byteLength) throw damaged("its parts overlap");
    const position = add(bytes);
    copies.set(key, position);
    return position;
  };
  const toFile = (): Uint8Array => {
    const file = new Uint8Array(end);
    for (const [at, bytes] of parts) file.set(bytes, at);
    return file;
  };
  return { copy, add, toFile };
}

function write(tiff: Tiff, layout: Layout, entries: readonly NewEntry[]): Uint8Array {
  const { isLittle } = tiff;
  const file = layout.toFile();
  const view = new DataView(file.buffer);
  file.set(bytesAt(tiff, 0, 4));
  view.setUint32(4, HEADER_SIZE, isLittle);
  view.setUint16(HEADER_SIZE, entries.length, isLittle);
  entries.forEach(({ tag, type, count, value }, i) => {
    const at = HEADER_SIZE + 2 + i * ENTRY_SIZE;
    view.setUint16(at, tag, isLittle);
    view.setUint16(at + 2, type, isLittle);
    view.setUint32(at + 4, count, isLittle);
    file.set(value, at + 8);
  });
  return file;
}

function readDirectory(tiff: Tiff, at: number): Directory {
  const count = uint16(tiff, at);
  const entries = new Map<number, Entry>();
  for (let i = 0; i < count; i++) {
    const start = at + 2 + i * ENTRY_SIZE;
    const tag = uint16(tiff, start), type = uint16(tiff, start + 2), count = uint32(tiff, start + 4);
    // Like LibTIFF, ignore types that are not known.
    const size = SIZES[type] * count;
    if (entries.has(tag) || !(size >= 0)) continue;
    entries.set(tag, { tag, type, count, at: size <= INLINE_SIZE ? start + 8 : uint32(tiff, start + 8) });
  }
  const size = 2 + count * ENTRY_SIZE, end = at + size;
  // Some programs forget that another directory could follow at the end of the file.
  return { entries, size, next: end + 4 > tiff.view.byteLength ? 0 : uint32(tiff, end) };
}

function isPage(tiff: Tiff, { entries }: Directory): boolean {
  const kind = firstOf(tiff, entries.get(NEW_SUBFILE_TYPE)) ?? 0;
  const isReduced = (kind & 1) !== 0 || firstOf(tiff, entries.get(SUBFILE_TYPE)) === 2;
  const isMask = (kind & 4) !== 0;
  return !isReduced && !isMask;
}

/** The first value of a tag, if it is an integer. */
function firstOf(tiff: Tiff, entry: Entry | undefined): number | null {
  return entry !== undefined && entry.count > 0 && (entry.type === SHORT || entry.type === LONG)
    ? valueOf(tiff, entry, 0)
    : null;
}

/** The value of a tag at an index. */
function valueOf(tiff: Tiff, { type, at }: Entry, index: number): number {
  return type === SHORT ? uint16(tiff, at + index * 2) : uint32(tiff, at + index * 4);
}

function checkValues(tiff: Tiff, { type, at, count }: Entry): void {
  if (type !== SHORT && type !== LONG) throw damaged("the positions of its parts are not integers");
  checkPart(tiff, at, count * SIZES[type]);
}

function toTiff(file: Uint8Array): Tiff {
  return { view: new DataView(file.buffer, file.byteOffset, file.byteLength), isLittle: file[0] === 0x49 };
}

function uint16(tiff: Tiff, at: number): number {
  checkPart(tiff, at, 2);
  return tiff.view.getUint16(at, tiff.isLittle);
}

function uint32(tiff: Tiff, at: number): number {
  checkPart(tiff, at, 4);
  return tiff.view.getUint32(at, tiff.isLittle);
}

function bytesAt(tiff: Tiff, at: number, size: number): Uint8Array {
  checkPart(tiff, at, size);
  return new Uint8Array(tiff.view.buffer, tiff.view.byteOffset + at, size);
}

function toLong(tiff: Tiff, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, tiff.isLittle);
  return bytes;
}

function checkPart(tiff: Tiff, at: number, size: number): void {
  if (at + size > tiff.view.byteLength) throw damaged("it ends too early, or refers to parts beyond its end");
}

function damaged(reason: string): Error {
  return new Error(`it is a damaged TIFF file: ${reason}`);
}
