/**
 * Sends the doctor's calls, and keeps them without secrets: for the questions, and for a recording.
 *
 * @module
 */
import * as E from "../../internal/either.ts";
import { within } from "../../internal/abort.ts";
import { causeOf, readText } from "../../internal/http.ts";
import { isObject, parseJson } from "../../internal/json.ts";
import { readTaskId } from "../../client/operations.ts";
import { redactor } from "../../client/redact.ts";
import type { Fetch, FetchInit, FetchResponse } from "../../client/transport.ts";
import {
  type RecordedExchange,
  type RecordedRequest,
  toRecordedHeader,
  toRecordedRequest,
} from "../../emulator/recording.ts";
import { isGuid } from "../../model/task_kind.ts";
import type { Entry, StepName } from "./log.ts";

/** Measures the time in milliseconds, and waits. */
export interface Clock {
  readonly now: () => number;
  /** Resolves to false as soon as the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<boolean>;
}

/** What a recorder must know. */
export interface RecorderOptions {
  readonly fetch: Fetch;
  readonly baseUrl: string;
  readonly clock: Clock;
  /** What must not be kept. Tokens are added as they are seen. */
  readonly secrets: readonly string[];
  /** The most calls that may be sent. */
  readonly maxCalls: number;
  /** Whether calls are sent without a token. */
  readonly anonymous: boolean;
}

/** A `fetch` that keeps what it sent and received. */
export interface Recorder {
  readonly fetch: Fetch;
  /** Names the step that the next calls belong to. */
  readonly begin: (step: StepName) => void;
  /** What was kept, in the order of the calls. */
  readonly log: () => readonly Entry[];
}

/** The most bytes that are read of a response. */
export const MAX_RESPONSE_BYTES = 262_144;

/** The time limit for a complete response, in milliseconds. */
export const TIME_LIMIT = 60_000;

/** Stands for every token. */
const TOKEN = "####";

/** Shorter ids are kept as they are: they are in many other texts, and nothing can be done with them. */
const ID = /^[\da-z-]{8,100}$/i;

const TOKEN_PATH = "/connect/token";

type Outcome = RecordedExchange["outcome"];

/**
 * Creates a recorder. The library and the questions get a response as it is kept, with stand-ins for the ids of tasks,
 * which are replaced by the ids themselves when they are sent. So a replay cannot differ from what it was recorded from.
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const { baseUrl, clock, maxCalls, anonymous } = options;
  const log: Entry[] = [];
  const secrets = new Set(options.secrets);
  /** The stand-ins for ids, by the id in lower case. */
  const standIns = new Map<string, string>();
  let step: StepName = "token";
  let calls = 0;

  const keep = (request: RecordedRequest, outcome: Outcome, time: number): void => {
    log.push({ step, exchange: { request, outcome, time } });
  };
  const timeSince = (start: number): number => Math.max(0, Math.round(clock.now() - start));
  const clean = (text: string): string => {
    const cleaned = redactor([...secrets])(text.replace(/^\uFEFF+/, ""));
    // Ids consist of letters, digits and hyphens, so they need no escaping.
    const ids = [...standIns.keys()].join("|");
    return ids === "" ? cleaned : cleaned.replace(new RegExp(ids, "gi"), (id) => standIns.get(id.toLowerCase()) ?? id);
  };
  const cleanHeader = (header: string | null): string | null => header === null ? null : clean(header);
  const learnId = (text: string): void => {
    const id = readTaskId(text);
    if (!ID.test(id) || standIns.has(id.toLowerCase())) return;
    const number = String(standIns.size + 1);
    standIns.set(
      id.toLowerCase(),
      isGuid(id) ? `00000000-0000-4000-8000-${number.padStart(12, "0")}` : `task-${number.padStart(4, "0")}`,
    );
  };
  const send = async (path: string, init: FetchInit, signal: AbortSignal): Promise<Read> => {
    const { Authorization: authorization, ...others } = init.headers;
    const token = authorization?.replace(/^Bearer /, "");
    if (token !== undefined && token !== TOKEN && !anonymous) secrets.add(token);
    const headers = anonymous ? others : init.headers;
    const response = await options.fetch(baseUrl + withIds(path, standIns), { ...init, headers, signal });
    return await read(response, signal);
  };

