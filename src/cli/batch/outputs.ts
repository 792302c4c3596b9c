/**
 * The files of a batch: which file belongs to which page and format.
 *
 * @module
 */
import { mkdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import * as E from "../../internal/either.ts";
import type { Output } from "../command.ts";
import { codeOf, reasonOf } from "../../files/reason.ts";
import { checkFolder, messageOf, writeWhole, type Written } from "../files.ts";
import { type OutputFormat, type Page, toFormats } from "./page.ts";

/** The key of standard input. */
export const STDIN = "-";

/** The journal of a batch, in the folder of its output. */
export const JOURNAL = "journal.jsonl";

/** The images of a batch that were not completed, in the folder of its output: a line of JSON for each. */
export const FAILURES = "failures.jsonl";

/** The files of a batch. */
export interface Outputs {
  /**
   * Checks, before an image is sent, whether its files can be written. Throws an `Error` whose message is a clause.
   */
  readonly prepare: (key: string, image: Uint8Array) => Promise<void>;
  /** Writes the files of a page. A Left is a sentence about the first one that could not be written. */
  readonly write: (key: string, page: Page, image: Uint8Array) => Promise<Written>;
}

/**
 * The files of a batch in the folder `out`.
 *
 * @param open Called once with each folder that files will be in. Rejects if they cannot.
 */
export function createOutputs(
  out: string,
  { formats: names, link }: Output,
  open: (folder: string) => Promise<void> = checkFolder,
): Outputs {
  const formats = toFormats(names.length === 0 ? ["json"] : names);
  /** Which key each file belongs to, by its path. */
  const owners = new Map<string, string>();
  /** The folders that are open, or being opened. */
  const folders = new Map<string, Promise<void>>();
  const openOnce = (folder: string): Promise<void> => {
    const opening = folders.get(folder) ?? mkdir(folder, { recursive: true }).then(() => open(folder));
    folders.set(folder, opening);
    return opening;
  };
  const targetOf = (key: string, format: OutputFormat): string => join(out, fileName(key) + format.extension);
  return {
    prepare: async (key, image) => {
      for (const format of formats) {
        const missing = format.missing(image);
        if (missing !== null) throw new Error(missing);
      }
      for (const format of formats) {
        const target = targetOf(key, format), folder = dirname(target), owner = owners.get(target) ?? key;
        if (owner !== key) throw new Error(`its output ${target} would take the place of that of ${owner}`);
        owners.set(target, key);
        try {
          await openOnce(folder);
          await checkName(target);
        } catch (error) {
          throw new Error(`its output ${target} cannot be written: ${reasonOf(error)}`);
        }
      }
    },
    write: async (key, page, image) => {
      for (const format of formats) {
        const target = targetOf(key, format);
        const written = await attemptToWrite(
          target,
          () => format.write(page, image, imageName(key), link ? linkTo(key, dirname(target)) : null),
        );
        if (E.isLeft(written)) return E.left(`The output ${target} could not be written: ${written.left}.`);
      }
      return E.right(undefined);
    },
  };
}

/**
 * The name of the files of an image, without their extension. It is a relative path that stays below its folder, whatever
 * the key is.
 */
export function fileName(key: string): string {
  if (key === STDIN || key.startsWith(`${STDIN}#`)) return `stdin${key.slice(1)}`.replaceAll("#", "-");
  const parts = key.replaceAll("#", "-").replace(/^([a-z]):/i, "$1").split(/[\\/]/);
  return parts.filter((part) => part !== "" && part !== "." && part !== "..").join("/") || "image";
}

/** The name of the file that an image comes from, without the number of its page. */
export function imageName(key: string): string | undefined {
  return /^-(?:#\d+)?$/.test(key) ? undefined : basename(key.replace(/#\d+$/, ""));
}

/** A link from a folder to the file of an image; null if the file has several pages, which a link cannot tell apart. */
export function linkTo(key: string, folder: string): string | null {
  if (key === STDIN || /#\d+$/.test(key)) return null;
  return relative(resolve(folder), resolve(key)).split(sep).map(encodeURIComponent).join("/");
}

/** Rejects if the file exists and is a folder, or if its folder cannot have a file of that name. */
async function checkName(file: string): Promise<void> {
  try {
    if ((await stat(file)).isDirectory()) throw new Error("it is a folder");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

async function attemptToWrite(target: string, toText: () => string): Promise<Written> {
  let text: string;
  try {
    text = toText();
  } catch (error) {
    return E.left(messageOf(error));
  }
  return await writeWhole(target, text);
}
