/**
 * Reads the bodies of requests from strangers.
 *
 * @module
 */
import * as E from "./either.ts";

/** The size of the buffer for a body, in bytes. It grows as needed. */
const FIRST_BUFFER = 4096;

/** Why a body was not read to its end: it exceeds the limit, or the memory for it was refused. */
export type Refusal = "limit" | "memory";

/**
 * Reads a body. Its bytes are counted, since `Content-Length` may be wrong. They are copied into one buffer, so that a
 * body in tiny chunks takes no more memory than any other. Rejects if the body breaks off.
 *
 * @param reserve Whether the buffer may grow to a number of bytes.
 * @param signal Cancels the body when it aborts.
 */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
  reserve: (bytes: number) => boolean = () => true,
  signal?: AbortSignal,
): Promise<E.Either<Refusal, Uint8Array<ArrayBuffer>>> {
  const reader = body?.getReader();
  const cancel = (): void => void reader?.cancel().catch(() => {});
  signal?.addEventListener("abort", cancel);
  let buffer = new Uint8Array(FIRST_BUFFER);
  let length = 0;
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
    if (!ArrayBuffer.isView(chunk.value)) throw new TypeError("Cannot read the body as a chunk is not a Uint8Array");
    const end = length + chunk.value.byteLength;
    const capacity = Math.min(limit, Math.max(end, 2 * buffer.length));
    const refusal = end > limit ? "limit" : end > buffer.length && !reserve(capacity) ? "memory" : null;
    if (refusal !== null) {
      cancel();
      return E.left(refusal);
    }
    if (end > buffer.length) {
      const larger = new Uint8Array(capacity);
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    buffer.set(chunk.value, length);
    length = end;
  }
  return E.right(buffer.subarray(0, length));
}

/** Parses a body as a form. Returns null if it is not one. */
export async function readForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<FormData | null> {
  try {
    return await new Response(body, { headers: { "Content-Type": type } }).formData();
  } catch {
    return null;
  }
}
