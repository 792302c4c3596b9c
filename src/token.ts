/**
 * Access tokens: asked for once by any number of callers, used until shortly before they expire, and asked for anew
 * when the service refuses one.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { type AbortSignalLike, within } from "./abort.ts";
import { fields, guarded } from "./codec.ts";
import { fromCodec, interrupted, malformed, type RegionsError, unauthorized } from "./error.ts";
import { History, NO_HISTORY, observe, type Span } from "./history.ts";

/** What the service's dashboard gives an application. */
export interface Credentials {
  /** The client id. */
  readonly clientId: string;
  /** The client secret. */
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
 */
export interface Memory {
  /** How long the last tasks took. */
  readonly history: () => History;
  /** Takes note of how long a task took. */
  readonly learn: (span: Span) => void;
  /** What may be stored elsewhere, for {@linkcode createMemory}: the history. No token is. */
  readonly toJSON: () => History;
}

/** What is known of one pair of credentials: a token, or why there is none until when. */
type Known =
  | { readonly _tag: "Token"; readonly token: AccessToken }
  | { readonly _tag: "Refusal"; readonly error: RegionsError; readonly until: number };

/** A token is replaced so many milliseconds before it expires, or a tenth of its life where that is less. */
const MARGIN = 60_000;

const known: WeakMap<Memory, Map<string, Known>> = new WeakMap();

/**
 * A memory to be shared by several services, as by those that a Worker makes for its requests.
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
 */
export function createMemory(history: History = NO_HISTORY): Memory {
  if (!History.is(history)) throw new TypeError("Cannot create a memory as its history must be a History");
  let learnt = history;
  const memory: Memory = {
    history: () => learnt,
    learn: (span) => {
      learnt = observe(learnt, span);
    },
    toJSON: () => learnt,
  };
  known.set(memory, new Map());
  return memory;
}

/** Where the requests of one service get their tokens. */
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
 * time; it is aborted when none of them waits any more. Refused credentials are not sent again, since five refusals
 * lock them for ten minutes.
 *
 * @param request Asks the service.
 */
export function clientToken(
  memory: Memory,
  key: string,
  request: (signal: AbortSignal) => Promise<E.Either<RegionsError, AccessToken>>,
): TokenSource {
  const tokens = known.get(memory);
  if (tokens === undefined) throw new TypeError("Cannot connect as memory must come from createMemory()");
  let pending: Pending | null = null;

  const begin = (): Pending => {
    const controller = new AbortController();
    const answer = request(controller.signal).then((token) => {
      const entry = toKnown(token, Date.now());
      if (entry !== null) tokens.set(key, entry);
      if (pending === begun) pending = null;
      return E.map(({ value }: AccessToken) => value)(token);
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
  const token = Wire.decode(body);
  if (E.isLeft(token)) return E.left(fromCodec(token.left));
  const { access_token, expires_in } = token.right;
  const lifetime = expires_in * 1000;
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
  readonly expires_in: number;
}

const Seconds: t.Type<number> = guarded(
  "a number of seconds",
  (u): u is number => typeof u === "number" && u > 0 && Number.isFinite(u),
);

const Wire: t.Type<Wire, unknown, unknown> = fields<Wire>(
  { access_token: guarded("a token", t.string.is), expires_in: Seconds },
  "AccessToken",
);

/** What an answer of the token endpoint teaches, if anything. */
function toKnown(answer: E.Either<RegionsError, AccessToken>, now: number): Known | null {
  if (E.isRight(answer)) return { _tag: "Token", token: answer.right };
  const error = answer.left;
  if (error._tag === "Unauthorized") return { _tag: "Refusal", error, until: Infinity };
  return error._tag === "Http" && error.retryAfter !== null
    ? { _tag: "Refusal", error, until: now + error.retryAfter }
    : null;
}

function recall(entry: Known | undefined, now: number): E.Either<RegionsError, string> | null {
  if (entry?._tag === "Token") return now < entry.token.staleAt ? E.right(entry.token.value) : null;
  if (entry === undefined || now >= entry.until) return null;
  const { error, until } = entry;
  return E.left(error._tag === "Http" ? { ...error, retryAfter: until - now } : error);
}

/** A token with a line break would fail in the runtime's own words, and those show it. */
function checkToken(token: string): E.Either<RegionsError, string> {
  return /^[\x21-\x7e]+$/.test(token)
    ? E.right(token)
    : E.left(unauthorized("token", "the token is empty or holds characters that a header cannot carry"));
}

async function bounded(
  ms: number,
  signal: AbortSignalLike | undefined,
  run: () => Promise<E.Either<RegionsError, string>>,
): Promise<E.Either<RegionsError, string>> {
  const end = await within(ms, signal, run);
  return E.isRight(end) ? end.right : E.left(interrupted("token", end.left, ms));
}
