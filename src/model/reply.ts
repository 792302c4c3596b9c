/**
 * The elements of status streams, and their form in JSON.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { fail, guarded } from "./codec.ts";
import { Detection } from "./detection.ts";
import { RegionsError } from "./error.ts";
import { type FinalStatus, isFinal, isTaskStatus, type TaskStatus } from "./task_status.ts";
import { createCodec, success } from "./type.ts";

/**
 * An element of a status stream: a status, or the reason why the status could not be determined.
 *
 * @category Statuses
 */
export type Reply<A extends object = Detection> = E.Either<RegionsError, TaskStatus<A>>;

/**
 * The codec of {@linkcode Reply} for detections, which is a status or an error in JSON, as in the events of
 * `toEventStream`.
 *
 * @example
 * ```ts
 * import { Reply } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const reply = Reply.decode(JSON.parse('{"_tag":"Pending","id":"1"}'));
 * deepEqual(reply, right(right({ _tag: "Pending", id: "1" })));
 * ```
 *
 * @category Statuses
 */
export const Reply: t.Type<Reply, unknown, unknown> = /* @__PURE__ */ replyCodec(Detection);

/**
 * Returns the codec of the replies of a kind of task.
 *
 * @param output The codec of the kind's output, such as `TextOutput`. In JSON, the output has the form that it has in the
 * status, not that of the service's results.
 *
 * @example
 * ```ts
 * import { replyCodec, TextOutput } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const json = '{"_tag":"Completed","id":"1","text":"To Lucasta","notices":[]}';
 * const reply = replyCodec(TextOutput).decode(JSON.parse(json));
 * deepEqual(reply, right(right({ _tag: "Completed", id: "1", text: "To Lucasta", notices: [] })));
 * ```
 *
 * @category Statuses
 */
export function replyCodec<A extends object>(
  output: { readonly name: string; readonly is: t.Is<A> },
): t.Type<Reply<A>, unknown, unknown> {
  const isStatus = (u: unknown): u is TaskStatus<A> => isTaskStatus(u) && (u._tag !== "Completed" || output.is(u));
  return createCodec<Reply<A>, unknown, unknown>(
    "Reply",
    (u): u is Reply<A> =>
      isObject(u) && (u._tag === "Left" ? RegionsError.is(u.left) : u._tag === "Right" && isStatus(u.right)),
    (u, context) => {
      if (isStatus(u)) return success(E.right(u));
      if (isTaskStatus(u)) return fail(u, context, `expected the output ${output.name}`);
      const error = RegionsError.validate(u, context);
      return E.isRight(error) ? success(E.left(error.right)) : error;
    },
    valueOf,
  );
}

/**
 * Returns the codec of the statuses that end a task of a kind, in the form in which streams emit them.
 *
 * @param output The codec of the kind's output, such as `TextOutput`.
 *
 * @example
 * ```ts
 * import { finalStatusCodec, TextOutput } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const codec = finalStatusCodec(TextOutput);
 * equal(codec.is({ _tag: "Completed", id: "1", text: "To Lucasta", notices: [] }), true);
 * equal(codec.is({ _tag: "Processing", id: "1" }), false);
 * ```
 *
 * @category Statuses
 */
export function finalStatusCodec<A extends object>(
  output: { readonly name: string; readonly is: t.Is<A> },
): t.Type<FinalStatus<A>, FinalStatus<A>, unknown> {
  return guarded(
    `a final status with ${output.name}`,
    (u): u is FinalStatus<A> => isTaskStatus(u) && isFinal(u) && (u._tag !== "Completed" || output.is(u)),
  );
}

/** Whether a reply is the last one of its stream. */
export function isLast(reply: Reply<object>): boolean {
  return E.isLeft(reply) || isFinal(reply.right);
}

/** Returns the status or the error. fp-ts has `toUnion` only since version 2.10. */
export function valueOf<L, R>(reply: E.Either<L, R>): L | R {
  return E.isRight(reply) ? reply.right : reply.left;
}
