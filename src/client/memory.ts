/**
 * State that outlives a `Service`: access tokens, rejections of credentials, and the durations of recent tasks.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import type { RegionsError } from "../model/error.ts";
import { DETECTION } from "../model/detection.ts";
import { appendSpan, Histories, type History, NO_HISTORY, type Span } from "../model/history.ts";

/**
 * State that outlives a `Service`: access tokens, rejections of credentials, and the durations of recent tasks. It
 * holds only plain values, so it can be created at the module scope of a Worker, where promises and timers are not
 * allowed. Printing it and serializing it to JSON do not reveal secrets.
 *
 * @category Connect
 */
export interface Memory {
  /** Returns the durations of recent tasks of a kind and size class; without a kind, of detections. */
  readonly history: (kind?: string, sizeClass?: string | null) => History;
  /** Records the duration of a task of a kind and size class; without a kind, of a detection. */
  readonly learn: (span: Span, kind?: string, sizeClass?: string | null) => void;
  /** Returns the histories, without tokens. They can be stored and passed to {@linkcode createMemory} later. */
  readonly toJSON: () => Histories;
}

/** An access token. */
export interface AccessToken {
  /** The token itself, which is secret. */
  readonly value: string;
  /** When to replace the token, shortly before it expires. In milliseconds since 1970. */
  readonly staleAt: number;
}

/** The entry of one pair of credentials in a memory. `now` is the current time in milliseconds since 1970. */
export interface TokenSlot {
  /** Returns the token or the rejection of the credentials, if one is stored and still valid. */
  readonly recall: (now: number) => E.Either<RegionsError, string> | null;
  /** Whether a service is requesting a token. */
  readonly isClaimed: (now: number) => boolean;
  /** Claims the next request. Returns a function that releases the claim, unless it has been replaced. */
  readonly claim: (now: number) => () => void;
  /** Stores the outcome of a request if it is a token, a rejection of the credentials, or has a `Retry-After`. */
  readonly store: (outcome: E.Either<RegionsError, AccessToken>, now: number) => void;
  /** Deletes a token that the service rejected. */
  readonly forget: (token: string) => void;
}

/** What is stored for one pair of credentials. Times are in milliseconds since 1970. */
type Entry =
  | { readonly _tag: "Token"; readonly token: AccessToken }
  /** The service rejected the credentials, or sent `Retry-After`. */
  | { readonly _tag: "Refusal"; readonly error: RegionsError; readonly since: number; readonly until: number }
  /** A service is requesting a token. */
  | { readonly _tag: "Claim"; readonly since: number };

/** How long a rejection is valid, in milliseconds. The service locks credentials for ten minutes. */
const LOCK = 600_000;

/** How long a claim is valid, in milliseconds. On Workers, the request that made it may have ended. */
const LEASE = 3000;

/** The maximum number of credential pairs, and of histories, in a memory. Beyond it, the oldest is dropped. */
const MAX_ENTRIES = 1000;

const memories: WeakMap<Memory, Map<string, Entry>> = new WeakMap();

/**
 * Creates a memory that several services can share, such as those that a Worker creates for its requests. It stores the
 * tokens of at most 1,000 credential pairs, and the durations of at most 1,000 kinds and size classes.
 *
 * Services that need the same token at the same time send a single request for it. If the service that sent it
 * disappears, as it may with a Worker's request, another one takes over after 3 seconds. Therefore, a token endpoint
 * that takes longer receives another request every 3 seconds. Memories are not shared between processes or isolates.
 *
 * @param histories The JSON of an earlier memory, decoded by {@linkcode Histories}.
 *
 * @throws {TypeError} If `histories` is not a `Histories`.
 *
 * @example
 * ```ts
 * import { connect, createMemory } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const memory = createMemory();
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, memory });
 * equal(JSON.stringify(memory), "{}");
 * ```
 *
 * @category Connect
 */
export function createMemory(histories: Histories = {}): Memory {
  if (!Histories.is(histories)) throw new TypeError("Cannot create a memory as its histories must be a Histories");
  const learned = new Map(Object.entries(histories));
  const historyAt = (key: string): History => learned.get(key) ?? NO_HISTORY;
  const memory: Memory = {
    history: (kind, sizeClass) => historyAt(historyKey(kind, sizeClass)),
    learn: (span, kind, sizeClass) => {
      const key = historyKey(kind, sizeClass);
      remember(learned, key, appendSpan(historyAt(key), span));
    },
    toJSON: () => Object.fromEntries(learned),
  };
  memories.set(memory, new Map());
  return memory;
}

/** Returns the key of a history: `DetectRegions`, or `DetectRegions/large`. */
function historyKey(kind: string = DETECTION.name, sizeClass: string | null = null): string {
  return sizeClass === null ? kind : `${kind}/${sizeClass}`;
}

/**
 * Returns the slot of one pair of credentials in a memory.
 *
 * @throws {TypeError} If the memory was not created by {@linkcode createMemory}.
 */
export function slotOf(memory: Memory, key: string): TokenSlot {
  const entries = memories.get(memory);
  if (entries === undefined) throw new TypeError("Cannot connect as memory must be created by createMemory()");
  return {
    recall: (now) => recall(entries.get(key), now),
    isClaimed: (now) => {
      const entry = entries.get(key);
      return entry?._tag === "Claim" && isWithin(LEASE, entry.since, now);
    },
    claim: (now) => {
      const claim: Entry = { _tag: "Claim", since: now };
      remember(entries, key, claim);
      return () => {
        if (entries.get(key) === claim) entries.delete(key);
      };
    },
    store: (outcome, now) => {
      const entry = entryOf(outcome, now);
      if (entry !== null) remember(entries, key, entry);
    },
    forget: (token) => {
      const entry = entries.get(key);
      if (entry?._tag === "Token" && entry.token.value === token) entries.delete(key);
    },
  };
}

/** Converts the outcome of a token request to an entry, or returns null if it is not to be stored. */
function entryOf(outcome: E.Either<RegionsError, AccessToken>, now: number): Entry | null {
  if (E.isRight(outcome)) return { _tag: "Token", token: outcome.right };
  const error = outcome.left;
  if (error._tag === "Unauthorized") return { _tag: "Refusal", error, since: now, until: Infinity };
  return error._tag === "Http" && error.retryAfter !== null
    ? { _tag: "Refusal", error, since: now, until: now + error.retryAfter }
    : null;
}

/** Adds an entry as the newest one. A `Map` keeps keys in the order in which they were added. */
function remember<A>(entries: Map<string, A>, key: string, entry: A): void {
  entries.delete(key);
  entries.set(key, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= MAX_ENTRIES) return;
    entries.delete(oldest);
  }
}

function recall(entry: Entry | undefined, now: number): E.Either<RegionsError, string> | null {
  switch (entry?._tag) {
    case undefined:
    case "Claim":
      return null;
    case "Token":
      return now < entry.token.staleAt ? E.right(entry.token.value) : null;
    case "Refusal": {
      const { error, since, until } = entry;
      if (now >= until || !isWithin(LOCK, since, now)) return null;
      return E.left(error._tag === "Http" ? { ...error, retryAfter: until - now } : error);
    }
  }
}

/** Whether less than `ms` milliseconds have passed. False if the clock was set back, since the time is then unknown. */
function isWithin(ms: number, since: number, now: number): boolean {
  return now >= since && now - since < ms;
}
