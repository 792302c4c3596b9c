/**
 * Region detection as a Worker of your own: an image is sent once, its task goes on by itself in a Durable Object, and
 * any number of clients can watch it.
 *
 *     POST   /tasks                 an image; 202 and the task's address. Settings: ?dsrMode=LineDetector&rotate=90
 *     GET    /tasks/ID              the task's status, as JSON
 *     GET    /tasks/ID/events       each change of status, as Server-Sent Events
 *     GET    /tasks/ID/overlay.svg  the regions, to be laid over the image: ?width=1065&height=1879
 *     DELETE /tasks/ID              cancels the task in the service and deletes it here
 */
import { type CompleteSettings, connect, createMemory, describe, DetectionSettings, isFinal } from "@ocr-cloud/regions";
import { type RegionsError, type Reply, type TaskStatus, toEventStream, toSvg } from "@ocr-cloud/regions";
import {
  createDurableTask,
  type DurableStorage,
  type DurableTask,
  type DurableTaskOptions,
} from "@ocr-cloud/regions/durable-object";
import * as E from "fp-ts/lib/Either.js";
import { fromEvent, takeUntil } from "rxjs";

/** The bindings of wrangler.jsonc, and the secrets. */
export interface Env {
  readonly OCR_CLIENT_ID: string;
  readonly OCR_CLIENT_SECRET: string;
  /** Another address of the service, such as that of an emulator. */
  readonly OCR_BASE_URL?: string;
  /** The Durable Objects. `wrangler types` generates the full type. */
  readonly TASKS: {
    readonly getByName: (name: string) => { readonly fetch: (request: Request) => Promise<Response> };
  };
}

/** An isolate has 128 MB for all its requests, and encoding an image as Base64 takes about eight times its size. */
const MAX_IMAGE_BYTES = 5_000_000;

/**
 * Some 70,000 regions. The object stores results of any size, in parts, but decoding and storing an answer takes up to
 * twenty times its size of the same 128 MB (measured with triangles; ten times with rectangles).
 */
const MAX_ANSWER_BYTES = 2_000_000;

/** The SHA-256 of image and settings, and the view of the task. */
const ROUTE = /^\/tasks(?:\/([\da-f]{64})(\/events|\/overlay\.svg)?)?$/;

// Tokens and past durations, shared by all requests and objects of the isolate. It holds plain values only: a promise, a
// timer or a `Service` would die with the request that created it, and other requests would wait for it forever.
const memory = createMemory();

const worker = {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      return await route(request, env);
    } catch (error) {
      // The platform stopped the object. Repeating the request is safe: an object sends its image once.
      console.error(error);
      return unavailable("The task's object was stopped.");
    }
  },
};
export default worker;

function route(request: Request, env: Env): Response | Promise<Response> {
  const match = ROUTE.exec(new URL(request.url).pathname);
  if (match === null) return problem(404, "There is nothing at this path.");
  const [, id, view] = match;
  const methods = id === undefined ? ["POST"] : view === undefined ? ["GET", "DELETE"] : ["GET"];
  if (!methods.includes(request.method)) {
    return problem(405, `Expected ${methods.join(" or ")}.`, { "Allow": methods.join(", ") });
  }
  return id === undefined ? submit(request, env) : env.TASKS.getByName(id).fetch(request);
}

/** One task of the library, behind HTTP. */
export class RegionsTask {
  readonly #task: DurableTask;

  constructor({ storage }: { readonly storage: DurableStorage }, env: Env, options?: DurableTaskOptions) {
    const { OCR_CLIENT_ID: clientId, OCR_CLIENT_SECRET: clientSecret, OCR_BASE_URL: baseUrl } = env;
    const credentials = { clientId, clientSecret };
    const service = connect({ credentials, baseUrl, memory, maxResponseBytes: MAX_ANSWER_BYTES });
    this.#task = createDurableTask(storage, service, options);
  }

  alarm(): Promise<void> {
    return this.#task.alarm();
  }

  async fetch(request: Request): Promise<Response> {
    try {
      return await this.#answer(request);
    } catch (error) {
      // The storage failed. The task goes on when the storage does, and a repeated request finds it.
      console.error(error);
      return unavailable("The task's storage failed.");
    }
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, , id, view] = pathname.split("/");
    if (request.method === "POST") {
      const settings = readSettings(searchParams);
      if (E.isLeft(settings)) return problem(400, settings.left);
      await this.#task.submit(await request.arrayBuffer(), settings.right);
    }
    const heard = await this.#task.heard();
    if (heard === null) return problem(404, "There is no such task, or it has expired. Send the image again.");
    const standing = toStanding(id, heard);
    switch (view ?? request.method) {
      case "POST":
        // 502: the service refused the image, or may have taken it. It is not sent again until the task is deleted.
        return Response.json(standing, {
          status: standing.failed ? 502 : 202,
          headers: { "Location": `/tasks/${id}` },
        });
      case "DELETE": {
        const cancelled = await this.#task.cancel();
        return E.isRight(cancelled) ? new Response(null, { status: 204 }) : problem(502, describe(cancelled));
      }
      case "events":
        return this.#events(request, standing.done ? heard.length : null);
      case "overlay.svg":
        return overlay(standing, searchParams);
      default:
        return Response.json(standing, { headers: { "Cache-Control": "no-store" } });
    }
  }

  #events({ headers: asked, signal }: Request, end: number | null): Response {
    const lastEventId = asked.get("Last-Event-ID");
    // An `EventSource` reconnects after the end; 204 makes it stop.
    if (end !== null && lastEventId === String(end)) return new Response(null, { status: 204 });
    const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };
    // Without the signal, a client that disconnects is noticed one heartbeat later, and the object is billed until then.
    const replies = this.#task.replies().pipe(takeUntil(fromEvent(signal, "abort")));
    return new Response(toEventStream(replies, { lastEventId }), { headers });
  }
}

