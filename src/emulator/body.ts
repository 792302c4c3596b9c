/**
 * Request bodies of the emulator, and how many bytes of them it holds.
 *
 * @module
 */
import { busy, problem } from "./responses.ts";

/** What one request holds: set to so many bytes, 0 in the end. False, and unchanged, if that would be too many. */
export type Hold = (bytes: number) => boolean;

/** Why a request is refused whose bytes cannot be held for now. */
export const TOO_MUCH = "Too many bytes of images are waiting.";

/** Bounds the bytes that are held at a time. Each hold starts with none. */
export function createAllowance(max: number): () => Hold {
  let total = 0;
  return () => {
    let held = 0;
    return (bytes) => {
      if (bytes > held && total - held + bytes > max) return false;
      total += bytes - held;
      held = bytes;
      return true;
    };
  };
}

/**
 * The body's bytes, or the refusal of one that breaks off, is over `limit` bytes or cannot be held. They are read into
 * one buffer, so that a body in tiny pieces takes no more memory than another.
 */
export async function readBody(
  { body }: Request,
  limit: number,
  hold: Hold = () => true,
): Promise<Uint8Array<ArrayBuffer> | Response> {
  let buffer = new Uint8Array(4096);
  let length = 0;
  try {
    const reader = body?.getReader();
    for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
      if (!ArrayBuffer.isView(chunk.value)) throw new TypeError("A body is made of bytes.");
      const end = length + chunk.value.byteLength;
      if (end > limit) {
        reader?.cancel().catch(() => {});
        return problem(413, `The body is over ${limit} bytes.`);
      }
      if (end > buffer.length) {
        const capacity = Math.min(limit, Math.max(end, 2 * buffer.length));
        if (!hold(capacity)) {
          reader?.cancel().catch(() => {});
          return busy(TOO_MUCH);
        }
        const larger = new Uint8Array(capacity);
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(chunk.value, length);
      length = end;
    }
  } catch {
    return problem(400, "The body broke off.");
  }
  return buffer.subarray(0, length);
}

/** The form in a body, or null. */
export async function readForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<FormData | null> {
  try {
    return await new Response(body, { headers: { "Content-Type": type } }).formData();
  } catch {
    return null;
  }
}
