/**
 * The ids of the last submission, so that nobody has to copy them: `--last`.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../files/reason.ts";
import { attempt, type Written } from "./files.ts";
import type { Io } from "./io.ts";

/** The variables that name the folder for the state of programs. Sources: the XDG Base Directory Specification; Windows. */
export const STATE_VARIABLES = ["XDG_STATE_HOME", "LOCALAPPDATA", "HOME"];

/** Where the ids are kept. */
export interface LastIds {
  /**
   * Adds ids of the current submission. The first call replaces those of the submission before. The tasks do not depend
   * on it, so a Left, in a few words, is not a reason to fail.
   */
  readonly remember: (ids: readonly string[]) => Promise<Written>;
  /** Reads the ids. A Left is a sentence for the user. */
  readonly recall: () => Promise<E.Either<string, readonly string[]>>;
}

/** Opens the file of the ids; nothing is read or written before a call. Without a state folder, nothing is remembered. */
export function lastIds({ env }: Pick<Io, "env">): LastIds {
  const folder = stateFolder(env);
  const file = folder === null ? null : join(folder, "last-submission");
  let last: Promise<Written> = Promise.resolve(E.right(undefined));
  let isNew = true;
  return {
    remember: (ids) => {
      if (folder === null || file === null || ids.length === 0) return last;
      const write = isNew ? writeFile : appendFile;
      isNew = false;
      return last = last.then(() =>
        attempt(async () => {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await write(file, ids.map((id) => `${id}\n`).join(""), { mode: 0o600 });
        })
      );
    },
    recall: async () => {
      if (file === null) return E.left(`Cannot find the last submission. Set ${STATE_VARIABLES[0]} to a folder.`);
      let text: string;
      try {
        text = await readFile(file, "utf8");
      } catch (error) {
        return E.left(
          codeOf(error) === "ENOENT"
            ? "There is no last submission on this machine. Give the ids of the tasks instead of --last."
            : `Cannot read the ids of the last submission from ${file}: ${codeOf(error)}.`,
        );
      }
      // A last line without its end was cut off, so it is not an id.
      return E.right([...new Set(text.split("\n").slice(0, -1))]);
    },
  };
}

/** The folder for the state of this program, or null if the environment does not name one. */
export function stateFolder(env: Io["env"]): string | null {
  const { XDG_STATE_HOME = "", LOCALAPPDATA = "", HOME = "" } = env;
  const base = XDG_STATE_HOME || LOCALAPPDATA || (HOME && join(HOME, ".local", "state"));
  return base === "" ? null : join(base, "ocr-regions");
}
