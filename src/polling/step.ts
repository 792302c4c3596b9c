/**
 * The polling of one task as a pure function: one poll's outcome in, what to do next out. A stream, a Durable Object
 * and a queue all drive this one.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import { cut } from "../model/codec.ts";
import { brief, type GaveUp, gaveUp, type RegionsError } from "../model/error.ts";
import { type History, NO_HISTORY } from "../model/history.ts";
import { adaptive } from "./adaptive.ts";
import type { PollState } from "../model/poll_state.ts";
import {
  atLeast,
  backoff,
  type Complete,
  jitter,
  retryDelay,
  type RetryOptions,
  retryPolicy,
  type Schedule,
} from "./schedule.ts";
import { isFinal, type Reply, RETENTION, type TaskStatus } from "../model/task_status.ts";

/** A thousand years: keeps `dueAt` finite, whatever a schedule says. */
const LONGEST = 1000 * 365 * 86_400_000;

/** How long the service may take to know a task that it has just taken, in milliseconds. */
const GRACE = 10_000;

/** Made once, since it keeps its plans: plain values, which requests may share. */
const DEFAULT: Schedule = adaptive();

/**
 * What the polling of a task is bound to.
 *
 * @category Schedules
 */
export interface PollOptions {
  /**
   * When to ask next.
   *
   * @default {adaptive()}
   */
  readonly schedule?: Schedule | undefined;
  /**
   * How long the service's last tasks took: what the schedule may learn from.
   *
   * @default {NO_HISTORY} where there is a service, what its memory holds
   */
  readonly history?: History | undefined;
  /**
   * Milliseconds from the beginning of the watch to its last poll, over 0; Infinity for none. Jumps of the wall clock do
   * not move it, and the watch never ends without that last poll, which may take 5 seconds more (or `requestTimeout`, if
   * that is less). If a `budget` has no place for it, there is none.
   *
   * @default {300_000}
   */
  readonly deadline?: number | undefined;
  /**
   * The most polls of one watch, 1 or more; Infinity for none.
   *
   * @default {Infinity}
   */
  readonly maxPolls?: number | undefined;
  /**
   * The least number of milliseconds between two polls, for engines with a coarse clock.
   *
   * @default {0}
   */
  readonly minDelay?: number | undefined;
  /** How failed polls are repeated. `maxAttempts` does not bound them: the deadline does. */
  readonly retry?: RetryOptions | undefined;
}

/**
 * {@linkcode PollOptions} with their defaults.
 *
 * @category Schedules
 */
export interface PollPolicy extends Complete<PollOptions> {
  /** How failed polls are repeated. */
  readonly retry: Complete<RetryOptions>;
}

/**
 * Poll again, with `state`, in `delay` milliseconds.
 *
 * @category Durable
 */
export interface Wait {
  /** Which case this is. */
  readonly _tag: "Wait";
  /** Where the polling stands. */
  readonly state: PollState;
  /** Milliseconds until `state.dueAt` or until the deadline, whichever is first. */
  readonly delay: number;
  /** The status that was heard, or null. */
  readonly heard: TaskStatus | null;
  /** The failure that will be tried again, or null. */
  readonly failure: RegionsError | null;
}

/**
 * There is no more to ask.
 *
 * @category Durable
 */
export interface Done {
  /** Which case this is. */
  readonly _tag: "Done";
  /** The status that was heard before the watch gave up, or null. */
  readonly heard: TaskStatus | null;
  /** The last word: a final status, or why none could be found out. */
  readonly reply: Reply;
}

/**
 * What follows a poll.
 *
 * @category Durable
 */
export type Next = Wait | Done;

/**
 * The options with their defaults.
 *
 * @throws {RangeError} If an option is out of its range.
 *
 * @example
 * ```ts
 * import { pollPolicy } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(pollPolicy({ maxPolls: 45 }).deadline, 300_000);
 * ```
 *
 * @category Schedules
 */
export function pollPolicy(options: PollOptions = {}): PollPolicy {
  const { schedule = DEFAULT, history = NO_HISTORY, deadline = 300_000, maxPolls = Infinity, minDelay = 0, retry } =
    options;
  atLeast("watch a task", "deadline", deadline, Number.MIN_VALUE);
  atLeast("watch a task", "maxPolls", maxPolls, 1);
  atLeast("watch a task", "minDelay", minDelay, 0);
  return { schedule, history, deadline, maxPolls, minDelay, retry: retryPolicy(retry) };
}

