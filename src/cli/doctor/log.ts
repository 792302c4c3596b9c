/**
 * What the doctor did and saw, as the questions read it.
 *
 * @module
 */
import { fromBase64, fromUtf8 } from "../../internal/base64.ts";
import { isObject, parseJson } from "../../internal/json.ts";
import type { RecordedExchange, RecordedResponse } from "../../emulator/recording.ts";

/** A step of the doctor: one task with its calls, or a few calls without one. */
export type StepName =
  | "token"
  | "unknown"
  | "plain"
  | "skewed"
  | "deskewed"
  | "rotated"
  | "upsampled"
  | "polygon"
  | "ordered"
  | "text"
  | "hocr"
  | "json"
  | "hocr-deskewed"
  | "hocr-rotated";

/** A call and the step that it belongs to. */
export interface Entry {
  readonly step: StepName;
  readonly exchange: RecordedExchange;
}

/** Every call of the doctor, in order. Without secrets. */
export type Log = readonly Entry[];

/** The part of a response about a task that has the expected types. The service may send anything. */
export interface Envelope {
  readonly status: string | null;
  readonly code: string | null;
  /** Null if there is no array of results. */
  readonly results: readonly EnvelopeResult[] | null;
  /** The messages and warnings. */
  readonly messages: readonly string[];
}

/** A result, as far as it has the expected types. */
export interface EnvelopeResult {
  readonly type: string | null;
  /** The decoded Base64, with one character per byte. Null if there is none. */
  readonly data: string | null;
}

/** The calls of a task. */
export interface TaskLog {
  /** Null if the image was not sent. */
  readonly submission: RecordedExchange | null;
  /** The requests for its status on the path of its kind, until the final one. */
  readonly polls: readonly RecordedExchange[];
  /** What came after that. */
  readonly later: readonly RecordedExchange[];
  /** The response that ended the task, or null if none did. */
  readonly final: Envelope | null;
}

const FINAL: ReadonlySet<unknown> = new Set(["Completed", "Error"]);

/** Returns the calls of a step. */
export function callsOf(log: Log, step: StepName): readonly RecordedExchange[] {
  return log.filter((entry) => entry.step === step).map(({ exchange }) => exchange);
}

/** Returns the calls of a task. */
export function taskOf(log: Log, step: StepName): TaskLog {
  const calls = callsOf(log, step);
  const submission = calls.find(({ request }) => request.method === "POST") ?? null;
  const gets = calls.filter(({ request }) => request.method === "GET");
  const end = gets.findIndex((call) => isFinal(readEnvelope(call)));
  const polls = end < 0 ? gets : gets.slice(0, end + 1);
  const later = end < 0 ? [] : calls.slice(calls.indexOf(gets[end]) + 1);
  return { submission, polls, later, final: end < 0 ? null : readEnvelope(gets[end]) };
}

/** Whether a task has ended. */
export function isFinal(envelope: Envelope | null): boolean {
  return envelope !== null && FINAL.has(envelope.status);
}

/** Returns the response to a call, or null if there was none. */
export function responseOf({ outcome }: RecordedExchange): RecordedResponse | null {
  return outcome._tag === "Response" ? outcome : null;
}

/** Reads a response about a task. Null if it is not JSON with a status or a code. */
export function readEnvelope(call: RecordedExchange): Envelope | null {
  const response = responseOf(call);
  const body = response === null ? null : parseJson(response.body);
  if (!isObject(body)) return null;
  const status = textOrNull(body.taskStatus), code = textOrNull(body.responseStatusCode);
  if (status === null && code === null) return null;
  const results = Array.isArray(body.results) ? body.results.map(readResult) : null;
  return { status, code, results, messages: readMessages(body.error) };
}

/** Returns the text of a result, or null if it is not UTF-8. */
export function textOfResult({ data }: EnvelopeResult): string | null {
  return data === null ? null : fromUtf8(data);
}

/** A row of a result: anything, since nobody knows. Null if the result is not a JSON array. */
export function rowsOf({ data }: EnvelopeResult): readonly unknown[] | null {
  const rows = data === null ? null : parseJson(data);
  return Array.isArray(rows) ? rows : null;
}

function readResult(u: unknown): EnvelopeResult {
  if (!isObject(u)) return { type: null, data: null };
  return { type: textOrNull(u.type), data: typeof u.data === "string" ? fromBase64(u.data) : null };
}

function readMessages(error: unknown): readonly string[] {
  if (!isObject(error)) return [];
  return [error.messages, error.warnings].flatMap((texts) =>
    Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : []
  );
}

function textOrNull(u: unknown): string | null {
  return typeof u === "string" ? u : null;
}
