/**
 * How long the last tasks took: what a schedule can learn from.
 *
 * @module
 */
import * as t from "io-ts";
import { fail, fields, guarded, list } from "./codec.ts";

/**
 * How long one task took, in milliseconds from the sending of its image: longer than `after`, and no longer than
 * `before`. Polls tell no more than that. `before` is null for a task that was abandoned unfinished.
 *
 * @category Schedules
 */
export type Span = readonly [after: number, before: number | null];

/**
 * How long the last tasks took. Plain JSON, and small: at most 64 spans.
 *
 * @category Schedules
 */
export interface History {
  /** The form of this value. Others are refused. */
  readonly version: 1;
  /** The last 64 tasks, the newest last. */
  readonly spans: readonly Span[];
}

/**
 * What is known before the first task.
 *
 * @category Schedules
 */
export const NO_HISTORY: History = { version: 1, spans: [] };

const MAX_SPANS = 64;

const SpanType: t.Type<Span> = guarded("a span of milliseconds", isSpan);

const Spans: t.Type<readonly Span[], unknown, unknown> = new t.Type<readonly Span[], unknown, unknown>(
  "Spans",
  (u): u is readonly Span[] => Array.isArray(u) && u.length <= MAX_SPANS && u.every(isSpan),
  (u, context) =>
    Array.isArray(u) && u.length > MAX_SPANS
      ? fail(u, context, `expected at most ${MAX_SPANS} spans`)
      : list(SpanType, "Spans").validate(u, context),
  t.identity,
);

/**
 * The codec of {@linkcode History}.
 *
 * @example
 * ```ts
 * import { createMemory, History } from "@ocr-cloud/regions";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const stored = History.decode(JSON.parse('{"version":1,"spans":[[2000,3100]]}'));
 * ok(isRight(stored));
 * const memory = createMemory(stored.right);
 * ```
 *
 * @category Schedules
 */
export const History: t.Type<History, unknown, unknown> = fields<History>({
  version: guarded("version 1", (u): u is 1 => u === 1),
  spans: Spans,
}, "History");

/** The history with one more task, and without the oldest where there are more than 64. A span that is none is left out. */
export function appendSpan(history: History, span: Span): History {
  return isSpan(span) ? { version: 1, spans: [...history.spans.slice(1 - MAX_SPANS), span] } : history;
}

function isSpan(u: unknown): u is Span {
  if (!Array.isArray(u) || u.length !== 2) return false;
  const after: unknown = u[0], before: unknown = u[1];
  return typeof after === "number" && Number.isFinite(after) && after >= 0 &&
    (before === null || typeof before === "number" && Number.isFinite(before) && before > after);
}
