/**
 * The pages of an image file, each as a file that the service can read.
 *
 * @module
 */
import { atLeast } from "../internal/check.ts";
import { readImageHeader } from "../internal/image_header.ts";
import { readImageKind } from "../internal/image_kind.ts";
import { openPdf } from "./pdf.ts";
import { extractPage, findPages, isTiff } from "./tiff.ts";

/**
 * A file whose pages can be read.
 *
 * @category Files
 */
export interface Pages {
  /** The number of pages, at least 1. */
  readonly count: number;
  /**
   * Reads a page, from 1 to `count`. Rejects with an `Error` whose message is a clause if the page is damaged, and with
   * a `RangeError` if there is no such page.
   */
  readonly read: (page: number) => Promise<Uint8Array>;
  /** Frees the memory. Later calls of `read` reject. */
  readonly close: () => Promise<void>;
}

/**
 * Options of {@linkcode openPages} and {@linkcode imagesOf}.
 *
 * @category Files
 */
export interface PagesOptions {
  /**
   * The resolution at which pages of a PDF are rendered, in pixels per inch. A page that would have more than 33 million
   * pixels is rendered at a lower one.
   *
   * @default {200}
   */
  readonly dpi?: number | undefined;
}

interface Source {
  readonly count: number;
  /** Reads a page, from 0. */
  readonly read: (page: number) => Uint8Array | Promise<Uint8Array>;
}

/** The formats that the service reads but whose headers are not read here. */
const READ_BY_SERVICE = ["image/svg+xml"];
/** How many bytes at the beginning of a file show whether it may have several pages. */
export const START_SIZE = 512;

function isPdf(start: Uint8Array): boolean {
  return readImageKind(start)?.type === "application/pdf";
}

/** Whether a file may have several pages, by its first bytes. */
export function mayHavePages(start: Uint8Array): boolean {
  return isTiff(start) || isPdf(start);
}

/**
 * Opens an image file. The pages of a TIFF file become TIFF files with one page each, with the same compressed data and
 * tags; thumbnails are not pages. The pages of a PDF are rendered as PNG files, for which `@hyzyla/pdfium` must be
 * installed. Any other file is one page, as it is.
 *
 * Rejects with an `Error` whose message is a clause, such as `it is a HEIC file, which the service does not support`, if
 * the file cannot be sent to the service.
 *
 * @throws {RangeError} If `dpi` is not a number of 1 or more.
 *
 * @example
 * ```ts
 * import { openPages } from "@ocr-cloud/regions/files";
 * import { equal } from "node:assert/strict";
 * import { readFile } from "node:fs/promises";
 *
 * const pages = await openPages(await readFile("examples/pages/patent.png"));
 * equal(pages.count, 1);
 * const image = await pages.read(1);
 * equal(image[1], "P".charCodeAt(0)); // the file as it is
 * await pages.close();
 * ```
 *
 * @category Files
 */
export async function openPages(file: Uint8Array, { dpi = 200 }: PagesOptions = {}): Promise<Pages> {
  atLeast("open pages", "dpi", dpi, 1);
  const { count, read } = isTiff(file) ? openTiff(file) : isPdf(file) ? await openPdf(file, dpi) : openImage(file);
  let source: Source["read"] | null = read;
  return {
    count,
    read: async (page) => {
      if (source === null) throw new Error("its pages have been closed");
      if (!(Number.isInteger(page) && page >= 1 && page <= count)) {
        throw new RangeError(`Cannot read page ${page} as the file has ${count === 1 ? "1 page" : `${count} pages`}`);
      }
      return await source(page - 1);
    },
    close: () => {
      source = null;
      return Promise.resolve();
    },
  };
}

function openTiff(file: Uint8Array): Source {
  const { pages, isSingle } = findPages(file);
  return { count: pages.length, read: (index) => isSingle ? file : extractPage(file, pages[index]) };
}

function openImage(file: Uint8Array): Source {
  if (file.length === 0) throw new Error("it is empty");
  const kind = readImageKind(file);
  if (kind !== null && !READ_BY_SERVICE.includes(kind.type)) {
    const article = kind.name.endsWith("file") ? kind.name : `${kind.name} file`;
    throw new Error(`it is ${article}, which the service does not support`);
  }
  if (kind === null && readImageHeader(file) === null) throw new Error("it is not an image, or it is damaged");
  return { count: 1, read: () => file };
}
