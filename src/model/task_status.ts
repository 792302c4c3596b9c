/**
 * What the service says of a task, and the reading of its answers.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import {
  fail,
  type Fault,
  fields,
  isObject,
  list,
  MAX_ERRORS,
  nullable,
  oneOf,
  preview,
  quote,
  quoteAll,
} from "./codec.ts";
import { describeError, duration, fromCodec, malformed, type RegionsError } from "./error.ts";
import { Payload, readPayload, type Region, Regions } from "./region.ts";

/**
 * The image is queued. Ask again in a couple of seconds.
 *
 * @category Statuses
 */
export interface Pending {
  /** Which case this is. */
  readonly _tag: "Pending";
  /** The task's id. */
  readonly id: string;
}

/**
 * The regions are being detected. Ask again.
 *
 * @category Statuses
 */
export interface Processing {
  /** Which case this is. */
  readonly _tag: "Processing";
  /** The task's id. */
  readonly id: string;
}

/**
 * Detection is finished.
 *
 * @category Statuses
 */
export interface Completed {
  /** Which case this is. */
  readonly _tag: "Completed";
  /** The task's id. */
  readonly id: string;
  /** The regions in the service's order; none if the page holds no text. */
  readonly regions: readonly Region[];
  /** Messages and warnings about what was not fatal. */
  readonly notices: readonly string[];
}

/**
 * Detection failed.
 *
 * @category Statuses
 */
export interface TaskError {
  /** Which case this is. */
  readonly _tag: "Error";
  /** The task's id. */
  readonly id: string;
  /** What the service says about it. */
  readonly messages: readonly string[];
}

/**
 * The service does not know the id, or no longer knows it: results are kept for 24 hours after the image was sent.
 *
 * @category Statuses
 */
export interface NotExist {
  /** Which case this is. */
  readonly _tag: "NotExist";
  /** The id that was asked for. */
  readonly id: string;
  /** What the service says about it. */
  readonly messages: readonly string[];
}

/**
 * What the service says of a task; `_tag` is its own word. `id` is empty only where an answer names none and none was
 * asked for. Source: the service's page on fetching regions, "Task statuses".
 *
 * @category Statuses
 */
export type TaskStatus = Pending | Processing | Completed | TaskError | NotExist;

/**
 * The statuses that end a task.
 *
 * @category Statuses
 */
export type FinalStatus = Completed | TaskError | NotExist;

/**
 * One element of a status stream: what the service said, or why that could not be found out.
 *
 * @category Statuses
 */
export type Reply = E.Either<RegionsError, TaskStatus>;

/**
 * How long the service keeps a task, in milliseconds from the sending of its image: 24 hours.
 *
 * @category Statuses
 */
export const RETENTION = 86_400_000;

interface Result {
  readonly type?: string | null;
  readonly data?: string | null;
}

