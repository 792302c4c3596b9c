/**
 * The task of a Durable Object, as a handler serves it.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { concat, defer, EMPTY, filter, map, type Observable, of } from "../internal/rxjs.ts";
import type { DetectionInput } from "../model/detect_regions.ts";
import { DETECTION, type Detection } from "../model/detection.ts";
import type { DurableTask } from "./durable_object.ts";
import { absent, type SubmittedTask, type Tasks, toUpdate, type Update } from "./tasks.ts";

/**
 * Options of {@linkcode durableTasks}.
 *
 * @category Server
 */
export interface DurableTasksOptions {
  /** The name of the object, which is the id of its task. `createRouter` determines it. */
  readonly name: string;
  /**
   * The kind of the task.
   *
   * @default {DETECT_REGIONS}
   */
  readonly kind?: { readonly name: string } | undefined;
}

/**
 * Returns the task of a Durable Object, for a `createHandler` in the object. The object polls it with alarms, so it is
 * polled even if no client is connected, and all clients share the polls.
 *
 * @example
 * ```ts
 * import { connect } from "@ocr-cloud/regions";
 * import { createDurableTask, type DurableStorage } from "@ocr-cloud/regions/durable-object";
 * import { createHandler, durableTasks } from "@ocr-cloud/regions/server";
 *
 * class RegionsTask {
 *   readonly #task;
 *   constructor({ storage }: { readonly storage: DurableStorage }, readonly env: { readonly SECRET: string }) {
 *     this.#task = createDurableTask(storage, connect({ token: "1234" }));
 *   }
 *   // The Worker has determined both from the request, with `createRouter`.
 *   respond(request: Request, subject: string, name: string): Promise<Response> {
 *     const tasks = durableTasks(this.#task, { name });
 *     return createHandler({ tasks, secret: this.env.SECRET, authorize: () => subject })(request);
 *   }
 * }
 * ```
 *
 * @category Server
 */
export function durableTasks<Input = DetectionInput, A extends object = Detection>(
  task: DurableTask<Input, A>,
  { name, kind = DETECTION }: DurableTasksOptions,
): Tasks<Input, A> {
  const submitted: SubmittedTask = { kind: kind.name, id: name, results: null, submittedAt: null };
  const isOther = ({ id }: SubmittedTask): boolean => id !== name;
  return {
    kind: kind.name,
    submit: async (input) => {
      const isNew = await task.heard() === null;
      // An object submits its task only once, so the key is not needed.
      await task.submit(input);
      const heard = await task.heard() ?? [], last = heard.at(-1);
      if (last === undefined || E.isRight(last)) return E.right(submitted);
      // It is kept, so that the image is not submitted again if the client repeats the request.
      if (last.left._tag === "Unconfirmed") return last;
      // The polls have failed, of a task that the service had accepted.
      if (!isNew || heard.length > 1) return E.right(submitted);
      // The service did not accept the image. It may do so if the client repeats the request.
      await task.cancel();
      return last;
    },
    current: async (other, after) => {
      const heard = isOther(other) ? null : await task.heard();
      if (heard === null) return absent(other);
      const last = heard.at(-1);
      return last === undefined || after === String(heard.length)
        ? { _tag: "NotYet", dueAt: null }
        : toUpdate(last, String(heard.length), null);
    },
    watch: (other, after) => {
      if (isOther(other)) return of(absent<A>(other));
      const received = Number(after ?? 0);
      return defer(() => {
        let isOver = false;
        const updates = task.replies().pipe(
          map((reply, index) => toUpdate(reply, String(index + 1), null)),
          filter(({ cursor }, index) => {
            isOver = cursor === null;
            return isOver || index >= received;
          }),
        );
        // The task has never existed, has been deleted, or was canceled meanwhile.
        return concat(updates, defer((): Observable<Update<A>> => isOver ? EMPTY : of(absent(other))));
      });
    },
    cancel: (other) => isOther(other) ? Promise.resolve(E.right(undefined)) : task.cancel(),
  };
}
