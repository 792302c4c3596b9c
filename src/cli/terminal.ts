/**
 * The terminal. All output passes through it and is sanitized, so that no text can control the terminal.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { printable } from "../internal/text.ts";
import { attempt, type Written } from "./files.ts";
import { canRead, type Colors, colorsFor, type Paint } from "./colors.ts";
import type { Io } from "./io.ts";
import { cutTo, widthOf } from "./width.ts";

/** Standard output and standard error. No method throws or rejects. */
export interface Terminal {
  /** Writes a line to standard error, in a color if that is wanted. */
  readonly say: (line: string, paint?: Paint) => Promise<Written>;
  /** Writes an important line to standard error. If that fails, passes it to `keep`. */
  readonly insist: (line: string, paint?: Paint) => Promise<void>;
  /** Writes complete lines to standard output. */
  readonly print: (text: string) => Promise<Written>;
  /** Writes a text of this program to standard output, unchanged: it may have colors, and contains nothing from outside. */
  readonly printOwn: (text: string) => Promise<Written>;
  /** Writes a file to standard output: unchanged, unless that is a terminal, which the file could control. */
  readonly printFile: (text: string) => Promise<Written>;
  /**
   * Replaces the live lines, which stay below all other output: each is cut to the width of the terminal, and only as
   * many as fit are shown. Does nothing if standard error cannot show them.
   */
  readonly draw: (lines: readonly string[]) => void;
  /** The size of the terminal that standard error is, in characters. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Whether standard error is a terminal that can show live lines. */
  readonly isLive: () => boolean;
  /** The colors of standard error and of standard output. */
  readonly colors: { readonly err: Colors; readonly out: Colors };
}

/** Creates the terminal of a command. */
export function createTerminal({ env, stdout, stderr, keep, isGranted }: Io): Terminal {
  const colors = {
    err: colorsFor({ env, isGranted }, stderr.isTTY),
    out: colorsFor({ env, isGranted }, stdout.isTTY),
  };
  const writeOut = createWriter(stdout);
  const writeErr = createWriter(stderr);
  /** The live lines. */
  let live: readonly string[] = [];
  /** Those of them that are on the screen. */
  let shown: readonly string[] = [];
  /** The number of texts that are being written to the terminal as standard output. */
  let printing = 0;
  const isLive = (): boolean =>
    stderr.isTTY === true && (stderr.columns ?? 0) > 1 && canRead("TERM", isGranted) && env.TERM !== "dumb";
  const size: Terminal["size"] = () => ({ columns: stderr.columns ?? 80, rows: stderr.rows ?? 24 });
  const erase = (): string => {
    const { columns } = size();
    // A terminal that has become narrower has wrapped the lines.
    const height = shown.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    shown = [];
    if (height === 0) return "";
    return `\r${height > 1 ? `\x1b[${height - 1}A` : ""}\x1b[J`;
  };
  const redraw = (): string => {
    const { columns, rows } = size();
    shown = isLive() && printing === 0
      ? live.slice(-Math.max(1, rows - 1)).map((line) => cutTo(columns - 1, line))
      : [];
    return shown.join("\n");
  };
  const say: Terminal["say"] = (line, paint = (text) => text) =>
    writeErr(`${erase()}${paint(printable(line))}\n${redraw()}`);
  /** Writes to standard output, from which the live lines have to be kept away if both are the same terminal. */
  const aside = async (text: string): Promise<Written> => {
    if (stdout.isTTY !== true || live.length === 0) return writeOut(text);
    printing++;
    await writeErr(erase());
    const written = await writeOut(text);
    printing--;
    writeErr(redraw());
    return written;
  };
  const print: Terminal["print"] = async (text) =>
    text === "" ? E.right(undefined) : await aside(text.split("\n").map(printable).join("\n"));
  return {
    say,
    insist: async (line, paint) => {
      if (E.isLeft(await say(line, paint))) await attempt(() => keep?.(printable(line)));
    },
    print,
    printOwn: writeOut,
    printFile: (text) => stdout.isTTY === true || text === "" ? print(text) : writeOut(text),
    draw: (lines) => {
      live = lines.map(printable);
      if (isLive() || shown.length > 0) writeErr(`${erase()}${redraw()}`);
    },
    size,
    isLive,
    colors,
  };
}

/**
 * Queues writes. After a failure, nothing is written to the stream: on Deno, another write would never settle.
 */
function createWriter(stream: Io["stdout"]): (text: string) => Promise<Written> {
  let last: Promise<Written> = Promise.resolve(E.right(undefined));
  return (text) => last = last.then((before) => E.isLeft(before) ? before : attempt(() => stream.write(text)));
}
