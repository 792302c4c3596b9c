/**
 * The service as it is documented, as one function from a request to a response: for tests, for work without an
 * account, and, with a detector, as a server of one's own.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type * as t from "io-ts";
import { explain, isObject, preview } from "../model/codec.ts";
import { createAllowance, type Hold, readBody, readForm, TOO_MUCH } from "./body.ts";
import { busy, json, problem, text, tokenError } from "./responses.ts";
import { check, createQueue, type QueueOptions, reason } from "./queue.ts";
import { readImageHeader } from "../internal/image_header.ts";
import { DetectionSettings, type DsrMode } from "../model/settings.ts";
import { TaskStatus } from "../model/task_status.ts";
import type { Credentials } from "../client/token.ts";

export type { QueueOptions } from "./queue.ts";

/**
 * Options for {@linkcode emulate}. Times are in milliseconds; a number out of its range is a `RangeError`.
 *
 * @category Emulator
 */
export interface EmulatorOptions extends QueueOptions {
  /**
   * The present. All time is taken from it: there is no timer.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
  /** The pair that gets access tokens. By default any pair does whose halves are not empty. */
  readonly credentials?: Credentials | undefined;
  /**
   * The largest image in bytes, 0 or more; a larger one is refused with HTTP 413.
   *
   * @default {20_000_000}
   */
  readonly maxImageBytes?: number | undefined;
  /**
   * The largest image in pixels, by its header, 0 or more; others are refused with HTTP 400.
   *
   * @default {100_000_000}
   */
  readonly maxPixels?: number | undefined;
  /**
   * How many bytes of images that wait, and of requests that are being read, are held at a time, 0 or more. Further
   * images are refused with HTTP 429, and a request that is larger by itself with HTTP 413.
   *
   * @default {256_000_000}
   */
  readonly maxQueuedBytes?: number | undefined;
}

interface Submission {
  readonly image: Uint8Array;
  readonly mode: DsrMode;
}

type Handler = (request: Request) => Promise<Response> | Response;

const TOKEN_LIFETIME = 3_600_000;
const TRIES = 5;
const LOCK = 600_000;
const QUEUE_FULL = "The queue is full.";
const MAX_FORM_BYTES = 16_384;
const MAX_SETTINGS_BYTES = 65_536;

// What is remembered is bounded; beyond, the oldest is forgotten.
const MAX_TOKENS = 10_000;
const MAX_PAIRS = 1000;

/** A submission has a dozen parts. The parsing of some million empty arrays would stop the process for seconds. */
const MAX_PARTS = 1000;

/**
 * The documented service as a function: pass it as `fetch`, or serve it on a socket. It keeps its tasks and tokens in
 * memory and starts no timer. Whatever the request, there is a response; as with `fetch`, what is no request rejects.
 *
 * Tasks are taken first-in-first-out by `workers` workers. A task ends when its `serviceTime` is over and its detection
 * has settled, whichever is later. Detection starts when the image comes, so on Workers the emulator belongs in a
 * Durable Object.
 *
 * Source: the service's pages on authorization, sending images and fetching regions, and its OpenAPI description.
 *
 * @throws {RangeError} If a number is out of its range.
 *
 * @example
 * ```ts
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { equal } from "node:assert/strict";
 *
 * const service = emulate({
 *   detect: () => Promise.resolve([{ left: 0, top: 8, right: 697, bottom: 441 }]),
 * });
 * const ask = (path: string, init: RequestInit) => service(`https://api.aspose.cloud${path}`, init);
 *
 * const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "secret" });
 * const { access_token } = await (await ask("/connect/token", { method: "POST", body: form })).json();
 * const headers = { Authorization: `Bearer ${access_token}` };
 *
 * const body = JSON.stringify({ image: btoa("an image"), settings: {} });
 * const id = await (await ask("/v5.0/ocr/DetectRegions", { method: "POST", headers, body })).text();
 * const answer = await (await ask(`/v5.0/ocr/DetectRegions?id=${id}`, { headers })).json();
 * equal(answer.taskStatus, "Completed");
 * ```
 *
 * @category Emulator
 */
