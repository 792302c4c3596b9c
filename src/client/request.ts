/**
 * The service, and how the answer to one request is judged. The only file that decides on retries of single calls.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import type { ReaderTaskEither } from "fp-ts/lib/ReaderTaskEither.js";
import { type AbortSignalLike, sleep } from "../internal/abort.ts";
import { type Budget, type BudgetOptions, createBudget } from "./budget.ts";
import { redactError } from "./redact.ts";
import { type Answer, type Fetch, isSuccess, type Message, transmit } from "./transport.ts";
import { cut, isObject } from "../model/codec.ts";
import { type Call, http, interrupted, type RegionsError, timeout, unauthorized } from "../model/error.ts";
import {
  atLeast,
  type Complete,
  retryDelay,
  type RetryOptions,
  retryPolicy,
  type Schedule,
} from "../polling/schedule.ts";
import {
  type AccessToken,
  clientToken,
  constantToken,
  createMemory,
  type Credentials,
  decodeAccessToken,
  type Memory,
  suppliedToken,
  type TokenSource,
} from "./token.ts";
import { createTimers, type Timers } from "../internal/timers.ts";

/**
 * A failed call that will be made again.
 *
 * @category Connect
 */
export interface Retry {
  /** What was asked. */
  readonly call: Call;
  /** The task's id, where there is one. */
  readonly id: string | null;
  /** How it failed. */
  readonly error: RegionsError;
  /** How often it has failed in a row. */
  readonly failures: number;
  /** Milliseconds until the next try. */
  readonly delay: number;
}

/**
 * Options for {@linkcode connect}: one of `credentials` and `token`, and what else is to differ from the defaults.
 *
 * @category Connect
 */
