/**
 * Access tokens. A token is requested once for any number of callers, and replaced shortly before it expires or when
 * the service rejects it.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { type AbortSignalLike, sleep, within } from "../internal/abort.ts";
import { isObject, parseJson } from "../internal/json.ts";
import { interrupted, malformed, type RegionsError, unauthorized } from "../model/error.ts";
import type { AccessToken, TokenSlot } from "./memory.ts";

/**
 * The credentials of an application, from the service's dashboard.
 *
 * @category Connect
 */
export interface Credentials {
  /** The client id. Surrounding whitespace is removed. */
  readonly clientId: string;
  /** The client secret. Surrounding whitespace, such as the line break at the end of a file, is removed. */
  readonly clientSecret: string;
}

/**
 * The source of a service's access tokens.
 *
 * @category Connect
 */
export interface TokenSource {
  /**
   * Returns a token, or an error if that takes more than `ms` milliseconds or `signal` aborts. Returns a promise only if
   * the outcome is not known yet.
   */
  readonly get: (
    ms: number,
    signal: AbortSignalLike | undefined,
  ) => E.Either<RegionsError, string> | Promise<E.Either<RegionsError, string>>;
  /** Reports that the service rejected a token. Returns false if there is no other one. */
  readonly refuse: (token: string) => boolean;
}

/** How long before its expiry a token is replaced, in milliseconds, or a tenth of its lifetime if that is less. */
const MARGIN = 60_000;

/** The assumed lifetime without `expires_in`, which RFC 6749 only recommends. In milliseconds. */
const DEFAULT_LIFETIME = 300_000;

/** The interval of checks whether another service has finished requesting the token, in milliseconds. */
const PAUSE = 20;

/**
 * The maximum length of a token. Servers accept 8 to 64 KiB of headers, and redacting longer tokens would take long.
 */
const MAX_TOKEN = 65_536;

/** Creates a source of a constant token. */
export function constantToken(token: string): TokenSource {
  const checked = checkToken(token);
  return { get: () => checked, refuse: () => false };
}

/** Creates a source that calls `supply` for each request, and again if the service rejects the token. */
export function suppliedToken(supply: () => Promise<string>): TokenSource {
  const supplyChecked = async (): Promise<E.Either<RegionsError, string>> => {
    try {
      return checkToken(await supply());
    } catch {
      // The error may contain a secret, so it is not quoted.
      return E.left(unauthorized("token", "the function that supplies the token failed"));
    }
  };
  return { get: (ms, signal) => bounded(ms, signal, supplyChecked), refuse: () => true };
}

/** A request for a token that callers share. */
interface SharedRequest {
  readonly token: Promise<E.Either<RegionsError, string>>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Creates a source of tokens for a client's credentials, which are stored in `slot`. All callers share one request,
 * which is aborted if none of them waits for it any longer. Rejected credentials are not sent again for ten minutes,
 * since the service locks them for that time after five rejections.
 *
 * Services that share a memory cannot share a promise, which Workers do not allow. Instead, they use a claim, which is
 * a plain value: the service that holds it requests the token. The others check the memory until the token is there.
 * One of them takes over if the request fails or the claim expires.
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

  const wait = async (ms: number, signal: AbortSignalLike | undefined): Promise<E.Either<RegionsError, string>> => {
    const mine = shared ??= begin();
    mine.waiting++;
    const token = await bounded(ms, signal, () => mine.token);
    if (--mine.waiting === 0 && shared === mine) {
      shared = null;
      mine.controller.abort();
    }
    return token;
  };

  return {
    get: (ms, signal) => slot.recall(Date.now()) ?? wait(ms, signal),
    refuse: (token) => {
      slot.forget(token);
      return true;
    },
  };
}

/** Decodes the token endpoint's response. Errors do not quote it, since it contains a secret. */
export function decodeAccessToken(text: string, now: number): E.Either<RegionsError, AccessToken> {
  const body = parseJson(text);
  if (body === undefined) return E.left(malformed(["AccessToken: expected JSON"]));
  if (!isObject(body) || typeof body.access_token !== "string") {
    return E.left(malformed(["AccessToken: expected an object with a string as access_token"]));
  }
  const lifetime = toLifetime(body.expires_in);
  const staleAt = now + lifetime - Math.min(MARGIN, lifetime / 10);
  return pipe(checkToken(body.access_token), E.map((value) => ({ value, staleAt })));
}

/** Converts `expires_in` to milliseconds. Some servers send it as a string, or send an unusable value. */
function toLifetime(expiresIn: unknown): number {
  const seconds = typeof expiresIn === "string" ? Number(expiresIn) : expiresIn;
  return typeof seconds === "number" && seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : DEFAULT_LIFETIME;
}

/**
 * Removes whitespace around a token, such as a line break at the end of a file, and checks that the rest is valid in a
 * header. Otherwise, the runtime would reject the header with a message that contains the token.
 */
function checkToken(text: string): E.Either<RegionsError, string> {
  const token = text.trim();
  return token.length <= MAX_TOKEN && /^[\x21-\x7e]+$/.test(token) ? E.right(token) : E.left(
    unauthorized("token", "the token is empty, too long, or contains characters that are not valid in a header"),
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
