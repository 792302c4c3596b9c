/**
 * The service as a value: what every call needs to know of it.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import { atLeast, type Complete } from "../internal/check.ts";
import { cut } from "../internal/text.ts";
import { createTimers, type Timers } from "../internal/timers.ts";
import type { Call, RegionsError } from "../model/error.ts";
import { type RetryOptions, retryPolicy } from "../polling/retry.ts";
import type { Schedule } from "../polling/schedule.ts";
import { type Budget, type BudgetOptions, createBudget } from "./budget.ts";
import { createMemory, type Memory, slotOf } from "./memory.ts";
import { clientToken, constantToken, type Credentials, suppliedToken, type TokenSource } from "./token.ts";
import { requestToken } from "./token_request.ts";
import type { CallContext, Fetch, Transport } from "./transport.ts";

/**
 * A failed call that will be retried.
 *
 * @category Connect
 */
export interface Retry {
  /** The request that failed. */
  readonly call: Call;
  /** The id of the task, or null if there is none yet. */
  readonly id: string | null;
  /** How it failed. */
  readonly error: RegionsError;
  /** The number of failures in a row. */
  readonly failures: number;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
}

/**
 * Options for {@linkcode connect} other than the credentials.
 *
 * @category Connect
 */
export interface ServiceOptions {
  /**
   * The address of the service: https, except on the loopback interface.
   *
   * Deno and Bun send requests to a plain http address through `HTTP_PROXY` even on the loopback interface, with secret
   * and token in clear text, unless `NO_PROXY` names it. The library cannot read the environment.
   *
   * @default {"https://api.aspose.cloud"}
   */
  readonly baseUrl?: string | undefined;
  /**
   * Allows a `baseUrl` of plain http on a host other than the loopback interface, such as an emulator in a container. The
   * secret, the tokens and the images then cross the network in clear text: never set it for the real service.
   *
   * @default {false}
   */
  readonly allowHttp?: boolean | undefined;
  /**
   * Sends a request: any `fetch`, such as undici's with a `dispatcher` for a proxy. It is called with an address and
   * options, never with a `Request`, since no implementation reads the `Request` of another.
   *
   * It must send each request once, and reject only with that request's own failure: a rejection with `ECONNREFUSED`, for
   * example, means that the image was not sent and may be sent again.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: Fetch | undefined;
  /** What outlives this service: pass the same value to several services to share tokens and history. */
  readonly memory?: Memory | undefined;
  /**
   * Milliseconds within which the whole answer must arrive, headers and body; greater than 0. The time that
   * `minUploadRate` allows for the request's own body comes on top.
   *
   * @default {30_000}
   */
  readonly requestTimeout?: number | undefined;
  /**
   * The slowest upload to wait for, in bytes per second; greater than 0. Sending an image is allowed one more second for
   * each `minUploadRate` bytes of its body, which is 4/3 the size of the image, since it is sent as Base64.
   *
   * @default {50_000}
   */
  readonly minUploadRate?: number | undefined;
  /**
   * The maximum number of bytes of an answer, after decompression; 1 or more. A longer answer is `TooLarge`.
   *
   * @default {16_777_216}
   */
  readonly maxResponseBytes?: number | undefined;
  /** How failed calls are retried. */
  readonly retry?: RetryOptions | undefined;
  /**
   * The number of polls that all watches of this service may make together.
   *
   * @default {undefined} no limit
   */
  readonly budget?: BudgetOptions | undefined;
  /** The schedule of watches that have none of their own. */
  readonly schedule?: Schedule | undefined;
  /** Called before a failed call is retried. What it throws is reported as an uncaught error and changes nothing. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/**
 * Options for {@linkcode connect}: either `credentials` or `token`, and any of {@linkcode ServiceOptions}.
 *
 * @category Connect
 */
export type ConnectOptions = CredentialsOptions | TokenOptions;

/**
 * Options for {@linkcode connect} with a client's credentials.
 *
 * @category Connect
 */
export interface CredentialsOptions extends ServiceOptions {
  /** The client's credentials, for which the library requests access tokens. */
  readonly credentials: Credentials;
  /** Not allowed together with `credentials`. */
  readonly token?: undefined;
}

/**
 * Options for {@linkcode connect} with an access token.
 *
 * @category Connect
 */
export interface TokenOptions extends ServiceOptions {
  /** An access token, or a function that supplies one for each request. White space around it is dropped. */
  readonly token: string | (() => Promise<string>);
  /** Not allowed together with `token`. */
  readonly credentials?: undefined;
}

/**
 * The service, as every call needs it. Made by {@linkcode connect}; plain data, and cheap to make. Printing it does not
 * reveal its secrets. On Workers it must not outlive the request that created it; what should outlive it goes into
 * `memory`.
 *
 * @category Connect
 */
export interface Service extends Transport {
  /**
   * Where tokens come from.
   *
   * @internal
   */
  readonly tokens: TokenSource;
  /** How failed calls are retried. */
  readonly retry: Complete<RetryOptions>;
  /**
   * The budget of polls, or null if there is no limit.
   *
   * @internal
   */
  readonly budget: Budget | null;
  /**
   * The timers of all tasks that wait for their next poll.
   *
   * @internal
   */
  readonly timers: Timers;
  /** What outlives the service. */
  readonly memory: Memory;
  /** The schedule of watches that have none of their own; undefined for the default one. */
  readonly schedule: Schedule | undefined;
  /** Called before a failed call is retried. */
  readonly onRetry: (retry: Retry) => void;
}

/**
 * A call of the service. Nothing happens until it is given a {@linkcode Service} and run, as in `req(service)()`. It never
 * rejects. It is fp-ts's `ReaderTaskEither<Service, RegionsError, A>`, with an optional second argument that aborts the
 * call: `req(service, { signal })()`.
 *
 * @category Connect
 */
export interface Req<A> {
  (service: Service, context?: CallContext): TaskEither<RegionsError, A>;
}

/**
 * Connects to the service. Nothing is sent and no timer is started until a call is run.
 *
 * @throws {TypeError} If neither or both of `credentials` and `token` are given, if one of them is empty, or if secrets
 * must not be sent to `baseUrl`.
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
  const transport: Transport = {
    baseUrl: checkBaseUrl(baseUrl, allowHttp),
    fetch,
    requestTimeout: atLeast("connect", "requestTimeout", requestTimeout, Number.MIN_VALUE),
    minUploadRate: atLeast("connect", "minUploadRate", minUploadRate, Number.MIN_VALUE),
    maxResponseBytes: atLeast("connect", "maxResponseBytes", maxResponseBytes, 1),
  };
  return {
    ...transport,
    tokens: tokenSource(transport, memory, options),
    retry: retryPolicy(retry),
    budget: budget === undefined ? null : createBudget(budget),
    timers: createTimers(),
    memory,
    schedule,
    onRetry,
  };
}

function tokenSource(transport: Transport, memory: Memory, { credentials, token }: ConnectOptions): TokenSource {
  if ((credentials === undefined) === (token === undefined)) {
    throw new TypeError("Cannot connect as either credentials or a token must be given, and not both");
  }
  if (typeof token === "string") return constantToken(token);
  if (token !== undefined) return suppliedToken(token);
  const [clientId, clientSecret] = [credentials?.clientId, credentials?.clientSecret].map(trimmed);
  if (clientId === "" || clientSecret === "") {
    throw new TypeError("Cannot connect as credentials must hold a clientId and a clientSecret that are not empty");
  }
  const slot = slotOf(memory, JSON.stringify([transport.baseUrl, clientId, clientSecret]));
  return clientToken(slot, (signal) => requestToken(transport, { clientId, clientSecret }, signal));
}

/** Without the line break at the end of a secret's file. */
function trimmed(text: unknown): string {
  return typeof text === "string" ? text.trim() : "";
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

/** Whether a host name, in the form that a URL has it, is on the loopback interface. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
