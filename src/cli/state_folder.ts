/**
 * The folder for what the program keeps between runs.
 *
 * @module
 */
import { join } from "node:path";
import { canRead } from "./colors.ts";
import type { Io } from "./io.ts";

/** What decides about the folder. */
export type Environment = Pick<Io, "env" | "isGranted">;

/** The variables that name the folder for the state of programs. Sources: the XDG Base Directory Specification; Windows. */
export const STATE_VARIABLES = ["XDG_STATE_HOME", "LOCALAPPDATA", "HOME"];

/** The folder for the state of this program, or null if the environment does not name one, or must not be read. */
export function stateFolder({ env, isGranted }: Environment): string | null {
  if (!STATE_VARIABLES.every((name) => canRead(name, isGranted))) return null;
  const { XDG_STATE_HOME = "", LOCALAPPDATA = "", HOME = "" } = env;
  const base = XDG_STATE_HOME || LOCALAPPDATA || (HOME && join(HOME, ".local", "state"));
  return base === "" ? null : join(base, "ocr-regions");
}
