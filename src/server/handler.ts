/**
 * A handler of HTTP requests that gives clients access to tasks without giving them the credentials of the service.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { concatMap } from "../internal/rxjs.ts";
import { atLeast } from "../internal/check.ts";
import { toJson } from "../internal/json.ts";
import type { DetectionInput } from "../model/detect_regions.ts";
import { describe } from "../model/describe.ts";
import type { Detection } from "../model/detection.ts";
import { Regions } from "../model/region.ts";
import type { Reply } from "../model/reply.ts";
import { toSvg } from "../page/svg.ts";
import { encodeEvent, toResumableEvents } from "../stream/event_stream.ts";
import { createGate, type GateOptions, type Handler, PATH } from "./gate.ts";
import { detectionInput, type ReadInput } from "./inputs.ts";
import { problem, serviceProblem, toSeconds } from "./problem.ts";
import { createSigner, type Signer } from "./signature.ts";
import { readEventId, readTaskId, writeEventId, writeTaskId } from "./task_id.ts";
import type { SubmittedTask, Tasks, Update } from "./tasks.ts";
import { readUpload } from "./upload.ts";

/**
 * Options of {@linkcode createHandler}.
 *
 * @category Server
 */
export interface HandlerOptions<Input = DetectionInput, A extends object = Detection> extends GateOptions {
  /** The tasks to serve: `serviceTasks(service)` or, in a Durable Object, `durableTasks(task)`. */
  readonly tasks: Tasks<Input, A>;
  /**
   * The maximum size of an image in bytes, 1 or more.
   *
   * @default {10_000_000}
   */
  readonly maxImageBytes?: number | undefined;
  /**
   * The time limit for receiving an image, in milliseconds. Greater than 0.
   *
   * @default {60_000}
   */
  readonly uploadTimeout?: number | undefined;
  /**
   * The interval of comments that keep an idle stream of events open, in milliseconds. Greater than 0, or Infinity for
   * none.
   *
   * @default {15_000}
   */
  readonly heartbeat?: number | undefined;
}

/** What is needed to respond to a request about a task. */
interface Context<Input, A extends object> {
  readonly tasks: Tasks<Input, A>;
  readonly signer: Signer;
  readonly heartbeat: number;
  /** Encodes the event of an update once for all clients. */
  readonly encode: (id: string, update: Update<A>) => Promise<Uint8Array>;
}

/**
 * Creates a function that responds to HTTP requests, for `Deno.serve`, Workers, Bun, Hono, and others. It gives clients,
 * such as web pages, access to tasks: to those that were submitted for them, and without the credentials of the service.
 *
 * | request                     | response                                                                     |
 * | --------------------------- | ---------------------------------------------------------------------------- |
 * | `POST /tasks`               | submits an image: 202, the path of the task in `Location`, and `{ id }`      |
 * | `GET /tasks/ID`             | the status in JSON, with an `ETag`; 304 for a client that has it             |
 * | `GET /tasks/ID/events`      | the statuses as server-sent events; 204 for a client that has the final one  |
 * | `GET /tasks/ID/overlay.svg` | the regions as an SVG; `?width=1065&height=1879`; 409 before they are known  |
 * | `DELETE /tasks/ID`          | cancels the task: 204                                                        |
 *
 * The body of a POST is the image, and its settings are in the query, or it is `multipart/form-data` with a file named
 * `image`. A POST that is repeated with the same `Idempotency-Key` does not submit the image again, if the same instance
 * receives it.
 *
 * The id of a task contains what a task needs, signed for the subject that `authorize` has returned. The id of an event
 * contains the state of the polling, signed for the task. So nothing is stored, and a client can resume a stream on any
 * instance. The `id` of a status is that in the URL.
 *
 * Failures are problems in the format of RFC 9457. If the service is the reason, their member `error` is the
 * `RegionsError`, which contains no credentials.
 *
 * The promise rejects only if `authorize` or the storage of a durable task does.
 *
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If `path` or one of `origins` is invalid.
 *
 * @example
 * ```ts
 * import { connect } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { createHandler, serviceTasks } from "@ocr-cloud/regions/server";
 * import { equal } from "node:assert/strict";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const handle = createHandler({
 *   tasks: serviceTasks(service),
 *   secret: "the secret that signs the ids of tasks",
 *   authorize: ({ headers }) => headers.get("Authorization") === "Bearer 1234" ? "user 1" : null,
 * });
 * equal((await handle(new Request("http://localhost/tasks", { method: "POST" }))).status, 401);
 * ```
 *
 * @category Server
 */
