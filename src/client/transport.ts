/**
 * Sends a request to the service and reads its response. No other file sends requests to the service.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { type AbortSignalLike, within } from "../internal/abort.ts";
import { acceptsCache, causeOf, isSuccess, readText, retryAfterOf, type WebBody } from "../internal/http.ts";
import type { RequestBody } from "../internal/json_body.ts";
import { type Call, interrupted, network, permissionDenied, type RegionsError, tooLarge } from "../model/error.ts";
import type { Received } from "../model/problem.ts";
import { isDenied, isNeverSent } from "./delivery.ts";

/**
 * The options that the library passes to `fetch`.
 *
 * @category Connect
 */
export interface FetchInit {
  /** The method. */
  readonly method: "GET" | "POST" | "DELETE";
  /** The headers. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * A `Blob`, or null. On Workers, an image is a stream of known length. The type is `never` so that `init` is assignable
   * to the options of every implementation, since the types of `Blob` in the DOM, Node.js and undici are not compatible. To
   * read the body, use `new Request(url, init)`.
   */
  readonly body: never;
  /** Redirects are not followed, since they could send the token to another host. */
  readonly redirect: "manual";
  /** Aborts when the caller aborts the request or its time limit is reached. */
  readonly signal: AbortSignal;
  /** Prevents statuses from an HTTP cache. Omitted if the runtime does not support the option. */
  readonly cache?: "no-store";
}

/**
 * The part of a response that the library uses. The `Response` of every implementation has it.
 *
 * @category Connect
 */
export interface FetchResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The headers. */
  readonly headers: { readonly get: (name: string) => string | null };
  /** The body: a web stream, or a Node.js stream, as in node-fetch. */
  readonly body: WebBody | AsyncIterable<Uint8Array | string> | null;
  /** The type, such as `basic`. */
  readonly type?: string | undefined;
  /** Reads the whole body. Called only if the type is `basic`; otherwise, the body is read as a stream. */
  readonly text?: (() => Promise<string>) | undefined;
}

/**
 * A function compatible with the platform's `fetch`, as the library calls it.
 *
 * @category Connect
 */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** A request. */
export interface Message {
  readonly call: Call;
  readonly method: FetchInit["method"];
  /** The path and query, relative to `baseUrl`. */
  readonly path: string;
  readonly headers: FetchInit["headers"];
  readonly body?: RequestBody | undefined;
}

/**
 * How requests are sent, and the limits on time and size.
 *
 * @category Connect
 */
export interface Transport {
  /** The base URL of the service, without a trailing slash. */
  readonly baseUrl: string;
  /** Sends a request. */
  readonly fetch: Fetch;
  /** The time limit for the complete response, in milliseconds. */
  readonly requestTimeout: number;
  /** The slowest acceptable upload, in bytes per second, by which the time limit of a request grows with its size. */
  readonly minUploadRate: number;
  /** The maximum size of a response, in bytes. */
  readonly maxResponseBytes: number;
}

/**
 * The limits of a single call.
 *
 * @category Connect
 */
export interface CallContext {
  /** Ends the call when it aborts. */
  readonly signal?: AbortSignalLike | undefined;
  /** The time at which the call ends, in milliseconds on the clock of `performance.now()`. */
  readonly endsAt?: number | undefined;
}

/** The number of bytes to read from a response other than 2xx. */
const MAX_PROBLEM_BYTES = 8192;

/**
 * Sends a request and reads its response. The cause of a failure is the runtime's own message, which may contain
 * secrets.
 *
 * The signal is passed in the options of `fetch`, not in a `Request`: Node.js references the signal of a `Request` only
 * weakly, so that an abort would not reach the request after a garbage collection.
 */
export async function send(
  transport: Transport,
  { call, path, method, headers, body }: Message,
  context: CallContext,
): Promise<E.Either<RegionsError, Received>> {
  const { baseUrl, fetch, maxResponseBytes } = transport;
  const ms = timeLimit(transport, context, body?.size);
  let hasResponse = false;
  try {
    const end = await within(ms, context.signal, async (signal): Promise<E.Either<RegionsError, Received>> => {
      const init = { method, headers, body: (body?.open() ?? null) as never, redirect: "manual", signal } as const;
      const response = await fetch(baseUrl + path, acceptsCache() ? { ...init, cache: "no-store" } : init);
      hasResponse = true;
      const { status } = response;
      if (isSuccess(response)) {
        const { text, whole } = await readText(response, maxResponseBytes, signal);
        return whole ? E.right({ status, retryAfter: null, text }) : E.left(tooLarge(call, maxResponseBytes));
      }
      const { text } = await readText(response, MAX_PROBLEM_BYTES, signal);
      return E.right({ status, retryAfter: retryAfterOf(response.headers), text });
    });
    return E.isRight(end) ? end.right : E.left(interrupted(call, end.left, ms));
  } catch (error) {
    const cause = causeOf(error);
    if (!hasResponse && isDenied(error)) return E.left(permissionDenied(call, cause));
    return E.left(network(call, cause, !hasResponse && isNeverSent(error)));
  }
}

/**
 * Returns the time limit of a request in milliseconds, including the time to upload a body of `size` bytes.
 */
export function timeLimit(
  { requestTimeout, minUploadRate }: Transport,
  { endsAt = Infinity }: CallContext,
  size = 0,
): number {
  return Math.max(0, Math.min(requestTimeout + size / minUploadRate * 1000, endsAt - performance.now()));
}
