/**
 * Reads the image and the fields of a request that submits a task.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { within } from "../internal/abort.ts";
import { readBytes, readForm } from "../internal/body.ts";
import { parseJson } from "../internal/json.ts";
import { problem } from "./problem.ts";

/**
 * What a client has sent to submit a task.
 *
 * @category Server
 */
export interface Upload {
  /** The image file, which is not empty. */
  readonly image: Uint8Array;
  /**
   * The parameters of the query and the fields of the form. `true`, `false`, integers, objects and arrays are parsed as
   * JSON. Everything else is a text.
   */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Limits on the body of a request. */
export interface UploadLimits {
  /** The maximum size in bytes. */
  readonly maxImageBytes: number;
  /** The time limit in milliseconds. */
  readonly uploadTimeout: number;
}

/** A form has headers and fields in addition to the image: those of 50,000 regions take about 2 MB. */
const FORM_OVERHEAD = 4_000_000;

/**
 * Reads an upload. A `Left` is the response that says what is wrong with it.
 *
 * The request's own `signal` is not used, here and elsewhere: Deno prints a warning if it is. A client that disconnects is
 * noticed nevertheless, as its body ends early.
 */
export async function readUpload(request: Request, limits: UploadLimits): Promise<E.Either<Response, Upload>> {
  const type = request.headers.get("Content-Type") ?? "";
  const isForm = /^multipart\/form-data\s*;/i.test(type);
  if (!isForm && !/^(?:image\/|application\/octet-stream\b)/i.test(type)) {
    return E.left(problem(415, "Expected an image with its Content-Type, such as image/jpeg, or multipart/form-data."));
  }
  const { maxImageBytes, uploadTimeout } = limits;
  const limit = isForm ? maxImageBytes + FORM_OVERHEAD : maxImageBytes;
  const body = await within(uploadTimeout, undefined, (signal) => readBody(request, limit, signal)).catch(() => null);
  if (body === null) return E.left(problem(400, "The body could not be read to its end."));
  if (E.isLeft(body)) return E.left(problem(408, `The body did not arrive within ${uploadTimeout} ms.`));
  if (body.right === null) return E.left(tooLarge(maxImageBytes));
  const query = new URL(request.url).searchParams;
  if (!isForm) return toUpload(body.right, query, limits);

  const form = await readForm(body.right, type);
  const file = form?.get("image") ?? null;
  if (form === null || file === null || typeof file === "string") {
    return E.left(problem(400, "Expected multipart/form-data with a file named image."));
  }
  const image = new Uint8Array(await file.arrayBuffer());
  const texts = Array.from(form).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return toUpload(image, [...query, ...texts], limits);
}

function toUpload(
  image: Uint8Array<ArrayBuffer>,
  fields: Iterable<readonly [string, string]>,
  { maxImageBytes }: UploadLimits,
): E.Either<Response, Upload> {
  if (image.byteLength === 0) return E.left(problem(400, "Expected an image, got an empty file."));
  if (image.byteLength > maxImageBytes) return E.left(tooLarge(maxImageBytes));
  return E.right({ image, fields: Object.fromEntries(Array.from(fields, ([name, text]) => [name, parseField(text)])) });
}

function tooLarge(limit: number): Response {
  return problem(413, `Expected an image of at most ${limit} bytes.`);
}

/** Reads the body. Returns null if it exceeds the limit. */
async function readBody(
  { body, headers }: Request,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(headers.get("Content-Length")) > limit) {
    body?.cancel().catch(() => {});
    return null;
  }
  const bytes = await readBytes(body, limit, undefined, signal);
  return E.isRight(bytes) ? bytes.right.slice() : null;
}

function parseField(text: string): unknown {
  const isJson = /^(?:true|false|-?\d{1,15}|[[{].*)$/s.test(text);
  return isJson ? parseJson(text) ?? text : text;
}