/**
 * Where the polling of a task begins. If it is known when the image was sent, the first poll waits for its time by the
 * schedule, and a poll whose time has passed is due at once. If it is not known, the first poll is due at once.
 *
 * @param id The task's id.
 * @param now The present, in milliseconds since 1970.
 * @param submittedAt When the image was sent, or null if that is not known.
 * @param policy What the polling is bound to.
 * @param startedAt When the watch began: its deadline counts from here.
 *
 * @example
 * ```ts
 * import { fixed, pollPolicy, startPoll } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const now = Date.now();
 * const policy = pollPolicy({ schedule: fixed({ delay: 2000 }) });
 * equal(startPoll("1", now, now, policy).delay, 2000);
 * equal(startPoll("1", now, null, policy).delay, 0);
 * ```
 *
 * @category Durable
 */
export function startPoll(
  id: string,
  now: number,
  submittedAt: number | null = null,
  policy: PollPolicy = pollPolicy(),
  startedAt: number = now,
): Wait {
  const planned = submittedAt === null ? 0 : ask(policy, id, 0, 0) ?? 0;
  const delay = Math.max(0, planned - Math.max(0, now - (submittedAt ?? now)));
  const state: PollState = {
    version: 1,
    id,
    submittedAt,
    startedAt,
    dueAt: now + delay,
    polls: 0,
    heard: 0,
    heardAt: null,
    failures: 0,
    malformed: 0,
    failure: null,
  };
  return { _tag: "Wait", state, delay: untilEnd(delay, state, now, policy), heard: null, failure: null };
}

/**
 * Goes on from a state: deadline and number of polls begin anew, and the next poll stays due when it was.
 *
 * @param state What `GaveUp` carried, or a stored state.
 * @param now The present, in milliseconds since 1970.
 * @param policy What the polling is bound to.
 *
 * @example
 * ```ts
 * import { PollState, resumePoll, startPoll } from "@ocr-cloud/regions";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { equal } from "node:assert/strict";
 *
 * const { state } = startPoll("1", Date.now());
 * const stored = PollState.decode(JSON.parse(JSON.stringify({ ...state, polls: 45 })));
 * equal(isRight(stored) && resumePoll(stored.right, Date.now()).state.polls, 0);
 * ```
 *
 * @category Durable
 */
export function resumePoll(state: PollState, now: number, policy: PollPolicy = pollPolicy()): Wait {
  // If the clock was set back since the state was stored, the next poll is still no further away than it was planned.
  const planned = Math.max(0, state.dueAt - Math.max(state.startedAt, state.heardAt ?? -Infinity));
  const dueAt = Math.min(state.dueAt, now + planned);
  const resumed: PollState = { ...state, startedAt: now, dueAt, polls: 0, failures: 0, malformed: 0, failure: null };
  const delay = untilEnd(dueAt - now, resumed, now, policy);
  return { _tag: "Wait", state: resumed, delay, heard: null, failure: null };
}

/**
 * What follows a poll: the only place that decides on it. Pure, so that a replay decides the same.
 *
 * @param state Where the polling stood.
 * @param reply What the poll gave.
 * @param now The present, in milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { startPoll, step } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { equal } from "node:assert/strict";
 *
 * const now = Date.now();
 * const { state } = startPoll("1", now);
 * equal(step(state, right({ _tag: "Processing", id: "1" }), now + 50)._tag, "Wait");
 * equal(step(state, right({ _tag: "NotExist", id: "1", messages: [] }), now + 50)._tag, "Done");
 * ```
 *
 * @category Durable
 */
export function step(state: PollState, reply: Reply, now: number, policy: PollPolicy = pollPolicy()): Next {
  if (isUnknownYet(state, reply, now)) return stepUnknown(state, reply, now, policy);
  if (E.isLeft(reply)) return stepFailure(state, reply.left, now, policy);
  return isFinal(reply.right) ? { _tag: "Done", heard: null, reply } : stepStatus(state, reply.right, now, policy);
}

/** When the last poll of a watch is due, in milliseconds since 1970. */
export function endOf({ startedAt }: PollState, { deadline }: PollPolicy): number {
  return startedAt + deadline;
}

