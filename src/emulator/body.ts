/**
 * Reads request bodies and limits how many of their bytes the emulator keeps in memory.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { readBytes } from "../internal/body.ts";
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

/** Reads a body. Returns an error response if the body is incomplete, exceeds `limit` bytes or cannot be reserved. */
export async function readBody(
  { body }: Request,
  limit: number,
  reserve: Reserve = () => true,
): Promise<Uint8Array<ArrayBuffer> | Response> {
  const bytes = await readBytes(body, limit, reserve).catch(() => null);
  if (bytes === null) return problem(400, "The body is incomplete or could not be read.");
  if (E.isRight(bytes)) return bytes.right;
  return bytes.left === "limit" ? problem(413, `The body exceeds the limit of ${limit} bytes.`) : busy(TOO_MANY_BYTES);
}