interface Body {
  readonly id?: string | null;
  readonly responseStatusCode: string;
  readonly taskStatus: TaskStatus["_tag"];
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
const Problem = nullable(fields<NonNullable<Body["error"]>>({ messages: Messages, warnings: Messages }, "Error"));

const Body: t.Type<Body, unknown, unknown> = fields<Body>({
  id: nullable(t.string),
  // Which of the seven words it is matters only where the task is Completed.
  responseStatusCode: t.string,
  taskStatus: oneOf<TaskStatus["_tag"]>(["Pending", "Processing", "Completed", "Error", "NotExist"]),
  results: nullable(Results),
  error: Problem,
}, "Response");

/**
 * The codec of {@linkcode TaskStatus}: the service's answer on the wire. Source: the service's OpenAPI description of
 * `OCRResponse`.
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
export const TaskStatus: t.Type<TaskStatus, unknown, unknown> = /* @__PURE__ */ new t.Type<
  TaskStatus,
  unknown,
  unknown
>(
  "Response",
  isTaskStatus,
  (u, context) => {
    const status = readStatus(u);
    return typeof status === "function" ? status(context) : t.success(status);
  },
  writeStatus,
);

/**
 * Reads an answer of the service: the parsed JSON of its body. Total: whatever it is given, it never throws.
 *
 * `Completed` without results is an empty page only where the service says so (`Ok`, `NoAnyResultData`); results that
 * the service says it lost are `Malformed`, and so is everything that the service's description does not allow, with
 * the path to each fault.
 *
 * @param body What `JSON.parse` gave.
 * @param id The id asked for: the answer must not name another one.
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
  try {
    const status = readStatus(body);
    if (typeof status !== "function") return checkId(status, id);
    return E.mapLeft(fromCodec)(status(t.getDefaultContext(Body)));
  } catch {
    // No JSON does this; a proxy or a getter may.
    return E.left(malformed(["Response: expected JSON, got a value that cannot be read"]));
  }
}

/**
 * One handler a status; leaving one out is a type error.
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
export function match<A>(
  handlers: { readonly [Tag in TaskStatus["_tag"]]: (status: Extract<TaskStatus, { _tag: Tag }>) => A },
): (status: TaskStatus) => A {
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
 * Whether the status ends its task: `Completed`, `Error` and `NotExist` do.
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
export function isFinal(status: TaskStatus): status is FinalStatus {
  return status._tag === "Completed" || status._tag === "Error" || status._tag === "NotExist";
}

/**
 * Options for {@linkcode describe}.
 *
 * @category Statuses
 */
export interface DescribeOptions {
  /** When the image was sent, in milliseconds since 1970. `NotExist` then says whether the 24 hours are over. */
  readonly submittedAt?: number | undefined;
  /**
   * The present, in milliseconds since 1970.
   *
   * @default {Date.now()}
   */
  readonly now?: number | undefined;
}

/**
 * What a status or an error means and what to do about it, in one or two sentences for a person. They quote at most
 * three of the service's messages, 300 characters of each, without control characters; the value holds all of them.
 *
 * @example
 * ```ts
 * import { describe } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(
 *   describe({ _tag: "Pending", id: "1" }),
 *   "The image is queued: ask again in a couple of seconds, with the same id.",
 * );
 * ```
 *
 * @category Statuses
 */
export function describe(reply: Reply | TaskStatus | RegionsError, options: DescribeOptions = {}): string {
  switch (reply._tag) {
    case "Left":
      return describeError(reply.left);
    case "Right":
      return describeStatus(reply.right, options);
    case "Pending":
    case "Processing":
    case "Completed":
    case "Error":
    case "NotExist":
      return describeStatus(reply, options);
    default:
      return describeError(reply);
  }
}

function checkId(status: TaskStatus, id: string | undefined): E.Either<RegionsError, TaskStatus> {
  if (id === undefined) return E.right(status);
  if (status.id === "") return E.right({ ...status, id });
  // The service writes GUIDs in its own case.
  return status.id === id || status.id.toLowerCase() === id.toLowerCase()
    ? E.right(status)
    : E.left(malformed([`Response/id: expected ${preview(id)}, which was asked for, got ${preview(status.id)}`]));
}

function describeStatus(status: TaskStatus, { submittedAt, now = Date.now() }: DescribeOptions): string {
  return match({
    Pending: () => "The image is queued: ask again in a couple of seconds, with the same id.",
    Processing: () => "The regions are being detected: ask again with the same id.",
    Completed: ({ regions, notices }) => {
      const found = regions.length === 0
        ? "Detection is finished: no text was found on the image."
        : `Detection is finished: ${regions.length} region${regions.length === 1 ? "" : "s"} found.`;
      return notices.length === 0 ? found : `${found} The service notes: ${quoteAll(notices)}`;
    },
    Error: ({ messages }) => {
      const why = messages.length === 0 ? "the service gives no reason" : quoteAll(messages);
      return `Detection failed (${why}): check the image, then send it again.`;
    },
    NotExist: ({ id, messages }) => {
      const task = `task ${quote(id)}`;
      const said = messages.length === 0 ? "" : ` (${quoteAll(messages)})`;
      const age = submittedAt === undefined ? -1 : now - submittedAt;
      if (age >= RETENTION) return `The ${task} has expired after 24 hours${said}: send the image again.`;
      return age < 0
        ? `The service does not know the ${task}, which may have expired${said}: check the id, or send the image again.`
        : `The service does not know the ${task}, although its image was sent only ${
          duration(age)
        } ago${said}: check the id, or send the image again.`;
    },
  })(status);
}

/** Reads an answer: its status, or what explains the fault. */
function readStatus(u: unknown): TaskStatus | Fault {
  if (!isBody(u)) return notBody(u);
  const id = u.id ?? "";
  switch (u.taskStatus) {
    case "Pending":
    case "Processing":
      return { _tag: u.taskStatus, id };
    case "Error":
    case "NotExist":
      return { _tag: u.taskStatus, id, messages: readMessages(u) };
    case "Completed": {
      const regions = readRegions(u);
      return typeof regions === "function" ? regions : { _tag: "Completed", id, regions, notices: readMessages(u) };
    }
  }
}

function readMessages({ error }: Body): readonly string[] {
  return error === null || error === undefined ? [] : [...error.messages ?? [], ...error.warnings ?? []];
}

function readRegions({ responseStatusCode: code, results }: Body): readonly Region[] | Fault {
  if (code !== "Ok" && code !== "NoAnyResultData") return lostResults(code);
  if (results === null || results === undefined) return [];
  // As a rule there is one.
  if (results.length === 1) return readResult(results, 0);
  const lists: (readonly Region[])[] = [];
  const faults: Fault[] = [];
  for (let i = 0; i < results.length && faults.length < MAX_ERRORS; i++) {
    const regions = readResult(results, i);
    if (typeof regions === "function") faults.push(regions);
    else lists.push(regions);
  }
  return faults.length === 0 ? lists.flat() : allOf(faults);
}

function readResult(results: readonly Result[], index: number): readonly Region[] | Fault {
  const { data } = results[index];
  if (data === null || data === undefined) return [];
  const regions = readPayload(data);
  return typeof regions === "function" ? inResult(regions, results, index) : regions;
}

function notBody(u: unknown): Fault {
  return (context) => E.chain(() => fail<never>(u, context))(Body.validate(u, context));
}

function lostResults(code: string): Fault {
  const message = "expected Ok or NoAnyResultData, as nothing lost may look like nothing found";
  return (context) => fail(code, t.appendContext(context, "responseStatusCode", t.string, code), message);
}

function inResult(fault: Fault, results: readonly Result[], index: number): Fault {
  const result = results[index];
  return (context) => {
    const inResults = t.appendContext(context, "results", Results, results);
    const inResult = t.appendContext(inResults, String(index), Result, result);
    return fault(t.appendContext(inResult, "data", t.string, result.data));
  };
}

function allOf(faults: readonly Fault[]): Fault {
  return (context) => t.failures(faults.map((fault) => fault(context)).flatMap((f) => f._tag === "Left" ? f.left : []));
}

/** What `Body.is` says. That walks through lists of codecs, which takes as long as parsing a small answer. */
function isBody(u: unknown): u is Body {
  return isObject(u) && isTextOrNull(u.id) && typeof u.responseStatusCode === "string" && isWord(u.taskStatus) &&
    isResultsOrNull(u.results) && Problem.is(u.error);
}

function isWord(u: unknown): boolean {
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

function isTaskStatus(u: unknown): u is TaskStatus {
  if (!isObject(u) || typeof u.id !== "string") return false;
  switch (u._tag) {
    case "Pending":
    case "Processing":
      return true;
    case "Error":
    case "NotExist":
      return isTexts(u.messages);
    default:
      return u._tag === "Completed" && Regions.is(u.regions) && isTexts(u.notices);
  }
}

const isTexts = (u: unknown): boolean => Array.isArray(u) && u.every(t.string.is);

function writeStatus(status: TaskStatus): Body {
  return match<Body>({
    Pending: ({ id, _tag }) => ({ id, responseStatusCode: "NotReady", taskStatus: _tag, results: null, error: null }),
    Processing: ({ id, _tag }) => ({
      id,
      responseStatusCode: "NotReady",
      taskStatus: _tag,
      results: null,
      error: null,
    }),
    Completed: ({ id, _tag, regions, notices }) => ({
      id,
      responseStatusCode: regions.length === 0 ? "NoAnyResultData" : "Ok",
      taskStatus: _tag,
      results: regions.length === 0 ? [] : [{ type: "Other", data: Payload.encode(regions) }],
      error: notices.length === 0 ? null : { messages: null, warnings: notices },
    }),
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
