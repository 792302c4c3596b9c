/** A service in the same process, for many tasks at once: each is unfinished for four polls, and Completed at the fifth. */
import * as E from "fp-ts/lib/Either.js";
import { decodeResponse, type Fetch, type Reply } from "../../src/core.ts";

export const POLLS = 5;

const MOST_TASKS = 100_000;

/** What a poller is to do with it: ask about a task, now and then after each `delay`, until it is finished. */
export interface World {
  /** Milliseconds. */
  readonly delay: number;
  /** One poll. */
  readonly poll: (id: string) => Promise<Reply>;
  /** The same as a service that answers requests; null where the poller alone is to be measured. */
  readonly fetch: Fetch | null;
  /** How many polls there were. */
  readonly polls: () => number;
}

/** Watches one task, and says when it is finished. */
export type Watch = (id: string, done: () => void) => void;

const ADDRESS = "https://api.aspose.cloud/v5.0/ocr/DetectRegions?id=";
const INIT = { headers: { "Accept": "application/json, text/plain", "Authorization": "Bearer token" } };

/** Without requests, answers and decoding: a poll is a promise of a status that is there already. */
export function plainWorld(delay: number): World {
  const { isLast, polls } = counter();
  const poll = (id: string): Promise<Reply> =>
    Promise.resolve(E.right(
      isLast(id) ? { _tag: "Completed", id, regions: [], notices: [] } : { _tag: "Processing", id },
    ));
  return { delay, poll, fetch: null, polls };
}

/** With all of it: a poll gets a Response, reads its text and decodes that. */
export function wholeWorld(delay: number): World {
  const { isLast, polls } = counter();
  const fetch = (url: string, _: RequestInit): Promise<Response> => {
    const id = url.slice(ADDRESS.length);
    const text = isLast(id)
      ? `{"id":"${id}","responseStatusCode":"Ok","taskStatus":"Completed","results":[{"type":"Other","data":"W1swLCA4LCA2OTcsIDQ0MV1d"}],"error":null}`
      : `{"id":"${id}","responseStatusCode":"NotReady","taskStatus":"Processing","results":null,"error":null}`;
    return Promise.resolve(new Response(text, { headers: { "Content-Type": "application/json" } }));
  };
  // What everybody writes.
  const poll = async (id: string): Promise<Reply> => {
    const response = await fetch(ADDRESS + id, INIT);
    return decodeResponse(JSON.parse(await response.text()), id);
  };
  return { delay, poll, fetch, polls };
}

/** Ids as the service gives them. */
export function makeIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `a371d027-4b0d-4d86-8825-${String(i).padStart(12, "0")}`);
}

/** Tells the last poll of a task from those before it, and holds no more than a byte a task. */
function counter(): { readonly isLast: (id: string) => boolean; readonly polls: () => number } {
  const polled = new Uint8Array(MOST_TASKS);
  return {
    isLast: (id) => ++polled[Number(id.slice(-12))] === POLLS,
    polls: () => polled.reduce((sum, polls) => sum + polls, 0),
  };
}
