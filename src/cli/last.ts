/**
 * The ids of the last submission, so that nobody has to copy them: `--last`.
 *
 * @module
 */
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as E from "../internal/either.ts";
import { codeOf } from "../files/reason.ts";
import type { Tasks } from "./command.ts";
import { attempt, type Written } from "./files.ts";
import type { Io } from "./io.ts";
import { demand } from "./permissions.ts";
import { type Environment, STATE_VARIABLES, stateFolder } from "./state_folder.ts";

/** The file in the folder for the state of this program. */
const FILE = "last-submission";

/** Where the ids are kept. */
export interface LastIds {
  /**
   * Adds ids of the current submission. The first call replaces those of the submission before. The tasks do not depend
   * on it, so a Left, in a few words, is not a reason to fail. Without a folder for them, nothing is remembered.
   */
  readonly remember: (ids: readonly string[]) => Promise<Written>;
}

/** Opens the file of the ids; nothing is written before a call. */
export function lastIds(io: Environment): LastIds {
  const folder = stateFolder(io);
  let last: Promise<Written> = Promise.resolve(E.right(undefined));
  let isNew = true;
  return {
    remember: (ids) => {
      if (folder === null || ids.length === 0) return last;
      const write = isNew ? writeFile : appendFile;
      isNew = false;
      return last = last.then(() =>
        attempt(async () => {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await write(join(folder, FILE), ids.map((id) => `${id}\n`).join(""), { mode: 0o600 });
        })
      );
    },
  };
}

/** The ids that a command is about. A Left is a sentence for the user. */
export async function idsOf({ ids, last }: Tasks, io: Io): Promise<E.Either<string, readonly string[]>> {
  if (!last) return E.right(ids);
  const folder = stateFolder(io);
  if (folder === null) return E.left(`Cannot find the last submission. Set ${STATE_VARIABLES[0]} to a folder.`);
  const readable = await demand(io, [{ name: "read", value: folder }]);
  if (E.isLeft(readable)) return readable;
  const file = join(folder, FILE);
  try {
    const text = await readFile(file, "utf8");
    // A last line without its end was cut off, so it is not an id.
    return E.right([...new Set(text.split("\n").slice(0, -1))]);
  } catch (error) {
    return E.left(
      codeOf(error) === "ENOENT"
        ? "There is no last submission on this machine. Give the ids of the tasks instead of --last."
        : `Cannot read the ids of the last submission from ${file}: ${codeOf(error)}.`,
    );
  }
}
