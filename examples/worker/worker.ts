/**
 * Region detection in a Cloudflare Worker. Each image is submitted once, its task is polled in a Durable Object, and any
 * number of clients can watch it.
 *
 *     POST   /tasks                 submits an image; 202 and the task's URL. Settings: ?dsrMode=LineDetector&rotate=90
 *     GET    /tasks/ID              returns the task's status as JSON
 *     GET    /tasks/ID/events       returns each change of status as a server-sent event
 *     GET    /tasks/ID/overlay.svg  returns an SVG to display over the image: ?width=1065&height=1879
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

/** The bindings in wrangler.jsonc, and the secrets. */
export interface Env {
  readonly OCR_CLIENT_ID: string;
  readonly OCR_CLIENT_SECRET: string;
  /** The URL of an emulator to use in place of the service. */
  readonly OCR_BASE_URL?: string;
  /** The Durable Objects. `wrangler types` generates the full type. */
  readonly TASKS: {
    readonly getByName: (name: string) => { readonly fetch: (request: Request) => Promise<Response> };
  };
}

/** An isolate has 128 MB for all its requests, and encoding an image as Base64 takes about eight times its size. */
const MAX_IMAGE_BYTES = 5_000_000;

/**
 * About 70,000 regions. The object can store results of any size, in parts, but decoding and storing a response takes up
 * to twenty times its size of the same 128 MB (measured with triangles; ten times with rectangles).
 */
const MAX_RESPONSE_BYTES = 2_000_000;

/** Matches the SHA-256 of the image and settings, and the view of the task. */
const ROUTE = /^\/tasks(?:\/([\da-f]{64})(\/events|\/overlay\.svg)?)?$/;

// Access tokens and durations of earlier tasks, shared by all requests and objects of the isolate. It holds only plain
// values: promises, timers and a `Service` would end with the request that created them, and other requests would wait
// for them forever.
const memory = createMemory();

const worker = {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      return await route(request, env);
    } catch (error) {
      // The platform stopped the object. Repeating the request is safe, since an object submits its image only once.
      console.error(error);
      return unavailable("The task's object was stopped.");
    }
  },
};
export default worker;

function route(request: Request, env: Env): Response | Promise<Response> {
  const match = ROUTE.exec(new URL(request.url).pathname);
  if (match === null) return problem(404, "This path does not exist.");
  const [, id, view] = match;
  const methods = id === undefined ? ["POST"] : view === undefined ? ["GET", "DELETE"] : ["GET"];
  if (!methods.includes(request.method)) {
    return problem(405, `Expected ${methods.join(" or ")}.`, { "Allow": methods.join(", ") });
  }
  return id === undefined ? submit(request, env) : env.TASKS.getByName(id).fetch(request);
}

/** A Durable Object that serves one task over HTTP. */
export class RegionsTask {
  readonly #task: DurableTask;

  constructor({ storage }: { readonly storage: DurableStorage }, env: Env, options?: DurableTaskOptions) {
    const { OCR_CLIENT_ID: clientId, OCR_CLIENT_SECRET: clientSecret, OCR_BASE_URL: baseUrl } = env;
    const credentials = { clientId, clientSecret };
    const service = connect({ credentials, baseUrl, memory, maxResponseBytes: MAX_RESPONSE_BYTES });
    this.#task = createDurableTask(storage, service, options);
  }

  alarm(): Promise<void> {
    return this.#task.alarm();
  }

  async fetch(request: Request): Promise<Response> {
    try {
      return await this.#respond(request);
    } catch (error) {
      // The storage failed. When it works again, the task continues, and the request can be repeated.
      console.error(error);
      return unavailable("The task's storage failed.");
    }
  }

