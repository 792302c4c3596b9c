/**
 * A single poll of a task, within the budget of the service, and the decision on what to do next.
 *
 * @module
 */
import type { Task } from "fp-ts/lib/Task.js";
import * as E from "../internal/either.ts";
import { DETECTION } from "../model/detection.ts";
import type { PollState } from "../model/poll_state.ts";
import type { ResultKind } from "../model/task_kind.ts";
import type { Reply } from "../model/reply.ts";
import { RETENTION } from "../model/task_status.ts";
import { preview } from "../internal/text.ts";
import { type PollOptions, type PollPolicy, pollPolicy } from "../polling/policy.ts";
import { endOf, giveUp, type Next, step } from "../polling/step.ts";
import type { Candidate, Release } from "./budget.ts";
import { fetchStatus } from "./operations.ts";
import { notify } from "../internal/notify.ts";
import type { Service } from "./service.ts";
import type { CallContext } from "./transport.ts";

/** The slot of a poll without a budget. */
const FREE: E.Either<never, Release> = /* @__PURE__ */ E.right(() => {});

/** The time that the last poll of a watch may take after the deadline, in milliseconds. */
const LAST_POLL = 5000;

/**
 * Polls a detection once and decides what to do next, for engines that wait between polls themselves, such as a queue or a
 * Durable Object: store `state`, wait for `delay` milliseconds, and call it again. Rejects only if the caller's own
 * schedule throws or returns an invalid delay.
 *
 * @param state The state from `startPoll`, `resumePoll` or the last `pollOnce`.
 * @param options The schedule and limits, which must be the same for each poll of the task.
 *
 * @throws {RangeError} If the state is that of another kind of task, or if an option is out of range, when the result is
 * called with a service.
 *
 * @example
 * ```ts
 * import { connect, pollOnce, pollPolicy, startPoll } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { equal } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const first = startPoll("a371d027-4b0d-4d86-8825-c8d818dd4ed9", Date.now(), null, pollPolicy());
 * if (first._tag === "Wait") {
 *   const next = await pollOnce(first.state)(service)();
 *   equal(next._tag, "Done");
 * }
 * ```
 *
 * @category Durable
 */
export function pollOnce(
  state: PollState,
  options: PollOptions = {},
): (service: Service, context?: CallContext) => Task<Next> {
  return pollTask(DETECTION, state, options);
}

/**
 * Polls a task of any kind once and decides what to do next, like {@linkcode pollOnce}.
 *
 * @param state The state from `startPoll`, `resumePoll` or the last `pollTask`.
 * @param options The schedule and limits, which must be the same for each poll of the task.
 *
 * @throws {RangeError} If the state is that of another kind of task, or if an option is out of range, when the result is
 * called with a service.
 *
 * @example
 * ```ts
 * import { connect, pollPolicy, pollTask, RECOGNIZE_IMAGE, startPoll, taskRef } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { equal } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const task = taskRef(RECOGNIZE_IMAGE, "a371d027-4b0d-4d86-8825-c8d818dd4ed9");
 * const first = startPoll(task, Date.now(), null, pollPolicy());
 * if (first._tag === "Wait") {
 *   const next = await pollTask(RECOGNIZE_IMAGE, first.state)(service)();
 *   equal(next._tag, "Done");
 * }
 * ```
 *
 * @category Durable
 */
export function pollTask<A extends object>(
  kind: ResultKind<A>,
  state: PollState,
  options: PollOptions = {},
): (service: Service, context?: CallContext) => Task<Next<A>> {
  if (state.kind !== kind.name) {
    throw new RangeError(
      `Cannot poll a task as its state must be of the kind ${kind.name}: current value is ${preview(state.kind)}`,
    );
  }
  return (service, context) => {
    const policy = policyFor(service, options);
    return () => pollBy(service, kind, policy, state, Date.now, context);
  };
}

/** {@linkcode pollTask} with a resolved policy, and with a clock that returns milliseconds since 1970. */
export async function pollBy<A extends object>(
  service: Service,
  kind: ResultKind<A>,
  policy: PollPolicy,
  state: PollState,
  now: () => number,
  { signal, endsAt = Infinity }: CallContext = {},
): Promise<Next<A>> {
  const { budget, memory } = service;
  const left = endOf(state, policy) - now();
  const slot = budget === null ? FREE : await budget.acquire(candidateOf(state), left, signal);
  if (E.isLeft(slot)) {
    return report(service, state, giveUp(slot.left === "aborted" ? "aborted" : "deadline", state), now());
  }
  let isFinal = false;
  try {
    const end = performance.now() + Math.max(endOf(state, policy) - now(), LAST_POLL);
    const context = { signal, endsAt: Math.min(end, endsAt) };
    const reply = await fetchStatus(kind, state.id, state.results)(service, context)();
    const next = step(state, reply, now(), policy, memory.history(kind.name, state.sizeClass));
    isFinal = next._tag === "Done";
    return report(service, state, next, now());
  } finally {
    slot.right(isFinal);
  }
}

/** Resolves the options of a watch. Those that are not set are taken from the service. */
export function policyFor(service: Service, options: PollOptions): PollPolicy {
  const { schedule = service.schedule, retry = service.retry, deadline, maxPolls, minDelay } = options;
  return pollPolicy({ schedule, deadline, maxPolls, minDelay, retry });
}

/**
 * Records the duration of a task if the time of its submission is known. If the watch ended early, records that the
 * task took longer. Implausible durations, because a clock was set or a unit is wrong, are ignored, since many tasks
 * share the history.
 *
 * @param reply The last reply of the watch, or null if the watch was unsubscribed or aborted.
 * @param now The current time, in milliseconds since 1970.
 */
export function learn(
  { memory }: Service,
  { kind, sizeClass, submittedAt, heardAt }: PollState,
  reply: Reply<object> | null,
  now: number,
): void {
  if (submittedAt === null) return;
  const after = (heardAt ?? submittedAt) - submittedAt, before = now - submittedAt;
  if (!(after >= 0 && after <= before && before <= RETENTION)) return;
  const value = reply === null ? null : E.isRight(reply) ? reply.right : reply.left;
  if (value?._tag === "Completed" || value?._tag === "Error") memory.learn([after, before], kind, sizeClass);
  // After `maxPolls`, the watch is likely to be resumed. Without a status, nothing is known about the duration.
  else if (after > 0 && (value === null || value._tag === "GaveUp" && value.reason !== "maxPolls")) {
    memory.learn([after, null], kind, sizeClass);
  }
}

/** Learns from a poll that was the last one, and reports a failure that will be retried. Returns `next`. */
function report<A extends object>(service: Service, state: PollState, next: Next<A>, now: number): Next<A> {
  if (next._tag === "Done") learn(service, state, next.reply, now);
  else if (next.failure !== null) {
    const { delay, failure: error, state: { id, failures } } = next;
    notify(service.onRetry, { call: "fetch", id, error, failures, delay });
  }
  return next;
}

function candidateOf({ submittedAt, startedAt, heardAt }: PollState): Candidate {
  const since = submittedAt ?? startedAt;
  return { since, heardAt: heardAt ?? since };
}
