/**
 * A browser's HTTP cache, as far as it can mislead a poll.
 *
 * @module
 */
import type { Fetch } from "./fault_server.ts";

/** Answers from a stored response that is still fresh, unless the request says `cache: "no-store"`. */
export function withHttpCache(fetch: Fetch): Fetch {
  const stored = new Map<string, Response>();
  return async (url, init) => {
    if (init.method !== "GET" || init.cache === "no-store") return await fetch(url, init);
    const response = stored.get(url) ?? await fetch(url, init);
    if (/max-age=[1-9]/.test(response.headers.get("Cache-Control") ?? "")) stored.set(url, response.clone());
    return response;
  };
}
