/**
 * Reads request bodies and limits how many of their bytes the emulator keeps in memory.
 *
 * @module
 */
import { busy, problem } from "./responses.ts";

/**
 * Sets the number of bytes that one request reserves, replacing its earlier reservation; 0 releases it. Returns false,
 * and changes nothing, if the reservations of all requests would exceed the limit.
 */
export type Reserve = (bytes: number) => boolean;

/** The problem detail of a response to a request whose bytes cannot be reserved at the moment. */
export const TOO_MANY_BYTES = "The images in the queue take up all of the memory allowed for them.";

/** Limits the bytes that are reserved at a time to `max`. Each call of the result starts a reservation of 0 bytes. */
export function createAllowance(max: number): () => Reserve {
  let total = 0;
  return () => {
    let reserved = 0;
    return (bytes) => {
      if (bytes > reserved && total - reserved + bytes > max) return false;
      total += bytes - reserved;
      reserved = bytes;
      return true;
    };
  };
}

/**
 * Reads a body. Returns an error response if the body is incomplete, exceeds `limit` bytes or cannot be reserved. The
 * chunks are copied into one buffer, so that a body in tiny chunks takes no more memory than any other.
 */
export async function readBody(
  { body }: Request,
  limit: number,
  reserve: Reserve = () => true,
): Promise<Uint8Array<ArrayBuffer> | Response> {
  let buffer = new Uint8Array(4096);
  let length = 0;
  try {
    const reader = body?.getReader();
    for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
      if (!ArrayBuffer.isView(chunk.value)) throw new TypeError("Cannot read the body as a chunk is not a Uint8Array");
      const end = length + chunk.value.byteLength;
      if (end > limit) {
        reader?.cancel().catch(() => {});
        return problem(413, `The body exceeds the limit of ${limit} bytes.`);
      }
      if (end > buffer.length) {
        const capacity = Math.min(limit, Math.max(end, 2 * buffer.length));
        if (!reserve(capacity)) {
          reader?.cancel().catch(() => {});
          return busy(TOO_MANY_BYTES);
        }
        const larger = new Uint8Array(capacity);
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(chunk.value, length);
      length = end;
    }
  } catch {
    return problem(400, "The body is incomplete or could not be read.");
  }
  return buffer.subarray(0, length);
}

/** Parses a body as a form. Returns null if it is not one. */
export async function readForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<FormData | null> {
  try {
    return await new Response(body, { headers: { "Content-Type": type } }).formData();
  } catch {
    return null;
  }
}