  async #respond(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, , id, view] = pathname.split("/");
    if (request.method === "POST") {
      const settings = readSettings(searchParams);
      if (E.isLeft(settings)) return problem(400, settings.left);
      await this.#task.submit({ image: await request.arrayBuffer(), settings: settings.right });
    }
    const heard = await this.#task.heard();
    if (heard === null) return problem(404, "The task does not exist or has expired. Submit the image again.");
    const summary = toSummary(id, heard);
    switch (view ?? request.method) {
      case "POST":
        // 502: the service rejected the image, or may have accepted it. It is not resubmitted unless the task is deleted.
        return Response.json(summary, {
          status: summary.failed ? 502 : 202,
          headers: { "Location": `/tasks/${id}` },
        });
      case "DELETE": {
        const canceled = await this.#task.cancel();
        return E.isRight(canceled) ? new Response(null, { status: 204 }) : problem(502, describe(canceled));
      }
      case "events":
        return this.#events(request, summary.done ? heard.length : null);
      case "overlay.svg":
        return overlay(summary, searchParams);
      default:
        return Response.json(summary, { headers: { "Cache-Control": "no-store" } });
    }
  }

  #events({ headers, signal }: Request, finalId: number | null): Response {
    const lastEventId = headers.get("Last-Event-ID");
    // An `EventSource` reconnects after the end of a response. The status 204 makes it stop.
    if (finalId !== null && lastEventId === String(finalId)) return new Response(null, { status: 204 });
    // Without the signal, a disconnected client is noticed one heartbeat later, and the object is billed until then.
    const replies = this.#task.replies().pipe(takeUntil(fromEvent(signal, "abort")));
    return new Response(toEventStream(replies, { lastEventId }), {
      headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
    });
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
  // The settings are complete and in a fixed order, so equal settings have the same JSON.
  const named = new Blob([JSON.stringify(settings.right), "\n", image]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await named.arrayBuffer()));
  const id = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const task = new URL(`/tasks/${id}${url.search}`, url);
  return env.TASKS.getByName(id).fetch(new Request(task, { method: "POST", body: image }));
}

/** Reads the body. Returns null if it exceeds the limit. Its bytes are counted, since `Content-Length` may be wrong. */
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

/** Reads settings such as `?dsrMode=LineDetector&rotate=90&makeUpsampling=true`. A `Left` names the invalid ones. */
function readSettings(params: URLSearchParams): E.Either<string, CompleteSettings> {
  const given = Object.fromEntries(Array.from(params, ([name, value]) => [name, toScalar(value)]));
  const settings = DetectionSettings.decode(given);
  if (E.isRight(settings)) {
    const unknown = Object.keys(given).find((name) => !Object.keys(settings.right).includes(name));
    return unknown === undefined ? settings : E.left(`Unknown setting ${JSON.stringify(unknown)}.`);
  }
  const messages = settings.left.map(({ context }) => {
    const { key, type } = context[context.length - 1];
    return `${key}: expected ${type.name.replace(" or null", "")}`;
  });
  return E.left(messages.join("; "));
}

function toScalar(value: string): string | number | boolean {
  if (value === "true" || value === "false") return value === "true";
  return /^-?\d+$/.test(value) ? Number(value) : value;
}

/** A task as JSON. `reply` is the latest status or the error, in the same form as in the events. */
interface Summary {
  readonly id: string;
  readonly done: boolean;
  readonly failed: boolean;
  readonly message: string;
  readonly reply: TaskStatus | RegionsError | null;
}

function toSummary(id: string, heard: readonly Reply[]): Summary {
  const last = heard.at(-1);
  if (last === undefined) {
    return { id, done: false, failed: false, message: "The task has no status yet.", reply: null };
  }
  const failed = E.isLeft(last);
  return { id, done: failed || isFinal(last.right), failed, message: describe(last), reply: E.toUnion(last) };
}

/** Draws the regions without the image: storing images would cost money, and the client has its own copy. */
function overlay({ reply, message }: Summary, params: URLSearchParams): Response {
  if (reply?._tag !== "Completed") return problem(409, `There are no regions to draw. ${message}`);
  const [width, height] = ["width", "height"].map((name) => params.has(name) ? Number(params.get(name)) : undefined);
  if ([width, height].some((size) => size !== undefined && !(size > 0 && size < Infinity))) {
    return problem(400, "Expected width and height in pixels, greater than 0.");
  }
  const headers = { "Content-Type": "image/svg+xml", "Content-Security-Policy": "default-src 'none'" };
  return new Response(toSvg(reply.regions, { width, height }), { headers });
}

/** A response to a request that failed temporarily. */
function unavailable(reason: string): Response {
  return problem(503, `${reason} Repeat the request in a few seconds.`, { "Retry-After": "5" });
}

/** A problem response (RFC 9457). */
function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  const init = { status, headers: { "Content-Type": "application/problem+json", ...headers } };
  return new Response(JSON.stringify({ status, detail }), init);
}
