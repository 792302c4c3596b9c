/** The service, for many tasks at once: each is unfinished for four polls, and Completed at the fifth. */
import * as E from "fp-ts/lib/Either.js";
import { decodeResponse, type Reply } from "../../src/core.ts";

export const POLLS = 5;

const MOST_TASKS = 100_000;

/** How a service is reached. */
export interface Connection {
  readonly baseUrl: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** What a poller is to do with it: ask about a task, now and then after each `delay`, until it is finished. */
export interface World {
  /** Milliseconds. */
  readonly delay: number;
  /** One poll, as everybody writes it, without limits. */
  readonly poll: (id: string) => Promise<Reply>;
  /** For pollers that send their own requests; null where the poller alone is to be measured. */
  readonly connection: Connection | null;
  /** How many polls were begun. */
  readonly polls: () => number;
}

/** Watches one task, and says when it is finished. */
export type Watch = (id: string, done: () => void) => void;

/** Below the base URL, up to the id. */
export const PATH = "/v5.0/ocr/DetectRegions?id=";

export const HEADERS = { "Accept": "application/json, text/plain", "Authorization": "Bearer token" };

/** The service's answer about a task. */
export function answerTo(id: string, isLast: boolean): string {
  return isLast
    ? `{"id":"${id}","responseStatusCode":"Ok","taskStatus":"Completed","results":[{"type":"Other","data":"W1swLCA4LCA2OTcsIDQ0MV1d"}],"error":null}`
    : `{"id":"${id}","responseStatusCode":"NotReady","taskStatus":"Processing","results":null,"error":null}`;
}

/** Without requests, answers and decoding: a poll is a promise of a status that is there already. */
export function plainWorld(delay: number): World {
  const { isLast, polls } = counter();
  const poll = (id: string): Promise<Reply> =>
    Promise.resolve(E.right(
      isLast(id) ? { _tag: "Completed", id, regions: [], notices: [] } : { _tag: "Processing", id },
    ));
  return { delay, poll, connection: null, polls };
}

/** With requests and answers, but without a socket: the service is a function in the same process. */
export function emulatedWorld(delay: number): World {
  const { isLast, polls } = counter();
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    // As every `fetch` does with its arguments.
    const id = new Request(url, init).url.slice(-ID_LENGTH);
    const headers = { "Content-Type": "application/json" };
    return Promise.resolve(new Response(answerTo(id, isLast(id)), { headers }));
  };
  const connection = { baseUrl: "https://api.aspose.cloud", fetch };
  return { delay, poll: usualPoll(connection), connection, polls };
}

/** A service behind a socket, by the runtime's own `fetch`. */
export function socketWorld(delay: number, baseUrl: string): World {
  let begun = 0;
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    begun++;
    return globalThis.fetch(url, init);
  };
  const connection = { baseUrl, fetch };
  return { delay, poll: usualPoll(connection), connection, polls: () => begun };
}

/** Ids as the service gives them. */
export function makeIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `a371d027-4b0d-4d86-8825-${String(i).padStart(12, "0")}`);
}

const ID_LENGTH = 36;

/** What everybody writes. */
function usualPoll({ baseUrl, fetch }: Connection): World["poll"] {
  return async (id) => {
    const response = await fetch(baseUrl + PATH + id, { headers: HEADERS });
    return decodeResponse(JSON.parse(await response.text()), id);
  };
}

/** Tells the last poll of a task from those before it, and holds no more than a byte a task. */
function counter(): { readonly isLast: (id: string) => boolean; readonly polls: () => number } {
  const polled = new Uint8Array(MOST_TASKS);
  return {
    isLast: (id) => ++polled[Number(id.slice(-12))] === POLLS,
    polls: () => polled.reduce((sum, polls) => sum + polls, 0),
  };
}
