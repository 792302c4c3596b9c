/**
 * Images in folders, pages of TIFF and PDF files, and journals, for Deno, Node.js and Bun.
 *
 * @module
 */
export { type FileImage, imagesOf, type ImagesOptions } from "./images.ts";
export { type JournalFile, openJournal } from "./journal.ts";
export { openPages, type Pages, type PagesOptions } from "./pages.ts";
