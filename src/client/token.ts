/**
 * Access tokens: asked for once by any number of callers, used until shortly before they expire, and asked for anew
 * when the service refuses one.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { type AbortSignalLike, sleep, within } from "../internal/abort.ts";
import { fields, guarded } from "../model/codec.ts";
import { interrupted, malformed, type RegionsError, unauthorized } from "../model/error.ts";
import { appendSpan, History, NO_HISTORY, type Span } from "../model/history.ts";

/**
 * What the service's dashboard gives an application.
 *
 * @category Connect
 */
export interface Credentials {
  /** The client id. White space around it is dropped. */
  readonly clientId: string;
  /** The client secret. White space around it, such as the line break at the end of a file, is dropped. */
  readonly clientSecret: string;
}

/** An access token. */
export interface AccessToken {
  /** The token itself: a secret. */
  readonly value: string;
  /** When it is to be replaced, in milliseconds since 1970: shortly before it expires. */
  readonly staleAt: number;
}

/**
 * What may outlive a `Service`: access tokens, that credentials were refused, and how long the last tasks took. It holds
 * plain values only, so that it is safe at a Worker's module scope, where promises and timers are not. It prints, and
 * turns into JSON, without any secret.
 *
 * @category Connect
 */
export interface Memory {
  /** How long the last tasks took. */
  readonly history: () => History;
  /** Takes note of how long a task took. */
  readonly learn: (span: Span) => void;
  /** What may be stored elsewhere, for {@linkcode createMemory}: the history. No token is. */
  readonly toJSON: () => History;
}

/** What is known about one pair of credentials. Times are in milliseconds since 1970. */
type Known =
  | { readonly _tag: "Token"; readonly token: AccessToken }
  /** The service refused the credentials, or asked to wait. */
  | { readonly _tag: "Refusal"; readonly error: RegionsError; readonly since: number; readonly until: number }
  /** A service is requesting a token. */
  | { readonly _tag: "Claim"; readonly since: number };

/** A token is replaced this many milliseconds before it expires, or a tenth of its lifetime if that is less. */
const MARGIN = 60_000;

/** The lifetime, in milliseconds, of a token whose answer does not state one. RFC 6749 only recommends `expires_in`. */
const DEFAULT_LIFETIME = 300_000;

/** The service locks credentials for ten minutes, so a refusal says nothing about later. */
const LOCK = 600_000;

/** A claim is only believed for this many milliseconds: on Workers, the request that made it may have ended. */
const LEASE = 3000;

/** Milliseconds between two looks at the memory while another service requests the token. */
const PAUSE = 20;

/** A memory keeps this many credential pairs. Beyond, the pair that was stored first is dropped. */
const MAX_PAIRS = 1000;

/** The most characters of a token. Servers accept 8 to 64 KiB of headers, and errors are searched for the token. */
const MAX_TOKEN = 65_536;

const known: WeakMap<Memory, Map<string, Known>> = new WeakMap();

/**
 * A memory to be shared by several services, such as those that a Worker makes for its requests. It keeps the tokens of
 * at most 1,000 credential pairs.
 *
 * Services that need the same token at the same time make one request for it. If the one that makes it ends without a
 * word, as a Worker's request may, another takes over after 3 seconds; a token endpoint that takes longer is asked again
 * every 3 seconds. Each process and each isolate has a memory of its own.
 *
 * @param history What an earlier memory's JSON held, read by the codec {@linkcode History}.
 *
 * @throws {TypeError} If the history is none.
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
  let learnt = history;
  const memory: Memory = {
    history: () => learnt,
    learn: (span) => {
      learnt = appendSpan(learnt, span);
    },
    toJSON: () => learnt,
  };
  known.set(memory, new Map());
  return memory;
}

/**
 * Where the requests of one service get their tokens.
 *
 * @category Connect
 */
export interface TokenSource {
  /** A token, within `ms` milliseconds and until `signal` aborts. */
  readonly get: (ms: number, signal: AbortSignalLike | undefined) => Promise<E.Either<RegionsError, string>>;
  /** Takes back a token that the service refused. False where there will be no other. */
  readonly refuse: (token: string) => boolean;
}

/** Always the same token. */
export function constantToken(token: string): TokenSource {
  const checked = checkToken(token);
  return { get: () => Promise.resolve(checked), refuse: () => false };
}

/** A token of the caller's own making for each request; one more where the service refuses it. */
export function suppliedToken(supply: () => Promise<string>): TokenSource {
  const ask = async (): Promise<E.Either<RegionsError, string>> => {
    try {
      return checkToken(await supply());
    } catch {
      // What it threw may hold a secret of the caller's.
      return E.left(unauthorized("token", "the function that supplies it failed"));
    }
  };
  return { get: (ms, signal) => bounded(ms, signal, ask), refuse: () => true };
}

/**
 * Tokens for a client's credentials, kept in `memory` under `key`. However many callers ask, there is one request at a
 * time; it is aborted when none of them waits any more. Refused credentials are not sent again for ten minutes, since
 * more than five refusals lock them for as long.
 *
 * Services that share a memory share no promise, which Workers would not allow, but a claim: a plain value that says
 * which of them is requesting the token. The others look at the memory until the token is there, and the next one takes
 * over if the request failed or its claim has expired.
 *
 * @param request Asks the service. It never rejects.
 */
