/**
 * The final status of a task as a `TaskEither`, for programs without RxJS.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import * as E from "../internal/either.ts";
import { DETECTION, type Detection } from "../model/detection.ts";
import type { RegionsError } from "../model/error.ts";
import type { Reply } from "../model/reply.ts";
import type { ResultKind } from "../model/task_kind.ts";
import { type FinalStatus, isFinal } from "../model/task_status.ts";
import { beginWatch, runPolls, type WatchOptions } from "./poll_loop.ts";
import { policyFor, pollBy } from "./poll_once.ts";
import type { Service } from "./service.ts";

/**
 * Polls a task until it is finished, and returns its final status: `Completed`, `Error` or `NotExist`. Does the same as the
 * stream of `watchRegions`, of which it returns the last value, without RxJS. Rejects only if the caller's own schedule
 * throws, or returns a delay that is not a number of 0 or more.
 *
 * @param id The task's id.
 *
 * @throws {RangeError} If `resume` is the state of another task, or, when the result is called with a service, if an option
 * is out of range.
 *
 * @example
 * ```ts
 * import { connect, waitForRegions } from "@ocr-cloud/regions/core";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * deepEqual(await waitForRegions(id)(service)(), right({ _tag: "NotExist", id, messages: [] }));
 * ```
 *
 * @category Detect
 */
export function waitForRegions(
  id: string,
  options: WatchOptions = {},
): (service: Service) => TaskEither<RegionsError, FinalStatus<Detection>> {
  return waitForTask(DETECTION, id, options);
}

/**
 * Polls a task of any kind until it is finished, like {@linkcode waitForRegions}.
 *
 * @param id The task's id.
 *
 * @throws {RangeError} If `resume` is the state of another task, or, when the result is called with a service, if an option
 * is out of range.
 *
 * @example
 * ```ts
 * import { connect, RECOGNIZE_IMAGE, waitForTask } from "@ocr-cloud/regions/core";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const id = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
 * deepEqual(await waitForTask(RECOGNIZE_IMAGE, id)(service)(), right({ _tag: "NotExist", id, messages: [] }));
 * ```
 *
 * @category Tasks
 */
export function waitForTask<A extends object>(
  kind: ResultKind<A>,
  id: string,
  options: WatchOptions = {},
): (service: Service) => TaskEither<RegionsError, FinalStatus<A>> {
  const begin = beginWatch(kind, id, options);
  return (service) => {
    const policy = policyFor(service, options);
    return async () => {
      let stop = (): void => {};
      try {
        return await new Promise((resolve, reject) => {
          const observer = {
            closed: false,
            next: (reply: Reply<A>): void => {
              if (E.isLeft(reply)) resolve(reply);
              else if (isFinal(reply.right)) resolve(E.right(reply.right));
            },
            complete: (): void => {},
            error: reject,
          };
          stop = runPolls(observer, service, kind, policy, options.signal, begin(service, policy), pollBy);
        });
      } finally {
        stop();
      }
    };
  };
}
