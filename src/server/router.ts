/**
 * Finds the Durable Objects that respond to requests.
 *
 * @module
 */
import { createGate, type GateOptions, type Handler } from "./gate.ts";
import { problem } from "./problem.ts";
import { createSigner } from "./signature.ts";
import { readTaskId } from "./task_id.ts";

/**
 * The Durable Object that responds to a request.
 *
 * @category Server
 */
export interface Target {
  /** The name of the object. */
  readonly name: string;
  /** The subject on whose behalf the client acts, as `authorize` has returned it. */
  readonly subject: string;
}

/**
 * Options of {@linkcode createRouter}.
 *
 * @category Server
 */
export interface RouterOptions extends GateOptions {
  /**
   * Forwards a request to its object. The handler of the object needs the name and the subject, and has the same `secret`
   * and `path`. It must not see the header `Origin`, which has been checked here.
   */
  readonly forward: (request: Request, target: Target) => Response | Promise<Response>;
}

/**
 * Creates a handler for a Worker in front of Durable Objects, whose handlers have `durableTasks`. It checks the origin and
 * the author of a request, and the id of its task. Requests that fail a check do not reach an object.
 *
 * A new task gets a name that nobody can guess: the same for requests of a subject with the same `Idempotency-Key`, so that
 * a request which is repeated does not submit the image again. Otherwise, the name is in the id of the task.
 *
 * @throws {RangeError} If the secret is too short.
 * @throws {TypeError} If `path` or one of `origins` is invalid.
 *
 * @example
 * ```ts
 * import { createRouter } from "@ocr-cloud/regions/server";
 * import { equal } from "node:assert/strict";
 *
 * interface Env {
 *   readonly SECRET: string;
 *   readonly TASKS: { getByName(name: string): { fetch(request: Request): Promise<Response> } };
 * }
 *
 * const worker = {
 *   fetch: (request: Request, { SECRET: secret, TASKS }: Env) =>
 *     createRouter({
 *       secret,
 *       authorize: ({ headers }) => headers.get("Authorization") === "Bearer 1234" ? "user 1" : null,
 *       forward: (request, { name, subject }) => {
 *         const headers = new Headers(request.headers);
 *         headers.delete("Origin");
 *         headers.set("X-Name", name);
 *         headers.set("X-Subject", encodeURIComponent(subject));
 *         return TASKS.getByName(name).fetch(new Request(request, { headers }));
 *       },
 *     })(request),
 * };
 *
 * const request = new Request("http://localhost/tasks/forged.id", { headers: { "Authorization": "Bearer 1234" } });
 * const env = { SECRET: "the secret that signs the ids of tasks", TASKS: { getByName: () => ({ fetch }) } };
 * equal((await worker.fetch(request, env)).status, 404);
 * ```
 *
 * @category Server
 */
export function createRouter(options: RouterOptions): Handler {
  const signer = createSigner(options.secret);
  const locate = async (subject: string, id: string | null, headers: Headers): Promise<string | null> => {
    if (id !== null) return (await readTaskId(signer, subject, id))?.id ?? null;
    const key = headers.get("Idempotency-Key") ?? crypto.randomUUID();
    return await signer.derive(["key", subject, key]);
  };
  return createGate(options, async (request, { subject, id }) => {
    const name = await locate(subject, id, request.headers);
    return name === null ? problem(404, "The task does not exist.") : await options.forward(request, { name, subject });
  });
}
