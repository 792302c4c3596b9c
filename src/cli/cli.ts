/**
 * The command line: the program `ocr-regions`. Runs on Deno, Node and Bun.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import type { Command } from "./command.ts";
import { completionScript } from "./completion.ts";
import { helpOf } from "./help.ts";
import type { Io } from "./io.ts";
import { parse } from "./parser.ts";
import { demand, neededBy } from "./permissions.ts";
import { FAILED, refuse } from "./status.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

export { type Io, ofProcess, type Permission } from "./io.ts";

/** The widest help, in columns: longer lines are hard to read. */
const MAX_COLUMNS = 100;

/**
 * Runs one command.
 *
 * @param args The arguments, without the program's name.
 *
 * @returns The exit status: 0 if everything completed and all output was written, 1 if something did not, 2 if nothing
 * was sent to the service, 130 if the user stopped the command.
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
  if (E.isLeft(command)) return await refuse(terminal, command.left);
  const permitted = await demand(io, neededBy(command.right));
  if (E.isLeft(permitted)) return await refuse(terminal, permitted.left);
  return await run(command.right, io, terminal);
}

/** Each command is loaded on demand, so that help and a refusal do not wait for all of them. */
async function run(command: Command, io: Io, terminal: Terminal): Promise<number> {
  switch (command._tag) {
    case "Detect":
      return await (await import("./batch/batch.ts")).runDetect(command, io, terminal);
    case "Read":
      return await (await import("./batch/batch.ts")).runRead(command, io, terminal);
    case "Watch":
      return await (await import("./watch_command.ts")).runWatch(command, io, terminal);
    case "Status":
      return await (await import("./status_command.ts")).runStatus(command, io, terminal);
    case "Cancel":
      return await (await import("./cancel_command.ts")).runCancel(command, io, terminal);
    case "Serve":
      return await (await import("./serve_command.ts")).runServe(command, io, terminal);
    case "Doctor":
      return await (await import("./doctor/doctor.ts")).runDoctor(command, io, terminal);
    case "Completion":
      return await printOwn(completionScript(command.shell), terminal);
    case "Help": {
      const columns = Math.min(io.stdout.columns ?? 80, MAX_COLUMNS);
      return await printOwn(helpOf(command.topic, { columns, heading: terminal.colors.out.bold }), terminal);
    }
    case "Version":
      return await printOwn(`${VERSION}\n`, terminal);
  }
}

async function printOwn(text: string, terminal: Terminal): Promise<number> {
  return E.isRight(await terminal.printOwn(text)) ? 0 : FAILED;
}
