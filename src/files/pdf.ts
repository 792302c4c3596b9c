/**
 * Renders the pages of PDF files with PDFium, in the WebAssembly build of `@hyzyla/pdfium`.
 *
 * @module
 */
import { type Bitmap, toPng } from "./png.ts";

/** The part of `@hyzyla/pdfium` that is used here. */
interface Pdfium {
  readonly PDFiumLibrary: { readonly init: () => Promise<Library> };
}

interface Library {
  readonly loadDocument: (file: Uint8Array) => Promise<PdfDocument>;
}

/** A PDF file in the memory of PDFium, which is freed together with all of it. */
interface PdfDocument {
  readonly getPageCount: () => number;
  readonly getPage: (index: number) => PdfPage;
}

interface PdfPage {
  /** In points: 1/72 inch. */
  readonly getOriginalSize: () => { readonly originalWidth: number; readonly originalHeight: number };
  readonly render: (options: {
    readonly render: "bitmap";
    readonly scale: number;
    readonly renderFormFields: boolean;
  }) => Promise<{ readonly width: number; readonly height: number; readonly data: Uint8Array }>;
}

/** A PDF file that is being read. */
export interface Pdf {
  /** The number of pages, at least 1. */
  readonly count: number;
  /** Renders a page, from 0, as PNG. */
  readonly read: (page: number) => Promise<Uint8Array>;
}

const POINTS_PER_INCH = 72;
/** A page that would have more pixels at the resolution asked for is rendered at a lower one. */
const MAX_PIXELS = 1 << 25, MAX_SIDE = 32_767;

/** The errors of PDFium that say something to users. All others mean that the file is damaged. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["Password required or incorrect password", "it is a PDF with a password. Save it without one"],
  ["Unsupported security scheme", "it is a PDF with an unknown kind of encryption. Save it without"],
]);

/**
 * Opens a PDF file. Rejects with an `Error` whose message is a clause.
 *
 * @param dpi The resolution of rendered pages, in pixels per inch.
 */
export async function openPdf(file: Uint8Array, dpi: number): Promise<Pdf> {
  const load = async (): Promise<PdfDocument> => {
    const pdfium = await startPdfium();
    try {
      return await pdfium.loadDocument(file);
    } catch (error) {
      throw new Error(REASONS.get(messageOf(error)) ?? "it is a damaged PDF");
    }
  };
  let document: PdfDocument | null = await load();
  const count = document.getPageCount();
  if (count < 1) throw new Error("it is a PDF without pages");
  const read = async (page: number): Promise<Uint8Array> => {
    try {
      document ??= await load();
      return await toPng(await rasterize(document.getPage(page), dpi));
    } catch {
      // The state of a WebAssembly module that has failed is not defined.
      document = null;
      throw new Error(`page ${page + 1} of the PDF cannot be rendered`);
    }
  };
  return { count, read };
}

async function rasterize(page: PdfPage, dpi: number): Promise<Bitmap> {
  const { originalWidth: width, originalHeight: height } = page.getOriginalSize();
  const bounds = [dpi / POINTS_PER_INCH, Math.sqrt(MAX_PIXELS / (width * height)), MAX_SIDE / Math.max(width, height)];
  const { data, ...size } = await page.render({ render: "bitmap", scale: Math.min(...bounds), renderFormFields: true });
  if (data.length === 0) throw new Error("the page is too small");
  return { ...size, pixels: data };
}

async function startPdfium(): Promise<Library> {
  const { PDFiumLibrary } = await importPdfium();
  try {
    return await PDFiumLibrary.init();
  } catch (error) {
    // As without permission to read the package.
    throw new Error(`its pages cannot be rendered, as PDFium did not start (${firstLine(error)})`);
  }
}

async function importPdfium(): Promise<Pdfium> {
  try {
    return await import("@hyzyla/pdfium");
  } catch (error) {
    throw new Error(
      "its pages cannot be rendered, as the package @hyzyla/pdfium could not be loaded. Install it with " +
        `\`npm install @hyzyla/pdfium\` (${firstLine(error)})`,
    );
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n", 1)[0];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
