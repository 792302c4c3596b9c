/**
 * What outlives a `Service`: access tokens, refusals of credentials, and how long the last tasks took.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { RegionsError } from "../model/error.ts";
import { appendSpan, History, NO_HISTORY, type Span } from "../model/history.ts";

/**
 * What outlives a `Service`: access tokens, refusals of credentials, and how long the last tasks took. It holds plain
 * values only, so it may be created at a Worker's module scope, where promises and timers may not. It can be printed and
 * serialized to JSON without revealing a secret.
 *
 * @category Connect
 */
export interface Memory {
  /** Returns how long the last tasks took. */
  readonly history: () => History;
  /** Records how long a task took. */
  readonly learn: (span: Span) => void;
  /** Returns what can be stored and passed to {@linkcode createMemory} later: the history, and no token. */
  readonly toJSON: () => History;
}

/** An access token. */
export interface AccessToken {
  /** The token itself: a secret. */
  readonly value: string;
  /** When it is to be replaced, in milliseconds since 1970: shortly before it expires. */
  readonly staleAt: number;
}

/** What a memory knows about one pair of credentials. `now` is the current time in milliseconds since 1970. */
export interface TokenSlot {
  /** Returns the token, or the refusal of the credentials, if one is known and still valid. */
  readonly recall: (now: number) => E.Either<RegionsError, string> | null;
  /** Whether a service is requesting a token. */
  readonly isClaimed: (now: number) => boolean;
  /** Claims the next request. The function that it returns releases the claim, if it is still there. */
  readonly claim: (now: number) => () => void;
  /** Stores the outcome of a request, if it is a token, a refusal of the credentials or a demand to wait. */
  readonly store: (outcome: E.Either<RegionsError, AccessToken>, now: number) => void;
  /** Deletes a token that the service refused. */
  readonly forget: (token: string) => void;
}

/** What is known about one pair of credentials. Times are in milliseconds since 1970. */
type Known =
  | { readonly _tag: "Token"; readonly token: AccessToken }
  /** The service refused the credentials, or asked to wait. */
  | { readonly _tag: "Refusal"; readonly error: RegionsError; readonly since: number; readonly until: number }
  /** A service is requesting a token. */
  | { readonly _tag: "Claim"; readonly since: number };

/** The service locks credentials for ten minutes, so a refusal says nothing about later. */
const LOCK = 600_000;

/** A claim is only believed for this many milliseconds: on Workers, the request that made it may have ended. */
const LEASE = 3000;

/** A memory keeps this many credential pairs. Beyond, the pair that was stored first is dropped. */
const MAX_PAIRS = 1000;

const known: WeakMap<Memory, Map<string, Known>> = new WeakMap();

/**
 * Creates a memory that several services share, such as those that a Worker creates for its requests. It keeps the tokens
 * of at most 1,000 credential pairs.
 *
 * Services that need the same token at the same time send one request for it. If the service that sends it disappears, as
 * a Worker's request may, another takes over after 3 seconds; so a token endpoint that takes longer gets another request
 * every 3 seconds. Each process and each isolate has its own memory.
 *
 * @param history The JSON of an earlier memory, decoded by {@linkcode History}.
 *
 * @throws {TypeError} If `history` is not a `History`.
 *
 * @example
 * ```ts
 * import { connect, createMemory } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const memory = createMemory();
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, memory });
 * equal(JSON.stringify(memory), '{"version":1,"spans":[]}');
 * ```
 *
 * @category Connect
 */
export function createMemory(history: History = NO_HISTORY): Memory {
  if (!History.is(history)) throw new TypeError("Cannot create a memory as its history must be a History");
  let learned = history;
  const memory: Memory = {
    history: () => learned,
    learn: (span) => {
      learned = appendSpan(learned, span);
    },
    toJSON: () => learned,
  };
  known.set(memory, new Map());
  return memory;
}

/**
 * The slot of one pair of credentials in a memory.
 *
 * @throws {TypeError} If the memory was not made by {@linkcode createMemory}.
 */
export function slotOf(memory: Memory, key: string): TokenSlot {
  const entries = known.get(memory);
  if (entries === undefined) throw new TypeError("Cannot connect as memory must come from createMemory()");
  return {
    recall: (now) => recall(entries.get(key), now),
    isClaimed: (now) => {
      const entry = entries.get(key);
      return entry?._tag === "Claim" && isWithin(LEASE, entry.since, now);
    },
    claim: (now) => {
      const claim: Known = { _tag: "Claim", since: now };
      remember(entries, key, claim);
      return () => {
        if (entries.get(key) === claim) entries.delete(key);
      };
    },
    store: (outcome, now) => {
      const entry = toKnown(outcome, now);
      if (entry !== null) remember(entries, key, entry);
    },
    forget: (token) => {
      const entry = entries.get(key);
      if (entry?._tag === "Token" && entry.token.value === token) entries.delete(key);
    },
  };
}

/** What the outcome of a token request teaches, if anything. */
function toKnown(outcome: E.Either<RegionsError, AccessToken>, now: number): Known | null {
  if (E.isRight(outcome)) return { _tag: "Token", token: outcome.right };
  const error = outcome.left;
  if (error._tag === "Unauthorized") return { _tag: "Refusal", error, since: now, until: Infinity };
  return error._tag === "Http" && error.retryAfter !== null
    ? { _tag: "Refusal", error, since: now, until: now + error.retryAfter }
    : null;
}

/** Adds an entry as the newest: a `Map` keeps the order in which keys were added. */
function remember(entries: Map<string, Known>, key: string, entry: Known): void {
  entries.delete(key);
  entries.set(key, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= MAX_PAIRS) return;
    entries.delete(oldest);
  }
}

function recall(entry: Known | undefined, now: number): E.Either<RegionsError, string> | null {
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

/** Whether less than `ms` milliseconds have passed. False if the clock was set back, since then it is not known. */
function isWithin(ms: number, since: number, now: number): boolean {
  return now >= since && now - since < ms;
}
