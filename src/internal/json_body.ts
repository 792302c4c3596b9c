/**
 * JSON with an image, as the body of a request. It is made in pieces: as one string, an image of 20 MB would block the
 * event loop for up to a second, and take up ten times its size.
 *
 * @module
 */
import { encodeBase64 } from "./base64.ts";

/** The number of bytes that are encoded without a pause. A multiple of 3, so that only the last piece is padded. */
const PIECE = 3 * 2 ** 18;

/** Returns the JSON of an object that has an image, as Base64, in front of other fields. */
export async function jsonWithImage(image: Uint8Array | null, fields: object): Promise<Blob> {
  const rest = JSON.stringify(fields);
  if (image === null) return await toBlob([rest]);
  const Blob = await nativeBlob();
  const pieces: (string | Blob)[] = [`{"image":"`];
  for (let i = 0; i < image.length; i += PIECE) {
    if (i > 0) await new Promise((resolve) => setTimeout(resolve));
    pieces.push(new Blob([encodeBase64(image.subarray(i, i + PIECE))]));
  }
  pieces.push(rest === "{}" ? `"}` : `",${rest.slice(1)}`);
  return new Blob(pieces);
}

/**
 * Makes a `Blob` for a body. Deno repeats a POST whose connection breaks, unless its body is a `Blob` or a stream, and a
 * `Blob` has a known length.
 */
export async function toBlob(parts: BlobPart[]): Promise<Blob> {
  const Blob = await nativeBlob();
  return new Blob(parts);
}

/**
 * The class of the blobs of the runtime's own `Response`, since test environments such as jsdom replace the global `Blob`
 * with one that `fetch` sends as "[object Blob]".
 */
async function nativeBlob(): Promise<typeof Blob> {
  const { constructor } = await new Response("").blob();
  return constructor as typeof Blob;
}
