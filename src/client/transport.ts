/**
 * Sends one request and reads its answer. The only file that calls `fetch`.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { type AbortSignalLike, within } from "../internal/abort.ts";
import { cut } from "../internal/text.ts";
import { isObject } from "../internal/json.ts";
import { type Call, interrupted, network, permissionDenied, type RegionsError, tooLarge } from "../model/error.ts";
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
   * A `Blob`, or null. Its type is `never` so that `init` fits every implementation's own options: the declarations of
   * `Blob` of the DOM, Node.js and undici do not fit one another. `new Request(url, init)` reads it.
   */
  readonly body: never;
  /** Redirects are not followed: one could carry the token to another host. */
  readonly redirect: "manual";
  /** Aborts when the caller or the time limit ends the request. */
  readonly signal: AbortSignal;
  /** A status must not come from an HTTP cache. Absent where the runtime has no such option. */
  readonly cache?: "no-store";
}

/**
 * What the library reads of the response: a `Response` of any implementation has it.
 *
 * @category Connect
 */
export interface FetchResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The headers. */
  readonly headers: { readonly get: (name: string) => string | null };
  /** The body: a web stream, or a Node.js stream, as node-fetch has it. */
  readonly body: WebBody | AsyncIterable<Uint8Array | string> | null;
}

/**
 * A web stream of bytes.
 *
 * @category Connect
 */
export interface WebBody {
  /** Locks the stream, and reads it. */
  readonly getReader: () => {
    readonly read: () => Promise<{ readonly value?: Uint8Array | undefined }>;
    readonly cancel: () => Promise<void>;
  };
}

/**
 * A function like the platform's `fetch`, as the library calls it.
 *
 * @category Connect
 */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** An answer, whatever its status. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** Milliseconds that `Retry-After` asks to wait, or null. */
  readonly retryAfter: number | null;
  /** The body, as far as it was read. */
  readonly text: string;
}

/** A request. */
export interface Message {
  readonly call: Call;
  readonly method: FetchInit["method"];
  /** The path and query, below the address of the service. */
  readonly path: string;
  readonly headers: FetchInit["headers"];
  readonly body?: string | undefined;
}

/**
 * How requests are sent, and how long and how much is read.
 *
 * @category Connect
 */
export interface Transport {
  /** The address of the service, without a slash at its end. */
  readonly baseUrl: string;
  /** Sends a request. */
  readonly fetch: Fetch;
  /** Milliseconds within which the whole answer must arrive. */
  readonly requestTimeout: number;
  /** Bytes per second: the time limit of a request grows with the size of its body. */
  readonly minUploadRate: number;
  /** The maximum number of bytes of an answer. */
  readonly maxResponseBytes: number;
}

/**
 * What bounds one call.
 *
 * @category Connect
 */
export interface CallContext {
  /** Ends the call when it aborts. */
  readonly signal?: AbortSignalLike | undefined;
  /** When the call ends, in milliseconds of the clock of `performance.now()`. */
  readonly endsAt?: number | undefined;
}

/** The number of bytes that are read of an answer other than 2xx. */
const MAX_PROBLEM_BYTES = 8192;

/** The number of characters that are kept of the runtime's own message. */
const MAX_CAUSE = 300;

/**
 * Sends one request and reads its answer. The cause of a failure is the runtime's own text, which may contain secrets.
 *
 * The signal is passed in the options of `fetch`, not in a `Request`: Node.js links a `Request` to its signal weakly, and
 * an abort no longer reaches the request once the garbage collector has taken it.
 */
