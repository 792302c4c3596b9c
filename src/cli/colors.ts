/**
 * Colors, for terminals only. Text from outside is sanitized first, then colored, since sanitizing removes colors too.
 *
 * @module
 */
import type { Io } from "./io.ts";

/** The styles of one stream; without colors, each returns its argument. */
export interface Colors {
  readonly bold: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
}

/** Colors a text that has been sanitized. */
export type Paint = (text: string) => string;

const same: Paint = (text) => text;
const PLAIN: Colors = { bold: same, red: same, yellow: same };

/** The variables that decide about colors. */
const COLOR_VARIABLES = ["NO_COLOR", "FORCE_COLOR", "TERM"];

/** Whether a variable can be read without asking the user for a permission, which is more than a color is worth. */
export function canRead(variable: string, isGranted: Io["isGranted"]): boolean {
  return isGranted === undefined || isGranted({ name: "env", value: variable });
}

/** The colors for a stream. Sources: https://no-color.org and https://force-color.org; NO_COLOR wins. */
export function colorsFor({ env, isGranted }: Pick<Io, "env" | "isGranted">, isTTY: boolean | undefined): Colors {
  const style = (on: number, off: number): Paint => (text) => `\x1b[${on}m${text}\x1b[${off}m`;
  if (!COLOR_VARIABLES.every((name) => canRead(name, isGranted)) || !wantsColors(env, isTTY === true)) return PLAIN;
  return { bold: style(1, 22), red: style(31, 39), yellow: style(33, 39) };
}

function wantsColors({ NO_COLOR = "", FORCE_COLOR = "", TERM = "" }: Io["env"], isTTY: boolean): boolean {
  if (NO_COLOR !== "" || FORCE_COLOR === "0" || FORCE_COLOR === "false") return false;
  return FORCE_COLOR !== "" || (isTTY && TERM !== "dumb");
}
