/**
 * The state of polling a task. It is plain JSON, so that it can be stored in a file, a queue or a Durable Object, and
 * resumed elsewhere.
 *
 * @module
 */
import type * as t from "io-ts";
import { fields, guarded, nullable, orNull, string } from "./codec.ts";
import { DETECT_REGIONS_NAME, type TaskRef } from "./task_kind.ts";
import { isObject } from "../internal/json.ts";
import { createCodec, identity } from "./type.ts";

/**
 * The state of polling a task: plain JSON without results. Times are in milliseconds since 1970.
 *
 * @category Durable
 */
export interface PollState extends TaskRef {
  /** The version of this format. The codec also reads version 1, which had only detections. */
  readonly version: 2;
  /** The number of results that the task must have, or null if any number may be valid. */
  readonly results: number | null;
  /** The time of the submission, or null if it is unknown. */
  readonly submittedAt: number | null;
  /** The start of this watch, from which its deadline counts. */
  readonly startedAt: number;
  /** The time of the next poll. */
  readonly dueAt: number;
  /** The number of polls in this watch, including failed ones. `maxPolls` limits it. */
  readonly polls: number;
  /** The number of statuses received so far. */
  readonly heard: number;
  /** The time of the last status, or null if there is none. */
  readonly heardAt: number | null;
  /** The number of failed polls since the last status. */
  readonly failures: number;
  /** The number of malformed responses since the last status. */
  readonly malformed: number;
  /** A description of the failure of the last poll, or null if it did not fail. */
  readonly failure: string | null;
}

const isTime = (u: unknown): u is number => typeof u === "number" && Number.isFinite(u);

const isCount = (u: unknown): u is number => typeof u === "number" && Number.isSafeInteger(u) && u >= 0;

const version: t.Type<2> = /* @__PURE__ */ guarded("version 1 or 2", (u): u is 2 => u === 2);
const time: t.Type<number> = /* @__PURE__ */ guarded("milliseconds since 1970", isTime);
const count: t.Type<number> = /* @__PURE__ */ guarded("a count", isCount);

/** The codec of the current version. */
const Current: t.Type<PollState, unknown, unknown> = fields<PollState>({
  version,
  kind: string,
  id: string,
  results: orNull(count),
  sizeClass: nullable(string),
  submittedAt: orNull(time),
  startedAt: time,
  dueAt: time,
  polls: count,
  heard: count,
  heardAt: orNull(time),
  failures: count,
  malformed: count,
  failure: orNull(string),
}, "PollState");

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
export const PollState: t.Type<PollState, unknown, unknown> = createCodec<PollState, unknown, unknown>(
  Current.name,
  Current.is,
  (u, context) => Current.validate(isObject(u) && u.version === 1 ? upgrade(u) : u, context),
  identity,
);

/** Upgrades a state of version 1, in which every task was a detection. */
function upgrade(state: Readonly<Record<string, unknown>>): unknown {
  return { ...state, version: 2, kind: DETECT_REGIONS_NAME, results: null };
}
