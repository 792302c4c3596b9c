/**
 * The meaning of responses other than 2xx: whether the service itself rejected the request, and why.
 *
 * @module
 */
import { isObject, parseJson } from "../internal/json.ts";
import { cut } from "../internal/text.ts";
import { type Call, type Http, http, isTransientStatus, type RegionsError, unconfirmed } from "./error.ts";

/** The maximum number of characters that an error quotes from an unexpected text. */
const MAX_DETAIL = 300;

/** A response with any status. */
export interface Received {
  /** The HTTP status. */
  readonly status: number;
  /** The delay in `Retry-After`, in milliseconds, or null. Always null for 2xx. */
  readonly retryAfter: number | null;
  /** The body, possibly truncated. */
  readonly text: string;
}

/** Returns the error for a response other than 2xx. */
export function httpError(call: Call, { status, retryAfter, text }: Received): Http {
  return http(call, status, retryAfter, readProblem(text));
}

/**
 * Whether a response other than 2xx is evidence that the service itself rejected the request: it has `Retry-After`, or
 * it is a problem (RFC 7807) with the same status. Otherwise, it may come from a proxy that had already forwarded the
 * request.
 */
export function isServiceRefusal({ status, retryAfter, text }: Received): boolean {
  if (retryAfter !== null) return true;
  const problem = parseJson(text);
  return isObject(problem) && problem.status === status;
}

/**
 * Whether the token endpoint itself rejected the credentials. A firewall's page or a proxy's problem is not evidence
 * for that. Source: RFC 6749, section 5.2.
 */
export function isTokenRefusal({ status, text }: Received): boolean {
  if (status < 400 || status > 499 || isTransientStatus(status)) return false;
  const body = parseJson(text);
  return isObject(body) && typeof body.error === "string";
}

/** Returns the title and detail of an RFC 7807 problem, an error of RFC 6749, or the beginning of any other text. */
export function readProblem(text: string): string {
  const problem = parseJson(text);
  const details = isObject(problem) ? [problem.title, problem.detail, problem.error, problem.error_description] : [];
  const parts = details.filter((part) => typeof part === "string" && part !== "");
  return cut((parts.length === 0 ? text : parts.join(": ")).replace(/\s+/g, " ").trim(), MAX_DETAIL);
}

/** The statuses that mean "not now". A proxy may also send them for a request that it has already forwarded. */
const BUSY: readonly number[] = [408, 425, 429, 503];

/** Converts a failure to `Unconfirmed` unless the image was certainly not accepted. */
export function asUnconfirmed(error: RegionsError, isRefusal: boolean): RegionsError {
  return wasNotAccepted(error, isRefusal) ? error : unconfirmed(error);
}

function wasNotAccepted(error: RegionsError, isRefusal: boolean): boolean {
  switch (error._tag) {
    case "Network":
      return error.neverSent;
    case "Http":
      return BUSY.includes(error.status) ? isRefusal : error.status < 500;
    case "PermissionDenied":
    case "Unauthorized":
    case "Unreadable":
      return true;
    case "Timeout":
    case "Malformed":
    case "TooLarge":
    case "Unconfirmed":
    case "GaveUp":
      return false;
  }
}