  const fetch: Fetch = async (url, init) => {
    const path = url.slice(baseUrl.length);
    const isToken = path === TOKEN_PATH;
    if (++calls > maxCalls) throw new Error(`the limit of ${maxCalls} calls is reached`);
    const request = await toRecordedRequest(init.method, path, isToken ? "" : await textOf(init));
    const start = clock.now();
    const fail = (cause: string): never => {
      const time = timeSince(start), cleaned = clean(cause);
      keep(request, { _tag: "Failure", cause: cleaned }, time);
      throw new TypeError(cleaned);
    };
    let end;
    try {
      end = await within(TIME_LIMIT, init.signal, (signal) => send(path, init, signal));
    } catch (error) {
      return fail(causeOf(error));
    }
    // The user stopped the command.
    if (E.isLeft(end) && end.left === "aborted") throw new TypeError("The call was aborted.");
    if (E.isLeft(end)) return fail(`no complete response within ${TIME_LIMIT / 1000} seconds`);
    if (end.right.text === null) return fail(end.right.cause);
    const time = timeSince(start);
    const { status, text } = end.right;
    const contentType = cleanHeader(end.right.contentType), retryAfter = cleanHeader(end.right.retryAfter);
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess && init.method === "POST" && !isToken) learnId(text);
    const body = isToken && isSuccess ? withoutToken(text) : clean(text);
    keep(request, { _tag: "Response", status, contentType, retryAfter, body }, time);
    return toResponse(status, retryAfter, isToken && isSuccess ? text : body);
  };
  return { fetch, begin: (name) => step = name, log: () => log };
}

/** A response that was read, or why it could not be. */
type Read = {
  readonly status: number;
  readonly contentType: string | null;
  readonly retryAfter: string | null;
  readonly text: string;
} | { readonly text: null; readonly cause: string };

async function read(response: FetchResponse, signal: AbortSignal): Promise<Read> {
  const { status, headers } = response;
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    return { text: null, cause: `the response has the status ${status}` };
  }
  const { text, whole } = await readText(response, MAX_RESPONSE_BYTES, signal);
  // What is not UTF-8 takes more bytes after it was decoded.
  return !whole || new TextEncoder().encode(text).length > MAX_RESPONSE_BYTES
    ? { text: null, cause: `the response exceeds ${MAX_RESPONSE_BYTES} bytes` }
    : {
      status,
      contentType: toRecordedHeader(headers.get("Content-Type")),
      retryAfter: toRecordedHeader(headers.get("Retry-After")),
      text,
    };
}

/** A response with the headers that the library reads. */
function toResponse(status: number, retryAfter: string | null, body: string): FetchResponse {
  return {
    status,
    headers: { get: (name) => name === "Retry-After" ? retryAfter : null },
    body: new Response(body).body,
  };
}

/** The token endpoint's response with a stand-in for the token. What cannot be understood may be a token. */
function withoutToken(text: string): string {
  const body = parseJson(text);
  if (!isObject(body) || typeof body.access_token !== "string") return "";
  const isUsable = /^[\x21-\x7e]+$/.test(body.access_token.trim());
  const lifetime = typeof body.expires_in === "number" ? { expires_in: body.expires_in } : {};
  return JSON.stringify({ access_token: isUsable ? TOKEN : "", ...lifetime, token_type: "Bearer" });
}

/** Replaces the stand-in for a task in a path by the id of the task. */
function withIds(path: string, standIns: ReadonlyMap<string, string>): string {
  for (const [id, standIn] of standIns) if (path.endsWith(`=${standIn}`)) return path.replace(standIn, id);
  return path;
}

/** The body of a request, which the library passes as a `Blob`. */
async function textOf({ body }: FetchInit): Promise<string> {
  return await new Response(body).text();
}