export function createHandler(options: HandlerOptions & { readonly input?: undefined }): Handler;
/**
 * The same, for tasks of any kind.
 *
 * @param options The options, and `input`, which converts an upload to the input of a task. `recognitionInput` is one.
 *
 * @category Server
 */
export function createHandler<Input, A extends object>(
  options: HandlerOptions<Input, A> & { readonly input: ReadInput<Input> },
): Handler;
export function createHandler<Input, A extends object>(
  options:
    | (HandlerOptions<Input, A> & { readonly input: ReadInput<Input> })
    | (HandlerOptions & { readonly input?: undefined }),
): Handler {
  return options.input === undefined ? handlerOf({ ...options, input: detectionInput }) : handlerOf(options);
}

function handlerOf<Input, A extends object>(
  options: HandlerOptions<Input, A> & { readonly input: ReadInput<Input> },
): Handler {
  const { tasks, input, path = PATH, maxImageBytes = 10_000_000, uploadTimeout = 60_000 } = options;
  const action = "handle requests";
  const limits = {
    maxImageBytes: atLeast(action, "maxImageBytes", maxImageBytes, 1),
    uploadTimeout: atLeast(action, "uploadTimeout", uploadTimeout, Number.MIN_VALUE),
  };
  const heartbeat = atLeast(action, "heartbeat", options.heartbeat ?? 15_000, Number.MIN_VALUE);
  const signer = createSigner(options.secret);
  const context: Context<Input, A> = { tasks, signer, heartbeat, encode: createEncoder(signer) };

  const submit = async (request: Request, subject: string): Promise<Response> => {
    const upload = await readUpload(request, limits);
    if (E.isLeft(upload)) return upload.left;
    const value = input(upload.right);
    if (E.isLeft(value)) return problem(400, value.left);
    const key = request.headers.get("Idempotency-Key");
    const task = await tasks.submit(value.right, key === null ? null : await signer.derive(["key", subject, key]))
      .catch((error: unknown) => {
        if (error instanceof RangeError) return problem(400, error.message);
        throw error;
      });
    if (task instanceof Response) return task;
    if (E.isLeft(task)) return serviceProblem(task.left);
    const id = await writeTaskId(signer, subject, task.right);
    return Response.json({ id }, { status: 202, headers: { "Location": `${path}/${id}` } });
  };

  return createGate(options, async (request, { subject, id, view }) => {
    if (id === null) return await submit(request, subject);
    const task = await readTaskId(signer, subject, id);
    if (task === null || task.kind !== tasks.kind) return problem(404, "The task does not exist.");
    if (view === "/events") return await streamEvents(context, request, id, task);
    if (view === "/overlay.svg") return await drawOverlay(context, request, id, task);
    if (request.method === "GET") return await showStatus(context, request, id, task);
    const canceled = await tasks.cancel(task);
    return E.isRight(canceled) ? new Response(null, { status: 204 }) : serviceProblem(canceled.left);
  });
}

/** Events are encoded once, since thousands of clients may receive the same one. */
function createEncoder<A extends object>(signer: Signer): Context<unknown, A>["encode"] {
  const encoded = new WeakMap<Update<A>, { readonly id: string; readonly event: Promise<Uint8Array> }>();
  const encode = async (id: string, { reply, cursor }: Update<A>): Promise<Uint8Array> =>
    encodeEvent({ id: await writeEventId(signer, id, cursor), reply: withId(reply, id) });
  return (id, update) => {
    const known = encoded.get(update);
    if (known?.id === id) return known.event;
    const event = encode(id, update);
    encoded.set(update, { id, event });
    return event;
  };
}

