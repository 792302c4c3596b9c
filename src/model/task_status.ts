/**
 * The status of a task, and the decoder of the service's responses.
 *
 * @module
 */
import type * as t from "io-ts";
import { string } from "./codec.ts";
import * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { preview } from "../internal/text.ts";
import type { Read } from "./codec.ts";
import { DETECTION, Detection } from "./detection.ts";
import { fromCodec, malformed, type RegionsError } from "./error.ts";
import {
  explainBody,
  explainMissing,
  inResults,
  isBody,
  messagesOf,
  ResponseBody,
  type Result,
  resultsOf,
} from "./response.ts";
import type { ResultKind } from "./task_kind.ts";
import { contextOf, createCodec, failures } from "./type.ts";

/**
 * The task is queued. Poll again in a couple of seconds.
 *
 * @category Statuses
 */
export interface Pending {
  /** Discriminates the union. */
  readonly _tag: "Pending";
  /** The task's id. */
  readonly id: string;
}

/**
 * The task is in progress. Poll again.
 *
 * @category Statuses
 */
export interface Processing {
  /** Discriminates the union. */
  readonly _tag: "Processing";
  /** The task's id. */
  readonly id: string;
}

/**
 * The task is finished: the fields that `Completed` has for every kind of task.
 *
 * @category Statuses
 */
export interface Finished {
  /** Discriminates the union. */
  readonly _tag: "Completed";
  /** The task's id. */
  readonly id: string;
  /** The service's messages and warnings about non-fatal problems. */
  readonly notices: readonly string[];
}

/**
 * The task is finished. Has the fields of the output: for a detection, the `regions`.
 *
 * @category Statuses
 */
export type Completed<A extends object = Detection> = Finished & A;

/**
 * The task failed.
 *
 * @category Statuses
 */
export interface TaskError {
  /** Discriminates the union. */
  readonly _tag: "Error";
  /** The task's id. */
  readonly id: string;
  /** The service's messages. */
  readonly messages: readonly string[];
}

/**
 * The service does not know the id. The result may have expired: results are kept for 24 hours after the submission.
 *
 * @category Statuses
 */
export interface NotExist {
  /** Discriminates the union. */
  readonly _tag: "NotExist";
  /** The requested id. */
  readonly id: string;
  /** The service's messages. */
  readonly messages: readonly string[];
}

/**
 * The status of a task. `_tag` is the service's own name of the status. `id` is empty only if the response contains no
 * id and none was passed to the decoder. Source: the service's page on fetching regions, "Task
 * statuses".
 *
 * @category Statuses
 */
export type TaskStatus<A extends object = Detection> = Pending | Processing | Completed<A> | TaskError | NotExist;

/**
 * The statuses that end a task.
 *
 * @category Statuses
 */
export type FinalStatus<A extends object = Detection> = Completed<A> | TaskError | NotExist;

/**
 * How long the service keeps a task, in milliseconds from its submission: 24 hours.
 *
 * @category Statuses
 */
export const RETENTION = 86_400_000;

/**
 * The codec of {@linkcode TaskStatus} for detections, which is a response of the service on the wire. Source: the schema
 * `OCRResponse` of the service's OpenAPI description.
 *
 * @example
 * ```ts
 * import { TaskStatus } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const status = TaskStatus.decode({ id: "1", responseStatusCode: "NotReady", taskStatus: "Pending" });
 * deepEqual(status, right({ _tag: "Pending", id: "1" }));
 * ```
 *
 * @category Statuses
 */
export const TaskStatus: t.Type<TaskStatus, unknown, unknown> = /* @__PURE__ */ statusCodec(Detection);

/**
 * Returns the codec of the statuses of a kind of task.
 *
 * @param output The codec of the kind's output.
 *
 * @example
 * ```ts
 * import { statusCodec, TextOutput } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const codec = statusCodec(TextOutput);
 * equal(codec.is({ _tag: "Completed", id: "1", text: "To Lucasta", notices: [] }), true);
 * ```
 *
 * @category Statuses
 */
export function statusCodec<A extends object>(
  output: t.Type<A, readonly Result[], readonly Result[]>,
): t.Type<TaskStatus<A>, unknown, unknown> {
  return createCodec<TaskStatus<A>, unknown, unknown>(
    "Response",
    (u): u is TaskStatus<A> => isTaskStatus(u) && (u._tag !== "Completed" || output.is(u)),
    (u, context) => {
      const status = readStatus(output, u, null);
      return E.isLeft(status) ? failures(status.left(context)) : status;
    },
    (status) => writeStatus(output, status),
  );
}

