/**
 * The service's response about a task, as sent on the wire.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { isObject } from "../internal/json.ts";
import { type Explain, fields, list, MAX_ERRORS, mismatch, nullable, oneOf, type Read } from "./codec.ts";

/** The status of a task, in the service's spelling. */
export type StatusName = "Pending" | "Processing" | "Completed" | "Error" | "NotExist";

/** One of the results of a task. */
export interface Result {
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

const Result: t.Type<Result, unknown, unknown> = fields<Result>(
  { type: nullable(t.string), data: nullable(t.string) },
  "Result",
);
const Results = list(Result, "Results");
const Messages = nullable(list(t.string, "Messages"));
const Problem = nullable(
  fields<NonNullable<ResponseBody["error"]>>({ messages: Messages, warnings: Messages }, "Error"),
);

/** The codec of {@linkcode ResponseBody}. */
export const ResponseBody: t.Type<ResponseBody, unknown, unknown> = fields<ResponseBody>({
  id: nullable(t.string),
  // Its value matters only if the task is Completed.
  responseStatusCode: t.string,
  taskStatus: oneOf<StatusName>(["Pending", "Processing", "Completed", "Error", "NotExist"]),
  results: nullable(Results),
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

/**
 * Reads the results of a completed task as one list, in order. Results without data are skipped. If there are none, the
 * page is empty only if the service says so. Otherwise, results are missing, which must not look like an empty page.
 *
 * @param readData Reads the data of one result.
 */
export function readResults<A>(
  { responseStatusCode: code, results }: ResponseBody,
  readData: (data: string) => Read<readonly A[]>,
): Read<readonly A[]> {
  if (code !== "Ok" && code !== "NoAnyResultData") return E.left(explainLost(code));
  const all = results ?? [];
  // There is usually a single result. The rest of this function would take as long as parsing a small response.
  if (all.length === 1) return readResult(all, 0, readData);
  const values: (readonly A[])[] = [];
  const refusals: Explain[] = [];
  for (let i = 0; i < all.length && refusals.length < MAX_ERRORS; i++) {
    const value = readResult(all, i, readData);
    if (E.isLeft(value)) refusals.push(value.left);
    else values.push(value.right);
  }
  return refusals.length === 0
    ? E.right(values.flat())
    : E.left((context) => refusals.flatMap((explain) => [...explain(context)]));
}

function readResult<A>(
  results: readonly Result[],
  index: number,
  readData: (data: string) => Read<readonly A[]>,
): Read<readonly A[]> {
  const { data } = results[index];
  if (data === null || data === undefined) return E.right([]);
  const value = readData(data);
  return E.isLeft(value) ? E.left(explainResult(value.left, results, index)) : value;
}

function explainLost(code: string): Explain {
  const message = "expected Ok or NoAnyResultData, since missing results must not look like an empty page";
  return (context) => mismatch(code, t.appendContext(context, "responseStatusCode", t.string, code), message);
}

/** Explains a result with invalid data. */
function explainResult(explainData: Explain, results: readonly Result[], index: number): Explain {
  const result = results[index];
  return (context) => {
    const inResults = t.appendContext(context, "results", Results, results);
    const inResult = t.appendContext(inResults, String(index), Result, result);
    return explainData(t.appendContext(inResult, "data", t.string, result.data));
  };
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
