/**
 * The files that a page can be downloaded as.
 *
 * @module
 */
import {
  type SizedPageContent,
  toAlto,
  toCoco,
  toCsv,
  toHocr,
  toMarkdown,
  toPageXml,
  toSvg,
  toText,
  toWebAnnotation,
} from "@ocr-cloud/regions/page";
import { type Card, pageSize } from "./card.ts";

/** A kind of file. */
export interface Format {
  /** What the button says. */
  readonly name: string;
  /** The end of the file's name. */
  readonly extension: string;
  readonly type: string;
  readonly write: (page: SizedPageContent, image: ArrayBuffer) => string;
}

export const FORMATS: readonly Format[] = [
  {
    name: "SVG",
    extension: "svg",
    type: "image/svg+xml",
    write: ({ regions, size }, image) =>
      toSvg(regions.map(({ region }) => region), {
        ...size,
        image,
        ...regions.every(({ text }) => text !== undefined) ? { texts: regions.map(({ text = "" }) => text) } : {},
      }),
  },
  { name: "JSON", extension: "json", type: "application/json", write: (page) => JSON.stringify(page, null, 2) },
  { name: "Text", extension: "txt", type: "text/plain", write: (page) => toText(page) },
  { name: "Markdown", extension: "md", type: "text/markdown", write: toMarkdown },
  { name: "CSV", extension: "csv", type: "text/csv", write: toCsv },
  { name: "PAGE XML", extension: "page.xml", type: "application/xml", write: (page) => toPageXml(page) },
  { name: "ALTO", extension: "alto.xml", type: "application/xml", write: toAlto },
  { name: "hOCR", extension: "hocr.html", type: "text/html", write: toHocr },
  { name: "COCO", extension: "coco.json", type: "application/json", write: (page) => JSON.stringify(toCoco([page])) },
  {
    name: "Annotations",
    extension: "annotations.json",
    type: "application/ld+json",
    write: (page) =>
      JSON.stringify(toWebAnnotation(page, { id: `urn:x-page:${encodeURIComponent(page.imageName ?? "")}` })),
  },
];

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
  return new File([text], `${name.replace(/\.[^.]*$/, "")}.${format.extension}`, { type: format.type });
}
