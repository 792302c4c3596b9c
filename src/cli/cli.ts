/**
 * The command line: `ocr-regions detect`, `read`, `watch`, `cancel` and `serve`. Runs on Deno, Node and Bun.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { parse, USAGE } from "./single_command.ts";
import type { Io } from "./io.ts";
import { demand, neededBy } from "./permissions.ts";
import { runServe } from "./serve_command.ts";
import { FAILED, refuse } from "./status.ts";
import { runRead } from "./read_command.ts";
import { runCancel, runDetect, runWatch } from "./task_commands.ts";
import { createTerminal } from "./terminal.ts";

export { type Io, ofProcess, type Permission } from "./io.ts";

/**
 * Runs one command.
 *
 * @param args The arguments, without the program's name.
 *
 * @returns The exit status: 0 if the task completed and all output was written, 1 if not, 2 if nothing was sent to the
 * service, 130 if the user stopped the command.
 *
 * @example
 * ```ts
 * import { main } from "@ocr-cloud/regions/cli";
 * import { equal } from "node:assert/strict";
 *
 * const { signal } = new AbortController();
 * const status = await main(["--help"], { env: {}, stdout: { write() {} }, stderr: { write() {} }, signal });
 * equal(status, 0);
 * ```
 *
 * @category Command line
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const terminal = createTerminal(io);
  const command = parse(args);
  if (E.isLeft(command)) {
    terminal.say(command.left);
    return await refuse(terminal, "Try ocr-regions --help.");
  }
  const permitted = await demand(io, neededBy(command.right));
  if (E.isLeft(permitted)) return await refuse(terminal, permitted.left);
  switch (command.right._tag) {
    case "Help":
      return E.isRight(await terminal.print(USAGE)) ? 0 : FAILED;
    case "Detect":
      return await runDetect(command.right, io, terminal);
    case "Read":
      return await runRead(command.right, io, terminal);
    case "Watch":
      return await runWatch(command.right, io, terminal);
    case "Cancel":
      return await runCancel(command.right, io, terminal);
    case "Serve":
      return await runServe(command.right, io, terminal);
  }
}