/**
 * Decodes a response of the service about a detection. Never throws.
 *
 * `Completed` without results is an empty page only if the service says so (`Ok`, `NoAnyResultData`). If the service
 * says that results are missing, or if the response does not match the service's API description, the error is
 * `Malformed`, with the path of each problem.
 *
 * @param body The parsed JSON of the body.
 * @param id The requested id. A response with another id is `Malformed`.
 *
 * @example
 * ```ts
 * import { decodeResponse } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const status = decodeResponse({
 *   id: "a371d027-4b0d-4d86-8825-c8d818dd4ed9",
 *   responseStatusCode: "Ok",
 *   taskStatus: "Completed",
 *   results: [{ type: "Other", data: "W1swLCA4LCA2OTcsIDQ0MV1d" }],
 *   error: null,
 * });
 * deepEqual(status, right({
 *   _tag: "Completed",
 *   id: "a371d027-4b0d-4d86-8825-c8d818dd4ed9",
 *   regions: [{ left: 0, top: 8, right: 697, bottom: 441 }],
 *   notices: [],
 * }));
 * ```
 *
 * @category Statuses
 */
export function decodeResponse(body: unknown, id?: string): E.Either<RegionsError, TaskStatus> {
  return decodeTask(DETECTION, body, id);
}

/**
 * Decodes a response of the service about a task of any kind, like {@linkcode decodeResponse}. Never throws.
 *
 * @param body The parsed JSON of the body.
 * @param id The requested id. A response with another id is `Malformed`.
 * @param count The number of results that the task must have, or null if any number may be valid.
 *
 * @example
 * ```ts
 * import { decodeTask, RECOGNIZE_IMAGE } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const results = [{ type: "Text", data: btoa("To Lucasta") }];
 * const body = { id: "1", responseStatusCode: "Ok", taskStatus: "Completed", results };
 * const status = decodeTask(RECOGNIZE_IMAGE, body);
 * deepEqual(status, right({ _tag: "Completed", id: "1", text: "To Lucasta", notices: [] }));
 * ```
 *
 * @category Statuses
 */
export function decodeTask<A extends object>(
  kind: ResultKind<A>,
  body: unknown,
  id?: string,
  count: number | null = null,
): E.Either<RegionsError, TaskStatus<A>> {
  try {
    const status = readStatus(kind.output, body, count);
    return E.isLeft(status) ? E.left(fromCodec(status.left(contextOf(ResponseBody)))) : checkId(status, id);
  } catch {
    // Parsed JSON never throws, but a proxy or a getter may.
    return E.left(malformed(["Response: expected JSON, got a value that cannot be read"]));
  }
}

/**
 * The handlers of {@linkcode match}, one for each status.
 *
 * @category Statuses
 */
export interface StatusHandlers<B, A extends object = Detection> {
  /** Handles `Pending`. */
  readonly Pending: (status: Pending) => B;
  /** Handles `Processing`. */
  readonly Processing: (status: Processing) => B;
  /** Handles `Completed`. */
  readonly Completed: (status: Completed<A>) => B;
  /** Handles `Error`. */
  readonly Error: (status: TaskError) => B;
  /** Handles `NotExist`. */
  readonly NotExist: (status: NotExist) => B;
}

/**
 * Returns a function that calls the handler for a status. A missing handler is a compile-time error.
 *
 * @example
 * ```ts
 * import { match } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const progress = match({
 *   Pending: () => "queued",
 *   Processing: () => "working",
 *   Completed: ({ regions }) => `${regions.length} regions`,
 *   Error: ({ messages }) => messages.join(" "),
 *   NotExist: ({ id }) => `no task ${id}`,
 * });
 * equal(progress({ _tag: "Completed", id: "1", regions: [], notices: [] }), "0 regions");
 * ```
 *
 * @category Statuses
 */
