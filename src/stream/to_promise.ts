/**
 * An adapter from a status stream to a promise, for programs that do not use fp-ts.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { lastValueFrom, type Observable } from "../internal/rxjs.ts";
import { toError } from "../model/describe.ts";
import type { Reply } from "../model/reply.ts";
import type { Completed } from "../model/task_status.ts";
import type { Reading, ReadReply } from "../model/reading.ts";
import { describe } from "../model/describe.ts";

/**
 * Returns a promise of a task's final status. Subscribes to the stream, and so submits the image or watches the task.
 *
 * @param replies The stream from `detectRegions`, `watchRegions`, `runTask` or `watchTask`.
 *
 * @returns The status `Completed`. The promise rejects with an error that describes the status if the task ended with
 * `Error` or `NotExist`, and with the result of {@linkcode toError} if the status could not be determined.
 *
 * @example
 * ```ts
 * import { connect, detectRegions, fixed, toPromise } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * const { regions } = await toPromise(detectRegions(image, {}, { schedule: fixed({ delay: 100 }) })(service));
 * console.log(regions.length);
 * ```
 *
 * @category Tasks
 */
export function toPromise<A extends object>(replies: Observable<Reply<A>>): Promise<Completed<A>>;
/**
 * The same, for the stream from `readRegions`. The promise resolves to its result.
 *
 * @category Tasks
 */
export function toPromise(replies: Observable<ReadReply>): Promise<Reading>;
export async function toPromise(replies: Observable<Reply<object> | ReadReply>): Promise<object> {
  const reply = await lastValueFrom(replies);
  if (E.isLeft(reply)) throw toError(reply.left);
  const value = reply.right;
  if ("_tag" in value) {
    if (value._tag === "Completed") return value;
    throw new Error(describe(value));
  }
  if (value.step === "done") return value;
  throw new Error(describe(value.status));
}