export interface ConnectOptions {
  /** The client's credentials, from which the library gets its tokens. */
  readonly credentials?: Credentials | undefined;
  /** An access token, or a function that supplies one for each request. White space around it is dropped. */
  readonly token?: string | (() => Promise<string>) | undefined;
  /**
   * The address of the service: https, except on the loopback interface.
   *
   * Deno and Bun send even requests for a plain http address of the loopback interface through `HTTP_PROXY`, with secret
   * and token in clear text, unless `NO_PROXY` names it. The library cannot see the environment.
   *
   * @default {"https://api.aspose.cloud"}
   */
  readonly baseUrl?: string | undefined;
  /**
   * Lets `baseUrl` be plain http on a host that is not the loopback interface, such as an emulator in a container. The
   * secret, the tokens and the images then cross the network in clear text: never set it for the real service.
   *
   * @default {false}
   */
  readonly allowHttp?: boolean | undefined;
  /**
   * Sends a request: any `fetch`, such as undici's with a `dispatcher` for a proxy. It is called with an address and
   * options, never with a `Request`, since no implementation reads the `Request` of another.
   *
   * It must send each request once, and reject with nothing but that request's own failure: a rejection with, say,
   * `ECONNREFUSED` means that the image was not sent, and that it may be sent again.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: Fetch | undefined;
  /** What outlives this service. */
  readonly memory?: Memory | undefined;
  /**
   * Milliseconds within which the whole answer must be there, headers and body; over 0. The time that `minUploadRate`
   * allows for the request's own body comes on top.
   *
   * @default {30_000}
   */
  readonly requestTimeout?: number | undefined;
  /**
   * The slowest upload that is waited for, in bytes per second; over 0. Sending an image gets a second more for each
   * `minUploadRate` bytes, which are 4/3 of the image's own, since it is sent as Base64.
   *
   * @default {50_000}
   */
  readonly minUploadRate?: number | undefined;
  /**
   * The most bytes of an answer that are read, unpacked; 1 or more.
   *
   * @default {16_777_216}
   */
  readonly maxResponseBytes?: number | undefined;
  /** How failed calls are repeated. */
  readonly retry?: RetryOptions | undefined;
  /**
   * How many polls all watches of this service may make together.
   *
   * @default {undefined} no bound
   */
  readonly budget?: BudgetOptions | undefined;
  /** When watches ask next, unless they bring a schedule of their own. */
  readonly schedule?: Schedule | undefined;
  /** Hears of each failure that is tried again. What it throws is reported as an uncaught error, and changes nothing. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/**
 * The service as everything else needs it. Made by {@linkcode connect}; plain data, and cheap to make. It prints
 * without its secrets. On Workers it must not outlive the request that made it; what should, goes into `memory`.
 *
 * @category Connect
 */
export interface Service {
  /** The address, without a slash at its end. */
  readonly baseUrl: string;
  /** Sends a request. */
  readonly fetch: Fetch;
  /**
   * Where tokens come from.
   *
   * @internal
   */
  readonly tokens: TokenSource;
  /** Milliseconds within which an answer must be there. */
  readonly requestTimeout: number;
  /** Bytes per second by which the time limit grows with the size of the request. */
  readonly minUploadRate: number;
  /** The most bytes of an answer that are read. */
  readonly maxResponseBytes: number;
  /** How failed calls are repeated. */
  readonly retry: Complete<RetryOptions>;
  /**
   * How many polls all watches may make; null where there is no bound.
   *
   * @internal
   */
  readonly budget: Budget | null;
  /**
   * The one timer of all tasks that wait for their next poll.
   *
   * @internal
   */
  readonly timers: Timers;
  /** What outlives it. */
  readonly memory: Memory;
  /** When watches ask next; undefined for the library's default. */
  readonly schedule: Schedule | undefined;
  /** Hears of each failure that is tried again. */
  readonly onRetry: (retry: Retry) => void;
  /** Ends every call that is run with this value: `fetchRegions(id)({ ...service, signal })`. */
  readonly signal?: AbortSignalLike | undefined;
  /** When every call that is run with this value ends, in milliseconds of the clock of `performance.now()`. */
  readonly endsAt?: number | undefined;
}

/**
 * A call of the service: nothing happens until it is given a {@linkcode Service} and run. It never rejects.
 *
 * @category Connect
 */
export interface Req<A> extends ReaderTaskEither<Service, RegionsError, A> {}

/** One exchange with the service. */
export interface Exchange<A> {
  readonly call: Call;
  readonly method: "GET" | "POST" | "DELETE";
  /** The path and query, below `baseUrl`. */
  readonly path: string;
  /** The body, which is JSON. */
  readonly body?: string | undefined;
  /** Reads the text of an answer with success. */
  readonly decode: (text: string) => E.Either<RegionsError, A>;
  /**
   * What a failure means that came after the request was sent.
   *
   * @param isRefusal Whether the service itself answered that it did not take the request.
   */
  readonly afterSending?: (error: RegionsError, isRefusal: boolean) => RegionsError;
}

/** So much of an unexpected text is shown. */
const MAX_DETAIL = 300;

/**
 * The service, ready to be asked. Nothing is sent and no timer started before something is run.
 *
 * @throws {TypeError} If neither or both of `credentials` and `token` are given, one of them is empty, or the address
 * is none that secrets may be sent to.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example
 * ```ts
 * import { connect, submitImage } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * ok(isRight(await submitImage(new Uint8Array([137, 80, 78, 71]))(service)()));
 * ```
 *
 * @category Connect
 */
export function connect(options: ConnectOptions): Service {
  const {
    baseUrl = "https://api.aspose.cloud",
    allowHttp = false,
    fetch = (url, init) => globalThis.fetch(url, init),
    memory = createMemory(),
    requestTimeout = 30_000,
    minUploadRate = 50_000,
    maxResponseBytes = 16 * 1024 * 1024,
    retry,
    budget,
    schedule,
    onRetry = () => {},
  } = options;
  const base = {
    baseUrl: checkBaseUrl(baseUrl, allowHttp),
    fetch,
    requestTimeout: atLeast("connect", "requestTimeout", requestTimeout, Number.MIN_VALUE),
    minUploadRate: atLeast("connect", "minUploadRate", minUploadRate, Number.MIN_VALUE),
    maxResponseBytes: atLeast("connect", "maxResponseBytes", maxResponseBytes, 1),
    retry: retryPolicy(retry),
    budget: budget === undefined ? null : createBudget(budget),
    timers: createTimers(),
    memory,
    schedule,
    onRetry,
  };
  // The last two are there from the start, since engines copy an object faster than they add to the copy.
  return { ...base, tokens: tokenSource(base, options), signal: undefined, endsAt: undefined };
}

/** One exchange, with a token, and with one more where the service refuses the first. Not retried otherwise. */
export function exchange<A>(exchange: Exchange<A>): Req<A> {
  return (service) => async () => {
    const first = await attempt(exchange, service);
    const again = first.token !== null && isRefused(first.outcome) && service.tokens.refuse(first.token);
    return again ? (await attempt(exchange, service)).outcome : first.outcome;
  };
}

/** A call that is made again as long as its failures pass, up to `retry.maxAttempts` times. */
export function retrying<A>(call: Call, id: string | null, req: Req<A>): Req<A> {
  return (service) => async () => {
    const { retry, signal, endsAt = Infinity } = service;
    let malformed = 0;
    for (let failures = 1;; failures++) {
      const outcome = await req(service)();
      if (E.isRight(outcome) || failures >= retry.maxAttempts || signal?.aborted) return outcome;
      const error = outcome.left;
      if (error._tag === "Malformed") malformed++;
      const delay = retryDelay(retry, error, failures, malformed, Math.random());
      if (O.isNone(delay)) return outcome;
      const asked = error._tag === "Http" ? error.retryAfter ?? 0 : 0;
      if (asked > retry.maxDelay || performance.now() + delay.value >= endsAt) return outcome;
      notify(service.onRetry, { call, id, error, failures, delay: delay.value });
      if (!await sleep(delay.value, signal)) return E.left(interrupted(call, "aborted", 0));
    }
  };
}

/** Tells a caller's hook; a fault of its own must neither stop a task nor be hidden. */
export function notify<A>(hook: (value: A) => void, value: A): void {
  try {
    hook(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

type Transport = Pick<
  Service,
  "baseUrl" | "fetch" | "requestTimeout" | "minUploadRate" | "maxResponseBytes" | "endsAt" | "signal"
>;

/** The outcome of one try, and the token it was made with, if it got that far. */
interface Attempt<A> {
  readonly token: string | null;
  readonly outcome: E.Either<RegionsError, A>;
}

async function attempt<A>(exchange: Exchange<A>, service: Service): Promise<Attempt<A>> {
  const { call, method, path, body, decode, afterSending = (error) => error } = exchange;
  const stopped = (): Attempt<A> => ({ token: null, outcome: E.left(interrupted(call, "aborted", 0)) });
  if (service.signal?.aborted) return stopped();
  const token = await service.tokens.get(timeLimit(service), service.signal);
  if (E.isLeft(token)) return { token: null, outcome: token };
  if (service.signal?.aborted) return stopped();
  if (timeLimit(service) <= 0) return { token: null, outcome: E.left(timeout(call, 0)) };
  const headers = {
    "Accept": "application/json, text/plain",
    "Authorization": `Bearer ${token.right}`,
    ...body === undefined ? {} : { "Content-Type": "application/json" },
  };
  const answer = await send(service, { call, method, url: service.baseUrl + path, headers, body });
  const outcome = E.chain((answer: Answer) => decodeAnswer(call, answer, decode))(answer);
  const isRefusal = E.isRight(answer) && isServiceRefusal(answer.right);
  const redacted = E.mapLeft((error: RegionsError) => redactError(error, [token.right]))(outcome);
  return { token: token.right, outcome: E.mapLeft((error: RegionsError) => afterSending(error, isRefusal))(redacted) };
}

function isRefused(outcome: E.Either<RegionsError, unknown>): boolean {
  return E.isLeft(outcome) && outcome.left._tag === "Unauthorized";
}

function decodeAnswer<A>(
  call: Call,
  answer: Answer,
  decode: Exchange<A>["decode"],
): E.Either<RegionsError, A> {
  if (answer.status === 401) return E.left(unauthorized(call, readProblem(answer.text)));
  if (!isSuccess(answer)) return E.left(refusal(call, answer));
  return decode(answer.text);
}

function refusal(call: Call, { status, retryAfter, text }: Answer): RegionsError {
  return http(call, status, retryAfter, readProblem(text));
}

/**
 * Whether an answer without success comes from the service, and not from a proxy that failed to pass the request on, or
 * failed only when it waited for the answer: it asks to wait, or it is a problem (RFC 7807) with its own status.
 */
function isServiceRefusal({ status, retryAfter, text }: Answer): boolean {
  if (retryAfter !== null) return true;
  const problem = parseJson(text);
  return isObject(problem) && problem.status === status;
}

/** Undefined where the text is not JSON: not every gateway speaks it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Title and detail of an RFC 7807 problem, the error of RFC 6749, or the beginning of another text. */
function readProblem(text: string): string {
  const problem = parseJson(text);
  const said = isObject(problem) ? [problem.title, problem.detail, problem.error, problem.error_description] : [];
  const parts = said.filter((part) => typeof part === "string" && part !== "");
  return cut((parts.length === 0 ? text : parts.join(": ")).replace(/\s+/g, " ").trim(), MAX_DETAIL);
}

/** Sends one request within the time limit. */
function send(service: Transport, message: Message): Promise<E.Either<RegionsError, Answer>> {
  const { fetch, signal, maxResponseBytes } = service;
  return transmit(fetch, message, { ms: timeLimit(service, message.body?.length), signal, maxResponseBytes });
}

/** Milliseconds for a request: a body of `size` characters, all of them ASCII, has time besides the answer's. */
function timeLimit({ requestTimeout, minUploadRate, endsAt = Infinity }: Transport, size = 0): number {
  return Math.max(0, Math.min(requestTimeout + size / minUploadRate * 1000, endsAt - performance.now()));
}

function tokenSource(base: Transport & Pick<Service, "memory">, { credentials, token }: ConnectOptions): TokenSource {
  if ((credentials === undefined) === (token === undefined)) {
    throw new TypeError("Cannot connect as either credentials or a token must be given, and not both");
  }
  if (typeof token === "string") return constantToken(token);
  if (token !== undefined) return suppliedToken(token);
  const [clientId, clientSecret] = [credentials?.clientId, credentials?.clientSecret].map(trimmed);
  if (clientId === "" || clientSecret === "") {
    throw new TypeError("Cannot connect as credentials must hold a clientId and a clientSecret that are not empty");
  }
  const key = JSON.stringify([base.baseUrl, clientId, clientSecret]);
  return clientToken(base.memory, key, (signal) => requestToken({ ...base, signal }, { clientId, clientSecret }));
}

/** Without the line break that a secret's file ends in. */
function trimmed(text: unknown): string {
  return typeof text === "string" ? text.trim() : "";
}

async function requestToken(
  base: Transport,
  { clientId, clientSecret }: Credentials,
): Promise<E.Either<RegionsError, AccessToken>> {
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const answer = await send(base, {
    call: "token",
    method: "POST",
    url: `${base.baseUrl}/connect/token`,
    headers: { "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
  const token = E.chain((answer: Answer): E.Either<RegionsError, AccessToken> => {
    if (isSuccess(answer)) return decodeAccessToken(answer.text, Date.now());
    return E.left(isTokenRefusal(answer) ? unauthorized("token", readProblem(answer.text)) : refusal("token", answer));
  })(answer);
  return E.mapLeft((error: RegionsError) => redactError(error, [clientSecret]))(token);
}

/**
 * Whether the token endpoint itself refused the credentials. A page of a firewall, or a problem of a proxy, says nothing
 * about them. Source: RFC 6749, section 5.2.
 */
function isTokenRefusal({ status, text }: Answer): boolean {
  if (status < 400 || status > 499 || status === 408 || status === 425 || status === 429) return false;
  const body = parseJson(text);
  return isObject(body) && typeof body.error === "string";
}

function checkBaseUrl(text: string, allowHttp: boolean): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError("Cannot connect as baseUrl must be an absolute address");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError("Cannot connect as baseUrl must hold neither credentials, a query nor a fragment");
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && (allowHttp || isLoopback(url.hostname)))) {
    throw new TypeError(
      `Cannot connect as baseUrl must be https, or http on the loopback interface: current value is ${cut(text, 100)}`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** Whether a host name, as a URL has it, is this machine's own. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
