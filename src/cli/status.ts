/**
 * Exit statuses.
 *
 * @module
 */
import type { Terminal } from "./terminal.ts";

/** The task did not complete, or some output could not be written. */
export const FAILED = 1;

/** Nothing was sent to the service. */
export const NOTHING_SENT = 2;

/** The user stopped the program. */
export const STOPPED = 130;

/** Explains why a command does nothing. Resolves to the exit status. */
export async function refuse(terminal: Terminal, message: string): Promise<number> {
  await terminal.say(message, terminal.colors.err.red);
  return NOTHING_SENT;
}
