/**
 * The terminal: the only place where text leaves the command line. Whatever it holds, it cannot control the terminal.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { printable } from "../internal/text.ts";
import { attempt, type Written } from "./files.ts";
import type { Io } from "./io.ts";

/** Where texts go. No method throws or rejects. */
export interface Terminal {
  /** Writes a line to standard error. */
  readonly say: (line: string) => Promise<Written>;
  /** Writes a line to standard error that must not be lost: if that fails, the line is kept elsewhere. */
  readonly insist: (line: string) => Promise<void>;
  /** Writes a text of several lines, each with its line break, to standard output. */
  readonly print: (text: string) => Promise<Written>;
  /** Draws the live line, in place of the last one. Does nothing if standard error has no live line. */
  readonly draw: (line: string) => void;
  /** Whether standard error is a terminal that can have a live line. */
  readonly isLive: () => boolean;
}

const ERASE = "\r\x1b[2K";

/** The terminal of a command. */
export function createTerminal({ env, stdout, stderr, keep }: Io): Terminal {
  const writeOut = createWriter(stdout);
  const writeErr = createWriter(stderr);
  const isLive = (): boolean =>
    stderr.isTTY === true && (stderr.columns ?? 0) > 1 && env.TERM !== "dumb" && (env.NO_COLOR ?? "") === "";
  const say: Terminal["say"] = (line) => writeErr(`${isLive() ? ERASE : ""}${printable(line)}\n`);
  return {
    say,
    insist: async (line) => {
      if (E.isLeft(await say(line))) await attempt(() => keep?.(printable(line)));
    },
    print: async (text) =>
      text === "" ? E.right(undefined) : await writeOut(text.split("\n").map(printable).join("\n")),
    draw: (line) => {
      if (isLive()) writeErr(`${ERASE}${printable(line).slice(0, (stderr.columns ?? 0) - 1)}`);
    },
    isLive,
  };
}

/**
 * Writes one text after the other. A stream that has failed is not written to again: on Deno, that would never settle.
 */
function createWriter(stream: Io["stdout"]): (text: string) => Promise<Written> {
  let last: Promise<Written> = Promise.resolve(E.right(undefined));
  return (text) => last = last.then((before) => E.isLeft(before) ? before : attempt(() => stream.write(text)));
}
