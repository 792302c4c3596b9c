/**
 * The exit status of the program.
 *
 * @module
 */
import type { Terminal } from "./terminal.ts";

/** The task is not Completed, or something could not be written. */
export const FAILED = 1;

/** Nothing was sent to the service. */
export const NOTHING_SENT = 2;

/** The user stopped the program. */
export const STOPPED = 130;

/** Says why a command is not carried out. The result is the exit status. */
export async function refuse(terminal: Terminal, message: string): Promise<number> {
  await terminal.say(message);
  return NOTHING_SENT;
}