export function emulate(
  options: EmulatorOptions = {},
): (input: Request | URL | string, init?: RequestInit) => Promise<Response> {
  const { now = () => Date.now(), credentials, maxImageBytes = 20_000_000, maxPixels = 100_000_000 } = options;
  const { maxQueuedBytes = 256_000_000 } = options;
  check("maxImageBytes", maxImageBytes);
  check("maxPixels", maxPixels);
  check("maxQueuedBytes", maxQueuedBytes);
  // Base64 takes 4/3 of the image's bytes, and twice that where each of its slashes is escaped.
  const maxBodyBytes = Math.min(3 * maxImageBytes + MAX_SETTINGS_BYTES, maxQueuedBytes);
  let latest = -Infinity;
  const clock = (): number => {
    const time = now();
    // A clock that is set back must not bring a finished task back to the queue.
    if (time > latest) latest = time;
    return latest;
  };
  const gate = createGate(clock, credentials);
  const queue = createQueue(clock, options);
  const allowance = createAllowance(maxQueuedBytes);

  const grant: Handler = async (request) => {
    const body = await readBody(request, MAX_FORM_BYTES);
    if (body instanceof Response) return body;
    const form = await readForm(body, request.headers.get("Content-Type") ?? "");
    return form === null ? problem(400, "Expected a form, urlencoded or multipart/form-data.") : gate.grant(form);
  };
  const submit: Handler = async (request) => {
    if (queue.isFull()) return busy(QUEUE_FULL);
    const hold = allowance();
    let isSubmitted = false;
    try {
      const submission = await receive(request, hold);
      if (E.isLeft(submission)) return submission.left;
      const { image, mode } = submission.right;
      // Others may have come while the body was read.
      if (queue.isFull()) return busy(QUEUE_FULL);
      if (!hold(image.length)) return busy(TOO_MUCH);
      const id = queue.submit(image, mode, () => hold(0));
      isSubmitted = true;
      return text(id);
    } finally {
      if (!isSubmitted) hold(0);
    }
  };
  const receive = async (request: Request, hold: Hold): Promise<E.Either<Response, Submission>> => {
    const body = await readBody(request, maxBodyBytes, hold);
    if (body instanceof Response) return E.left(body);
    const submission = readSubmission(body);
    if (E.isLeft(submission)) return E.left(problem(400, submission.left.join("; ")));
    const { image } = submission.right;
    if (image.length > maxImageBytes) return E.left(problem(413, `The image is over ${maxImageBytes} bytes.`));
    const { width, height, pixels } = readImageHeader(image) ?? { width: 0, height: 0, pixels: 0 };
    if (pixels <= maxPixels) return submission;
    const got = pixels > width * height ? `${pixels} in all frames` : `${width} x ${height}`;
    return E.left(problem(400, `Request/image: expected at most ${maxPixels} pixels, got ${got}`));
  };
  const fetch = about((id) => json(TaskStatus.encode(queue.status(id))));
  const peek = about((id) => json(Object.assign({}, TaskStatus.encode(queue.status(id)), { results: null })));
  const cancel = about((id) => {
    queue.cancel(id);
    return new Response(null);
  });
  const routes: ReadonlyMap<string, ReadonlyMap<string, Handler>> = new Map([
    ["/connect/token", new Map([["POST", grant]])],
    ["/v5.0/ocr/DetectRegions", new Map([["GET", fetch], ["HEAD", fetch], ["POST", submit], ["DELETE", cancel]])],
    ["/v5.0/ocr/Utilities/GetTaskStatus", new Map([["GET", peek], ["HEAD", peek]])],
  ]);

  const respond: Handler = (request) => {
    const methods = routes.get(new URL(request.url).pathname);
    if (methods === undefined) return problem(404, "There is nothing at this path.");
    const headers = { "Allow": [...methods.keys(), "OPTIONS"].join(", ") };
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers });
    const handle = methods.get(request.method);
    if (handle === undefined) return problem(405, `Expected one of ${headers.Allow}.`, headers);
    if (handle === grant || gate.admits(request)) return handle(request);
    return problem(401, "Expected an access token that has not expired.", { "WWW-Authenticate": "Bearer" });
  };
  return async (input, init) => {
    // A copy would take a server's request away from it.
    const request = input instanceof Request && init === undefined ? input : new Request(input, init);
    let response: Response;
    try {
      response = await respond(request);
    } catch (error) {
      response = problem(500, reason(error));
    }
    if (!request.bodyUsed) request.body?.cancel().catch(() => {});
    return request.method === "HEAD" ? new Response(null, response) : response;
  };
}

