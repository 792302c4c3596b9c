/**
 * What an answer other than 2xx means: whether the service itself refused the request, and why.
 *
 * @module
 */
import { isObject, parseJson } from "../internal/json.ts";
import { cut } from "../internal/text.ts";
import { type Call, type Http, http } from "../model/error.ts";
import type { Answer } from "./transport.ts";

/** The number of characters that an error quotes of an unexpected text. */
const MAX_DETAIL = 300;

/** The error of an answer other than 2xx. */
export function refused(call: Call, { status, retryAfter, text }: Answer): Http {
  return http(call, status, retryAfter, readProblem(text));
}

/**
 * Whether an answer other than 2xx comes from the service, and not from a proxy that failed to pass the request on, or
 * that failed only while it waited for the answer: it asks to wait, or it is a problem (RFC 7807) with its own status.
 */
export function isServiceRefusal({ status, retryAfter, text }: Answer): boolean {
  if (retryAfter !== null) return true;
  const problem = parseJson(text);
  return isObject(problem) && problem.status === status;
}

/**
 * Whether the token endpoint itself refused the credentials. A page of a firewall, or a problem of a proxy, says nothing
 * about them. Source: RFC 6749, section 5.2.
 */
export function isTokenRefusal({ status, text }: Answer): boolean {
  if (status < 400 || status > 499 || status === 408 || status === 425 || status === 429) return false;
  const body = parseJson(text);
  return isObject(body) && typeof body.error === "string";
}

/** Title and detail of an RFC 7807 problem, the error of RFC 6749, or the start of another text: not every gateway sends JSON. */
export function readProblem(text: string): string {
  const problem = parseJson(text);
  const said = isObject(problem) ? [problem.title, problem.detail, problem.error, problem.error_description] : [];
  const parts = said.filter((part) => typeof part === "string" && part !== "");
  return cut((parts.length === 0 ? text : parts.join(": ")).replace(/\s+/g, " ").trim(), MAX_DETAIL);
}
