/**
 * What a batch has paid for, kept so that a crash loses nothing and sends nothing twice.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { fromJson, isObject, toJson } from "../internal/json.ts";
import { sha256 } from "../internal/sha256.ts";
import { preview } from "../internal/text.ts";
import { explain } from "../model/codec.ts";
import type { RunState } from "../model/run_state.ts";

/**
 * Where a journal is kept: the file of `openJournal`, the storage of a Durable Object, or any other store of plain JSON
 * values by their key.
 *
 * @category Tasks
 */
export interface JournalStorage {
  /** Reads a value. Resolves to undefined or null if there is none. */
  readonly get: (key: string) => Promise<unknown>;
  /** Writes a value. Once the promise has resolved, a crash does not lose the value. */
  readonly put: (key: string, value: unknown) => Promise<unknown>;
}

/**
 * The journal of a batch of any kind of task.
 *
 * @category Tasks
 */
export interface Journal<A, S extends RunState = RunState> {
  /** Where the entries are kept, under the keys of the images. */
  readonly storage: JournalStorage;
  /** The codec of the states: `RunState`, or `ReadState` for readings. */
  readonly state: t.Decoder<unknown, S>;
  /**
   * The codec of the values that end a stream: `finalStatusCodec(TextOutput)` for tasks whose output is a text, or
   * `FinalReadStatus` for readings.
   */
  readonly last: t.Decoder<unknown, A> & { readonly is: t.Is<A> };
  /** Whatever else determines the results, as JSON, such as the settings. An entry counts only for the same ones. */
  readonly settings?: unknown;
}

/** What the journal knows of an image. */
export type JournalEntry<A, S extends RunState> =
  | { readonly _tag: "Running"; readonly state: S }
  | { readonly _tag: "Ended"; readonly last: A };

/** The version of the format of the entries. */
const VERSION = 1;

/**
 * Reads the entry of a key.
 *
 * @param digest What the image is recognized by, from {@linkcode digestOf}.
 *
 * @returns null if there is none for this image
 *
 * @throws {TypeError} If the storage contains something else under this key.
 */
export async function readEntry<A, S extends RunState>(
  { storage, state, last }: Journal<A, S>,
  key: string,
  digest: string,
): Promise<JournalEntry<A, S> | null> {
  const stored = await storage.get(key);
  if (stored === undefined || stored === null) return null;
  if (!isObject(stored) || stored.version !== VERSION || typeof stored.digest !== "string") {
    throw new TypeError(`Cannot read the journal as ${preview(key)} must be an entry of version ${VERSION}`);
  }
  if (stored.digest !== digest) return null;
  const entry = stored.last === undefined
    ? E.map((state: S): JournalEntry<A, S> => ({ _tag: "Running", state }))(state.decode(stored.state))
    : E.map((last: A): JournalEntry<A, S> => ({ _tag: "Ended", last }))(
      last.decode(fromJson(JSON.stringify(stored.last))),
    );
  if (E.isRight(entry)) return entry.right;
  throw new TypeError(`Cannot read the journal as ${preview(key)} must be valid: ${explain(entry.left)[0]}`);
}

/** Writes the entry of a key. */
export async function writeEntry<A, S extends RunState>(
  { storage }: Journal<A, S>,
  key: string,
  digest: string,
  entry: JournalEntry<A, S>,
): Promise<void> {
  const content = entry._tag === "Running" ? { state: entry.state } : { last: JSON.parse(toJson(entry.last)) };
  await storage.put(key, { version: VERSION, digest, ...content });
}

/**
 * Notes that the task of an image was canceled, so that the image is submitted again when the batch is resumed. If the
 * journal has no task under this key, it does not change.
 */
export async function forgetTask(storage: JournalStorage, key: string): Promise<void> {
  const entry = await storage.get(key);
  if (!isObject(entry) || !isObject(entry.state)) return;
  await storage.put(key, { ...entry, state: { ...entry.state, submitting: false, task: null } });
}

/** What an image with its settings is recognized by: a SHA-256, as hexadecimal digits. */
export async function digestOf(image: Uint8Array, settings: unknown): Promise<string> {
  return await sha256(new TextEncoder().encode(JSON.stringify([await sha256(image), settings ?? null])));
}