export function match<B, A extends object = Detection>(
  handlers: StatusHandlers<B, A>,
): (status: TaskStatus<A>) => B {
  return (status) => {
    switch (status._tag) {
      case "Pending":
        return handlers.Pending(status);
      case "Processing":
        return handlers.Processing(status);
      case "Completed":
        return handlers.Completed(status);
      case "Error":
        return handlers.Error(status);
      case "NotExist":
        return handlers.NotExist(status);
    }
  };
}

/**
 * Whether a status is final: `Completed`, `Error` or `NotExist`.
 *
 * @example
 * ```ts
 * import { isFinal } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(isFinal({ _tag: "Processing", id: "1" }), false);
 * ```
 *
 * @category Statuses
 */
export function isFinal<A extends object>(status: TaskStatus<A>): status is FinalStatus<A> {
  return status._tag === "Completed" || status._tag === "Error" || status._tag === "NotExist";
}

/** Checks the id of a status that was read, which is returned as it is if the id is right. */
function checkId<A extends object>(
  read: E.Right<TaskStatus<A>>,
  id: string | undefined,
): E.Either<RegionsError, TaskStatus<A>> {
  const status = read.right;
  if (id === undefined || status.id === id) return read;
  if (status.id === "") return E.right({ ...status, id });
  // GUIDs are case-insensitive.
  return status.id.toLowerCase() === id.toLowerCase()
    ? read
    : E.left(malformed([`Response/id: expected the requested id ${preview(id)}, got ${preview(status.id)}`]));
}

/** The path of a valid output is not needed. That of an invalid one is completed afterwards. */
const NOWHERE: t.Context = [];

function readStatus<A extends object>(
  decoder: t.Decoder<readonly Result[], A>,
  u: unknown,
  count: number | null,
): Read<TaskStatus<A>> {
  if (!isBody(u)) return E.left(explainBody(u));
  const id = u.id ?? "";
  switch (u.taskStatus) {
    case "Pending":
    case "Processing":
      return E.right({ _tag: u.taskStatus, id });
    case "Error":
    case "NotExist":
      return E.right({ _tag: u.taskStatus, id, messages: messagesOf(u) });
    case "Completed": {
      const missing = explainMissing(u, count);
      if (missing !== null) return E.left(missing);
      const results = resultsOf(u);
      const output = decoder.validate(results, NOWHERE);
      if (E.isRight(output)) return E.right({ _tag: "Completed", id, ...output.right, notices: messagesOf(u) });
      return E.left((context) => {
        const place = inResults(context, results);
        return output.left.map((error) => ({ ...error, context: [...place, ...error.context] }));
      });
    }
  }
}

/** Whether a value is a status, regardless of the output of `Completed`. */
export function isTaskStatus(u: unknown): u is TaskStatus<object> {
  if (!isObject(u) || typeof u.id !== "string") return false;
  switch (u._tag) {
    case "Pending":
    case "Processing":
      return true;
    case "Error":
    case "NotExist":
      return isTexts(u.messages);
    default:
      return u._tag === "Completed" && isTexts(u.notices);
  }
}

/** Whether a value is a list of texts. */
export function isTexts(u: unknown): u is readonly string[] {
  return Array.isArray(u) && u.every(string.is);
}

function writeStatus<A extends object>(
  output: t.Encoder<A, readonly Result[]>,
  status: TaskStatus<A>,
): ResponseBody {
  return match<ResponseBody, A>({
    Pending: ({ id, _tag }) => ({ id, responseStatusCode: "NotReady", taskStatus: _tag, results: null, error: null }),
    Processing: ({ id, _tag }) => ({
      id,
      responseStatusCode: "NotReady",
      taskStatus: _tag,
      results: null,
      error: null,
    }),
    Completed: (status) => {
      const { id, _tag, notices } = status;
      const results = output.encode(status);
      return {
        id,
        responseStatusCode: results.length === 0 ? "NoAnyResultData" : "Ok",
        taskStatus: _tag,
        results,
        error: notices.length === 0 ? null : { messages: null, warnings: notices },
      };
    },
    Error: ({ id, _tag, messages }) => ({
      id,
      responseStatusCode: "Error",
      taskStatus: _tag,
      results: null,
      error: { messages, warnings: null },
    }),
    NotExist: ({ id, _tag, messages }) => ({
      id,
      responseStatusCode: "TaskNotFound",
      taskStatus: _tag,
      results: null,
      error: messages.length === 0 ? null : { messages, warnings: null },
    }),
  })(status);
}
