/**
 * The terminal. All output passes through it and is sanitized, so that no text can control the terminal.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { printable } from "../internal/text.ts";
import { attempt, type Written } from "./files.ts";
import type { Io } from "./io.ts";

/** Standard output and standard error. No method throws or rejects. */
export interface Terminal {
  /** Writes a line to standard error. */
  readonly say: (line: string) => Promise<Written>;
  /** Writes an important line to standard error. If that fails, passes it to `keep`. */
  readonly insist: (line: string) => Promise<void>;
  /** Writes complete lines to standard output. */
  readonly print: (text: string) => Promise<Written>;
  /** Writes a file to standard output: unchanged, unless that is a terminal, which the file could control. */
  readonly printFile: (text: string) => Promise<Written>;
  /** Replaces the live line. Does nothing if standard error cannot show one. */
  readonly draw: (line: string) => void;
  /** Whether standard error is a terminal that can show a live line. */
  readonly isLive: () => boolean;
}

const ERASE = "\r\x1b[2K";

/** Creates the terminal of a command. */
export function createTerminal({ env, stdout, stderr, keep }: Io): Terminal {
  const writeOut = createWriter(stdout);
  const writeErr = createWriter(stderr);
  const isLive = (): boolean =>
    stderr.isTTY === true && (stderr.columns ?? 0) > 1 && env.TERM !== "dumb" && (env.NO_COLOR ?? "") === "";
  const say: Terminal["say"] = (line) => writeErr(`${isLive() ? ERASE : ""}${printable(line)}\n`);
  const print: Terminal["print"] = async (text) =>
    text === "" ? E.right(undefined) : await writeOut(text.split("\n").map(printable).join("\n"));
  return {
    say,
    insist: async (line) => {
      if (E.isLeft(await say(line))) await attempt(() => keep?.(printable(line)));
    },
    print,
    printFile: (text) => stdout.isTTY === true || text === "" ? print(text) : writeOut(text),
    draw: (line) => {
      if (isLive()) writeErr(`${ERASE}${printable(line).slice(0, (stderr.columns ?? 0) - 1)}`);
    },
    isLive,
  };
}

/**
 * Queues writes. After a failure, nothing is written to the stream: on Deno, another write would never settle.
 */
function createWriter(stream: Io["stdout"]): (text: string) => Promise<Written> {
  let last: Promise<Written> = Promise.resolve(E.right(undefined));
  return (text) => last = last.then((before) => E.isLeft(before) ? before : attempt(() => stream.write(text)));
}
