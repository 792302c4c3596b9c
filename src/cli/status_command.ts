/**
 * The command `status`.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { fetchRegions } from "../client/operations.ts";
import { describe } from "../model/describe.ts";
import type { Status } from "./command.ts";
import { type Action, forEachTask } from "./each_task.ts";
import type { Io } from "./io.ts";
import { showProgress } from "./progress.ts";
import { toJsonLine } from "./result.ts";
import type { Terminal } from "./terminal.ts";

/** Shows the status of each task, without waiting for its end. Resolves to the exit status. */
export function runStatus(command: Status, io: Io, terminal: Terminal): Promise<number> {
  const { signal } = io;
  const progress = showProgress(terminal, "Asking");
  let isClosed = false;
  const ask: Action = async (id, service) => {
    // Nobody would see the other statuses.
    if (isClosed) return false;
    const reply = await fetchRegions(id)(service, { signal })();
    if (signal.aborted) return false;
    const value = E.isRight(reply) ? reply.right : { ...reply.left, id };
    const printed = command.json
      ? await terminal.print(toJsonLine(value))
      : E.isRight(reply)
      ? await terminal.print(`${id}  ${reply.right._tag}\n`)
      : E.right(undefined);
    if (E.isLeft(printed)) {
      if (isClosed) return false;
      isClosed = true;
      await terminal.say(`The status could not be written to standard output: ${printed.left}.`);
      return false;
    }
    // An error of the task is a status like any other; an id that nobody knows is not.
    const isKnown = E.isRight(reply) && reply.right._tag !== "NotExist";
    if (!isKnown) await terminal.say(`${id}: ${describe(reply)}`, terminal.colors.err.red);
    return isKnown;
  };
  return forEachTask(command, () => E.right(ask), { concurrency: 8, onRetry: progress.retry }, io, terminal)
    .finally(progress.end);
}
