/**
 * How a task is stored in a Durable Object: as one small record, and, once the task is over, its final reply in parts.
 *
 * The only guarantee this relies on is that a `put` of one value stores all of it or nothing. It cannot rely on "writes
 * without an `await` in between are submitted atomically" (Cloudflare, Storage API, "Automatic write coalescing"): that
 * is about a machine that fails. If one of the writes is refused, such as a value that is too large, the others are kept
 * (tried in workerd 1.20260426).
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { fields, guarded, list } from "../model/codec.ts";
import { isObject, parseJson } from "../internal/json.ts";
import { fromCodec, malformed, type RegionsError } from "../model/error.ts";
import { PollState } from "../model/poll_state.ts";
import { type Reply, TaskStatus } from "../model/task_status.ts";

/**
 * The part of a Durable Object's storage that is used. Source: Cloudflare, Durable Objects, Storage API.
 *
 * @category Durable
 */
export interface DurableStorage {
  /** Reads a value. */
  readonly get: <T>(key: string) => Promise<T | undefined>;
  /** Writes a value, whole or not at all. */
  readonly put: (key: string, value: unknown) => Promise<void>;
  /** Deletes every value. */
  readonly deleteAll: () => Promise<void>;
  /** Sets the object's only alarm, at a time in milliseconds since 1970. */
  readonly setAlarm: (at: number) => Promise<void>;
  /** Takes the alarm back. */
  readonly deleteAlarm: () => Promise<void>;
}

/** The image is being sent, or was being sent when the object died. */
export interface Sending {
  readonly _tag: "Sending";
  /** When the next alarm is due, in milliseconds since 1970. */
  readonly dueAt: number;
}

/** The task is polled. */
export interface Polling {
  readonly _tag: "Polling";
  /** When the next alarm is due, in milliseconds since 1970. */
  readonly dueAt: number;
  /** The statuses so far, each change once. */
  readonly heard: readonly TaskStatus[];
  readonly state: PollState;
}

/** The task is over. */
export interface Over {
  readonly _tag: "Over";
  /** When the task is deleted, in milliseconds since 1970. */
  readonly dueAt: number;
  /** The statuses before the final reply, each change once. */
  readonly heard: readonly TaskStatus[];
  readonly last: Reply;
}

/** The storage holds something that this version of the library did not write. */
export interface Foreign {
  readonly _tag: "Foreign";
  readonly dueAt: number;
  readonly error: RegionsError;
}

/** The storage holds no task. */
export interface Absent {
  readonly _tag: "Absent";
}

/** A task, as the storage holds it. */
export type StoredTask = Sending | Polling | Over | Foreign;

const KEY = "task";

/**
 * Bytes in a part of the final reply. A value may hold 128 KiB on key-value storage and 2 MB on SQLite-backed storage,
 * a few bytes of which are the serialization's own. Source: Cloudflare, Durable Objects, Limits.
 */
const PART = 128_000;

type Stored = { readonly version: 1 } & (Sending | Polling | (Omit<Over, "last"> & { readonly parts: number }));

const version: t.Type<1> = guarded("version 1", (u): u is 1 => u === 1);
const number: t.Type<number> = guarded("a finite number", (u): u is number => Number.isFinite(u));
const heard = list(guarded("a status", TaskStatus.is), "Heard");
const tag = <A extends string>(word: A): t.Type<A> => guarded(word, (u): u is A => u === word);

const Stored: t.Type<Stored, unknown, unknown> = t.union([
  fields<Stored & Sending>({ version, _tag: tag("Sending"), dueAt: number }, "Sending"),
  fields<Stored & Polling>({ version, _tag: tag("Polling"), dueAt: number, heard, state: PollState }, "Polling"),
  fields<Stored & { _tag: "Over" }>({ version, _tag: tag("Over"), dueAt: number, heard, parts: number }, "Over"),
], "Task");

/** Reads the task. */
export async function readTask(storage: DurableStorage): Promise<Absent | StoredTask> {
  const value = await storage.get<unknown>(KEY);
  if (value === undefined) return { _tag: "Absent" };
  const stored = Stored.decode(value);
  if (E.isLeft(stored)) return { _tag: "Foreign", dueAt: 0, error: fromCodec(stored.left) };
  const { version: _, ...task } = stored.right;
  if (task._tag !== "Over") return task;
  const { parts, ...rest } = task;
  return { ...rest, last: await readReply(storage, parts) };
}

/**
 * Writes the task. The parts come first and the record that counts them last: whichever of the writes fails, the record
 * that was there before is still whole. Nothing follows an `Over`, so the parts of a reply are never overwritten.
 */
export async function writeTask(storage: DurableStorage, task: Sending | Polling | Over): Promise<void> {
  if (task._tag !== "Over") return storage.put(KEY, { version: 1, ...task });
  const { last, ...rest } = task;
  const parts = await writeReply(storage, last);
  await storage.put(KEY, { version: 1, ...rest, parts });
}

async function writeReply(storage: DurableStorage, reply: Reply): Promise<number> {
  const bytes = new TextEncoder().encode(JSON.stringify(reply));
  const writes: Promise<void>[] = [];
  for (let start = 0; start < bytes.length; start += PART) {
    // A copy: the storage would serialize the whole buffer of a view.
    writes.push(storage.put(partKey(writes.length), bytes.slice(start, start + PART)));
  }
  await Promise.all(writes);
  return writes.length;
}

async function readReply(storage: DurableStorage, count: number): Promise<Reply> {
  const parts = await Promise.all(Array.from({ length: count }, (_, i) => storage.get<unknown>(partKey(i))));
  const reply = parts.every(isBytes) ? parseJson(await new Blob(parts).text()) : null;
  if (isReply(reply)) return reply;
  return E.left(malformed(["Reply: expected what this object stored, got something else"]));
}

function partKey(index: number): string {
  return `reply:${index}`;
}

function isBytes(u: unknown): u is Uint8Array<ArrayBuffer> {
  return u instanceof Uint8Array;
}

/** Errors have no codec: they come from this library, and the record's version says in which form. */
function isReply(u: unknown): u is Reply {
  if (!isObject(u)) return false;
  return u._tag === "Right" ? TaskStatus.is(u.right) : u._tag === "Left" && isObject(u.left);
}
