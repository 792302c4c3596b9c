/**
 * Region detection as a Worker of one's own: an image is sent once, its task goes on by itself in a Durable Object, and
 * any number of clients watch it.
 *
 *     POST   /tasks                 an image; 202, and the task's address. Settings: ?dsrMode=LineDetector&rotate=90
 *     GET    /tasks/ID              where it stands, as JSON
 *     GET    /tasks/ID/events       each change as it comes, as Server-Sent Events
 *     GET    /tasks/ID/overlay.svg  the regions, to be laid over the image: ?width=1065&height=1879
 *     DELETE /tasks/ID              drops the task, here and in the service
 */
import { type CompleteSettings, connect, createMemory, describe, DetectionSettings, isFinal } from "@ocr-cloud/regions";
import { type RegionsError, type Reply, type TaskStatus, toEventStream, toSvg } from "@ocr-cloud/regions";
import { createDurableTask, type DurableStorage, type DurableTask } from "@ocr-cloud/regions/durable-object";
import * as E from "fp-ts/lib/Either.js";
import { fromEvent, takeUntil } from "rxjs";

/** What wrangler.jsonc and the secrets give the Worker. */
export interface Env {
  readonly OCR_CLIENT_ID: string;
  readonly OCR_CLIENT_SECRET: string;
  /** Another address of the service, such as an emulator's. */
  readonly OCR_BASE_URL?: string;
  /** The Durable Objects. `wrangler types` would write this out in full. */
  readonly TASKS: {
    readonly getByName: (name: string) => { readonly fetch: (request: Request) => Promise<Response> };
  };
}

/** An isolate has 128 MB for all its requests, and an image is held some eight times on its way through Base64. */
const MAX_IMAGE_BYTES = 5_000_000;

/** An object's value may hold 2 MB, and regions take up to 2.8 times as much there as in the service's answer. */
const MAX_ANSWER_BYTES = 700_000;

/** The SHA-256 of image and settings, and what is asked of the task. */
const ROUTE = /^\/tasks(?:\/([\da-f]{64})(\/events|\/overlay\.svg)?)?$/;

// Tokens and what was learned, for all requests and objects of the isolate. It is plain values: a promise, a timer or a
// `Service` here would die with the request that made it, and the others would wait for ever.
const memory = createMemory();

const worker = {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const route = ROUTE.exec(new URL(request.url).pathname);
    if (route === null) return problem(404, "There is nothing at this path.");
    const [, id, view] = route;
    const methods = id === undefined ? ["POST"] : view === undefined ? ["GET", "DELETE"] : ["GET"];
    if (!methods.includes(request.method)) {
      return problem(405, `Expected ${methods.join(" or ")}.`, { "Allow": methods.join(", ") });
    }
    return id === undefined ? submit(request, env) : env.TASKS.getByName(id).fetch(request);
  },
};
export default worker;

/** One task: the library's, with an address. */
export class RegionsTask {
  readonly #task: DurableTask;

  constructor({ storage }: { readonly storage: DurableStorage }, env: Env) {
    const { OCR_CLIENT_ID: clientId, OCR_CLIENT_SECRET: clientSecret, OCR_BASE_URL: baseUrl } = env;
    const credentials = { clientId, clientSecret };
    const service = connect({ credentials, baseUrl, memory, maxResponseBytes: MAX_ANSWER_BYTES });
    this.#task = createDurableTask(storage, service);
  }

  alarm(): Promise<void> {
    return this.#task.alarm();
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, , id, view] = pathname.split("/");
    if (request.method === "POST") {
      const settings = readSettings(searchParams);
      if (E.isLeft(settings)) return problem(400, settings.left);
      await this.#task.submit(await request.arrayBuffer(), settings.right);
    }
    const heard = await this.#task.heard();
    if (heard === null) return problem(404, "There is no such task, or its time is over: send the image again.");
    const standing = stand(id, heard);
    switch (view ?? request.method) {
      case "POST":
        // 502: the service did not take the image, or may have. It is not sent again before the task is deleted.
        return Response.json(standing, {
          status: standing.failed ? 502 : 202,
          headers: { "Location": `/tasks/${id}` },
        });
      case "DELETE": {
        const cancelled = await this.#task.cancel();
        return E.isRight(cancelled) ? new Response(null, { status: 204 }) : problem(502, describe(cancelled));
      }
      case "events":
        return this.#events(request, standing.done ? heard.length : Infinity);
      case "overlay.svg":
        return overlay(standing, searchParams);
      default:
        return Response.json(standing, { headers: { "Cache-Control": "no-store" } });
    }
  }

  #events({ headers: asked, signal }: Request, end: number): Response {
    const lastEventId = asked.get("Last-Event-ID");
    // An `EventSource` comes back after the end; 204 tells it not to.
    if (Number(lastEventId) >= end) return new Response(null, { status: 204 });
    const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };
    // Without the signal a client that is gone is noticed one heartbeat later, and the object is billed until then.
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
  // The settings are complete and in one order, so that the same ones are the same text.
  const named = new Blob([JSON.stringify(settings.right), "\n", image]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await named.arrayBuffer()));
  const id = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const task = new URL(`/tasks/${id}${url.search}`, url);
  return env.TASKS.getByName(id).fetch(new Request(task, { method: "POST", body: image }));
}

/** The body, or null where it is over the limit. It is counted as it comes: a length may be missing, or untrue. */
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

/** `?dsrMode=LineDetector&rotate=90&makeUpsampling=true`, complete; or what is wrong with it. */
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

/** Where a task stands: `reply` is the last status, or the error, as in the events. */
interface Standing {
  readonly id: string;
  readonly done: boolean;
  readonly failed: boolean;
  readonly message: string;
  readonly reply: TaskStatus | RegionsError | null;
}

function stand(id: string, heard: readonly Reply[]): Standing {
  const last = heard.at(-1);
  if (last === undefined) {
    return { id, done: false, failed: false, message: "Nothing was heard of the task yet.", reply: null };
  }
  const failed = E.isLeft(last);
  return { id, done: failed || isFinal(last.right), failed, message: describe(last), reply: E.toUnion(last) };
}

/** The regions alone: to keep the image would be billed, in parts of 2 MB at most, and the client has it anyway. */
function overlay({ reply, message }: Standing, params: URLSearchParams): Response {
  if (reply?._tag !== "Completed") return problem(409, `There are no regions to draw. ${message}`);
  const [width, height] = ["width", "height"].map((name) => params.has(name) ? Number(params.get(name)) : undefined);
  if ([width, height].some((size) => size !== undefined && !(size > 0 && size < Infinity))) {
    return problem(400, "Expected width and height in pixels, over 0.");
  }
  const headers = { "Content-Type": "image/svg+xml", "Content-Security-Policy": "default-src 'none'" };
  return new Response(toSvg(reply.regions, { width, height }), { headers });
}

/** A problem as RFC 9457 writes it. */
function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  const init = { status, headers: { "Content-Type": "application/problem+json", ...headers } };
  return new Response(JSON.stringify({ status, detail }), init);
}
