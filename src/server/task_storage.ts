/**
 * Stores a task in a Durable Object: as a small record and, once the task is finished, its final reply in parts.
 *
 * This relies only on the guarantee that a `put` of a value is atomic. It cannot rely on "writes without an `await` in
 * between are submitted atomically" (Cloudflare, Storage API, "Automatic write coalescing"), which applies to failures
 * of a machine. If one of the writes is rejected, such as a value that is too large, the others are kept (tested with
 * workerd 1.20260426).
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { byTag, fields, guarded, list, literal } from "../model/codec.ts";
import { fromJson, isObject, toJson } from "../internal/json.ts";
import { DETECTION } from "../model/detection.ts";
import { fromCodec, malformed, type RegionsError } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import type { ResultKind } from "../model/task_kind.ts";
import type { Reply } from "../model/reply.ts";
import { isTaskStatus, type TaskStatus } from "../model/task_status.ts";

/**
 * The part of a Durable Object's storage that is used. Source: Cloudflare, Durable Objects, Storage API.
 *
 * @category Durable
 */
export interface DurableStorage {
  /** Reads a value. */
  readonly get: <T>(key: string) => Promise<T | undefined>;
  /** Writes a value atomically. */
  readonly put: (key: string, value: unknown) => Promise<void>;
  /** Deletes all values. */
  readonly deleteAll: () => Promise<void>;
  /** Sets the object's only alarm, at a time in milliseconds since 1970. */
  readonly setAlarm: (at: number) => Promise<void>;
  /** Deletes the alarm. */
  readonly deleteAlarm: () => Promise<void>;
}

/** The image is being submitted, or was being submitted when the object was stopped. */
export interface Sending {
  readonly _tag: "Sending";
  /** The time of the next alarm, in milliseconds since 1970. */
  readonly dueAt: number;
}

/** The task is being polled. */
export interface Polling<A extends object> {
  readonly _tag: "Polling";
  /** The time of the next alarm, in milliseconds since 1970. */
  readonly dueAt: number;
  /** The changes of status so far. */
  readonly heard: readonly TaskStatus<A>[];
  readonly state: PollState;
}

/** The task is finished. */
export interface Over<A extends object> {
  readonly _tag: "Over";
  /** When the task is deleted, in milliseconds since 1970. */
  readonly dueAt: number;
  /** The changes of status before the final reply. */
  readonly heard: readonly TaskStatus<A>[];
  readonly last: Reply<A>;
}

/** The storage contains something that this version of the library did not write. */
export interface Foreign {
  readonly _tag: "Foreign";
  readonly dueAt: number;
  readonly error: RegionsError;
}

/** The storage contains no task. */
export interface Absent {
  readonly _tag: "Absent";
}

/** A task in the storage. */
export type StoredTask<A extends object> = Sending | Polling<A> | Over<A> | Foreign;

const KEY = "task";

/**
 * The size of a part of the final reply, in bytes. A value can have 128 KiB in key-value storage and 2 MB in
 * SQLite-backed storage, including a few bytes for serialization. Source: Cloudflare, Durable Objects, Limits.
 */
const PART = 128_000;

/** The kind is missing in records of earlier versions of the library, which had only detections. */
type Stored<A extends object> =
  & { readonly version: 1; readonly kind?: string }
  & (Sending | Polling<A> | (Omit<Over<A>, "last"> & { readonly parts: number }));

const version: t.Type<1> = guarded("version 1", (u): u is 1 => u === 1);
const number: t.Type<number> = guarded("a finite number", (u): u is number => Number.isFinite(u));

/** The outputs of statuses have no codec. The record has the name of their kind. */
function storedCodec<A extends object>(name: string): t.Type<Stored<A>, unknown, unknown> {
  const kind = guarded(
    name,
    (u): u is string | undefined => u === name || u === undefined && name === DETECTION.name,
  );
  const heard = list(guarded("a status", (u): u is TaskStatus<A> => isTaskStatus(u)), "Heard");
  const envelope = { version, kind, dueAt: number };
  return byTag<Stored<A>>({
    Sending: fields<Stored<A> & Sending>({ ...envelope, _tag: literal("Sending") }, "Sending"),
    Polling: fields<Stored<A> & Polling<A>>(
      { ...envelope, _tag: literal("Polling"), heard, state: PollState },
      "Polling",
    ),
    Over: fields<Stored<A> & { _tag: "Over" }>({ ...envelope, _tag: literal("Over"), heard, parts: number }, "Over"),
  }, "Task");
}

/** Reads the task, which must be of the given kind. */
export async function readTask<A extends object>(
  storage: DurableStorage,
  kind: ResultKind<A>,
): Promise<Absent | StoredTask<A>> {
  const value = await storage.get<unknown>(KEY);
  if (value === undefined) return { _tag: "Absent" };
  const stored = storedCodec<A>(kind.name).decode(withCurrentState(value));
  if (E.isLeft(stored)) return { _tag: "Foreign", dueAt: 0, error: fromCodec(stored.left) };
  const { version: _version, kind: _kind, ...task } = stored.right;
  if (task._tag !== "Over") return task;
  const { parts, ...rest } = task;
  return { ...rest, last: await readReply<A>(storage, parts) };
}

/** Upgrades the state of a task that was stored by an earlier version of the library. */
function withCurrentState(value: unknown): unknown {
  if (!isObject(value) || value._tag !== "Polling") return value;
  const state = PollState.decode(value.state);
  return E.isRight(state) ? { ...value, state: state.right } : value;
}

/**
 * Writes the task. The parts are written first, and the record that counts them last, so that the previous record is
 * still complete if any of the writes fails. `Over` is the last record of a task, so parts are never overwritten.
 */
export async function writeTask<A extends object>(
  storage: DurableStorage,
  { name: kind }: ResultKind<A>,
  task: Sending | Polling<A> | Over<A>,
): Promise<void> {
  if (task._tag !== "Over") return storage.put(KEY, { version: 1, kind, ...task });
  const { last, ...rest } = task;
  const parts = await writeReply(storage, last);
  await storage.put(KEY, { version: 1, kind, ...rest, parts });
}

async function writeReply(storage: DurableStorage, reply: Reply<object>): Promise<number> {
  const bytes = new TextEncoder().encode(toJson(reply));
  const writes: Promise<void>[] = [];
  for (let start = 0; start < bytes.length; start += PART) {
    // Copied, since the storage would serialize the whole buffer of a view.
    writes.push(storage.put(partKey(writes.length), bytes.slice(start, start + PART)));
  }
  await Promise.all(writes);
  return writes.length;
}

async function readReply<A extends object>(storage: DurableStorage, count: number): Promise<Reply<A>> {
  const parts = await Promise.all(Array.from({ length: count }, (_, i) => storage.get<unknown>(partKey(i))));
  const reply = parts.every(isBytes) ? fromJson(await new Blob(parts).text()) : null;
  if (isReply<A>(reply)) return reply;
  return E.left(malformed(["Reply: expected a reply that this object stored, got something else"]));
}

function partKey(index: number): string {
  return `reply:${index}`;
}

function isBytes(u: unknown): u is Uint8Array<ArrayBuffer> {
  return u instanceof Uint8Array;
}

/** Errors and outputs have no codec. They were written by this library, in the format of the record's version. */
function isReply<A extends object>(u: unknown): u is Reply<A> {
  if (!isObject(u)) return false;
  return u._tag === "Right" ? isTaskStatus(u.right) : u._tag === "Left" && isObject(u.left);
}
