/**
 * The state of running a task: of submitting an image, then polling its task.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { boolean, fields, guarded } from "./codec.ts";
import { PollState } from "./poll_state.ts";
import { createCodec, identity } from "./type.ts";

/**
 * The state of running a task: plain JSON, without the image.
 *
 * @category Durable
 */
export interface RunState {
  /** The version of this format. Other versions are rejected. */
  readonly version: 1;
  /**
   * Whether the task is being submitted. If the process ends meanwhile, it is unknown whether the task exists. Irrelevant
   * if there is a `task`.
   */
  readonly submitting: boolean;
  /** The state of polling the task, or null if it has not been submitted. */
  readonly task: PollState | null;
}

/** The state before a task is submitted. */
export const NOT_SUBMITTED: RunState = { version: 1, submitting: false, task: null };

/** The codecs of the fields that every state of a run has. */
export const RUN_FIELDS: { readonly [K in keyof RunState]: t.Type<RunState[K], unknown, unknown> } = {
  version: /* @__PURE__ */ guarded("version 1", (u): u is 1 => u === 1),
  submitting: boolean,
  task: /* @__PURE__ */ guarded("a PollState or null", (u): u is PollState | null => u === null || PollState.is(u)),
};

/**
 * The codec of {@linkcode RunState}.
 *
 * @example
 * ```ts
 * import { RunState } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const state: RunState = { version: 1, submitting: true, task: null };
 * deepEqual(RunState.decode(JSON.parse(JSON.stringify(state))), right(state));
 * ```
 *
 * @category Durable
 */
export const RunState: t.Type<RunState, unknown, unknown> = /* @__PURE__ */ withTask(
  /* @__PURE__ */ fields<RunState>(RUN_FIELDS, "RunState"),
);

/** A codec that also reads states whose task is a state of polling of an earlier version. */
export function withTask<S extends RunState>(current: t.Type<S, unknown, unknown>): t.Type<S, unknown, unknown> {
  return createCodec<S, unknown, unknown>(
    current.name,
    current.is,
    (u, context) => current.validate(upgradeTask(u), context),
    identity,
  );
}

function upgradeTask(u: unknown): unknown {
  if (!isObject(u)) return u;
  const task = PollState.decode(u.task);
  return E.isRight(task) ? { ...u, task: task.right } : u;
}