export async function send(
  transport: Transport,
  { call, path, method, headers, body }: Message,
  context: CallContext,
): Promise<E.Either<RegionsError, Answer>> {
  const { baseUrl, fetch, maxResponseBytes } = transport;
  const ms = timeLimit(transport, context, body?.length);
  const blob = body === undefined ? null : await toBlob(body);
  let hasAnswer = false;
  try {
    const end = await within(ms, context.signal, async (signal): Promise<E.Either<RegionsError, Answer>> => {
      const init = { method, headers, body: blob as never, redirect: "manual", signal } as const;
      const response = await fetch(baseUrl + path, acceptsCache() ? { ...init, cache: "no-store" } : init);
      hasAnswer = true;
      const { status } = response;
      const retryAfter = parseRetryAfter(response.headers.get("Retry-After"), timeOf(response));
      const limit = isSuccess(response) ? maxResponseBytes : MAX_PROBLEM_BYTES;
      const { text, whole } = await readText(response, limit, signal);
      return whole || !isSuccess(response) ? E.right({ status, retryAfter, text }) : E.left(tooLarge(call, limit));
    });
    return E.isRight(end) ? end.right : E.left(interrupted(call, end.left, ms));
  } catch (error) {
    const cause = causeOf(error);
    if (!hasAnswer && isDenied(error)) return E.left(permissionDenied(call, cause));
    return E.left(network(call, cause, !hasAnswer && isNeverSent(error)));
  }
}

/** Milliseconds for a request. The time to send a body of `size` ASCII characters comes on top of the answer's. */
export function timeLimit(
  { requestTimeout, minUploadRate }: Transport,
  { endsAt = Infinity }: CallContext,
  size = 0,
): number {
  return Math.max(0, Math.min(requestTimeout + size / minUploadRate * 1000, endsAt - performance.now()));
}

/**
 * Deno repeats a POST whose connection broke, unless its body is a `Blob` or a stream; and a `Blob` has a known length.
 * It comes from the runtime's own `Response`, since test environments such as jsdom replace the global `Blob` with one
 * that `fetch` sends as "[object Blob]".
 */
function toBlob(body: string): Promise<Blob> {
  return new Response(body).blob();
}

/** Whether the status is 2xx. */
export function isSuccess({ status }: { readonly status: number }): boolean {
  return status >= 200 && status < 300;
}

/** `Retry-After` in milliseconds, given in seconds or as a date; null where it is neither. Source: RFC 9110, 10.2.3. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** The time by the server's clock, which is the one that its dates mean; by this one's where it does not say. */
function timeOf({ headers }: FetchResponse): number {
  const date = Date.parse(headers.get("Date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}

/** Workers with a compatibility date before November 2024 throw for the option. */
function acceptsCache(): boolean {
  return isCacheKnown ??= tryCache();
}

/** A fact about the runtime, found out with the first request. */
let isCacheKnown: boolean | undefined;

function tryCache(): boolean {
  try {
    new Request("https://localhost", { cache: "no-store" });
    return true;
  } catch {
    return false;
  }
}

/** Reads at most `limit` bytes, counted unpacked, and lets go of the rest. */
async function readText(
  { body }: FetchResponse,
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  if (body === null) return { text: "", whole: true };
  const reader = "getReader" in body ? body.getReader() : iteratorReader(body);
  const cancel = (): Promise<void> => reader.cancel().catch(() => {});
  if (signal.aborted) await cancel();
  signal.addEventListener("abort", cancel);
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) {
    size += value.byteLength;
    if (size > limit) {
      await cancel();
      return { text: text + decoder.decode(value.subarray(0, limit - size)), whole: false };
    }
    text += decoder.decode(value, { stream: true });
  }
  return { text: text + decoder.decode(), whole: true };
}

/** Reads a Node.js stream, whose chunks are bytes unless somebody has set an encoding. */
function iteratorReader(stream: AsyncIterable<Uint8Array | string>): ReturnType<WebBody["getReader"]> {
  const iterator = stream[Symbol.asyncIterator]();
  return {
    read: async () => {
      const { done, value } = await iterator.next();
      return { value: done ? undefined : typeof value === "string" ? new TextEncoder().encode(value) : value };
    },
    cancel: async () => void await iterator.return?.(),
  };
}

/** The runtime's explanation of a failed fetch, which is in the cause. A `fetch` of the caller's may reject with anything. */
function causeOf(error: unknown): string {
  const reason = isObject(error) && isObject(error.cause) ? error.cause : error;
  const { message, code, name } = isObject(reason) ? reason : {};
  const [text] = [withoutUrl(message), code, name].filter((text) => typeof text === "string" && text !== "");
  return typeof text === "string" ? cut(text, MAX_CAUSE) : "no reason given";
}

/** Deno's message without the address, which the caller knows. */
function withoutUrl(message: unknown): unknown {
  return typeof message === "string" ? message.replace(/^error sending request for url \(.*?\): /, "") : message;
}
