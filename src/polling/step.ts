/**
 * The polling of a task as a pure function from the outcome of a poll to the next action. Streams, Durable Objects and
 * queues all use this function.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import * as O from "../internal/option.ts";
import { atLeast } from "../internal/check.ts";
import { cut } from "../internal/text.ts";
import { brief, type GaveUp, gaveUp, type RegionsError } from "../model/error.ts";
import { type History, NO_HISTORY } from "../model/history.ts";
import { DETECTION, type Detection } from "../model/detection.ts";
import type { PollState } from "../model/poll_state.ts";
import type { TaskRef } from "../model/task_kind.ts";
import type { Reply } from "../model/reply.ts";
import { isFinal, RETENTION, type TaskStatus } from "../model/task_status.ts";
import type { PollPolicy } from "./policy.ts";
import { backoff, jitter, retryDelay } from "./retry.ts";
import type { ScheduleInput } from "./schedule.ts";

/** The longest delay in milliseconds, a thousand years. It keeps `dueAt` finite for every schedule. */
const LONGEST = 1000 * 365 * 86_400_000;

/** The time after the submission during which the service may not know the task yet, in milliseconds. */
const GRACE = 10_000;

/**
 * The task is not finished. Poll again with `state` after `delay` milliseconds.
 *
 * @category Durable
 */
export interface Wait<A extends object = Detection> {
  /** Discriminates the union. */
  readonly _tag: "Wait";
  /** The state for the next poll. */
  readonly state: PollState;
  /** Milliseconds until `state.dueAt` or the deadline, whichever is first. */
  readonly delay: number;
  /** The status that the last poll returned, or null. */
  readonly heard: TaskStatus<A> | null;
  /** The failure that will be retried, or null. */
  readonly failure: RegionsError | null;
}

/**
 * The polling has ended.
 *
 * @category Durable
 */
export interface Done<A extends object = Detection> {
  /** Discriminates the union. */
  readonly _tag: "Done";
  /** The status that the last poll returned before the watch gave up, or null. */
  readonly heard: TaskStatus<A> | null;
  /** The final status, or why it could not be determined. */
  readonly reply: Reply<A>;
}

/**
 * What to do after a poll.
 *
 * @category Durable
 */
export type Next<A extends object = Detection> = Wait<A> | Done<A>;

/**
 * Starts polling a task. If `submittedAt` is known, the schedule determines the time of the first poll, counted from
 * the submission; an overdue first poll is due immediately. If it is null, the first poll is due immediately.
 *
 * @param task The id of a detection, or a reference to a task of any kind.
 * @param now The current time, in milliseconds since 1970.
 * @param submittedAt The time of the submission, in milliseconds since 1970, or null if it is unknown.
 * @param policy The schedule and limits, from {@linkcode pollPolicy}.
 * @param history The durations of the service's last tasks, for the schedule.
 * @param startedAt The start of the watch, from which its deadline counts, in milliseconds since 1970.
 *
 * @returns `Wait`, or `Done` with `GaveUp` if the schedule returns none.
 *
 * @throws {RangeError} If the schedule returns a delay that is not a number of 0 or more.
 *
 * @example
 * ```ts
 * import { fixed, pollPolicy, startPoll } from "@ocr-cloud/regions";
 * import { deepEqual } from "node:assert/strict";
 *
 * const now = Date.now();
 * const policy = pollPolicy({ schedule: fixed({ delay: 2000 }) });
 * const next = startPoll("1", now, now, policy);
 * deepEqual(next._tag === "Wait" && next.delay, 2000);
 * ```
 *
 * @category Durable
 */
export function startPoll(
  task: string | TaskRef,
  now: number,
  submittedAt: number | null,
  policy: PollPolicy,
  history: History = NO_HISTORY,
  startedAt: number = now,
): Next<never> {
  const ref = typeof task === "string" ? { kind: DETECTION.name, id: task } : task;
  const planned = submittedAt === null ? 0 : nextDelay(policy, { id: ref.id, attempt: 0, elapsed: 0, history });
  const delay = Math.max(0, (planned ?? 0) - Math.max(0, now - (submittedAt ?? now)));
  const state = firstState(ref, submittedAt, startedAt, now + delay);
  return planned === null
    ? giveUp("schedule", state)
    : { _tag: "Wait", state, delay: untilEnd(delay, state, now, policy), heard: null, failure: null };
}

