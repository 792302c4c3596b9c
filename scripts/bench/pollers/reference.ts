/**
 * The reference: what a careful engineer writes by hand. Each request can be aborted from outside, has a time limit and
 * a limit of size, follows no redirect and asks no cache.
 */
import * as E from "fp-ts/lib/Either.js";
import { decodeResponse, isFinal, type Reply } from "../../../src/core.ts";
import { type Connection, HEADERS, PATH, type Watch, type World } from "../world.ts";

const TIME_LIMIT = 30_000;
const MOST_BYTES = 16 * 1024 * 1024;

export function watcher({ delay, connection }: World): Watch {
  if (connection === null) throw new TypeError("The reference sends requests");
  // The controller is the caller's, to end the watch.
  return (id, done) => void watch(connection, id, delay, new AbortController().signal).then(done);
}

/** The final reply about a task. Rejects if a request fails, or if `signal` aborts. */
export async function watch(connection: Connection, id: string, delay: number, signal: AbortSignal): Promise<Reply> {
  for (;;) {
    const reply = await poll(connection, id, signal);
    if (E.isLeft(reply) || isFinal(reply.right)) return reply;
    await sleep(delay, signal);
  }
}

async function poll({ baseUrl, fetch }: Connection, id: string, signal: AbortSignal): Promise<Reply> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, TIME_LIMIT);
  signal.addEventListener("abort", abort);
  try {
    const response = await fetch(baseUrl + PATH + id, {
      headers: HEADERS,
      redirect: "manual",
      cache: "no-store",
      signal: controller.signal,
    });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return decodeResponse(JSON.parse(await read(response)), id);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** The text of a response, unless it is too large. */
async function read(response: Response): Promise<string> {
  const { headers, body } = response;
  // Where the length is certain, the runtime reads faster.
  if (headers.get("Content-Encoding") === null && Number(headers.get("Content-Length") ?? Infinity) <= MOST_BYTES) {
    return await response.text();
  }
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "", size = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    size += chunk.value.byteLength;
    if (size > MOST_BYTES) {
      await reader.cancel();
      throw new RangeError("The response is too large");
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort);
  });
}
