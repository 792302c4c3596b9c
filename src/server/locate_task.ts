/**
 * Finds the Durable Object that responds to a request.
 *
 * @module
 */
import { createSigner } from "./signature.ts";
import { readTaskId } from "./task_id.ts";

/**
 * Options of {@linkcode locateTask}.
 *
 * @category Server
 */
export interface LocateOptions {
  /** The secret of the handler, which has at least 32 characters. */
  readonly secret: string;
  /**
   * The path of the handler.
   *
   * @default {"/tasks"}
   */
  readonly path?: string | undefined;
}

/**
 * Returns the name of the Durable Object that responds to a request, for a Worker in front of handlers with
 * `durableTasks`. A new task gets a name that nobody can guess: the same for requests with the same `Idempotency-Key`,
 * so that a request which is repeated does not submit the image again. Otherwise, the name is in the id of the task.
 *
 * @param subject The subject on whose behalf the client acts.
 *
 * @returns null if the path does not exist, or if the id was not made for the subject. No object is needed to respond.
 *
 * @throws {RangeError} If the secret is too short.
 *
 * @example
 * ```ts
 * import { locateTask } from "@ocr-cloud/regions/server";
 * import { equal } from "node:assert/strict";
 *
 * const secret = "the secret that signs the ids of tasks";
 * const request = new Request("http://localhost/tasks/forged.id");
 * equal(await locateTask(request, "user 1", { secret }), null);
 * ```
 *
 * @category Server
 */
export async function locateTask(request: Request, subject: string, options: LocateOptions): Promise<string | null> {
  const { secret, path = "/tasks" } = options;
  const signer = createSigner(secret);
  const { pathname } = new URL(request.url);
  if (pathname === path) {
    const key = request.headers.get("Idempotency-Key") ?? crypto.randomUUID();
    return await signer.derive(["key", subject, key]);
  }
  const id = pathname.startsWith(`${path}/`) ? pathname.slice(path.length + 1).split("/")[0] : "";
  return (await readTaskId(signer, subject, id))?.id ?? null;
}