/**
 * Resumes polling a task. The deadline and the counts of polls and failures start over. The time of the next poll does
 * not change.
 *
 * @param state The state from `GaveUp`, or a stored state.
 * @param now The current time, in milliseconds since 1970.
 * @param policy The schedule and limits, from {@linkcode pollPolicy}.
 * @param startedAt The start of the watch, from which its deadline counts, in milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { pollPolicy, PollState, resumePoll, startPoll } from "@ocr-cloud/regions";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { ok } from "node:assert/strict";
 *
 * const policy = pollPolicy();
 * const first = startPoll("1", Date.now(), null, policy);
 * const stored = PollState.decode(first._tag === "Wait" && JSON.parse(JSON.stringify(first.state)));
 * ok(isRight(stored));
 * const { delay } = resumePoll(stored.right, Date.now(), policy);
 * ```
 *
 * @category Durable
 */
export function resumePoll(
  state: PollState,
  now: number,
  policy: PollPolicy,
  startedAt: number = now,
): Wait<never> {
  // Even if the clock was set back since the state was stored, the delay is not longer than originally planned.
  const planned = Math.max(0, state.dueAt - Math.max(state.startedAt, state.heardAt ?? -Infinity));
  const dueAt = Math.min(state.dueAt, now + planned);
  const resumed: PollState = { ...state, startedAt, dueAt, polls: 0, failures: 0, malformed: 0, failure: null };
  const delay = untilEnd(dueAt - now, resumed, now, policy);
  return { _tag: "Wait", state: resumed, delay, heard: null, failure: null };
}

/**
 * Decides what to do after a poll. It is pure, so a replay makes the same decision.
 *
 * @param state The state before the poll.
 * @param reply The outcome of the poll.
 * @param now The current time, in milliseconds since 1970.
 * @param policy The schedule and limits, from {@linkcode pollPolicy}.
 * @param history The durations of the service's last tasks, for the schedule.
 *
 * @throws {RangeError} If the schedule returns a delay that is not a number of 0 or more.
 *
 * @example
 * ```ts
 * import { pollPolicy, startPoll, step } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { equal } from "node:assert/strict";
 *
 * const now = Date.now();
 * const policy = pollPolicy();
 * const first = startPoll("1", now, null, policy);
 * if (first._tag === "Wait") {
 *   const next = step(first.state, right({ _tag: "Processing", id: "1" }), now + 50, policy);
 *   equal(next._tag, "Wait");
 *   const last = step(first.state, right({ _tag: "NotExist", id: "1", messages: [] }), now + 50, policy);
 *   equal(last._tag, "Done");
 * }
 * ```
 *
 * @category Durable
 */
export function step<A extends object>(
  state: PollState,
  reply: Reply<A>,
  now: number,
  policy: PollPolicy,
  history: History = NO_HISTORY,
): Next<A> {
  if (isUnknownYet(state, reply, now)) return stepUnknown(state, reply, now, policy);
  if (E.isLeft(reply)) return stepFailure(state, reply.left, now, policy);
  const status = reply.right;
  return isFinal(status) ? { _tag: "Done", heard: null, reply } : stepStatus(state, status, now, policy, history);
}

/** Returns the state before the first poll. Times are in milliseconds since 1970. */
export function firstState(
  { kind, id, results = null, sizeClass = null }: TaskRef,
  submittedAt: number | null,
  startedAt: number,
  dueAt: number,
): PollState {
  return {
    version: 2,
    kind,
    id,
    results,
    sizeClass,
    submittedAt,
    startedAt,
    dueAt,
    polls: 0,
    heard: 0,
    heardAt: null,
    failures: 0,
    malformed: 0,
    failure: null,
  };
}

/** Returns the time of a watch's last poll, in milliseconds since 1970. */
export function endOf({ startedAt }: PollState, { deadline }: PollPolicy): number {
  return startedAt + deadline;
}

/** Ends a watch before its task is finished, with the state to resume from. */
export function giveUp<A extends object>(
  reason: GaveUp["reason"],
  state: PollState,
  heard: TaskStatus<A> | null = null,
): Done<A> {
  return failWith(gaveUp(reason, state), heard);
}

/** Ends a watch with an error. */
export function failWith<A extends object>(error: RegionsError, heard: TaskStatus<A> | null = null): Done<A> {
  return { _tag: "Done", heard, reply: E.left(error) };
}

