/**
 * A journal of tasks in a file that survives crashes of the program and of the machine.
 *
 * @module
 */
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { concat } from "../internal/bytes.ts";
import { type Contents, copyLines, readValue, scan, syncFolder, toLine, writeAll } from "./lines.ts";
import type { JournalStorage } from "../stream/journal.ts";
import { lock } from "./lock.ts";
import { codeOf, reasonOf } from "./reason.ts";

/**
 * A journal in a file, for the option `journal` of `detectMany` and `readMany`.
 *
 * @category Files
 */
export interface JournalFile extends JournalStorage {
  /** The number of keys. */
  readonly size: number;
  /** All keys, in the order in which they were first written. */
  readonly keys: () => Iterable<string>;
  /** Reads the last value of a key. Undefined if there is none. */
  readonly get: (key: string) => Promise<unknown>;
  /**
   * Adds a value. It has reached the disk when the promise resolves; calls at the same time share one wait for it.
   *
   * Rejects with a `TypeError` if JSON cannot represent the value. If the file cannot be written, rejects with an `Error`,
   * as do all later calls, and the journal ends with the last value whose promise resolved.
   */
  readonly put: (key: string, value: unknown) => Promise<void>;
  /** Waits for values that are being written, closes the file, and lets other processes have it. */
  readonly close: () => Promise<void>;
}

/** A line that is waiting to be written. */
interface Pending {
  readonly key: string;
  readonly line: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A journal is not worth rewriting below this size, in bytes. */
const MIN_REWRITE = 1 << 16;

/**
 * Opens a journal: a file in the format JSON Lines, with one line for each value. Creates the file, and its folder, if
 * they do not exist. Memory holds the keys and where their values are, not the values.
 *
 * A last line that is incomplete after a crash is removed: the promise of its value had not resolved. If more than half
 * of the values have been replaced by later ones, the file is rewritten without them.
 *
 * Rejects with an `Error` whose message starts with `Cannot open the journal` if another process has it open, the file
 * cannot be read and written, or a line is not valid. If a process is killed, the next one can open its journal. For
 * that, Deno without `--allow-all` needs `--allow-run`: otherwise it cannot tell, and the message says what to delete.
 *
 * @example
 * ```ts
 * import { openJournal } from "@ocr-cloud/regions/files";
 * import { deepEqual, equal } from "node:assert/strict";
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const file = join(await mkdtemp(join(tmpdir(), "regions-")), "journal.jsonl");
 * const journal = await openJournal(file);
 * await journal.put("scans/a.jpg", { pages: 1 });
 * await journal.close();
 *
 * const again = await openJournal(file);
 * deepEqual(await again.get("scans/a.jpg"), { pages: 1 });
 * equal(await again.get("scans/b.jpg"), undefined);
 * await again.close();
 * ```
 *
 * @category Files
 */
export async function openJournal(file: string): Promise<JournalFile> {
  try {
    // A relative path would mean another file if the working directory changed.
    const path = resolve(file);
    await mkdir(dirname(path), { recursive: true });
    const unlock = await lock(path);
    try {
      return startJournal(file, await load(path), unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  } catch (error) {
    throw new Error(`Cannot open the journal ${file}: ${reasonOf(error)}`);
  }
}

/** A file with the index of its lines and the position for the next one. */
interface Loaded extends Pick<Contents, "index" | "end"> {
  readonly handle: FileHandle;
}

function startJournal(file: string, { handle, index, ...loaded }: Loaded, unlock: () => Promise<void>): JournalFile {
  let end = loaded.end;
  let waiting: Pending[] = [];
  let writing: Promise<void> | null = null;
  let closing: Promise<void> | null = null;
  /** Why nothing can be written anymore. */
  let failure: Error | null = null;

  const write = async (group: readonly Pending[]): Promise<void> => {
    try {
      await writeAll(handle, concat(group.map(({ line }) => line)), end);
      await handle.datasync();
    } catch (error) {
      failure = new Error(`Cannot write the journal ${file}: ${reasonOf(error)}`);
      // If this fails as well, an incomplete line remains, which the next process removes.
      await handle.truncate(end).catch(() => {});
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const { key, line, resolve } of group) {
      index.set(key, { at: end, length: line.length - 1 });
      end += line.length;
      resolve();
    }
  };
  const writeWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      if (failure === null) await write(group);
      else for (const { reject } of group) reject(failure);
    }
    writing = null;
  };
  const put = (key: string, value: unknown): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure !== null) throw failure;
      if (closing !== null) throw new Error(`Cannot write the journal ${file}: it is closed`);
      waiting.push({ key, line: toLine(key, value), resolve, reject });
      writing ??= writeWaiting();
    });
  const get = async (key: string): Promise<unknown> => {
    const line = index.get(key);
    return line && await readValue(handle, line);
  };
  const finish = async (): Promise<void> => {
    await writing;
    await handle.close();
    await unlock();
  };
  return {
    get size() {
      return index.size;
    },
    keys: () => index.keys(),
    get,
    put,
    close: () => closing ??= finish(),
  };
}

/** Opens the file, and prepares it for the next line. */
async function load(path: string): Promise<Loaded> {
  const handle = await openOrCreate(path);
  try {
    const { index, count, end, isTorn } = await scan(handle);
    if (isTorn) {
      // Otherwise the next line would continue the incomplete one.
      await handle.truncate(end);
      await handle.datasync();
    }
    const isOutdated = index.size * 2 < count && end > MIN_REWRITE;
    const rewritten = isOutdated ? await rewrite(path, handle, index) : null;
    if (rewritten === null) return { handle, index, end };
    await handle.close();
    return rewritten;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    const handle = await open(path, "wx+");
    await syncFolder(path);
    return handle;
  }
}

/**
 * Replaces the file by one with only the last line of each key. Returns null if that fails, as on a full disk: the old
 * file is as good, only larger.
 */
async function rewrite(path: string, old: FileHandle, index: Contents["index"]): Promise<Loaded | null> {
  const file = `${path}.tmp`;
  let handle: FileHandle | null = null;
  try {
    handle = await open(file, "w+");
    const copied = await copyLines(old, index, handle);
    await handle.sync();
    await rename(file, path);
    await syncFolder(path);
    return { handle, ...copied };
  } catch {
    await handle?.close();
    await rm(file, { force: true }).catch(() => {});
    return null;
  }
}
