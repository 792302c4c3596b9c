/**
 * A page with what was found on it, and its form in each format.
 *
 * @module
 */
import type { PageRegion } from "../../page/content.ts";
import { PAGE_FORMATS } from "../../page/formats.ts";
import { imageSize } from "../../page/image_size.ts";
import { toSvg } from "../../page/svg.ts";
import { toJson } from "../result.ts";

/** What was found on a page. */
export interface Page {
  /** The regions in reading order, with their texts if those are known. */
  readonly regions: readonly PageRegion[];
  /** The preprocessed image, in which the regions lie, or null if that is the image itself. */
  readonly image: Uint8Array | null;
  readonly notices: readonly string[];
  /** What is shown if no format is chosen: complete lines. */
  readonly shown: string;
  /** What is written as JSON. */
  readonly json: object;
  /** The result in a few words: `2 regions found`. */
  readonly summary: string;
}

/** A format: JSON, or one of `PAGE_FORMATS`. */
export interface OutputFormat {
  readonly name: string;
  /** The end of file names, with its dots. */
  readonly extension: string;
  /**
   * Writes a page.
   *
   * @param image The image, as it was sent; empty if it is not known.
   * @param name The file name of the image, or undefined if it has none.
   * @param link A link to the image, for the SVG to contain instead of the image itself; null to embed it.
   *
   * @throws {RangeError} If the format needs the size of the image, and it is not known.
   */
  readonly write: (page: Page, image: Uint8Array, name: string | undefined, link: string | null) => string;
  /** Says what an image lacks for the format, as a clause. Null if nothing is missing. */
  readonly missing: (image: Uint8Array) => string | null;
}

/** The formats with these names, which exist. */
export function toFormats(names: readonly string[]): readonly OutputFormat[] {
  return names.map((name) => {
    if (name === "json") return { name, extension: ".json", write: ({ json }) => toJson(json), missing: () => null };
    const format = PAGE_FORMATS.find((format) => format.name === name);
    if (format === undefined) throw new RangeError(`Cannot write pages as ${name} is not the name of a format`);
    const { extension, needs, title } = format;
    return {
      name,
      extension,
      write: (page, image, imageName, link) =>
        name === "svg"
          ? drawPage(page, image, link)
          : format.write({ regions: page.regions, size: imageSize(page.image ?? image) ?? undefined, imageName }),
      missing: (image) =>
        needs.includes("size") && imageSize(image) === null
          ? `${title} contains its size, which is not known; convert it to PNG or JPEG`
          : null,
    };
  });
}

function drawPage({ regions, image: preprocessed }: Page, image: Uint8Array, link: string | null): string {
  const texts = regions.map(({ text }) => text ?? "");
  const picture = preprocessed ?? image;
  return toSvg(regions.map(({ region }) => region), {
    ...imageSize(picture) ?? {},
    image: preprocessed === null && link !== null ? link : picture.length === 0 ? undefined : picture,
    texts: texts.some((text) => text !== "") ? texts : undefined,
  });
}