/** Who may do what: access tokens, and the pairs of credentials that were refused, in the order in which they end. */
function createGate(clock: () => number, credentials: Credentials | undefined) {
  const tokens = new Map<string, { readonly until: number }>();
  const refused = new Map<string, { readonly until: number; readonly times: number }>();
  const isKnown = (id: string, secret: string): boolean =>
    id !== "" && secret !== "" &&
    (credentials === undefined || id === credentials.clientId && secret === credentials.clientSecret);

  return {
    grant: (form: FormData): Response => {
      const now = clock();
      const id = form.get("client_id"), secret = form.get("client_secret");
      if (typeof id !== "string" || typeof secret !== "string") {
        return tokenError("invalid_request", "Expected the fields grant_type, client_id and client_secret.");
      }
      sweep(refused, MAX_PAIRS, now);
      const pair = JSON.stringify([id, secret]);
      const times = refused.get(pair)?.times ?? 0;
      if (times >= TRIES) {
        return problem(429, "These credentials are locked for ten minutes.", { "Retry-After": String(LOCK / 1000) });
      }
      refused.delete(pair);
      const isGrant = form.get("grant_type") === "client_credentials";
      if (!isGrant || !isKnown(id, secret)) {
        refused.set(pair, { until: now + LOCK, times: times + 1 });
        return isGrant
          ? tokenError("invalid_client", "The credentials are wrong.")
          : tokenError("unsupported_grant_type", "Expected the grant_type client_credentials.");
      }
      const token = (crypto.randomUUID() + crypto.randomUUID()).replaceAll("-", "");
      tokens.set(token, { until: now + TOKEN_LIFETIME });
      sweep(tokens, MAX_TOKENS, now);
      const body = { access_token: token, expires_in: TOKEN_LIFETIME / 1000, token_type: "Bearer" };
      return json(body, { "Cache-Control": "no-store" });
    },
    admits: ({ headers }: Request): boolean => {
      const token = /^Bearer +(\S+)$/i.exec(headers.get("Authorization") ?? "")?.[1] ?? "";
      return clock() < (tokens.get(token)?.until ?? -Infinity);
    },
  };
}

/** The image and what to do with it, or what was expected where. */
function readSubmission(body: Uint8Array): E.Either<readonly string[], Submission> {
  let parts = 0;
  for (const byte of body) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) parts++;
  if (parts > MAX_PARTS) return E.left([`Request: expected an image and its settings, got ${parts} parts`]);
  let request: unknown;
  try {
    request = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return E.left(["Request: expected JSON"]);
  }
  if (!isObject(request)) return E.left([`Request: expected an object, got ${preview(request)}`]);
  const { image: base64, settings: given } = request;
  const image = typeof base64 === "string" ? fromBase64(base64) : null;
  if (image === null || image.length === 0) {
    return E.left([`Request/image: expected an image in Base64, got ${preview(base64)}`]);
  }
  // The service's page writes `rotate`, its OpenAPI description `Rotate`.
  const settings = DetectionSettings.decode(isObject(given) ? { rotate: given.Rotate, ...given } : given);
  return E.bimap(
    (errors: t.Errors) => explain(errors).map((line) => `Request/settings/${line}`),
    ({ dsrMode }: { readonly dsrMode: DsrMode }) => ({ image, mode: dsrMode }),
  )(settings);
}

function fromBase64(text: string): Uint8Array | null {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** A handler of what concerns one task. */
function about(handle: (id: string) => Response): Handler {
  return ({ url }) => {
    const id = new URL(url).searchParams.get("id") ?? "";
    return id === "" ? problem(400, "Expected the id of a task: ?id=…") : handle(id);
  };
}

/** Drops what is over, and of what is more than `max` the oldest. The entries must be in the order in which they end. */
function sweep<K>(entries: Map<K, { readonly until: number }>, max: number, now: number): void {
  for (const [key, { until }] of entries) {
    if (until > now && entries.size <= max) return;
    entries.delete(key);
  }
}
