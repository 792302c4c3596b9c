/**
 * Reads the image, writes the drawing, and explains failures of both.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { lstat, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as E from "../internal/either.ts";
import { codeOf, reasonOf } from "../files/reason.ts";

/** The result of writing. A Left is the reason for a failure, in a few words. */
export type Written = E.Either<string, void>;

/** A file that can be written, as far as a check in advance can tell. */
export interface Target {
  /** Writes the whole file, or changes nothing if that fails. Never rejects. */
  readonly write: (text: string) => Promise<Written>;
}

/** The names of temporary files. */
const TEMPORARY = /^\.ocr-regions-[-\da-f]{36}\.tmp$/;

/** Reads the image. A Left is a sentence for the user. */
export async function readImage(file: string): Promise<E.Either<string, Uint8Array>> {
  try {
    const image = await readFile(file);
    return image.length > 0
      ? E.right(new Uint8Array(image))
      : E.left(`Cannot send the image ${file}: the file is empty.`);
  } catch (error) {
    return E.left(`Cannot read the image ${file}: ${reasonOf(error)}.`);
  }
}

/**
 * Checks whether `file` can be written, and leaves nothing behind. A Left is a sentence for the user.
 *
 * @param what What the file will contain, for that sentence.
 * @param image The file of the image, which must not be overwritten, whatever name `file` has for it.
 */
export async function checkTarget(
  what: string,
  file: string,
  image: string | null,
): Promise<E.Either<string, Target>> {
  const cannot = (reason: string): E.Either<string, Target> => E.left(`Cannot write the ${what} ${file}: ${reason}.`);
  try {
    const existing = await statOrNull(file);
    if (existing?.isDirectory() || /[\\/]$/.test(file)) return cannot("it is a folder");
    if (existing === null) {
      if (file === "" || await isLink(file)) return cannot("it is a link to a file that does not exist");
      const path = resolve(file);
      await checkFolder(await nearestFolder(dirname(path)));
      return E.right({ write: (text) => writeWhole(path, text) });
    }
    if (image !== null && await isSameFile(file, existing, image)) return cannot("it is the file of the image itself");
    // A device or a pipe, such as /dev/stdout, must not be replaced by a file.
    if (!existing.isFile()) return E.right({ write: (text) => attempt(() => writeFile(file, text)) });
    const path = await realpath(file);
    await (await open(path, "r+")).close();
    await checkFolder(dirname(path));
    return E.right({ write: (text) => writeWhole(path, text, Number(existing.mode) & 0o777) });
  } catch (error) {
    return cannot(reasonOf(error));
  }
}

/** Calls `write` and explains its failure. Never rejects. */
export async function attempt(write: () => unknown): Promise<Written> {
  try {
    await write();
    return E.right(undefined);
  } catch (error) {
    return E.left(reasonOf(error));
  }
}

/** The message of an error, or the text of anything else. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function isSameFile(file: string, existing: BigIntStats, image: string): Promise<boolean> {
  const { dev, ino } = await stat(image, { bigint: true });
  // Not every file system numbers its files. Those that do include pipes, which have no path.
  return ino === 0n ? await realpath(file) === await realpath(image) : dev === existing.dev && ino === existing.ino;
}

async function statOrNull(file: string): Promise<BigIntStats | null> {
  try {
    return await stat(file, { bigint: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function isLink(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isSymbolicLink();
  } catch {
    return false;
  }
}

/** The folder, or its nearest ancestor that exists. Rejects if that is not a folder. */
async function nearestFolder(folder: string): Promise<string> {
  const found = await statOrNull(folder);
  return found === null && dirname(folder) !== folder ? await nearestFolder(dirname(folder)) : folder;
}

/** Rejects if no file can be created in the folder. It tries, as access() ignores quotas and, on Deno, groups. */
export async function checkFolder(folder: string): Promise<void> {
  const file = temporary(folder);
  await (await open(file, "wx")).close();
  await rm(file);
}

/** Removes the temporary files that a killed process has left in a folder. No other process may be writing files in it. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true });
  }
}

/**
 * Writes the whole file, or changes nothing if that fails: a new file takes the place of the old one when it has reached
 * the disk. Creates its folder.
 */
export async function writeWhole(path: string, text: string, mode = 0o666): Promise<Written> {
  const folder = dirname(path);
  const file = temporary(folder);
  const written = await attempt(async () => {
    await mkdir(folder, { recursive: true });
    const handle = await open(file, "wx", mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(file, path);
  });
  if (E.isLeft(written)) await attempt(() => rm(file, { force: true }));
  return written;
}

function temporary(folder: string): string {
  return join(folder, `.ocr-regions-${randomUUID()}.tmp`);
}
