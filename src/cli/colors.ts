/**
 * Colors, for terminals only. Text from outside is sanitized first, then colored, since sanitizing removes colors too.
 *
 * @module
 */
import type { Io } from "./io.ts";

/** The styles of one stream; without colors, each returns its argument. */
export interface Colors {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
}

/** Colors a text that has been sanitized. */
export type Paint = (text: string) => string;

/** The variables that decide about colors. */
export const COLOR_VARIABLES = ["NO_COLOR", "FORCE_COLOR", "TERM"];

/** The colors for a stream. Sources: https://no-color.org and https://force-color.org; NO_COLOR wins. */
export function colorsFor({ env, isGranted }: Pick<Io, "env" | "isGranted">, isTTY: boolean | undefined): Colors {
  const isReadable = COLOR_VARIABLES.every((value) => isGranted?.({ name: "env", value }) ?? true);
  const { NO_COLOR = "", FORCE_COLOR = "", TERM = "" } = isReadable ? env : {};
  const isForced = FORCE_COLOR !== "" && FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  const isColored = NO_COLOR === "" && FORCE_COLOR !== "0" && FORCE_COLOR !== "false" &&
    (isForced || (isTTY === true && isReadable && TERM !== "dumb"));
  const style = (on: number, off: number): Paint =>
    isColored ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text;
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), green: style(32, 39), yellow: style(33, 39) };
}