/** The end of a watch before its task's, with the state to go on from. */
export function giveUp(reason: GaveUp["reason"], state: PollState, heard: TaskStatus | null = null): Done {
  return { _tag: "Done", heard, reply: E.left(gaveUp(reason, state)) };
}

function stepStatus(state: PollState, status: TaskStatus, now: number, policy: PollPolicy): Next {
  const { version, id, submittedAt, startedAt, polls, heard } = state;
  const delay = ask(policy, id, heard + 1, ageOf(state, now));
  // Written out, since Node.js 20 keeps the fields of a changed copy outside of it: larger, and slower to make.
  const next: PollState = {
    version,
    id,
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
  return delay === null ? giveUp("schedule", next, status) : wait(next, delay, now, policy, status, null);
}

/** Whether the service does not know a task that it took moments ago. Once heard of, a task is known. */
function isUnknownYet({ submittedAt, heard }: PollState, reply: Reply, now: number): boolean {
  const isUnknown = E.isRight(reply)
    ? reply.right._tag === "NotExist"
    : reply.left._tag === "Http" && reply.left.status === 404;
  return isUnknown && heard === 0 && submittedAt !== null && Math.abs(now - submittedAt) < GRACE;
}

function stepUnknown(state: PollState, reply: Reply, now: number, policy: PollPolicy): Next {
  const error = E.isLeft(reply) ? reply.left : null;
  const delay = backoff(policy.retry, state.failures + 1, jitter(state.id, state.failures));
  return retry(state, delay, now, policy, error, error === null ? "NotExist" : brief(error));
}

function stepFailure(state: PollState, error: RegionsError, now: number, policy: PollPolicy): Next {
  // An abort is no failure of the service: the poll never happened.
  if (error._tag === "GaveUp") return giveUp(error.reason, state);
  const failures = state.failures + 1;
  const malformed = state.malformed + (error._tag === "Malformed" ? 1 : 0);
  const random = jitter(state.id, state.heard + state.failures);
  const delay = retryDelay(policy.retry, error, failures, malformed, random);
  const end = endOf(state, policy);
  const tooLong = error._tag === "Http" && now < end && now + (error.retryAfter ?? 0) >= end;
  if (O.isNone(delay) || tooLong) return { _tag: "Done", heard: null, reply: E.left(error) };
  return retry({ ...state, malformed }, delay.value, now, policy, error, brief(error));
}

/** Polls again after a failure, unless the watch is over. */
function retry(
  state: PollState,
  backoff: number,
  now: number,
  policy: PollPolicy,
  error: RegionsError | null,
  failure: string,
): Next {
  const delay = Math.min(Math.max(policy.minDelay, backoff), LONGEST);
  const failed: PollState = {
    ...state,
    dueAt: now + delay,
    polls: state.polls + 1,
    failures: state.failures + 1,
    failure: cut(failure, 300),
  };
  return wait(failed, delay, now, policy, null, error);
}

/** What follows a poll that was not the last, unless the watch is over. */
function wait(
  state: PollState,
  delay: number,
  now: number,
  policy: PollPolicy,
  heard: TaskStatus | null,
  failure: RegionsError | null,
): Next {
  if (state.polls >= policy.maxPolls) return giveUp("maxPolls", state, heard);
  return now < endOf(state, policy)
    ? { _tag: "Wait", state, delay: untilEnd(delay, state, now, policy), heard, failure }
    : giveUp("deadline", state, heard);
}

/** Milliseconds since the image was sent; since the watch began if that is not known or cannot be true. */
function ageOf({ submittedAt, startedAt }: PollState, now: number): number {
  const age = submittedAt === null ? NaN : now - submittedAt;
  return age >= 0 && age <= RETENTION ? age : Math.max(0, now - startedAt);
}

/** The delay, or what is left until the deadline. */
function untilEnd(delay: number, state: PollState, now: number, policy: PollPolicy): number {
  return Math.max(0, Math.min(delay, LONGEST, endOf(state, policy) - now));
}

/** What the schedule says, in milliseconds, or null for no more. A schedule of the caller's own is checked here. */
function ask(policy: PollPolicy, id: string, attempt: number, elapsed: number): number | null {
  const { schedule, history, minDelay } = policy;
  const delay = schedule({ id, attempt, elapsed, history });
  if (O.isNone(delay)) return null;
  atLeast("wait for the next poll", "the schedule's delay", delay.value, 0);
  return Math.min(Math.max(minDelay, delay.value), LONGEST);
}
