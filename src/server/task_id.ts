/**
 * The ids that a handler hands out: of tasks, and of the events of their streams. They are signed, so a client can only
 * ask for tasks that were submitted for it.
 *
 * @module
 */
import type * as t from "io-ts";
import { parseJson } from "../internal/json.ts";
import { fields, guarded, nullable, orNull, string } from "../model/codec.ts";
import type { Signer } from "./signature.ts";
import type { SubmittedTask } from "./tasks.ts";

const Id: t.Type<SubmittedTask, unknown, unknown> = /* @__PURE__ */ idCodec();

function idCodec(): t.Type<SubmittedTask, unknown, unknown> {
  const number = orNull(guarded("a finite number", (u): u is number => Number.isFinite(u)));
  return fields<SubmittedTask>({
    kind: string,
    id: string,
    results: number,
    sizeClass: nullable(string),
    submittedAt: number,
  }, "Id");
}

/** Returns the id of a task for URLs. Only `subject` may use it. */
export function writeTaskId(
  signer: Signer,
  subject: string,
  { kind, id, results, sizeClass, submittedAt }: SubmittedTask,
): Promise<string> {
  return signer.seal(["task", subject], JSON.stringify({ kind, id, results, sizeClass, submittedAt }));
}

/** Returns the task of an id, or null if the id was not written for `subject`. */
export async function readTaskId(signer: Signer, subject: string, id: string): Promise<SubmittedTask | null> {
  const task = parseJson(await signer.open(["task", subject], id) ?? "");
  return Id.is(task) ? task : null;
}

/** The place of a client in the stream of a task: a cursor, or the end of the stream. */
export type Place = { readonly after: string | null } | "end";

/** Returns the id of an event: the cursor after it, which is null after the final one. */
export function writeEventId(signer: Signer, taskId: string, cursor: string | null): Promise<string> {
  return signer.seal(["event", taskId], cursor ?? END);
}

/** Returns the place of a client that has received an event. Without a valid id, it is the start of the stream. */
export async function readEventId(signer: Signer, taskId: string, eventId: string | null): Promise<Place> {
  const cursor = eventId === null ? null : await signer.open(["event", taskId], eventId);
  return cursor === END ? "end" : { after: cursor };
}

/** Stands for the end of a stream in the id of its final event. Cursors are not empty. */
const END = "";
