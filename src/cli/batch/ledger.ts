/**
 * The journal of a batch as the command line keeps it: it knows the tasks in progress, and if it can no longer be
 * written, it stops the batch instead of losing them.
 *
 * @module
 */
import type { JournalFile } from "../../files/journal.ts";
import { isObject } from "../../internal/json.ts";
import { PollState } from "../../model/poll_state.ts";
import { forgetTask, type JournalStorage } from "../../stream/journal.ts";
import { messageOf } from "../files.ts";
import type { Stop } from "./stop.ts";

/** The journal of a batch. Writing it never rejects. */
export interface Ledger extends JournalStorage {
  /** The task of an image in progress, or null if there is none. */
  readonly taskOf: (key: string) => PollState | null;
  /** The tasks of all images in progress, by their keys. */
  readonly tasks: () => ReadonlyMap<string, PollState>;
  /** Whether the journal is kept, and can still be written. */
  readonly isKept: () => boolean;
  /** Notes that the task of an image was canceled, so that the image is sent again when the batch is resumed. */
  readonly forget: (key: string) => Promise<void>;
  /** Ends keeping an image's task in memory. */
  readonly release: (key: string) => void;
}

/** What a journal tells, and what it takes for unknown. */
export interface LedgerOptions {
  /** What the end of the batch waits for. */
  readonly stop: Stop;
  /** Called with each task as soon as its id is known. `isKept` says whether it is in the journal. */
  readonly onSubmit: (key: string, task: PollState, isKept: boolean) => void;
  /** Called if an image is sent although the journal has the task `id` under its key: the image has changed. */
  readonly onReplace: (key: string, id: string) => void;
  /** Called once with the reason if the journal cannot be written. */
  readonly onFailure: (reason: string) => void;
  /** Whether the tasks in the journal have ended with the process that submitted them. */
  readonly isVolatile: boolean;
}

/** Keeps a journal in `storage`, or in memory as long as an image is in progress if that is null. */
export function createLedger(storage: JournalStorage | null, options: LedgerOptions): Ledger {
  const { stop, onSubmit, onReplace, onFailure, isVolatile } = options;
  const tasks = new Map<string, PollState>();
  /** What the journal had under the keys of images in progress. */
  const earlier = new Map<string, unknown>();
  let isBroken = storage === null;
  /** Keeps the task of a state in memory. The entry of an image that has ended has none. */
  const keep = (key: string, state: ReturnType<typeof stateIn>): PollState | null => {
    if (state === null) return null;
    if (PollState.is(state.task)) tasks.set(key, state.task);
    else tasks.delete(key);
    return tasks.get(key) ?? null;
  };
  const write = async (put: () => Promise<unknown>): Promise<void> => {
    if (isBroken) return;
    try {
      await put();
    } catch (error) {
      if (isBroken) return;
      isBroken = true;
      onFailure(messageOf(error));
    }
  };
  return {
    get: async (key) => {
      const entry = await storage?.get(key);
      if (isVolatile && stateIn(entry) !== null) return undefined;
      if (keep(key, stateIn(entry)) !== null) earlier.set(key, entry);
      return entry;
    },
    put: async (key, entry) => {
      const before = tasks.get(key)?.id, state = stateIn(entry), task = keep(key, state);
      const isSending = state !== null && state.submitting === true && task === null;
      if (isSending) await stop.beginSending(key);
      if (isSending && stop.signal.aborted) return;
      const replaced = earlier.get(key), replacedTask = taskIn(replaced);
      earlier.delete(key);
      if (replacedTask !== null && digestIn(replaced) !== digestIn(entry)) onReplace(key, replacedTask.id);
      await write(async () => await storage?.put(key, entry));
      if (!isSending) stop.endSending(key);
      if (task !== null && task.id !== before) onSubmit(key, task, !isBroken);
    },
    tasks: () => tasks,
    isKept: () => !isBroken,
    taskOf: (key) => tasks.get(key) ?? null,
    forget: (key) => write(async () => storage !== null && await forgetTask(storage, key)),
    release: (key) => {
      tasks.delete(key);
      earlier.delete(key);
      stop.endSending(key);
    },
  };
}

/** The tasks in progress of a journal that belong to other keys than these. */
export async function* otherTasks(
  journal: Pick<JournalFile, "keys" | "get">,
  keys: ReadonlySet<string>,
): AsyncGenerator<readonly [key: string, task: PollState]> {
  for (const key of journal.keys()) {
    const task = keys.has(key) ? null : taskIn(await journal.get(key));
    if (task !== null) yield [key, task];
  }
}

function taskIn(entry: unknown): PollState | null {
  const task = stateIn(entry)?.task;
  return PollState.is(task) ? task : null;
}

function digestIn(entry: unknown): unknown {
  return isObject(entry) ? entry.digest : undefined;
}

/** The state in the entry of an image that has not ended. */
function stateIn(entry: unknown): Readonly<Record<string, unknown>> | null {
  return isObject(entry) && isObject(entry.state) ? entry.state : null;
}
