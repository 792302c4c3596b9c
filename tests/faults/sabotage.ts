/**
 * Ways of sending a request that the library must avoid, to show that the tests notice them.
 *
 * @module
 */
import { versions } from "node:process";
import type { Fetch } from "./fault_server.ts";

/** Whether this is Deno, and not another runtime that has Deno's test function. */
export const IS_DENO = "deno" in versions;

/** Sends bodies as text, which Deno repeats by itself if a connection that was used before closes. */
export function asText(fetch: Fetch): Fetch {
  return async (url, init) => {
    const body = init.body instanceof Blob ? await init.body.text() : init.body;
    return await fetch(url, { ...init, body });
  };
}

/**
 * Sends requests whose signal is that of a `Request` which nobody holds. Node.js links it only weakly to the signal that it
 * was made with, so that a collection cuts the two apart.
 */
export function weaklyLinked(fetch: Fetch): Fetch {
  return async (url, init) => await fetch(url, { ...init, signal: new Request(url, { signal: init.signal }).signal });
}
