/**
 * Where the polling of one task stands. Plain JSON, so that it can sleep in a file, a queue or a Durable Object and
 * be gone on from elsewhere.
 *
 * @module
 */
import * as t from "io-ts";
import { fields, guarded } from "./codec.ts";

/**
 * Where the polling of one task stands: plain JSON without results. Times are milliseconds since 1970.
 *
 * @category Durable
 */
export interface PollState {
  /** The version of this format. Other versions are rejected. */
  readonly version: 1;
  /** The task's id. */
  readonly id: string;
  /** When the image was sent, or null where that is not known. */
  readonly submittedAt: number | null;
  /** When this watch began: its deadline counts from here. */
  readonly startedAt: number;
  /** When to ask next. */
  readonly dueAt: number;
  /** Polls made in this watch, failed ones included: `maxPolls` counts these. */
  readonly polls: number;
  /** Statuses heard so far. */
  readonly heard: number;
  /** When the task was last heard to be unfinished, or null. */
  readonly heardAt: number | null;
  /** Polls that failed since a status was last heard. */
  readonly failures: number;
  /** Answers that were not understood since a status was last heard. */
  readonly malformed: number;
  /** Why the last poll failed, in words, or null where it did not. */
  readonly failure: string | null;
}

const version: t.Type<1> = guarded("version 1", (u): u is 1 => u === 1);

const isTime = (u: unknown): u is number => typeof u === "number" && Number.isFinite(u);

const time: t.Type<number> = guarded("milliseconds since 1970", isTime);
const timeOrNull: t.Type<number | null> = guarded(
  "milliseconds since 1970 or null",
  (u): u is number | null => u === null || isTime(u),
);
const count: t.Type<number> = guarded(
  "a count",
  (u): u is number => typeof u === "number" && Number.isSafeInteger(u) && u >= 0,
);
const textOrNull: t.Type<string | null> = guarded(
  "text or null",
  (u): u is string | null => u === null || typeof u === "string",
);

/**
 * The codec of {@linkcode PollState}.
 *
 * @example
 * ```ts
 * import { pollPolicy, PollState, startPoll } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const next = startPoll("a371d027-4b0d-4d86-8825-c8d818dd4ed9", Date.now(), null, pollPolicy());
 * if (next._tag === "Wait") {
 *   deepEqual(PollState.decode(JSON.parse(JSON.stringify(next.state))), right(next.state));
 * }
 * ```
 *
 * @category Durable
 */
export const PollState: t.Type<PollState, unknown, unknown> = fields<PollState>({
  version,
  id: t.string,
  submittedAt: timeOrNull,
  startedAt: time,
  dueAt: time,
  polls: count,
  heard: count,
  heardAt: timeOrNull,
  failures: count,
  malformed: count,
  failure: textOrNull,
}, "PollState");
