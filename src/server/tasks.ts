/**
 * What a handler serves: the tasks of a service, or of a Durable Object.
 *
 * @module
 */
import type { Observable } from "rxjs";
import { type Either, right } from "../internal/either.ts";
import type { RegionsError } from "../model/error.ts";
import { isLast, type Reply } from "../model/reply.ts";
import type { TaskRef } from "../model/task_kind.ts";

/**
 * A task that a handler has submitted. The ids that it hands out contain this, signed.
 *
 * @category Server
 */
export interface SubmittedTask extends TaskRef {
  /** The number of results that the task must have, or null if any number may be valid. */
  readonly results: number | null;
  /** The time of the submission, in milliseconds since 1970, or null if it is unknown. */
  readonly submittedAt: number | null;
}

/**
 * A reply about a task, and the place in its stream.
 *
 * @category Server
 */
export interface Update<A extends object> {
  /** Discriminates the union. */
  readonly _tag: "Update";
  /** The status or error. */
  readonly reply: Reply<A>;
  /** From where a client continues that has received this reply. Null after a final one. */
  readonly cursor: string | null;
  /** The time of the next poll, in milliseconds since 1970, or null if it is unknown or there is none. */
  readonly dueAt: number | null;
}

/**
 * There is no reply yet.
 *
 * @category Server
 */
export interface NotYet {
  /** Discriminates the union. */
  readonly _tag: "NotYet";
  /** The time of the next poll, in milliseconds since 1970, or null if it is unknown. */
  readonly dueAt: number | null;
}

/**
 * Tasks of one kind, as `createHandler` serves them. `serviceTasks` and `durableTasks` return them.
 *
 * @category Server
 */
export interface Tasks<Input, A extends object> {
  /** The name of the kind. */
  readonly kind: string;
  /**
   * Submits a task, at most once per key.
   *
   * @param key Identifies the submission, or null if it is not to be recognized when it is repeated.
   *
   * @throws {RangeError} If the input has a value that the service does not support.
   */
  readonly submit: (input: Input, key: string | null) => Promise<Either<RegionsError, SubmittedTask>>;
  /** Returns the latest reply, unless a client has received it. Polls the task at most once, and only if a poll is due. */
  readonly current: (task: SubmittedTask, after: string | null) => Promise<Update<A> | NotYet>;
  /**
   * Returns a stream of the replies that follow a cursor, up to the final one. All subscribers of a task share its polls.
   *
   * @param after The cursor of the last reply that the client has received, or null.
   */
  readonly watch: (task: SubmittedTask, after: string | null) => Observable<Update<A>>;
  /** Cancels a task. */
  readonly cancel: (task: SubmittedTask) => Promise<Either<RegionsError, void>>;
}

/**
 * Makes an update. After a final reply, there is nothing to continue from.
 *
 * @param cursor From where a client continues that has received the reply.
 * @param dueAt The time of the next poll, in milliseconds since 1970, or null if it is unknown.
 */
export function toUpdate<A extends object>(reply: Reply<A>, cursor: string, dueAt: number | null): Update<A> {
  return isLast(reply)
    ? { _tag: "Update", reply, cursor: null, dueAt: null }
    : { _tag: "Update", reply, cursor, dueAt };
}

/** The update of a task that does not exist, such as one that was canceled. */
export function absent<A extends object>({ id }: SubmittedTask): Update<A> {
  return { _tag: "Update", reply: right({ _tag: "NotExist", id, messages: [] }), cursor: null, dueAt: null };
}
