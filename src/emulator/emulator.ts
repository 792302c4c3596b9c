/**
 * An emulator of the documented service, as a function from a request to a response. Use it in tests, to try the
 * library without an account, and, with a detector and a recognizer, to run your own server.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { fromBase64, toByteArray } from "../internal/base64.ts";
import { isObject } from "../internal/json.ts";
import { preview } from "../internal/text.ts";
import { readForm } from "../internal/body.ts";
import { createAllowance, readBody, type Reserve, TOO_MANY_BYTES } from "./body.ts";
import { busy, json, problem, text, tokenError } from "./responses.ts";
import { createPlans, type KindOptions, type Submission, type Work } from "./kinds.ts";
import type { Recording } from "./recording.ts";
import { createReplay } from "./replay.ts";
import { check, createQueue, EmulatedStatus, type QueueOptions, reason } from "./queue.ts";
import { readImageHeader } from "../internal/image_header.ts";
import type { Credentials } from "../client/token.ts";

export type { KindOptions, RecognitionRequest, Submission } from "./kinds.ts";
export type { QueueOptions } from "./queue.ts";
export type {
  RecordedExchange,
  RecordedFailure,
  RecordedImage,
  RecordedRequest,
  RecordedResponse,
} from "./recording.ts";
export { Recording } from "./recording.ts";

/**
 * Options of {@linkcode emulate}. Times are in milliseconds. Numbers out of range throw a `RangeError`.
 *
 * @category Emulator
 */
export interface EmulatorOptions extends QueueOptions, KindOptions {
  /**
   * The clock: returns the current time in milliseconds. The emulator starts no timers and reads no other clock.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
  /**
   * The only credentials that are accepted.
   *
   * @default {undefined} any credentials are accepted, unless the id or the secret is empty
   */
  readonly credentials?: Credentials | undefined;
  /**
   * The maximum size of an image in bytes, 0 or more. Larger images are rejected with HTTP 413.
   *
   * @default {20_000_000}
   */
  readonly maxImageBytes?: number | undefined;
  /**
   * The maximum number of pixels of an image according to its header, 0 or more. Larger images are rejected with
   * HTTP 400.
   *
   * @default {100_000_000}
   */
  readonly maxPixels?: number | undefined;
  /**
   * The maximum number of bytes kept in memory for queued images with their settings, and for requests that are being
   * read, 0 or more. While it is reached, further images are rejected with HTTP 429. A single request that exceeds it
   * is rejected with HTTP 413.
   *
   * @default {256_000_000}
   */
  readonly maxQueuedBytes?: number | undefined;
  /**
   * A recording of real calls. Each request then gets the response that the recording has for it, instead of an emulated
   * one: the same method, path, image and settings as in the recording, whatever the token. Requests that are repeated
   * get their recorded responses in order. A failed call rejects, as `fetch` does. A request that the recording does not
   * have, or not once more, gets HTTP 400 with a problem that says so. Only `wait` and the limits on sizes still apply.
   *
   * @default {undefined} nothing is replayed
   */
  readonly recording?: Recording | undefined;
  /**
   * Called before each response of a recording with the time that the service took for it, in milliseconds. To respond
   * as slowly as the service did, return a promise that resolves after that time.
   *
   * @default {undefined} recorded responses are returned at once
   */
  readonly wait?: ((ms: number) => Promise<unknown>) | undefined;
}

interface Received {
  readonly submission: Submission;
  /** The bytes of the image, and of the JSON of the other fields. */
  readonly bytes: number;
}

type Handler = (request: Request) => Promise<Response> | Response;

const TOKEN_LIFETIME = 3_600_000; // milliseconds
const MAX_FAILURES = 5; // before a pair of credentials is locked
const LOCK_DURATION = 600_000; // milliseconds
const QUEUE_FULL = "The queue is full.";
const MAX_FORM_BYTES = 16_384;
const MAX_SETTINGS_BYTES = 65_536;

// These bound the memory for tokens and failed credentials. Beyond them, the oldest entries are dropped.
const MAX_TOKENS = 10_000;
const MAX_PAIRS = 1000;

/** Enough for 10,000 regions. Parsing millions of empty arrays would block the process for seconds. */
const MAX_PARTS = 100_000;

