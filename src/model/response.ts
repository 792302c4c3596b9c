/**
 * The service's response about a task, as sent on the wire.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { type Explain, fields, list, mismatch, nullable, oneOf, string } from "./codec.ts";
import { appendContext } from "./type.ts";

/** The status of a task, in the service's spelling. */
export type StatusName = "Pending" | "Processing" | "Completed" | "Error" | "NotExist";

/**
 * One of the results of a task. Source: the schema `OCRResult` of the service's OpenAPI description.
 *
 * @category Tasks
 */
export interface Result {
  /** The service's name of the format, such as `Text`. */
  readonly type?: string | null;
  /** The payload, as Base64. */
  readonly data?: string | null;
}

/** The body of the response. Source: the schema `OCRResponse` of the service's OpenAPI description. */
export interface ResponseBody {
  readonly id?: string | null;
  readonly responseStatusCode: string;
  readonly taskStatus: StatusName;
  readonly results?: readonly Result[] | null;
  readonly error?: {
    readonly messages?: readonly string[] | null;
    readonly warnings?: readonly string[] | null;
  } | null;
}

const resultCodec: t.Type<Result, unknown, unknown> = /* @__PURE__ */ fields<Result>(
  { type: /* @__PURE__ */ nullable(string), data: /* @__PURE__ */ nullable(string) },
  "Result",
);
const Results = /* @__PURE__ */ list(resultCodec, "Results");
const Messages = /* @__PURE__ */ nullable(/* @__PURE__ */ list(string, "Messages"));
const Problem = /* @__PURE__ */ nullable(
  /* @__PURE__ */ fields<NonNullable<ResponseBody["error"]>>({ messages: Messages, warnings: Messages }, "Error"),
);

/** The codec of {@linkcode ResponseBody}. */
export const ResponseBody: t.Type<ResponseBody, unknown, unknown> = /* @__PURE__ */ fields<ResponseBody>({
  id: /* @__PURE__ */ nullable(string),
  // Its value matters only if the task is Completed.
  responseStatusCode: string,
  taskStatus: /* @__PURE__ */ oneOf<StatusName>(["Pending", "Processing", "Completed", "Error", "NotExist"]),
  results: /* @__PURE__ */ nullable(Results),
  error: Problem,
}, "Response");

/** Explains a value that is not a {@linkcode ResponseBody}. */
export function explainBody(u: unknown): Explain {
  return (context) => {
    const body = ResponseBody.validate(u, context);
    return E.isLeft(body) ? body.left : mismatch(u, context);
  };
}

/** Returns the messages and warnings of a response. */
export function messagesOf({ error }: ResponseBody): readonly string[] {
  return error === null || error === undefined ? [] : [...error.messages ?? [], ...error.warnings ?? []];
}

/** No results. */
const NONE: readonly Result[] = [];

/** Returns the results of a response. */
export function resultsOf({ results }: ResponseBody): readonly Result[] {
  return results ?? NONE;
}

/**
 * Explains missing results of a completed task; null if there are none missing. Without results, nothing was found, but
 * only if the service says so. Otherwise, results are missing, which must not look like an empty page.
 *
 * @param count The number of results that there must be, or null for any number.
 */
export function explainMissing(body: ResponseBody, count: number | null): Explain | null {
  const { responseStatusCode: code } = body;
  if (code !== "Ok" && code !== "NoAnyResultData") return explainLost(code);
  return count === null || resultsOf(body).length === count ? null : explainCount(resultsOf(body), count);
}

/** Explains the invalid data of a result. `context` is that of the list of results. */
export function explainResult(
  explainData: Explain,
  results: readonly Result[],
  index: number,
  context: t.Context,
): t.Errors {
  const result = results[index];
  const inResult = appendContext(context, String(index), resultCodec, result);
  return explainData(appendContext(inResult, "data", string, result.data));
}

/** Appends the field `results` to the path of a response. */
export function inResults(context: t.Context, results: readonly Result[]): t.Context {
  return appendContext(context, "results", Results, results);
}

function explainLost(code: string): Explain {
  const message = "expected Ok or NoAnyResultData, since missing results must not look like an empty page";
  return (context) => mismatch(code, appendContext(context, "responseStatusCode", string, code), message);
}

function explainCount(results: readonly Result[], count: number): Explain {
  return (context) => mismatch(results, inResults(context, results), `expected ${count} results`);
}

/** Same as `ResponseBody.is`, which iterates over codecs and takes as long as parsing a small response. */
export function isBody(u: unknown): u is ResponseBody {
  return isObject(u) && isTextOrNull(u.id) && typeof u.responseStatusCode === "string" && isStatusName(u.taskStatus) &&
    isResultsOrNull(u.results) && Problem.is(u.error);
}

function isStatusName(u: unknown): boolean {
  return u === "Completed" || u === "Processing" || u === "Pending" || u === "Error" || u === "NotExist";
}

function isResultsOrNull(u: unknown): boolean {
  if (u === null || u === undefined) return true;
  if (!Array.isArray(u)) return false;
  for (const result of u) {
    if (!(isObject(result) && isTextOrNull(result.type) && isTextOrNull(result.data))) return false;
  }
  return true;
}

function isTextOrNull(u: unknown): boolean {
  return typeof u === "string" || u === null || u === undefined;
}