async function streamEvents<Input, A extends object>(
  { tasks, signer, heartbeat, encode }: Context<Input, A>,
  { headers }: Request,
  id: string,
  task: SubmittedTask,
): Promise<Response> {
  const place = await readEventId(signer, id, headers.get("Last-Event-ID"));
  // An `EventSource` reconnects after the end of a response. The status 204 makes it stop.
  if (place === "end") return new Response(null, { status: 204 });
  // When the client disconnects, the runtime cancels the body, which ends the subscription.
  const events = tasks.watch(task, place.after).pipe(concatMap((update) => encode(id, update)));
  return new Response(toResumableEvents(events, heartbeat), {
    headers: { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" },
  });
}

async function showStatus<Input, A extends object>(
  { tasks, signer }: Context<Input, A>,
  { headers }: Request,
  id: string,
  task: SubmittedTask,
): Promise<Response> {
  // A proxy that compresses the response marks the tag as weak.
  const eventId = /^(?:W\/)?"([^"]*)"$/.exec(headers.get("If-None-Match") ?? "")?.[1] ?? null;
  const place = await readEventId(signer, id, eventId);
  if (place === "end") return new Response(null, { status: 304 });
  const update = await tasks.current(task, place.after);
  const isOver = update._tag === "Update" && update.cursor === null && update.dueAt === null;
  // A Durable Object does not know when it polls next, and its clients cost no polls.
  const retryAfter: Record<string, string> = isOver
    ? {}
    : { "Retry-After": toSeconds((update.dueAt ?? 0) - Date.now()) };
  if (update._tag === "NotYet") {
    // The service has accepted the image, so the task is queued.
    return place.after === null
      ? Response.json({ _tag: "Pending", id }, { headers: retryAfter })
      : new Response(null, { status: 304, headers: retryAfter });
  }
  const reply = withId(update.reply, id);
  if (E.isLeft(reply)) return serviceProblem(reply.left, retryAfter);
  const etag = `"${await writeEventId(signer, id, update.cursor)}"`;
  return new Response(toJson(reply.right), {
    headers: { "Content-Type": "application/json", "ETag": etag, ...retryAfter },
  });
}

/** Draws the regions without the image, of which the client has its own copy. */
async function drawOverlay<Input, A extends object>(
  { tasks }: Context<Input, A>,
  { url }: Request,
  id: string,
  task: SubmittedTask,
): Promise<Response> {
  const { searchParams } = new URL(url);
  const [width, height] = ["width", "height"].map((name) => {
    const text = searchParams.get(name);
    return text === null ? undefined : Number(text);
  });
  if ([width, height].some((size) => size !== undefined && !(size > 0 && size < Infinity))) {
    return problem(400, "Expected width and height in pixels, greater than 0.");
  }
  const update = await tasks.current(task, null);
  if (update._tag === "NotYet") return problem(409, "There are no regions to draw yet.");
  const reply = withId(update.reply, id);
  if (E.isLeft(reply)) return serviceProblem(reply.left);
  const status: object = reply.right;
  if (!("regions" in status && Regions.is(status.regions))) {
    return problem(409, `There are no regions to draw. ${describe(reply)}`);
  }
  return new Response(toSvg(status.regions, { width, height }), {
    headers: { "Content-Type": "image/svg+xml", "Content-Security-Policy": "default-src 'none'" },
  });
}

/** Replaces the service's id of a task by the one that clients use. */
function withId<A extends object>(reply: Reply<A>, id: string): Reply<A> {
  if (E.isRight(reply)) return E.right({ ...reply.right, id });
  const error = reply.left;
  return error._tag === "GaveUp" && error.state !== null ? E.left({ ...error, state: { ...error.state, id } }) : reply;
}