export function clientToken(
  memory: Memory,
  key: string,
  request: (signal: AbortSignal) => Promise<E.Either<RegionsError, AccessToken>>,
): TokenSource {
  const tokens = known.get(memory);
  if (tokens === undefined) throw new TypeError("Cannot connect as memory must come from createMemory()");
  let pending: Pending | null = null;

  const obtain = async (signal: AbortSignal): Promise<E.Either<RegionsError, string>> => {
    while (isClaimed(tokens.get(key), Date.now())) {
      if (!await sleep(PAUSE, signal)) return E.left(interrupted("token", "aborted", 0));
    }
    const remembered = recall(tokens.get(key), Date.now());
    if (remembered !== null) return remembered;

    const claim: Known = { _tag: "Claim", since: Date.now() };
    const release = (): void => {
      if (tokens.get(key) === claim) tokens.delete(key);
    };
    remember(tokens, key, claim);
    signal.addEventListener("abort", release);
    const token = await request(signal);
    const entry = toKnown(token, Date.now());
    if (entry !== null) remember(tokens, key, entry);
    release();
    return E.map(({ value }: AccessToken) => value)(token);
  };
  const begin = (): Pending => {
    const controller = new AbortController();
    const answer = obtain(controller.signal).then((token) => {
      if (pending === begun) pending = null;
      return token;
    });
    const begun: Pending = { answer, controller, waiting: 0 };
    return begun;
  };

  return {
    get: async (ms, signal) => {
      const remembered = recall(tokens.get(key), Date.now());
      if (remembered !== null) return remembered;
      const mine = pending ??= begin();
      mine.waiting++;
      const token = await bounded(ms, signal, () => mine.answer);
      if (--mine.waiting === 0 && pending === mine) {
        pending = null;
        mine.controller.abort();
      }
      return token;
    },
    refuse: (token) => {
      const entry = tokens.get(key);
      if (entry?._tag === "Token" && entry.token.value === token) tokens.delete(key);
      return true;
    },
  };
}

/** Reads the token endpoint's answer. Its text is never shown in an error: it holds a secret. */
export function decodeAccessToken(text: string, now: number): E.Either<RegionsError, AccessToken> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return E.left(malformed(["AccessToken: expected JSON"]));
  }
  if (!Wire.is(body)) return E.left(malformed(["AccessToken: expected an object with a string as access_token"]));
  const { access_token, expires_in } = body;
  const lifetime = toLifetime(expires_in);
  return E.map((value: string) => ({ value, staleAt: now + lifetime - Math.min(MARGIN, lifetime / 10) }))(
    checkToken(access_token),
  );
}

interface Pending {
  readonly answer: Promise<E.Either<RegionsError, string>>;
  readonly controller: AbortController;
  waiting: number;
}

interface Wire {
  readonly access_token: string;
  readonly expires_in: unknown;
}

const Wire: t.Type<Wire, unknown, unknown> = fields<Wire>(
  { access_token: guarded("a token", t.string.is), expires_in: t.unknown },
  "AccessToken",
);

/** Milliseconds. Some servers send `expires_in` as text, or nothing of use. */
function toLifetime(expiresIn: unknown): number {
  const seconds = typeof expiresIn === "string" ? Number(expiresIn) : expiresIn;
  return typeof seconds === "number" && seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : DEFAULT_LIFETIME;
}

/** What an answer of the token endpoint teaches, if anything. */
function toKnown(answer: E.Either<RegionsError, AccessToken>, now: number): Known | null {
  if (E.isRight(answer)) return { _tag: "Token", token: answer.right };
  const error = answer.left;
  if (error._tag === "Unauthorized") return { _tag: "Refusal", error, since: now, until: Infinity };
  return error._tag === "Http" && error.retryAfter !== null
    ? { _tag: "Refusal", error, since: now, until: now + error.retryAfter }
    : null;
}

/** The newest entry is the last: a `Map` keeps the order in which keys were added. */
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

function isClaimed(entry: Known | undefined, now: number): boolean {
  return entry?._tag === "Claim" && isWithin(LEASE, entry.since, now);
}

/** Whether less than `ms` milliseconds have passed. If the clock was set back, nobody knows, and the answer is no. */
function isWithin(ms: number, since: number, now: number): boolean {
  return now >= since && now - since < ms;
}

/**
 * The token without the line break that a secret's file ends in. A token with one inside would fail in the runtime's own
 * words, and those show it.
 */
function checkToken(text: string): E.Either<RegionsError, string> {
  const token = text.trim();
  return token.length <= MAX_TOKEN && /^[\x21-\x7e]+$/.test(token) ? E.right(token) : E.left(
    unauthorized("token", "the token is empty, too long for a header or holds characters that a header cannot carry"),
  );
}

async function bounded(
  ms: number,
  signal: AbortSignalLike | undefined,
  run: () => Promise<E.Either<RegionsError, string>>,
): Promise<E.Either<RegionsError, string>> {
  const end = await within(ms, signal, run);
  return E.isRight(end) ? end.right : E.left(interrupted("token", end.left, ms));
}
