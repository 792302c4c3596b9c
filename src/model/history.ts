/**
 * The durations of recent tasks, from which a schedule can learn.
 *
 * @module
 */
import type * as t from "io-ts";
import { isObject } from "../internal/json.ts";
import { fail, fields, guarded, list } from "./codec.ts";
import { createCodec, identity } from "./type.ts";

/**
 * The duration of a task, in milliseconds from its submission: longer than `after`, and at most `before`. Polls do not
 * reveal the exact duration. `before` is null if the watch ended before the task was finished.
 *
 * @category Schedules
 */
export type Span = readonly [after: number, before: number | null];

/**
 * The durations of the last tasks, at most 64. Plain JSON.
 *
 * @category Schedules
 */
export interface History {
  /** The version of this format. Other versions are rejected. */
  readonly version: 1;
  /** The durations, the latest last. */
  readonly spans: readonly Span[];
}

/**
 * The history before the first task.
 *
 * @category Schedules
 */
export const NO_HISTORY: History = { version: 1, spans: [] };

const MAX_SPANS = 64;

const SpanType: t.Type<Span> = guarded("a span of milliseconds", isSpan);

const Spans: t.Type<readonly Span[], unknown, unknown> = createCodec<readonly Span[], unknown, unknown>(
  "Spans",
  (u): u is readonly Span[] => Array.isArray(u) && u.length <= MAX_SPANS && u.every(isSpan),
  (u, context) =>
    Array.isArray(u) && u.length > MAX_SPANS
      ? fail(u, context, `expected at most ${MAX_SPANS} spans`)
      : list(SpanType, "Spans").validate(u, context),
  identity,
);

/**
 * The codec of {@linkcode History}.
 *
 * @example
 * ```ts
 * import { History } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(History.is({ version: 1, spans: [[2000, 3100]] }), true);
 * ```
 *
 * @category Schedules
 */
export const History: t.Type<History, unknown, unknown> = fields<History>({
  version: guarded("version 1", (u): u is 1 => u === 1),
  spans: Spans,
}, "History");

/**
 * The histories of several kinds of tasks, by the name of the kind or, for a size class, by `kind/class`. Plain JSON.
 *
 * @category Schedules
 */
export interface Histories {
  /** The history of the kind with this name, or of the size class. */
  readonly [key: string]: History;
}

/**
 * The codec of {@linkcode Histories}.
 *
 * @example
 * ```ts
 * import { createMemory, Histories } from "@ocr-cloud/regions";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const stored = Histories.decode(JSON.parse('{"DetectRegions":{"version":1,"spans":[[2000,3100]]}}'));
 * ok(isRight(stored));
 * const memory = createMemory(stored.right);
 * ```
 *
 * @category Schedules
 */
export const Histories: t.Type<Histories> = guarded(
  "Histories",
  (u): u is Histories => isObject(u) && Object.values(u).every((history) => History.is(history)),
);

/** Returns the history with another task. Beyond 64 tasks, the oldest is dropped. An invalid span is ignored. */
export function appendSpan(history: History, span: Span): History {
  return isSpan(span) ? { version: 1, spans: [...history.spans.slice(1 - MAX_SPANS), span] } : history;
}

function isSpan(u: unknown): u is Span {
  if (!Array.isArray(u) || u.length !== 2) return false;
  const after: unknown = u[0], before: unknown = u[1];
  return typeof after === "number" && Number.isFinite(after) && after >= 0 &&
    (before === null || typeof before === "number" && Number.isFinite(before) && before > after);
}
