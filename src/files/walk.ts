/**
 * Finds files in folders and by patterns.
 *
 * @module
 */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { join } from "node:path/posix";
import process from "node:process";
// @ts-ignore: the package has no types
import picomatch from "picomatch";
import { codeOf } from "./reason.ts";

/** A file that was found, or a folder that could not be read. */
export interface Found {
  /** The path below the one that was given, with `/`. */
  readonly path: string;
  /** Why the folder cannot be read, or null for a file. */
  readonly error: unknown;
}

/** What {@linkcode walk} looks for. */
export interface Search {
  /** Whether a file is looked for, by its name. */
  readonly accepts: (name: string) => boolean;
  /** The real paths of files and folders that are left out. */
  readonly excluded: ReadonlySet<string>;
}

/** The part of `picomatch` that is used here. */
interface Picomatch {
  (glob: string, options: GlobOptions): (path: string) => boolean;
  readonly scan: (glob: string, options: GlobOptions) => { base: string; glob: string; isGlob: boolean };
}

interface GlobOptions {
  readonly nonegate: boolean;
  readonly nocase: boolean;
}

/** Selects what is below a folder. */
interface Selection extends Search {
  /** Whether a path below the first folder is selected. If it is a folder, so is everything in it. */
  readonly selects: (path: string) => boolean;
  /** How many levels of folders can have something that is selected. */
  readonly depth: number;
  /** The real paths of the folders that have been read: links may lead to a folder that contains them. */
  readonly visited: Set<string>;
}

const glob: Picomatch = picomatch;
const isWindows = process.platform === "win32";
const OPTIONS: GlobOptions = { nonegate: true, nocase: isWindows };
/** Names in the order in which people count: page2 before page10. */
const { compare } = new Intl.Collator("en", { numeric: true });

/** Returns the real paths of files and folders, whether they exist or not. */
export async function realPaths(paths: Iterable<string>): Promise<ReadonlySet<string>> {
  const real = Array.from(paths, async (path) => [resolve(path), await realpath(path).catch(() => resolve(path))]);
  return new Set((await Promise.all(real)).flat());
}

/** Finds the files in a folder and in its subfolders, in natural order. Hidden files and folders are left out. */
export function walk(folder: string, search: Search): AsyncGenerator<Found> {
  return walkSelection(folder, "", true, { ...search, selects: () => true, depth: Infinity, visited: new Set() });
}

/**
 * Finds the files that match a pattern with `*`, `?`, `[…]`, `{…}` or `**`, and those in folders that match it.
 *
 * @returns null if the text is not a pattern
 */
export function walkPattern(text: string, search: Search): AsyncGenerator<Found> | null {
  const { base, glob: pattern, isGlob } = glob.scan(toPosix(text), OPTIONS);
  if (!isGlob) return null;
  const depth = pattern.includes("**") ? Infinity : pattern.split("/").length;
  return walkSelection(base || ".", "", false, {
    ...search,
    selects: glob(pattern.replace(/\/+$/, ""), OPTIONS),
    depth,
    visited: new Set(),
  });
}

/** Returns a path or pattern with `/`, also on Windows, where it may have `\`. */
export function toPosix(path: string): string {
  return isWindows ? path.replaceAll("\\", "/") : path;
}

/** @param below The path below the folder where the search began, which ends with `/` unless it is empty. */
async function* walkSelection(
  folder: string,
  below: string,
  isSelected: boolean,
  selection: Selection,
): AsyncGenerator<Found> {
  const { accepts, excluded, selects, depth, visited } = selection;
  let entries: readonly Dirent[];
  try {
    const real = await realpath(folder);
    if (visited.has(real) || below !== "" && excluded.has(real)) return;
    visited.add(real);
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // A pattern may begin with a folder that does not exist: then nothing matches it.
    if (below !== "" || codeOf(error) !== "ENOENT") yield { path: folder, error };
    return;
  }
  const names = entries.filter(({ name }) => !name.startsWith(".")).sort(byName);
  for (const entry of names) {
    const path = join(folder, entry.name), relative = below + entry.name;
    const isMatch = isSelected || selects(relative);
    const kind = await kindOf(entry, path);
    if (kind === "folder") {
      if (isMatch || relative.split("/").length < depth) yield* walkSelection(path, `${relative}/`, isMatch, selection);
    } else if (kind === "file" && isMatch && accepts(entry.name) && !excluded.has(resolve(path))) {
      yield { path, error: null };
    }
  }
}

function byName(a: Dirent, b: Dirent): number {
  return compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
}

/** A link that leads nowhere is a file, so that users hear of it. Pipes and devices are neither. */
async function kindOf(entry: Dirent, path: string): Promise<"file" | "folder" | "other"> {
  // Some file systems do not state the kinds of their entries.
  const isKnown = entry.isFile() || entry.isDirectory();
  const stats = isKnown ? entry : await stat(path).catch(() => null);
  return stats === null || stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
}
