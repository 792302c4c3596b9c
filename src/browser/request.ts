/**
 * Requests of a browser to the back end, and the meaning of its refusals.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { acceptsCache, readText, retryAfterOf } from "../internal/http.ts";
import { isObject, parseJson } from "../internal/json.ts";
import { atLeast } from "../internal/check.ts";
import { type Call, RegionsError } from "../model/error.ts";
import { httpError, type Received } from "../model/problem.ts";

/**
 * The headers of a request, by their names.
 *
 * @category Client
 */
export type RequestHeaders = Readonly<Record<string, string>>;

/**
 * Options of every request to the back end.
 *
 * @category Client
 */
export interface RequestOptions {
  /**
   * The function that sends requests. It may be a handler from `createHandler`, which then responds without a network.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /**
   * Headers of every request, such as `Authorization`. A function is called before each request, so that it can return a
   * new token each time. If it throws or rejects, the request fails like one without a connection.
   *
   * @default {{}}
   */
  readonly headers?: RequestHeaders | (() => RequestHeaders | PromiseLike<RequestHeaders>) | undefined;
  /**
   * Whether cookies are sent: by default only to the page's own origin, with `"include"` to every origin.
   *
   * @default {"same-origin"}
   */
  readonly credentials?: "omit" | "same-origin" | "include" | undefined;
  /** Ends the request or the stream when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The time limit for a complete response, including its body, in milliseconds. Greater than 0. It does not apply to
   * streams of events.
   *
   * @default {30_000}
   */
  readonly requestTimeout?: number | undefined;
}

/** {@linkcode RequestOptions} with a value for each option, except for the signal. */
export interface Requester {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly headers: () => RequestHeaders | PromiseLike<RequestHeaders>;
  readonly credentials: RequestOptions["credentials"];
  readonly requestTimeout: number;
}

/** A request. The headers are added to those of the options. */
export interface Message {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly body?: Blob | FormData;
}

/** A response that was read. */
export interface Answer extends Received {
  /** Whether the text is the whole body. */
  readonly isWhole: boolean;
  /** The text of the header `ETag` without its quotation marks, or null. */
  readonly tag: string | null;
}

/** The maximum size of a problem, in bytes. A `Malformed` that it contains may have 100 lines. */
const MAX_PROBLEM_BYTES = 65_536;

/**
 * Checks the options and applies their defaults.
 *
 * @param action The action of the caller, such as `subscribe` for "Cannot subscribe as …".
 *
 * @throws {TypeError} If a header has a name or value that headers cannot have.
 * @throws {RangeError} If `requestTimeout` is not a number greater than 0.
 */
export function requesterOf(action: string, options: RequestOptions): Requester {
  // Browsers refuse a call of their `fetch` as a method of another object.
  const { fetch = (request) => globalThis.fetch(request), headers = {}, credentials, requestTimeout = 30_000 } =
    options;
  if (typeof headers !== "function") new Headers(headers);
  return {
    fetch,
    headers: typeof headers === "function" ? headers : () => headers,
    credentials,
    requestTimeout: atLeast(action, "requestTimeout", requestTimeout, Number.MIN_VALUE),
  };
}

/**
 * Returns the absolute URL of `url` with `path` appended to its path. In a browser, `url` may be relative to the page.
 *
 * @throws {TypeError} If `url` is not a URL, or if it is relative where there is no page.
 */
export function urlBelow(url: string | URL, path = ""): URL {
  const absolute = new URL(new Request(url).url);
  absolute.pathname = absolute.pathname.replace(/\/$/, "") + path;
  absolute.hash = "";
  return absolute;
}

/** Creates a request. Rejects if the caller's function cannot supply headers. */
export async function toRequest(requester: Requester, message: Message, signal: AbortSignal): Promise<Request> {
  const { url, method, body = null } = message, { credentials } = requester;
  const headers = new Headers(await requester.headers());
  for (const [name, value] of Object.entries(message.headers)) headers.set(name, value);
  return new Request(url, {
    method,
    headers,
    body,
    // As in a request to the service: a redirection could send the headers to another host.
    redirect: "manual",
    signal,
    // Not all versions of Workers support these options.
    ...credentials === undefined ? {} : { credentials },
    ...acceptsCache() ? { cache: "no-store" } : {},
  });
}

/**
 * Sends a request, and returns its response as soon as its headers have arrived. Rejects if there is no response, or if
 * `signal`, which is that of the request, has aborted in the meantime.
 */
export async function send({ fetch }: Requester, request: Request, signal: AbortSignal): Promise<Response> {
  const response = await fetch(request);
  // Node.js references the signal of a `Request` only weakly, so the `Request` must be alive until here.
  if (signal.aborted || request.signal.aborted) {
    await response.body?.cancel().catch(() => {});
    throw signal.reason;
  }
  return response;
}

/** Reads at most `limit` bytes of a response, or only the beginning of one other than 2xx. */
export async function receive(response: Response, limit: number, signal: AbortSignal): Promise<Answer> {
  const { status, ok, headers } = response;
  const { text, whole } = await readText(response, ok ? limit : MAX_PROBLEM_BYTES, signal);
  // A proxy that compresses responses makes their tags weak.
  const [, tag = null] = /^(?:W\/)?"([^"]+)"$/.exec(headers.get("ETag") ?? "") ?? [];
  return { status, retryAfter: retryAfterOf(headers), text, isWhole: whole, tag };
}

/** Returns the error for a response other than 2xx: the one that its problem contains, or an `Http`. */
export function refusalOf(call: Call, answer: Received): RegionsError {
  return serviceErrorOf(answer) ?? httpError(call, answer);
}

/** Returns the error that a problem contains, which is that of the service behind the back end, or null. */
export function serviceErrorOf({ text }: Received): RegionsError | null {
  const problem = parseJson(text);
  const error = RegionsError.decode(isObject(problem) ? problem.error : undefined);
  return E.isRight(error) ? error.right : null;
}
