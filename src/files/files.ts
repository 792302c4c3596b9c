/**
 * Journals in files, for Deno, Node.js and Bun.
 *
 * @module
 */
export { type JournalFile, openJournal } from "./journal.ts";
