/**
 * One examination of the service, from the first call to the log.
 *
 * @module
 */
import * as E from "../../internal/either.ts";
import { sleep } from "../../internal/abort.ts";
import type { Service } from "../../client/service.ts";
import { constantToken, type Credentials } from "../../client/token.ts";
import { requestToken } from "../../client/token_request.ts";
import type { RegionsError } from "../../model/error.ts";
import type { Log } from "./log.ts";
import { maxCallsOf, planOf, runPlan } from "./plan.ts";
import { type Clock, createRecorder, MAX_RESPONSE_BYTES, TIME_LIMIT } from "./recorder.ts";

/** What is examined, and how. */
export interface Examination {
  /** Only its way to send requests is used. */
  readonly service: Service;
  /** Null for the trial endpoint, which needs none. */
  readonly credentials: Credentials | null;
  /** What must not be in the log. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before each step, with its number from 1. */
  readonly onStep: (number: number) => void;
}

/** What came of it. */
export interface Examined {
  readonly log: Log;
  /** Why there was no access token, or null. */
  readonly refusal: RegionsError | null;
}

/** The clock of this process. */
export const CLOCK: Clock = { now: () => performance.now(), sleep };

/** A clock that only moves when somebody waits on it. */
export interface ReplayClock extends Clock {
  readonly advance: (ms: number) => Promise<void>;
}

/** Creates the clock of a replay, which takes no time. */
export function createReplayClock(): ReplayClock {
  let time = 0;
  return {
    now: () => time,
    sleep: (ms, { aborted }) => {
      time += ms;
      return Promise.resolve(!aborted);
    },
    advance: (ms) => {
      time += ms;
      return Promise.resolve();
    },
  };
}

/** Examines the service: sends each call of the plan once, without retries. Never rejects. */
export async function examine(examination: Examination): Promise<Examined> {
  const { credentials, secrets, clock, signal, onStep } = examination;
  const plan = planOf(credentials === null);
  const { fetch, baseUrl } = examination.service;
  const recorder = createRecorder({
    fetch,
    baseUrl,
    clock,
    secrets,
    maxCalls: maxCallsOf(plan),
    anonymous: credentials === null,
  });
  const service: Service = {
    ...examination.service,
    fetch: recorder.fetch,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    // The recorder has the time limit, so that a call that exceeds it is in the log.
    requestTimeout: 2 * TIME_LIMIT,
    retry: { ...examination.service.retry, maxAttempts: 1 },
    onRetry: () => {},
  };
  const token = credentials === null ? E.right({ value: "none" }) : await requestToken(service, credentials, signal);
  if (E.isLeft(token)) return { log: recorder.log(), refusal: token.left };
  const tokens = constantToken(token.right.value);
  await runPlan(plan, { service: { ...service, tokens }, recorder, clock, signal, onStep });
  return { log: recorder.log(), refusal: null };
}
