/**
 * Ways of sending requests that the library must avoid, to show that the tests detect them.
 *
 * @module
 */
import { versions } from "node:process";
import type { Fetch } from "./fault_server.ts";

/** Whether this is Deno, and not another runtime that has Deno's test function. */
export const IS_DENO = "deno" in versions;

/** Sends bodies as strings, which Deno itself repeats if a reused connection closes. */
export function asText(fetch: Fetch): Fetch {
  return async (url, init) => {
    const body = init.body instanceof Blob ? await init.body.text() : init.body;
    return await fetch(url, { ...init, body });
  };
}

/**
 * Sends requests with the signal of a `Request` that is not referenced. Node.js links this signal to the original one
 * only weakly, so that a garbage collection disconnects them.
 */
export function weaklyLinked(fetch: Fetch): Fetch {
  return async (url, init) => await fetch(url, { ...init, signal: new Request(url, { signal: init.signal }).signal });
}
