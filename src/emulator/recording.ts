/**
 * Recordings of calls of the service, which the emulator replays.
 *
 * @module
 */
import type * as t from "io-ts";
import { fromBase64, toByteArray } from "../internal/base64.ts";
import { isObject, parseJson } from "../internal/json.ts";
import { sha256 } from "../internal/sha256.ts";
import { fields, guarded, list, literal, orNull, string } from "../model/codec.ts";
import { createCodec, identity } from "../model/type.ts";

/**
 * Stands for an image in a recording, which does not contain the image itself.
 *
 * @category Emulator
 */
export interface RecordedImage {
  /** The size of the image file in bytes. */
  readonly bytes: number;
  /** The SHA-256 of the image file, in hexadecimal. */
  readonly sha256: string;
}

/**
 * A request without its headers, since they contain the token.
 *
 * @category Emulator
 */
export interface RecordedRequest {
  /** The method. */
  readonly method: string;
  /** The path and the query, relative to the base URL of the service. */
  readonly path: string;
  /** The image in the body, or null if there is none. */
  readonly image: RecordedImage | null;
  /** The other fields of the JSON body, or null if the body is not a JSON object, such as the form with a secret. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/**
 * A response.
 *
 * @category Emulator
 */
export interface RecordedResponse {
  /** Discriminates the union. */
  readonly _tag: "Response";
  /** The HTTP status: 200 to 599. */
  readonly status: number;
  /** The header `Content-Type`, or null. */
  readonly contentType: string | null;
  /** The header `Retry-After`, or null. */
  readonly retryAfter: string | null;
  /** The body. */
  readonly body: string;
}

/**
 * There was no response, or not a complete one.
 *
 * @category Emulator
 */
export interface RecordedFailure {
  /** Discriminates the union. */
  readonly _tag: "Failure";
  /** The reason. */
  readonly cause: string;
}

/**
 * A request and its outcome.
 *
 * @category Emulator
 */
export interface RecordedExchange {
  /** The request. */
  readonly request: RecordedRequest;
  /** What came back. */
  readonly outcome: RecordedResponse | RecordedFailure;
  /** How long that took, in milliseconds. */
  readonly time: number;
}

/**
 * The calls of a session with the service, in their order: plain JSON without tokens, secrets and images. Written by
 * `ocr-regions doctor --record`, and replayed by the option `recording` of {@linkcode emulate}.
 *
 * @category Emulator
 */
export interface Recording {
  /** The version of this format. */
  readonly version: 1;
  /** The calls, in the order in which they were made. */
  readonly exchanges: readonly RecordedExchange[];
}

const Image: t.Type<RecordedImage, unknown, unknown> = /* @__PURE__ */ fields<RecordedImage>({
  bytes: /* @__PURE__ */ guarded("a size in bytes", isWhole),
  sha256: /* @__PURE__ */ guarded("64 hexadecimal digits", (u): u is string => isText(u, /^[\da-f]{64}$/)),
}, "Image");

const RequestCodec = /* @__PURE__ */ fields<RecordedRequest>({
  method: /* @__PURE__ */ guarded("a method", (u): u is string => isText(u, /^[A-Z]+$/)),
  path: /* @__PURE__ */ guarded("a path", (u): u is string => isText(u, /^\//)),
  image: /* @__PURE__ */ orNull(Image),
  fields: /* @__PURE__ */ guarded(
    "an object or null",
    (u): u is RecordedRequest["fields"] => u === null || isObject(u),
  ),
}, "Request");

const HEADER = /^[\x20-\x7e]*$/;

const Header = /* @__PURE__ */ guarded(
  "a header or null",
  (u): u is string | null => u === null || isText(u, HEADER),
);

const ResponseCodec = /* @__PURE__ */ fields<RecordedResponse>({
  _tag: /* @__PURE__ */ literal("Response"),
  status: /* @__PURE__ */ guarded("an HTTP status from 200 to 599", isStatus),
  contentType: Header,
  retryAfter: Header,
  body: string,
}, "Response");

const Failure = /* @__PURE__ */ fields<RecordedFailure>(
  { _tag: /* @__PURE__ */ literal("Failure"), cause: string },
  "Failure",
);

const Outcome: t.Type<RecordedExchange["outcome"], unknown, unknown> = /* @__PURE__ */ createCodec<
  RecordedExchange["outcome"],
  unknown,
  unknown
>(
  "Outcome",
  (u): u is RecordedExchange["outcome"] => ResponseCodec.is(u) || Failure.is(u),
  (u, context) =>
    isObject(u) && u._tag === "Failure" ? Failure.validate(u, context) : ResponseCodec.validate(u, context),
  identity,
);

const Exchange = /* @__PURE__ */ fields<RecordedExchange>({
  request: RequestCodec,
  outcome: Outcome,
  time: /* @__PURE__ */ guarded("milliseconds", isWhole),
}, "Exchange");

/**
 * The codec of {@linkcode Recording}. Returns the value unchanged.
 *
 * @example
 * ```ts
 * import { connect, fetchRegions } from "@ocr-cloud/regions";
 * import { emulate, Recording } from "@ocr-cloud/regions/emulator";
 * import { isRight, right } from "fp-ts/lib/Either.js";
 * import { deepEqual, ok } from "node:assert/strict";
 *
 * const path = "/v5.0/ocr/DetectRegions?id=00000000-0000-4000-8000-000000000001";
 * const body = '{"taskStatus":"Pending","responseStatusCode":"NotReady"}';
 * const recording = Recording.decode({
 *   version: 1,
 *   exchanges: [{
 *     request: { method: "GET", path, image: null, fields: null },
 *     outcome: { _tag: "Response", status: 200, contentType: "application/json", retryAfter: null, body },
 *     time: 84,
 *   }],
 * });
 * ok(isRight(recording));
 *
 * const service = connect({ token: "any", fetch: emulate({ recording: recording.right }) });
 * const id = "00000000-0000-4000-8000-000000000001";
 * deepEqual(await fetchRegions(id)(service)(), right({ _tag: "Pending", id }));
 * ```
 *
 * @category Emulator
 */
export const Recording: t.Type<Recording, unknown, unknown> = /* @__PURE__ */ fields<Recording>({
  version: /* @__PURE__ */ guarded("1", (u): u is 1 => u === 1),
  exchanges: /* @__PURE__ */ list(Exchange, "Exchanges"),
}, "Recording");

/** Returns a header as it is recorded: null if it is missing or could not be sent again. */
export function toRecordedHeader(header: string | null): string | null {
  return isText(header, HEADER) ? header : null;
}

/**
 * Returns a request as it is recorded.
 *
 * @param path The path and the query, relative to the base URL of the service.
 * @param body The text of the body. Empty if there is none.
 */
export async function toRecordedRequest(method: string, path: string, body: string): Promise<RecordedRequest> {
  const json = body === "" ? undefined : parseJson(body);
  if (!isObject(json)) return { method, path, image: null, fields: null };
  const { image: base64, ...fields } = json;
  const binary = typeof base64 === "string" ? fromBase64(base64) : null;
  return { method, path, image: binary === null ? null : await toRecordedImage(toByteArray(binary)), fields };
}

async function toRecordedImage(image: Uint8Array): Promise<RecordedImage> {
  return { bytes: image.length, sha256: await sha256(image) };
}

function isText(u: unknown, pattern: RegExp): u is string {
  return typeof u === "string" && pattern.test(u);
}

function isWhole(u: unknown): u is number {
  return Number.isSafeInteger(u) && Number(u) >= 0;
}

function isStatus(u: unknown): u is number {
  return isWhole(u) && u >= 200 && u <= 599;
}
