/** Runs the example's Worker in the local runtime, and sends requests to it. */
import { check, request } from "./checks.ts";
import type { SentEvent } from "./events.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { API_KEYS, authorization } from "./keys.ts";
import { type CountedService, imageOf, regionsOf, rightOf } from "./service.ts";
import type { Tools } from "./tools.ts";

/** The origin of another web page that may use the Worker. */
export const ORIGIN = "https://page.example";

/** Starts the Worker. Its objects store their data in `folder`. */
export async function startExample(tools: Tools, service: CountedService, folder: string): Promise<Runtime> {
  return startRuntime(tools, await tools.bundle("tests/durable/worker.ts", "neutral"), {
    bindings: {
      OCR_CLIENT_ID: "id",
      OCR_CLIENT_SECRET: "secret",
      OCR_BASE_URL: service.url,
      SIGNING_SECRET: "a secret of at least 32 characters",
      API_KEYS,
      ORIGINS: [ORIGIN],
    },
    durableObjects: {
      TASKS: { className: "RegionsTask", useSQLite: true },
      HASTY: { className: "HastyTask", useSQLite: true },
    },
    durableObjectsPersist: folder,
  });
}

/** Sends a request, by default as the client `ann`. */
export function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return request(url, { ...init, headers: { ...authorization(), ...init.headers } });
}

/** Posts an image. Requests with the same image have the same `Idempotency-Key`. */
export function post(url: string, image: number, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const key = { "Content-Type": "image/png", "Idempotency-Key": `image ${image}` };
  return ask(`${url}/tasks`, { method: "POST", headers: { ...key, ...headers }, body: imageOf(image) });
}

/** Posts an image and returns the path of its task, which is the same for the same image. */
export async function send(url: string, image: number): Promise<string> {
  const response = await post(url, image);
  await response.body?.cancel();
  return response.headers.get("Location") ?? "";
}

export async function json(url: string): Promise<unknown> {
  return (await ask(url)).json();
}

export async function statusOf(url: string, init: RequestInit = {}): Promise<number> {
  const response = await ask(url, init);
  await response.body?.cancel();
  return response.status;
}

/** Returns a description of what is wrong with the outcome of a task, or null. */
export async function problemOf(task: string, image: number): Promise<string | null> {
  const status = await json(task) as {
    readonly _tag?: string;
    readonly regions?: readonly { readonly right: number }[];
  };
  const rights = status.regions?.map(({ right }) => right);
  return status._tag === "Completed" && rights?.length === regionsOf(image) && rights[0] === rightOf(image)
    ? null
    : `image ${image}: ${JSON.stringify(status).slice(0, 500)}`;
}

/** Returns null if a client has received each change once, in order, with the final status at the end. */
export function problemIn(events: readonly SentEvent[]): string | null {
  // The id contains the number of the event, and nothing if it is the final one.
  const numbers = events.map(({ id }) => atob(id.split(".")[0]));
  const sequence = events.map(({ tag }, i) => `${numbers[i]} ${tag}`).join(", ");
  const counted = numbers.every((number, i) => number === (i === events.length - 1 ? "" : String(i + 1)));
  const known = /^(1 Pending, )?(\d Processing, )? Completed$/.test(sequence);
  return counted && known ? null : sequence;
}

/**
 * Checks that the runtime has logged no uncaught errors, except for clients that disconnect during a write, and for
 * storage operations that the tests reject on purpose and the example logs.
 */
export function checkLog(runtime: Runtime): void {
  const lines = runtime.log().split("\n").filter((line) =>
    /error|exception|uncaught|hung|hang/i.test(line) && !/disconnected: |the storage rejects/.test(line)
  );
  check("the runtime has logged no errors", lines.slice(0, 5), []);
}
