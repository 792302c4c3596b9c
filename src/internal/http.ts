/**
 * Parts of HTTP that both halves of the library need: to read a response, and to explain why there is none.
 *
 * @module
 */
import { isObject } from "./json.ts";
import { cut } from "./text.ts";

/** The maximum number of characters of the runtime's own message. */
const MAX_CAUSE = 300;

/**
 * A web stream of bytes.
 *
 * @category Connect
 */
export interface WebBody {
  /** Locks the stream for reading. */
  readonly getReader: () => {
    readonly read: () => Promise<{ readonly value?: Uint8Array | undefined }>;
    readonly cancel: () => Promise<void>;
  };
}

/** Whether the status is 2xx. */
export function isSuccess({ status }: { readonly status: number }): boolean {
  return status >= 200 && status < 300;
}

/**
 * Returns the delay in `Retry-After` in milliseconds, or null if the header is neither a number of seconds nor a date.
 *
 * Source: RFC 9110, section 10.2.3.
 */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** The headers of a response of any implementation of `fetch`. */
interface ResponseHeaders {
  readonly get: (name: string) => string | null;
}

/** Returns the delay in the header `Retry-After` of a response in milliseconds, or null. */
export function retryAfterOf(headers: ResponseHeaders): number | null {
  return parseRetryAfter(headers.get("Retry-After"), timeOf(headers));
}

/**
 * Returns the time on the server's clock, which its dates refer to, or on the local clock if there is no `Date` header.
 */
function timeOf(headers: ResponseHeaders): number {
  const date = Date.parse(headers.get("Date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}

/** Whether the runtime supports the `cache` option. Workers with a compatibility date before November 2024 throw. */
export function acceptsCache(): boolean {
  return isCacheKnown ??= tryCache();
}

/** A fact about the runtime, determined with the first request. */
let isCacheKnown: boolean | undefined;

function tryCache(): boolean {
  try {
    new Request("https://localhost", { cache: "no-store" });
    return true;
  } catch {
    return false;
  }
}

/** The part of a response that {@linkcode readText} uses. */
interface TextResponse {
  readonly type?: string | undefined;
  readonly headers: ResponseHeaders;
  readonly body: WebBody | AsyncIterable<Uint8Array | string> | null;
  readonly text?: (() => Promise<string>) | undefined;
}

/** The text of a response, and whether it is the whole text. */
interface LimitedText {
  readonly text: string;
  readonly whole: boolean;
}

/**
 * Reads at most `limit` bytes, counted after decompression, and cancels the rest. A body that is known to be shorter is
 * read in one go, since reading a stream takes Deno as long as half of the rest of the request.
 */
export async function readText(response: TextResponse, limit: number, signal: AbortSignal): Promise<LimitedText> {
  const { body } = response;
  if (body === null) return { text: "", whole: true };
  if (typeof response.text !== "function" || !isShorter(response, limit)) return await readChunks(body, limit, signal);
  const text = await response.text();
  return { text, whole: text.length <= limit };
}

/**
 * Whether the body is certainly not longer than the limit, since the runtime itself enforces `Content-Length`. It does so
 * only for a response of type `basic`, which comes from the network and whose headers are all visible, and only if the body
 * is neither decompressed nor chunked (RFC 9112, section 6.3).
 */
function isShorter({ type, headers }: TextResponse, limit: number): boolean {
  const length = headers.get("Content-Length");
  return type === "basic" && length !== null && /^\d+$/.test(length) && Number(length) <= limit &&
    headers.get("Content-Encoding") === null && headers.get("Transfer-Encoding") === null;
}

async function readChunks(
  body: NonNullable<TextResponse["body"]>,
  limit: number,
  signal: AbortSignal,
): Promise<LimitedText> {
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

/** Reads a Node.js stream, whose chunks are strings if an encoding was set, and otherwise bytes. */
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

/**
 * Returns the runtime's message for a failed `fetch`, which is in the cause. A custom `fetch` may reject with any
 * value.
 */
export function causeOf(error: unknown): string {
  const reason = isObject(error) && isObject(error.cause) ? error.cause : error;
  const { message, code, name } = isObject(reason) ? reason : {};
  const [text] = [withoutUrl(message), code, name].filter((text) => typeof text === "string" && text !== "");
  return typeof text === "string" ? cut(text, MAX_CAUSE) : "no reason given";
}

/** Removes the URL, which the caller knows, from Deno's message. */
function withoutUrl(message: unknown): unknown {
  return typeof message === "string" ? message.replace(/^error sending request for url \(.*?\): /, "") : message;
}
