/** Folders and journals for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JournalFile, openJournal } from "../../src/files/journal.ts";

/** Calls `test` with a new folder, and removes the folder afterwards. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "regions-"));
  try {
    await test(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a journal, uses it, and closes it. */
export async function use<A>(
  file: string,
  body: (journal: JournalFile) => Promise<A>,
): Promise<A> {
  const journal = await openJournal(file);
  try {
    return await body(journal);
  } finally {
    await journal.close();
  }
}

/** All values of a journal. */
export const contents = (file: string): Promise<readonly (readonly [string, unknown])[]> =>
  use(file, (journal) => Promise.all([...journal.keys()].map(async (key) => [key, await journal.get(key)] as const)));
