/**
 * A simulation of a browser's HTTP cache, which can return stale responses to polls.
 *
 * @module
 */
import type { Fetch } from "./fault_server.ts";

/** Returns a stored response while it is fresh, unless the request has `cache: "no-store"`. */
export function withHttpCache(fetch: Fetch): Fetch {
  const stored = new Map<string, Response>();
  return async (url, init) => {
    if (init.method !== "GET" || init.cache === "no-store") return await fetch(url, init);
    const response = stored.get(url) ?? await fetch(url, init);
    if (/max-age=[1-9]/.test(response.headers.get("Cache-Control") ?? "")) stored.set(url, response.clone());
    return response;
  };
}
