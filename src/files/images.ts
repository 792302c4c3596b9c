/**
 * The images of files, folders and patterns.
 *
 * @module
 */
import { open, readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { normalize } from "node:path/posix";
import { mayHavePages, openPages, type Pages, type PagesOptions, START_SIZE } from "./pages.ts";
import { reasonOf } from "./reason.ts";
import { type Found, realPaths, type Search, toPosix, walk, walkPattern } from "./walk.ts";

/**
 * An image of a file, for `detectMany`, `readMany` and `runMany`.
 *
 * @category Files
 */
export interface FileImage {
  /** The path, with `/`, and the number of the page if the file has several: `scans/a.jpg`, `scans/b.tif#2`. */
  readonly key: string;
  /** Reads the image. Rejects with an `Error` whose message is a clause if that fails. */
  readonly image: () => Promise<Uint8Array>;
}

/**
 * Options of {@linkcode imagesOf}.
 *
 * @category Files
 */
export interface ImagesOptions extends PagesOptions {
  /** Files and folders that are left out if they are in a folder that is read, such as the folder of the output. */
  readonly exclude?: Iterable<string> | undefined;
}

/** Images, also of formats that the service does not support: nobody is to wonder where they are. */
const IMAGES = /\.(?:avif|bmp|dib|djvu?|gif|hei[cf]|j2k|jfif|jp2|jpe|jpe?g|jxl|pbm|pdf|pgm|png|pnm|ppm|tiff?|webp)$/i;

/**
 * Finds the images of files, of folders with their subfolders, and of patterns such as `scans/*.jpg`. Images that the
 * service cannot read as they are, in TIFF files with several pages and in PDF files, become one image for each page.
 *
 * Nothing is read before the iterator is asked for it. Of the files that were found, only the first bytes are read then,
 * except that files with several pages stay in memory until their last page has been read. Everything else is left to
 * the function of the image.
 *
 * In folders, files in natural order (`page2` before `page10`) are selected by the extensions of their names. Hidden
 * files are left out. A link to a folder that contains it ends there. A file that is named explicitly is always an image,
 * and so is one that cannot be read, or is not an image: its function rejects. The keys are unique: if a file is found
 * twice, it is one image.
 *
 * @param paths Paths of files and folders, or patterns with `*`, `?`, `[…]`, `{…}` and `**`.
 *
 * @example
 * ```ts
 * import { imagesOf } from "@ocr-cloud/regions/files";
 * import { deepEqual } from "node:assert/strict";
 *
 * const keys: string[] = [];
 * for await (const { key } of imagesOf(["examples/pages/*.jpg"])) keys.push(key);
 * deepEqual(keys, ["cavalerie.29", "lucasta.047", "zanotti-78"].map((name) => `examples/pages/${name}.jpg`));
 * ```
 *
 * @category Files
 */
export async function* imagesOf(
  paths: Iterable<string>,
  options: ImagesOptions = {},
): AsyncGenerator<FileImage, void, undefined> {
  for await (const { path, error } of filesOf(paths, options)) {
    if (error !== null) yield failing(path, error);
    else yield* imagesIn(path, options);
  }
}

/** Finds the files in which {@linkcode imagesOf} finds images. Nothing is read but folders. */
export async function* filesOf(paths: Iterable<string>, { exclude = [] }: ImagesOptions): AsyncGenerator<Found> {
  const found = new Set<string>();
  const search = { accepts: (name: string) => IMAGES.test(name), excluded: await realPaths(exclude) };
  for (const given of paths) {
    for await (const match of find(given, search)) {
      const file = resolve(match.path);
      if (found.has(file)) continue;
      found.add(file);
      yield match;
    }
  }
}

/** Finds the files of a path or pattern. A name with characters of patterns is a path if there is such a file. */
async function* find(given: string, search: Search): AsyncGenerator<Found> {
  const path = given === "" ? "" : normalize(toPosix(given));
  try {
    const stats = await stat(given);
    if (stats.isDirectory()) yield* walk(path, search);
    else yield { path, error: null };
  } catch (error) {
    let count = 0;
    for await (const match of walkPattern(given, search) ?? []) {
      count++;
      yield match;
    }
    if (count === 0) yield { path, error };
  }
}

async function* imagesIn(path: string, options: PagesOptions): AsyncGenerator<FileImage> {
  let readAll = async (): Promise<Uint8Array> => new Uint8Array(await readFile(path));
  try {
    const { isFile, start } = await readStart(path);
    if (!isFile) {
      // A pipe can be read only once.
      const bytes = await readAll();
      readAll = () => Promise.resolve(bytes);
    }
    const { acquire, release, read } = share(async () => await openPages(await readAll(), options));
    if (isFile && !mayHavePages(start)) {
      yield { key: keyOf(path), image: () => read(1) };
      return;
    }
    try {
      const { count } = await acquire();
      for (let page = 1; page <= count; page++) {
        yield { key: count === 1 ? keyOf(path) : `${path}#${page}`, image: () => read(page) };
      }
    } finally {
      await release();
    }
  } catch (error) {
    yield failing(path, error);
  }
}

/** A file that is open while it is in use. */
interface SharedPages {
  readonly acquire: () => Promise<Pages>;
  /** Must be called after each call of `acquire`, even if that has rejected. */
  readonly release: () => Promise<void>;
  /** Reads a page. Rejects with an `Error` whose message is a clause. */
  readonly read: (page: number) => Promise<Uint8Array>;
}

function share(open: () => Promise<Pages>): SharedPages {
  let users = 0;
  let pages: Promise<Pages> | null = null;
  const acquire = (): Promise<Pages> => {
    users++;
    return pages ??= open();
  };
  const release = async (): Promise<void> => {
    if (--users > 0) return;
    const unused = pages;
    pages = null;
    await unused?.then(({ close }) => close(), () => {});
  };
  const read = async (page: number): Promise<Uint8Array> => {
    try {
      return await (await acquire()).read(page);
    } catch (error) {
      throw new Error(reasonOf(error));
    } finally {
      await release();
    }
  };
  return { acquire, release, read };
}

/** The key of a file with one page. If its name ends like the key of a page, it gets the number of its own page. */
function keyOf(path: string): string {
  return /#\d+$/.test(path) ? `${path}#1` : path;
}

function failing(path: string, error: unknown): FileImage {
  return { key: keyOf(path), image: () => Promise.reject(new Error(reasonOf(error))) };
}

/** Reads the first bytes, unless it is a pipe or a device. */
async function readStart(path: string): Promise<{ readonly isFile: boolean; readonly start: Uint8Array }> {
  const nothing = new Uint8Array();
  if (!(await stat(path)).isFile()) return { isFile: false, start: nothing };
  const handle = await open(path);
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(START_SIZE), 0, START_SIZE, 0);
    return { isFile: true, start: buffer.subarray(0, bytesRead) };
  } finally {
    await handle.close();
  }
}
