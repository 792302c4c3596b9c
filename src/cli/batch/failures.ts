/**
 * The file that names the images of a batch that were not completed, for programs.
 *
 * @module
 */
import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { attempt, type Written } from "../files.ts";
import { toJsonLine } from "../result.ts";
import { FAILURES } from "./outputs.ts";
import type { Failure } from "./tally.ts";

/** The failures of one run of a batch. */
export interface FailureFile {
  /** Adds a failure. */
  readonly add: (failure: Failure) => Promise<Written>;
}

/** Removes the file of an earlier run. There is a new one after the first failure. */
export async function openFailures(out: string): Promise<FailureFile> {
  const file = join(out, FAILURES);
  let last = attempt(() => rm(file, { force: true }));
  await last;
  return {
    add: (failure) => last = last.then(() => attempt(() => appendFile(file, toJsonLine(failure)))),
  };
}
