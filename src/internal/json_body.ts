/**
 * JSON with an image, as the body of a request. It is made in pieces: as one string, an image of 20 MB would block the
 * event loop for up to a second, and take up ten times its size.
 *
 * @module
 */
import { encodeBase64 } from "./base64.ts";

/** The body of a request, which can be sent several times. */
export interface RequestBody {
  /** The number of bytes. */
  readonly size: number;
  /** Returns the body to send. */
  readonly open: () => Blob | ReadableStream<Uint8Array>;
}

/** The number of bytes that are encoded at a time. A multiple of 3, so that only the last piece is padded. */
const PIECE = 3 * 2 ** 18;

/**
 * How long to encode without a pause, in milliseconds. In hidden tabs, browsers delay timers by a second and more, so there
 * should be few pauses.
 */
const TURN = 20;

/**
 * Returns the JSON of an object that has an image, as Base64, in front of other fields. Returns null if the image was
 * detached meanwhile, such as by its transfer to a worker.
 *
 * @param length The number of bytes of the image, which is 0 once it is detached.
 */
export async function jsonWithImage(
  image: Uint8Array | null,
  fields: object,
  length: number = image?.length ?? 0,
): Promise<RequestBody | null> {
  const rest = JSON.stringify(fields);
  if (image === null) return await textBody(rest);
  const head = toUtf8(`{"image":"`), tail = toUtf8(rest === "{}" ? `"}` : `",${rest.slice(1)}`);
  const size = head.length + Math.ceil(length / 3) * 4 + tail.length;
  const { FixedLengthStream } = globalThis as { readonly FixedLengthStream?: FixedLengthStream };
  if (FixedLengthStream !== undefined) {
    return {
      size,
      open: () => {
        const { readable, writable } = new FixedLengthStream(size);
        write(writable, head, image, tail);
        return readable;
      },
    };
  }
  const Blob = await nativeBlob();
  const pieces: Blob[] = [];
  let begin = performance.now();
  for (const piece of encodePieces(image)) {
    pieces.push(new Blob([piece]));
    if (performance.now() - begin < TURN) continue;
    await new Promise((resolve) => setTimeout(resolve));
    begin = performance.now();
  }
  const blob = new Blob([head, ...pieces, tail]);
  return blob.size === size ? { size, open: () => blob } : null;
}

/**
 * Returns a text as a body. It is a `Blob`, since Deno repeats a POST whose connection breaks, unless its body is a `Blob`
 * or a stream, and a `Blob` has a known length.
 */
export async function textBody(text: string): Promise<RequestBody> {
  const Blob = await nativeBlob();
  const blob = new Blob([text]);
  return { size: blob.size, open: () => blob };
}

/**
 * A stream whose length is sent as `Content-Length`. Only Workers have it, and there the body has to be one: a Worker has
 * 128 MB of memory, of which an image of 25 MB would take most if its whole body was made before it is sent.
 */
type FixedLengthStream = new (
  length: number,
) => { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<Uint8Array> };

/** Writes a body as fast as it is sent. */
async function write(
  writable: WritableStream<Uint8Array>,
  head: Uint8Array,
  image: Uint8Array,
  tail: Uint8Array,
): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(head);
    for (const piece of encodePieces(image)) await writer.write(piece);
    await writer.write(tail);
    await writer.close();
  } catch {
    // The request failed, and says why.
  }
}

function* encodePieces(image: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let i = 0; i < image.length; i += PIECE) yield encodeBase64(image.subarray(i, i + PIECE));
}

function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/**
 * The class of the blobs of the runtime's own `Response`, since test environments such as jsdom replace the global `Blob`
 * with one that `fetch` sends as "[object Blob]".
 */
async function nativeBlob(): Promise<typeof Blob> {
  const { constructor } = await new Response("").blob();
  return constructor as typeof Blob;
}
