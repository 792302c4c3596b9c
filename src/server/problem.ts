/**
 * Problem responses (RFC 9457).
 *
 * @module
 */
import { describe } from "../model/describe.ts";
import type { RegionsError } from "../model/error.ts";
import * as E from "../internal/either.ts";

/** The HTTP statuses of problems, and their titles (RFC 9110, section 15). */
const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** A response that explains a failure. */
export function problem(
  status: keyof typeof TITLES,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  extension: Readonly<Record<string, unknown>> = {},
): Response {
  const body = JSON.stringify({ title: TITLES[status], status, detail, ...extension });
  return new Response(body, { status, headers: { ...headers, "Content-Type": "application/problem+json" } });
}

/**
 * A response to a request that failed because of the service. Its member `error` is the error itself.
 *
 * @param headers Headers. A `Retry-After` of the service takes precedence.
 */
export function serviceProblem(error: RegionsError, headers: Readonly<Record<string, string>> = {}): Response {
  const retryAfter = error._tag === "Http" ? error.retryAfter : null;
  const wait = retryAfter === null ? headers : { ...headers, "Retry-After": toSeconds(retryAfter) };
  return problem(statusOf(error), describe(E.left(error)), wait, { error });
}

/** Milliseconds as the value of `Retry-After`: whole seconds, at least one. */
export function toSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

function statusOf(error: RegionsError): keyof typeof TITLES {
  switch (error._tag) {
    case "Http":
      return error.status === 429 || error.status === 503 ? 503 : 502;
    case "Timeout":
      return 504;
    case "GaveUp":
      return 503;
    case "TooLarge":
      return error.what === "image" ? 413 : 502;
    case "Unreadable":
      return 400;
    case "Network":
    case "PermissionDenied":
    case "Unauthorized":
    case "Malformed":
    case "Unconfirmed":
      return 502;
  }
}