function stepStatus<A extends object>(
  state: PollState,
  status: TaskStatus<A>,
  now: number,
  policy: PollPolicy,
  history: History,
): Next<A> {
  const { version, kind, id, results, sizeClass, submittedAt, startedAt, polls, heard } = state;
  const delay = nextDelay(policy, { id, attempt: heard + 1, elapsed: ageOf(state, now), history });
  // No spread, since in Node.js 20 its result is larger and slower to create.
  const next: PollState = {
    version,
    kind,
    id,
    results,
    sizeClass,
    submittedAt,
    startedAt,
    dueAt: delay === null ? state.dueAt : now + delay,
    polls: polls + 1,
    heard: heard + 1,
    heardAt: now,
    failures: 0,
    malformed: 0,
    failure: null,
  };
  return delay === null ? giveUp("schedule", next, status) : waitFor(delay, next, now, policy, status, null);
}

/** Whether the service may not know a new task yet. Once a status has been received, the task is known. */
function isUnknownYet({ submittedAt, heard }: PollState, reply: Reply<object>, now: number): boolean {
  const isUnknown = E.isRight(reply)
    ? reply.right._tag === "NotExist"
    : reply.left._tag === "Http" && reply.left.status === 404;
  return isUnknown && heard === 0 && submittedAt !== null && Math.abs(now - submittedAt) < GRACE;
}

function stepUnknown<A extends object>(
  state: PollState,
  reply: Reply<A>,
  now: number,
  policy: PollPolicy,
): Next<A> {
  const error = E.isLeft(reply) ? reply.left : null;
  const delay = backoff(policy.retry, state.failures + 1, jitter(state.id, state.failures));
  return retryIn(delay, state, now, policy, error, error === null ? "NotExist" : brief(error));
}

function stepFailure<A extends object>(
  state: PollState,
  error: RegionsError,
  now: number,
  policy: PollPolicy,
): Next<A> {
  // An aborted poll counts neither as a poll nor as a failure.
  if (error._tag === "GaveUp") return giveUp(error.reason, state);
  const failures = state.failures + 1;
  const malformed = state.malformed + (error._tag === "Malformed" ? 1 : 0);
  const random = jitter(state.id, state.heard + state.failures);
  const delay = retryDelay(policy.retry, error, failures, malformed, random);
  const end = endOf(state, policy);
  const isTooLong = error._tag === "Http" && now < end && now + (error.retryAfter ?? 0) >= end;
  if (O.isNone(delay) || isTooLong) return failWith(error);
  return retryIn(delay.value, { ...state, malformed }, now, policy, error, brief(error));
}

/** Polls again after a failure, unless the watch has ended. */
function retryIn<A extends object>(
  ms: number,
  state: PollState,
  now: number,
  policy: PollPolicy,
  error: RegionsError | null,
  failure: string,
): Next<A> {
  const delay = Math.min(Math.max(policy.minDelay, ms), LONGEST);
  const failed: PollState = {
    ...state,
    dueAt: now + delay,
    polls: state.polls + 1,
    failures: state.failures + 1,
    failure: cut(failure, 300),
  };
  return waitFor(delay, failed, now, policy, null, error);
}

/** Polls again, unless the watch has ended. */
function waitFor<A extends object>(
  ms: number,
  state: PollState,
  now: number,
  policy: PollPolicy,
  heard: TaskStatus<A> | null,
  failure: RegionsError | null,
): Next<A> {
  if (state.polls >= policy.maxPolls) return giveUp("maxPolls", state, heard);
  return now < endOf(state, policy)
    ? { _tag: "Wait", state, delay: untilEnd(ms, state, now, policy), heard, failure }
    : giveUp("deadline", state, heard);
}

/**
 * Returns the milliseconds since the submission or, if its time is unknown or implausible, since the start of the
 * watch.
 */
function ageOf({ submittedAt, startedAt }: PollState, now: number): number {
  const age = submittedAt === null ? NaN : now - submittedAt;
  return age >= 0 && age <= RETENTION ? age : Math.max(0, now - startedAt);
}

/** Returns the delay or the time left until the deadline, whichever is shorter. */
function untilEnd(ms: number, state: PollState, now: number, policy: PollPolicy): number {
  return Math.max(0, Math.min(ms, LONGEST, endOf(state, policy) - now));
}

/**
 * Returns the schedule's delay in milliseconds, or null if it gives up. Checks it, since the caller may have written
 * it.
 */
function nextDelay({ schedule, minDelay }: PollPolicy, input: ScheduleInput): number | null {
  const delay = schedule(input);
  if (O.isNone(delay)) return null;
  atLeast("wait for the next poll", "the schedule's delay", delay.value, 0);
  return Math.min(Math.max(minDelay, delay.value), LONGEST);
}
