/**
 * Access tokens: requested once for any number of callers, used until shortly before they expire, and requested again when
 * the service refuses one.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { pipe } from "fp-ts/lib/function.js";
import * as t from "io-ts";
import { type AbortSignalLike, sleep, within } from "../internal/abort.ts";
import { parseJson } from "../internal/json.ts";
import { fields, guarded } from "../model/codec.ts";
import { interrupted, malformed, type RegionsError, unauthorized } from "../model/error.ts";
import type { AccessToken, TokenSlot } from "./memory.ts";

/**
 * The credentials of an application, from the service's dashboard.
 *
 * @category Connect
 */
export interface Credentials {
  /** The client id. White space around it is dropped. */
  readonly clientId: string;
  /** The client secret. White space around it, such as the line break at the end of a file, is dropped. */
  readonly clientSecret: string;
}

/**
 * Where the requests of one service get their tokens.
 *
 * @category Connect
 */
export interface TokenSource {
  /** Returns a token within `ms` milliseconds, unless `signal` aborts. */
  readonly get: (ms: number, signal: AbortSignalLike | undefined) => Promise<E.Either<RegionsError, string>>;
  /** Reports that the service refused a token. Returns false if there will be no other. */
  readonly refuse: (token: string) => boolean;
}

/** A token is replaced this many milliseconds before it expires, or a tenth of its lifetime if that is less. */
const MARGIN = 60_000;

/** The lifetime, in milliseconds, of a token whose answer does not state one. RFC 6749 only recommends `expires_in`. */
const DEFAULT_LIFETIME = 300_000;

/** Milliseconds between two looks at the memory while another service requests the token. */
const PAUSE = 20;

/** The maximum length of a token. Servers accept 8 to 64 KiB of headers, and errors are searched for the token. */
const MAX_TOKEN = 65_536;

/** Always the same token. */
export function constantToken(token: string): TokenSource {
  const checked = checkToken(token);
  return { get: () => Promise.resolve(checked), refuse: () => false };
}

/** A token of the caller's own for each request, and another one if the service refuses it. */
export function suppliedToken(supply: () => Promise<string>): TokenSource {
  const supplyChecked = async (): Promise<E.Either<RegionsError, string>> => {
    try {
      return checkToken(await supply());
    } catch {
      // The error may contain a secret of the caller's.
      return E.left(unauthorized("token", "the function that supplies it failed"));
    }
  };
  return { get: (ms, signal) => bounded(ms, signal, supplyChecked), refuse: () => true };
}

/** A request for a token that any number of callers wait for. */
interface SharedRequest {
  readonly token: Promise<E.Either<RegionsError, string>>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Tokens for a client's credentials, kept in `slot`. However many callers there are, there is one request at a time; it is
 * aborted once none of them waits for it any longer. Refused credentials are not sent again for ten minutes, since more
 * than five refusals lock them for that long.
 *
 * Services that share a memory share no promise, which Workers would not allow, but a claim: a plain value that says
 * which of them is requesting the token. The others look at the memory until the token is there; one of them takes over
 * if the request failed or its claim has expired.
 *
 * @param request Requests a token from the service. Never rejects.
 */
export function clientToken(
  slot: TokenSlot,
  request: (signal: AbortSignal) => Promise<E.Either<RegionsError, AccessToken>>,
): TokenSource {
  let shared: SharedRequest | null = null;

  const obtain = async (signal: AbortSignal): Promise<E.Either<RegionsError, string>> => {
    while (slot.isClaimed(Date.now())) {
      if (!await sleep(PAUSE, signal)) return E.left(interrupted("token", "aborted", 0));
    }
    const known = slot.recall(Date.now());
    if (known !== null) return known;

    const release = slot.claim(Date.now());
    signal.addEventListener("abort", release);
    const token = await request(signal);
    slot.store(token, Date.now());
    release();
    return pipe(token, E.map(({ value }) => value));
  };
  const begin = (): SharedRequest => {
    const controller = new AbortController();
    const token = obtain(controller.signal).then((token) => {
      if (shared === begun) shared = null;
      return token;
    });
    const begun: SharedRequest = { token, controller, waiting: 0 };
    return begun;
  };

  return {
    get: async (ms, signal) => {
      const known = slot.recall(Date.now());
      if (known !== null) return known;
      const mine = shared ??= begin();
      mine.waiting++;
      const token = await bounded(ms, signal, () => mine.token);
      if (--mine.waiting === 0 && shared === mine) {
        shared = null;
        mine.controller.abort();
      }
      return token;
    },
    refuse: (token) => {
      slot.forget(token);
      return true;
    },
  };
}

/** Decodes the token endpoint's answer. No error quotes it, since it contains a secret. */
export function decodeAccessToken(text: string, now: number): E.Either<RegionsError, AccessToken> {
  const body = parseJson(text);
  if (body === undefined) return E.left(malformed(["AccessToken: expected JSON"]));
  if (!Wire.is(body)) return E.left(malformed(["AccessToken: expected an object with a string as access_token"]));
  const lifetime = toLifetime(body.expires_in);
  const staleAt = now + lifetime - Math.min(MARGIN, lifetime / 10);
  return pipe(checkToken(body.access_token), E.map((value) => ({ value, staleAt })));
}

interface Wire {
  readonly access_token: string;
  readonly expires_in: unknown;
}

const Wire: t.Type<Wire, unknown, unknown> = fields<Wire>(
  { access_token: guarded("a token", t.string.is), expires_in: t.unknown },
  "AccessToken",
);

/** Milliseconds. Some servers send `expires_in` as text, or nothing usable. */
function toLifetime(expiresIn: unknown): number {
  const seconds = typeof expiresIn === "string" ? Number(expiresIn) : expiresIn;
  return typeof seconds === "number" && seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : DEFAULT_LIFETIME;
}

/**
 * The token without the line break at the end of a secret's file. A token that contains one would fail with the runtime's
 * own message, which shows it.
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
