/**
 * The files that the regions of a card can be downloaded as.
 *
 * @module
 */
import { PAGE_FORMATS, type PageContent, type PageFormat, toSvg } from "@ocr-cloud/regions/page";
import { type Card, hasEnded, pageSize } from "./card.ts";

/** A kind of file. Unlike those of the library, it may contain the image. */
interface Format extends Omit<PageFormat, "name" | "write"> {
  readonly write: (page: PageContent, image: ArrayBuffer) => string;
}

export const FORMATS: readonly Format[] = [
  { title: "SVG", extension: ".svg", mediaType: "image/svg+xml", needs: [], write: draw },
  {
    title: "JSON",
    extension: ".json",
    mediaType: "application/json",
    needs: [],
    write: (page) => `${JSON.stringify(page, null, 2)}\n`,
  },
  ...PAGE_FORMATS.filter(({ name }) => name !== "svg"),
];

/** Whether a card has what a format needs. */
export function canWrite(card: Card, { needs }: Format): boolean {
  const { regions } = card;
  return regions !== null && hasEnded(card) &&
    !(needs.includes("text") && regions.every(({ text = "" }) => text === ""));
}

/** Writes the regions of a card as a file. */
export async function writeFile(card: Card, format: Format): Promise<File> {
  const { name, image, regions } = card;
  const { width, height } = pageSize(card);
  const page = {
    regions: regions ?? [],
    size: { width: Math.ceil(width), height: Math.ceil(height) },
    imageName: name,
  };
  const text = format.write(page, await image.arrayBuffer());
  return new File([text], name.replace(/\.[^.]*$/, "") + format.extension, { type: format.mediaType });
}

function draw({ regions, size }: PageContent, image: ArrayBuffer): string {
  const texts = regions.every(({ text }) => text !== undefined) ? regions.map(({ text = "" }) => text) : undefined;
  return toSvg(regions.map(({ region }) => region), { ...size, image, texts });
}
