/**
 * What the commands about several tasks have in common.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { from, lastValueFrom, mergeMap } from "../internal/rxjs.ts";
import type { Retry, Service } from "../client/service.ts";
import type { Tasks } from "./command.ts";
import { connectFrom } from "./connection.ts";
import type { Io } from "./io.ts";
import { idsOf } from "./last.ts";
import { FAILED, refuse, STOPPED } from "./status.ts";
import type { Terminal } from "./terminal.ts";

/** What is done about one task. Resolves to whether it succeeded. */
export type Action = (id: string, service: Service) => Promise<boolean>;

/** How a command goes through its tasks. */
export interface EachTaskOptions {
  /** The number of tasks in progress at the same time. */
  readonly concurrency: number;
  readonly onRetry: (retry: Retry) => void;
}

/**
 * Acts on each task of a command, some at a time. A failure does not end the others. Resolves to the exit status.
 *
 * @param prepare Returns the action, given the ids. A Left is a sentence for the user.
 */
export async function forEachTask(
  tasks: Tasks,
  prepare: (ids: readonly string[]) => E.Either<string, Action> | Promise<E.Either<string, Action>>,
  { concurrency, onRetry }: EachTaskOptions,
  io: Io,
  terminal: Terminal,
): Promise<number> {
  const ids = await idsOf(tasks, io);
  if (E.isLeft(ids)) return refuse(terminal, ids.left);
  const act = await prepare(ids.right);
  if (E.isLeft(act)) return refuse(terminal, act.left);
  const connected = await connectFrom(io, terminal, onRetry);
  if (E.isLeft(connected)) return refuse(terminal, connected.left);
  let failed = 0;
  const run = async (id: string): Promise<void> => {
    if (io.signal.aborted || !await act.right(id, connected.right)) failed++;
  };
  await lastValueFrom(from(ids.right).pipe(mergeMap(run, concurrency)), { defaultValue: undefined });
  if (io.signal.aborted && failed > 0) return STOPPED;
  return failed === 0 ? 0 : FAILED;
}
