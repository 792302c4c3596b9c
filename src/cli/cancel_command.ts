/**
 * The command `cancel`.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { cancelTask, fetchRegions } from "../client/operations.ts";
import { describeError } from "../model/describe.ts";
import { isFinal } from "../model/task_status.ts";
import type { Cancel } from "./command.ts";
import { type Action, forEachTask } from "./each_task.ts";
import type { Io } from "./io.ts";
import { showProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Cancels tasks, and reports whether each existed as far as the service tells. Resolves to the exit status. */
export function runCancel(command: Cancel, io: Io, terminal: Terminal): Promise<number> {
  const { signal } = io;
  const progress = showProgress(terminal, "Canceling");
  const cancel: Action = async (id, service) => {
    // The service accepts the cancellation of any id, so only the status before it tells whether there was a task. The
    // cancellation is sent even if there was none: the service may not know a task yet that was sent a moment ago.
    const before = await fetchRegions(id)(service, { signal })();
    const canceled = await cancelTask(id)(service, { signal })();
    if (E.isLeft(canceled)) {
      const reason = describeError(canceled.left);
      await terminal.say(`Task ${id} was not canceled. ${reason}`, terminal.colors.err.red);
      return false;
    }
    if (E.isRight(before) && before.right._tag === "NotExist") {
      await terminal.say(
        `The service does not know task ${id}, so nothing was canceled. Check the id; a task is kept for 24 hours.`,
        terminal.colors.err.red,
      );
      return false;
    }
    const wasFinal = E.isRight(before) && isFinal(before.right) ? `, which was ${before.right._tag} already` : "";
    await terminal.say(`Canceled task ${id}${wasFinal}.`);
    return true;
  };
  return forEachTask(command, () => E.right(cancel), { concurrency: 8, onRetry: progress.retry }, io, terminal)
    .finally(progress.end);
}
