/**
 * Region detection in a Cloudflare Worker. Each image is submitted once, its task is polled in a Durable Object, and any
 * number of clients can watch it.
 *
 *     POST   /tasks                 submits an image; 202 and the task's id. Settings: ?dsrMode=LineDetector&rotate=90
 *     GET    /tasks/ID              returns the task's status as JSON
 *     GET    /tasks/ID/events       returns each change of status as a server-sent event
 *     GET    /tasks/ID/overlay.svg  returns an SVG to display over the image: ?width=1065&height=1879
 *     DELETE /tasks/ID              cancels the task in the service and deletes it here
 *     POST   /session               sets a cookie with the key of the request, for an `EventSource`
 *     DELETE /session               deletes the cookie
 *
 * Every request needs one of the keys in the secret `API_KEYS`, and sees only the tasks of that key's subject.
 */
import { connect, createMemory } from "@ocr-cloud/regions";
import {
  createDurableTask,
  type DurableStorage,
  type DurableTask,
  type DurableTaskOptions,
} from "@ocr-cloud/regions/durable-object";
import { createHandler, createRouter, durableTasks, type Handler, type Target } from "@ocr-cloud/regions/server";
import { identify, readKeys, respondToSession, unauthorized } from "./access.ts";

/** The variables in wrangler.jsonc, and the secrets. */
export interface Env {
  readonly OCR_CLIENT_ID: string;
  readonly OCR_CLIENT_SECRET: string;
  /** Signs the ids of tasks and events, and has at least 32 characters. */
  readonly SIGNING_SECRET: string;
  /** The keys of clients: `alice:KEY1 bob:KEY2`. */
  readonly API_KEYS: string;
  /** The origins of other web pages that may use the Worker. */
  readonly ORIGINS?: readonly string[];
  /** The URL of an emulator to use in place of the service. */
  readonly OCR_BASE_URL?: string;
  /** The Durable Objects. `wrangler types` generates the full type. */
  readonly TASKS: {
    readonly getByName: (name: string) => { readonly fetch: (request: Request) => Promise<Response> };
  };
}

const SECRETS = ["OCR_CLIENT_ID", "OCR_CLIENT_SECRET", "SIGNING_SECRET", "API_KEYS"] as const;

/** An isolate has 128 MB for all its requests, and encoding an image as Base64 takes about eight times its size. */
const MAX_IMAGE_BYTES = 5_000_000;

/**
 * About 70,000 regions. The object can store results of any size, in parts, but decoding and storing a response takes up
 * to twenty times its size of the same 128 MB (measured with triangles; ten times with rectangles).
 */
const MAX_RESPONSE_BYTES = 2_000_000;

/** The headers that tell an object its name, and the subject of a request. The Worker overwrites those of clients. */
const NAME = "X-Task-Name";
const SUBJECT = "X-Task-Subject";

// Access tokens and durations of earlier tasks, shared by all requests and objects of the isolate. It holds only plain
// values: promises, timers and a `Service` would end with the request that created them, and other requests would wait
// for them forever.
const memory = createMemory();

const worker = {
  async fetch(request: Request, env: Env): Promise<Response> {
    const handle = await open(env).catch((error: unknown) => {
      console.error(error);
      return null;
    });
    return await handle?.(request) ?? unavailable("The Worker is not configured. Its log says what is missing.", 600);
  },
};
export default worker;

/** Returns the handler of the Worker. Rejects if a secret is missing or a variable is invalid: nothing is served then. */
async function open(env: Env): Promise<Handler> {
  const missing = SECRETS.filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0) throw new Error(`Secrets are missing: ${missing.join(", ")}.`);
  const keys = await readKeys(env.API_KEYS);
  const route = createRouter({
    secret: env.SIGNING_SECRET,
    origins: env.ORIGINS,
    authorize: async (request) => await identify(request, keys) ?? unauthorized(),
    forward: (request, target) => forward(request, target, env),
  });
  return async (request) => {
    const { pathname } = new URL(request.url);
    return pathname === "/session" ? await respondToSession(request, keys) : await route(request);
  };
}

async function forward(request: Request, { name, subject }: Target, { TASKS }: Env): Promise<Response> {
  const headers = new Headers(request.headers);
  // The router has checked it, and the object does not know the origins.
  headers.delete("Origin");
  headers.set(NAME, name);
  headers.set(SUBJECT, encodeURIComponent(subject));
  try {
    return await TASKS.getByName(name).fetch(new Request(request, { headers }));
  } catch (error) {
    // The platform stopped the object. Repeating the request is safe with an `Idempotency-Key`, as a task is submitted
    // only once.
    console.error(error);
    return unavailable("The task's object was stopped. Repeat the request in a few seconds.", 5);
  }
}

/** A Durable Object that serves one task over HTTP. */
export class RegionsTask {
  readonly #task: DurableTask;
  readonly #secret: string;

  constructor({ storage }: { readonly storage: DurableStorage }, env: Env, options?: DurableTaskOptions) {
    const { OCR_CLIENT_ID: clientId, OCR_CLIENT_SECRET: clientSecret, OCR_BASE_URL: baseUrl } = env;
    const credentials = { clientId, clientSecret };
    const service = connect({ credentials, baseUrl, memory, maxResponseBytes: MAX_RESPONSE_BYTES });
    this.#task = createDurableTask(storage, service, options);
    this.#secret = env.SIGNING_SECRET;
  }

  alarm(): Promise<void> {
    return this.#task.alarm();
  }

  async fetch(request: Request): Promise<Response> {
    const { headers, signal } = request;
    const handle = createHandler({
      tasks: durableTasks(this.#task, { name: headers.get(NAME) ?? "" }),
      secret: this.#secret,
      authorize: () => decodeURIComponent(headers.get(SUBJECT) ?? ""),
      maxImageBytes: MAX_IMAGE_BYTES,
    });
    try {
      const response = await handle(request);
      const { body } = response;
      return body === null ? response : new Response(endWith(signal, body), response);
    } catch (error) {
      // The storage failed. When it works again, the task continues, and the request can be repeated.
      console.error(error);
      return unavailable("The task's storage failed. Repeat the request in a few seconds.", 5);
    }
  }
}

/**
 * Returns the body, which is canceled as soon as the client disconnects. The runtime itself cancels it when it next writes,
 * at the next heartbeat, and so does `pipeThrough` with a signal. The object would be billed until then.
 */
function endWith(signal: AbortSignal, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  signal.addEventListener("abort", () => reader.cancel());
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** A problem response (RFC 9457) to a request that failed temporarily. */
function unavailable(detail: string, seconds: number): Response {
  const headers = { "Content-Type": "application/problem+json", "Retry-After": String(seconds) };
  return new Response(JSON.stringify({ title: "Service Unavailable", status: 503, detail }), { status: 503, headers });
}