async function submit(request: Request, env: Env): Promise<Response> {
  const url = new URL(request.url);
  const settings = readSettings(url.searchParams);
  if (E.isLeft(settings)) return problem(400, settings.left);
  if (!/^image\//i.test(request.headers.get("Content-Type") ?? "")) {
    return problem(415, "Expected an image, with its Content-Type: image/jpeg, image/png, …");
  }
  const image = await readImage(request);
  if (image === null) return problem(413, `Expected an image of at most ${MAX_IMAGE_BYTES} bytes.`);
  if (image.size === 0) return problem(400, "Expected an image, got an empty body.");
  // The settings are complete and in a fixed order, so equal settings have equal JSON.
  const named = new Blob([JSON.stringify(settings.right), "\n", image]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await named.arrayBuffer()));
  const id = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const task = new URL(`/tasks/${id}${url.search}`, url);
  return env.TASKS.getByName(id).fetch(new Request(task, { method: "POST", body: image }));
}

/** The body, or null if it exceeds the limit. Counted as it arrives, since its length may be missing or wrong. */
async function readImage({ body, headers }: Request): Promise<Blob | null> {
  if (Number(headers.get("Content-Length")) > MAX_IMAGE_BYTES) return null;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_IMAGE_BYTES) return null;
    chunks.push(chunk);
  }
  return new Blob(chunks);
}

/** The complete settings of `?dsrMode=LineDetector&rotate=90&makeUpsampling=true`, or what is wrong with them. */
function readSettings(params: URLSearchParams): E.Either<string, CompleteSettings> {
  const given = Object.fromEntries(Array.from(params, ([name, value]) => [name, toScalar(value)]));
  const settings = DetectionSettings.decode(given);
  if (E.isRight(settings)) {
    const unknown = Object.keys(given).find((name) => !Object.keys(settings.right).includes(name));
    return unknown === undefined ? settings : E.left(`There is no setting ${JSON.stringify(unknown)}.`);
  }
  const faults = settings.left.map(({ context }) => {
    const { key, type } = context[context.length - 1];
    return `${key}: expected ${type.name.replace(" or null", "")}`;
  });
  return E.left(faults.join("; "));
}

function toScalar(value: string): string | number | boolean {
  if (value === "true" || value === "false") return value === "true";
  return /^-?\d+$/.test(value) ? Number(value) : value;
}

/** The state of a task: `reply` is the latest status or the error, as in the events. */
interface Standing {
  readonly id: string;
  readonly done: boolean;
  readonly failed: boolean;
  readonly message: string;
  readonly reply: TaskStatus | RegionsError | null;
}

function toStanding(id: string, heard: readonly Reply[]): Standing {
  const last = heard.at(-1);
  if (last === undefined) {
    return { id, done: false, failed: false, message: "The task has no status yet.", reply: null };
  }
  const failed = E.isLeft(last);
  return { id, done: failed || isFinal(last.right), failed, message: describe(last), reply: E.toUnion(last) };
}

/** The regions alone: storing the image would be billed, and the client has it anyway. */
function overlay({ reply, message }: Standing, params: URLSearchParams): Response {
  if (reply?._tag !== "Completed") return problem(409, `There are no regions to draw. ${message}`);
  const [width, height] = ["width", "height"].map((name) => params.has(name) ? Number(params.get(name)) : undefined);
  if ([width, height].some((size) => size !== undefined && !(size > 0 && size < Infinity))) {
    return problem(400, "Expected width and height in pixels, greater than 0.");
  }
  const headers = { "Content-Type": "image/svg+xml", "Content-Security-Policy": "default-src 'none'" };
  return new Response(toSvg(reply.regions, { width, height }), { headers });
}

/** A transient failure. The request can be repeated. */
function unavailable(why: string): Response {
  return problem(503, `${why} Repeat the request in a few seconds.`, { "Retry-After": "5" });
}

/** A problem in the form of RFC 9457. */
function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  const init = { status, headers: { "Content-Type": "application/problem+json", ...headers } };
  return new Response(JSON.stringify({ status, detail }), init);
}