/**
 * Creates an emulator of the documented service. Pass the result as `fetch`, or serve it on a socket. It keeps tasks
 * and tokens in memory and starts no timers. It responds to every request; like `fetch`, it rejects if the arguments do
 * not form a valid `Request`.
 *
 * Up to `workers` tasks are processed at a time, first in, first out. A task is finished when its `serviceTime` has
 * passed and its work is done, whichever is later. The work starts while the request with the image is handled and
 * continues afterwards. On Cloudflare Workers, run the emulator in a Durable Object for that reason.
 *
 * Source: the service's pages on authorization, sending images and fetching regions, and its OpenAPI description.
 *
 * @throws {RangeError} If a number is out of range.
 * @throws {TypeError} If `recording` is not a recording.
 *
 * @example
 * ```ts
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { equal } from "node:assert/strict";
 *
 * const service = emulate({
 *   detect: () => Promise.resolve([{ left: 0, top: 8, right: 697, bottom: 441 }]),
 * });
 * const request = (path: string, init: RequestInit) => service(`https://api.aspose.cloud${path}`, init);
 *
 * const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "secret" });
 * const { access_token } = await (await request("/connect/token", { method: "POST", body: form })).json();
 * const headers = { Authorization: `Bearer ${access_token}` };
 *
 * const body = JSON.stringify({ image: btoa("an image"), settings: {} });
 * const id = await (await request("/v5.0/ocr/DetectRegions", { method: "POST", headers, body })).text();
 * const result = await (await request(`/v5.0/ocr/DetectRegions?id=${id}`, { headers })).json();
 * equal(result.taskStatus, "Completed");
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
  // Base64 is 4/3 the size of the image, and up to twice that if slashes are escaped, as some JSON encoders do.
  const maxBodyBytes = Math.min(3 * maxImageBytes + MAX_SETTINGS_BYTES, maxQueuedBytes);
  let latest = -Infinity;
  const clock = (): number => {
    const time = now();
    // If the clock is set back, finished tasks must not return to the queue.
    if (time > latest) latest = time;
    return latest;
  };
  const gate = createGate(clock, credentials);
  const queue = createQueue(clock, options);
  const plans = createPlans(options);
  const allowance = createAllowance(maxQueuedBytes);
  const { recording, wait = () => Promise.resolve() } = options;
  const replay = recording === undefined ? null : createReplay(recording, wait, maxBodyBytes);

  const grant: Handler = async (request) => {
    const body = await readBody(request, MAX_FORM_BYTES);
    if (body instanceof Response) return body;
    const form = await readForm(body, request.headers.get("Content-Type") ?? "");
    return form === null
      ? problem(400, "Expected a form, as application/x-www-form-urlencoded or multipart/form-data.")
      : gate.grant(form);
  };
  const submit = (kind: string): Handler => async (request) => {
    if (queue.isFull()) return busy(QUEUE_FULL);
    const reserve = allowance();
    let isSubmitted = false;
    try {
      const received = await receive(request, reserve);
      if (E.isLeft(received)) return received.left;
      const { submission, bytes } = received.right;
      const work = plan(kind, submission);
      if (E.isLeft(work)) return problem(400, work.left.join("; "));
      // Other requests may have filled the queue while the body was being read.
      if (queue.isFull()) return busy(QUEUE_FULL);
      if (!reserve(bytes)) return busy(TOO_MANY_BYTES);
      const id = queue.submit(kind, work.right, () => reserve(0));
      isSubmitted = true;
      return text(id);
    } finally {
      if (!isSubmitted) reserve(0);
    }
  };
  const receive = async (request: Request, reserve: Reserve): Promise<E.Either<Response, Received>> => {
    const body = await readBody(request, maxBodyBytes, reserve);
    if (body instanceof Response) return E.left(body);
    const received = readSubmission(body);
    if (E.isLeft(received)) return E.left(problem(400, received.left));
    const { image } = received.right.submission;
    if (image === null) return received;
    if (image.length > maxImageBytes) {
      return E.left(problem(413, `The image exceeds the limit of ${maxImageBytes} bytes.`));
    }
    const { width, height, pixels } = readImageHeader(image) ?? { width: 0, height: 0, pixels: 0 };
    if (pixels <= maxPixels) return received;
    const actual = pixels > width * height ? `${pixels} in all frames` : `${width} x ${height}`;
    return E.left(problem(400, `Request/image: expected at most ${maxPixels} pixels, got ${actual}`));
  };
  const plan = (kind: string, submission: Submission): E.Either<readonly string[], Work> =>
    plans.get(kind)?.(submission) ?? E.left([]);
  const routesOf = (kind: string): ReadonlyMap<string, Handler> => {
    const fetch = withTaskId((id) => json(EmulatedStatus.encode(queue.status(kind, id))));
    const cancel = withTaskId((id) => {
      queue.cancel(kind, id);
      return new Response(null);
    });
    return new Map([["GET", fetch], ["HEAD", fetch], ["POST", submit(kind)], ["DELETE", cancel]]);
  };
  const getStatus = withTaskId((id) =>
    json(Object.assign({}, EmulatedStatus.encode(queue.status(null, id)), { results: null }))
  );
  const routes: ReadonlyMap<string, ReadonlyMap<string, Handler>> = new Map([
    ["/connect/token", new Map([["POST", grant]])],
    ["/v5.0/ocr/Utilities/GetTaskStatus", new Map([["GET", getStatus], ["HEAD", getStatus]])],
    ...Array.from(plans.keys(), (kind) => [`/v5.0/ocr/${kind}`, routesOf(kind)] as const),
  ]);

  const respond: Handler = (request) => {
    const { pathname } = new URL(request.url);
    const methods = routes.get(pathname);
    if (methods === undefined) return problem(404, "This path does not exist.");
    const headers = { "Allow": [...methods.keys(), "OPTIONS"].join(", ") };
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers });
    const handle = methods.get(request.method);
    if (handle === undefined) return problem(405, `Expected one of ${headers.Allow}.`, headers);
    const isOpen = handle === grant || pathname.endsWith("Trial");
    if (isOpen || gate.admits(request)) return handle(request);
    return problem(401, "The access token is missing, unknown or expired.", { "WWW-Authenticate": "Bearer" });
  };
  return async (input, init) => {
    // Copying the request would consume the body of the server's own.
    const request = input instanceof Request && init === undefined ? input : new Request(input, init);
    if (replay !== null) return await replay(request);
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

/** Issues and checks access tokens, and locks credentials after repeated failures. */
function createGate(clock: () => number, credentials: Credentials | undefined) {
  // Both maps are in the order in which their entries expire.
  const tokens = new Map<string, { readonly until: number }>();
  const refused = new Map<string, { readonly until: number; readonly failures: number }>();
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
      const failures = refused.get(pair)?.failures ?? 0;
      if (failures >= MAX_FAILURES) {
        const headers = { "Retry-After": String(LOCK_DURATION / 1000) };
        return problem(429, "These credentials are locked for ten minutes.", headers);
      }
      refused.delete(pair);
      const isGrant = form.get("grant_type") === "client_credentials";
      if (!isGrant || !isKnown(id, secret)) {
        refused.set(pair, { until: now + LOCK_DURATION, failures: failures + 1 });
        return isGrant
          ? tokenError("invalid_client", "The credentials are invalid.")
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

/** Parses a submission. A `Left` states what was expected. */
function readSubmission(body: Uint8Array): E.Either<string, Received> {
  let parts = 0;
  for (const byte of body) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) parts++;
  if (parts > MAX_PARTS) return E.left(`Request: expected an image and its settings, got over ${MAX_PARTS} values`);
  let request: unknown;
  try {
    request = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return E.left("Request: expected JSON");
  }
  if (!isObject(request)) return E.left(`Request: expected an object, got ${preview(request)}`);
  const { image: base64, ...fields } = request;
  if (base64 === undefined) return E.right({ submission: { image: null, fields }, bytes: body.length });
  const binary = typeof base64 === "string" ? fromBase64(base64) : null;
  return typeof base64 !== "string" || binary === null || binary === ""
    ? E.left(`Request/image: expected an image in Base64, got ${preview(base64)}`)
    : E.right({
      submission: { image: toByteArray(binary), fields },
      bytes: body.length - base64.length + binary.length,
    });
}

/** Creates a handler that requires the query parameter `id`. */
function withTaskId(handle: (id: string) => Response): Handler {
  return ({ url }) => {
    const id = new URL(url).searchParams.get("id") ?? "";
    return id === "" ? problem(400, "Expected the id of a task: ?id=…") : handle(id);
  };
}

/** Deletes expired entries, and the oldest ones beyond `max`. The entries must be in the order in which they expire. */
function sweep<K>(entries: Map<K, { readonly until: number }>, max: number, now: number): void {
  for (const [key, { until }] of entries) {
    if (until > now && entries.size <= max) return;
    entries.delete(key);
  }
}
