/**
 * The submission of a task, after which it is polled. Its state is saved before and after, so that a crash loses nothing.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import type { AbortSignalLike } from "../internal/abort.ts";
import { notify, reportUncaught } from "../internal/notify.ts";
import type { Req, Service } from "../client/service.ts";
import { gaveUp, network, type RegionsError, unconfirmed } from "../model/error.ts";
import type { RunState } from "../model/run_state.ts";
import { type TaskKind, taskRef } from "../model/task_kind.ts";
import type { PollPolicy } from "../polling/policy.ts";
import { type Done, failWith, firstState, type Next, resumePoll, startPoll } from "../polling/step.ts";

/** A task that is to be submitted, or that has been by an earlier process. */
export interface Submission<Input, A extends object> {
  readonly kind: TaskKind<Input, A>;
  readonly input: Input;
  readonly submit: Req<string>;
  /** The size class of the image. */
  readonly sizeClass: string | undefined;
  /** What the earlier process has done. */
  readonly state: RunState;
  /** Saves a new state. If it rejects or throws before the submission, nothing is sent. */
  readonly save: ((state: RunState) => void | Promise<void>) | undefined;
  /** Called with the id. */
  readonly onSubmit?: ((id: string) => void) | undefined;
}

/**
 * Submits a task, unless an earlier process has, and starts to poll it.
 *
 * @param began The start of the run, from which its deadline counts, in milliseconds since 1970.
 */
export function startTask<Input, A extends object>(
  service: Service,
  policy: PollPolicy,
  submission: Submission<Input, A>,
  began: number,
  now: () => number,
  signal: AbortSignalLike,
): Next<A> | Promise<Next<A>> {
  const { submitting, task } = submission.state;
  if (task !== null) return resumePoll(task, now(), policy, began);
  return submitting
    ? failWith(unconfirmed(network("submit", "the process ended during the submission")))
    : submit(service, policy, submission, began, now, signal);
}

async function submit<Input, A extends object>(
  service: Service,
  policy: PollPolicy,
  { kind, input, submit, sizeClass, state, save, onSubmit }: Submission<Input, A>,
  began: number,
  now: () => number,
  signal: AbortSignalLike,
): Promise<Next<A>> {
  await save?.({ ...state, submitting: true });
  const endsAt = performance.now() + began - now() + policy.deadline;
  const id = await submit(service, { signal, endsAt })();
  if (E.isLeft(id)) {
    if (save && id.left._tag !== "Unconfirmed") await report(save, state);
    return failSubmission(id.left, now() >= began + policy.deadline);
  }
  if (onSubmit) notify(onSubmit, id.right);
  const submittedAt = now();
  const ref = { ...taskRef(kind, id.right, input), sizeClass };
  if (save) await report(save, { ...state, task: firstState(ref, submittedAt, began, submittedAt) });
  const next = startPoll(ref, now(), submittedAt, policy, service.memory.history(kind.name, sizeClass), began);
  // A viewer sees that the service has accepted the image, before the first poll.
  return { ...next, heard: { _tag: "Pending", id: id.right } };
}

/** Ends a run whose task was not submitted. A timeout past its deadline is the end of the run itself. */
function failSubmission<A extends object>(error: RegionsError, isLate: boolean): Done<A> {
  return failWith(error._tag === "Timeout" && isLate ? gaveUp("deadline", null) : error);
}

/** Saves a state. If that fails, the error is reported as uncaught, and the task continues. */
async function report(save: (state: RunState) => void | Promise<void>, state: RunState): Promise<void> {
  try {
    await save(state);
  } catch (error) {
    reportUncaught(error);
  }
}
