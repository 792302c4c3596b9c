/**
 * The service as a value, with everything that calls need.
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
  /** The failure. */
  readonly error: RegionsError;
  /** The number of consecutive failures. */
  readonly failures: number;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
}

/**
 * Options of {@linkcode connect}, except for the credentials.
 *
 * @category Connect
 */
export interface ServiceOptions {
  /**
   * The base URL of the service. It must be https, except on the loopback interface.
   *
   * Deno and Bun send requests to plain http URLs through `HTTP_PROXY`, even on the loopback interface, with the secret
   * and the token in plain text, unless `NO_PROXY` lists the host. The library cannot read the environment.
   *
   * @default {"https://api.aspose.cloud"}
   */
  readonly baseUrl?: string | undefined;
  /**
   * Allows a plain http `baseUrl` outside of the loopback interface, such as an emulator in a container. The secret,
   * the tokens and the images are then sent in plain text. Never set it for the real service.
   *
   * @default {false}
   */
  readonly allowHttp?: boolean | undefined;
  /**
   * The function that sends requests: any `fetch`, such as undici's with a `dispatcher` for a proxy. It is called with
   * a URL and options, never with a `Request`, since implementations do not accept each other's `Request`.
   *
   * It must send each request once, and must reject only with the failure of that request. For example, a rejection
   * with `ECONNREFUSED` means that the image was not sent and may be resubmitted.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: Fetch | undefined;
  /** The state that outlives this service. Pass the same value to several services to share tokens and history. */
  readonly memory?: Memory | undefined;
  /**
   * The time limit for the complete response, including its body, in milliseconds. Greater than 0. The time that
   * `minUploadRate` allows for uploading the request is added to it.
   *
   * @default {30_000}
   */
  readonly requestTimeout?: number | undefined;
  /**
   * The slowest acceptable upload, in bytes per second. Greater than 0. The time limit of a request increases by one
   * second for each `minUploadRate` bytes of its body. For an image, the body is 4/3 its size, since it is sent as
   * Base64.
   *
   * @default {50_000}
   */
  readonly minUploadRate?: number | undefined;
  /**
   * The maximum size of a response in bytes, after decompression, 1 or more. A larger response results in `TooLarge`.
   *
   * @default {16_777_216}
   */
  readonly maxResponseBytes?: number | undefined;
  /** How failed calls are retried. */
  readonly retry?: RetryOptions | undefined;
  /**
   * Limits on the polls of all watches of this service.
   *
   * @default {undefined} no limit
   */
  readonly budget?: BudgetOptions | undefined;
  /** The schedule of watches without their own. */
  readonly schedule?: Schedule | undefined;
  /**
   * Called before a failed call is retried. If it throws, the error is reported as uncaught and has no other effect.
   */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/**
 * Options of {@linkcode connect}: either `credentials` or `token`, and any of {@linkcode ServiceOptions}. To put options
 * together step by step, or to extend them, use `ServiceOptions`, and add `credentials` or `token` last.
 *
 * @category Connect
 */
export type ConnectOptions = CredentialsOptions | TokenOptions;

/**
 * Options of {@linkcode connect} with a client's credentials.
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
 * Options of {@linkcode connect} with an access token.
 *
 * @category Connect
 */
export interface TokenOptions extends ServiceOptions {
  /** An access token, or a function that supplies one for each request. Surrounding whitespace is removed. */
  readonly token: string | (() => Promise<string>);
  /** Not allowed together with `token`. */
  readonly credentials?: undefined;
}

/**
 * A connection to the service, which every call needs. It is created by {@linkcode connect}, and cheap to create.
 * Printing it does not reveal its secrets. On Workers, it must not outlive the request that created it; only its
 * `memory` may.
 *
 * @category Connect
 */
export interface Service extends Transport {
  /**
   * The source of access tokens.
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
   * The timers of all tasks that are waiting for their next poll.
   *
   * @internal
   */
  readonly timers: Timers;
  /** The state that outlives the service. */
  readonly memory: Memory;
  /** The schedule of watches without their own, or undefined for the default one. */
  readonly schedule: Schedule | undefined;
  /** Called before a failed call is retried. */
  readonly onRetry: (retry: Retry) => void;
}

/**
 * A call of the service. Nothing happens until it is called with a {@linkcode Service} and run: `req(service)()`. It never
 * rejects.
 *
 * The type is compatible with fp-ts's `ReaderTaskEither<Service, RegionsError, A>`. A second argument can abort the call:
 * `req(service, { signal })()`. The combinators of `ReaderTaskEither` pass on only the service, so give each call its
 * arguments, and combine the `TaskEither`s instead, if a sequence of calls must be aborted.
 *
 * @category Connect
 */
export interface Req<A> {
  (service: Service, context?: CallContext): TaskEither<RegionsError, A>;
}

/**
 * Combines credentials and options to a service. Nothing is sent and no timers are started until a call is run.
 *
 * @throws {TypeError} If neither or both of `credentials` and `token` are set, if one of them is empty, or if `baseUrl`
 * is not a URL that secrets may be sent to.
 * @throws {RangeError} If a number is out of range.
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
    throw new TypeError("Cannot connect as either credentials or token must be set, but not both");
  }
  if (typeof token === "string") return constantToken(token);
  if (token !== undefined) return suppliedToken(token);
  const [clientId, clientSecret] = [credentials?.clientId, credentials?.clientSecret].map(trimmed);
  if (clientId === "" || clientSecret === "") {
    throw new TypeError("Cannot connect as credentials must have a clientId and a clientSecret that are not empty");
  }
  const slot = slotOf(memory, JSON.stringify([transport.baseUrl, clientId, clientSecret]));
  return clientToken(slot, (signal) => requestToken(transport, { clientId, clientSecret }, signal));
}

/** Removes surrounding whitespace, such as the line break at the end of a file with a secret. */
function trimmed(text: unknown): string {
  return typeof text === "string" ? text.trim() : "";
}

function checkBaseUrl(text: string, allowHttp: boolean): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError("Cannot connect as baseUrl must be an absolute URL, such as https://api.aspose.cloud");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError("Cannot connect as baseUrl must not contain credentials, a query or a fragment");
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && (allowHttp || isLoopback(url.hostname)))) {
    throw new TypeError(
      `Cannot connect as baseUrl must be https, or http on the loopback interface: current value is ${cut(text, 100)}`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** Whether the host name of a URL is on the loopback interface. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
