/**
 * The result as a file in a format that other programs read.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { basename } from "node:path";
import type { PageRegion } from "../page/content.ts";
import { PAGE_FORMATS, type PageFormat } from "../page/formats.ts";
import { imageSize } from "../page/image_size.ts";

/** The format with a name. A Left is a sentence for the user. */
export function findFormat(name: string): E.Either<string, PageFormat> {
  const names = PAGE_FORMATS.map(({ name }) => name);
  const format = PAGE_FORMATS.find((format) => format.name === name);
  return format === undefined
    ? E.left(`Unknown format "${name}". Expected one of ${names.join(", ")}.`)
    : E.right(format);
}

/** Says what an image lacks for a format, before anything is sent. Null if nothing is missing. */
export function missingFor(format: PageFormat, file: string, image: Uint8Array): string | null {
  return format.needs.includes("size") && imageSize(image) === null
    ? `Cannot write ${format.title}, since the size of ${file} is not known. Convert it to PNG or JPEG.`
    : null;
}

/**
 * Writes regions in a format.
 *
 * @param file The name of the image's file, or null if it is not that image which the regions refer to.
 *
 * @throws {RangeError} If the format needs the size of the image, and it is not known.
 */
export function writePage(
  format: PageFormat,
  regions: readonly PageRegion[],
  image: Uint8Array,
  file: string | null,
): string {
  const size = imageSize(image) ?? undefined;
  return format.write({ regions, size, imageName: file === null ? undefined : basename(file) });
}
