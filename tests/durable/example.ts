/** Runs the example's Worker in the local runtime, and sends requests to it. */
import { check, request } from "./checks.ts";
import type { SentEvent } from "./events.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { type CountedService, imageOf, regionsOf, rightOf } from "./service.ts";
import type { Tools } from "./tools.ts";

/** Starts the Worker. Its objects store their data in `folder`. */
export async function startExample(tools: Tools, service: CountedService, folder: string): Promise<Runtime> {
  return startRuntime(tools, await tools.bundle("tests/durable/worker.ts", "neutral"), {
    bindings: { OCR_CLIENT_ID: "id", OCR_CLIENT_SECRET: "secret", OCR_BASE_URL: service.url },
    durableObjects: {
      TASKS: { className: "RegionsTask", useSQLite: true },
      HASTY: { className: "HastyTask", useSQLite: true },
    },
    durableObjectsPersist: folder,
  });
}

export function post(url: string, image: number, init: RequestInit = {}): Promise<Response> {
  const headers = { "Content-Type": "image/png" };
  return request(`${url}/tasks`, { method: "POST", headers, body: imageOf(image), ...init });
}

/** Posts an image and returns the path of its task. */
export async function send(url: string, image: number): Promise<string> {
  const response = await post(url, image);
  await response.body?.cancel();
  return response.headers.get("Location") ?? "";
}

export async function json(url: string): Promise<unknown> {
  return (await request(url)).json();
}

export async function statusOf(url: string, init: RequestInit = {}): Promise<number> {
  const response = await request(url, init);
  await response.body?.cancel();
  return response.status;
}

/** Returns a description of what is wrong with the outcome of a task, or null. */
export async function problemOf(task: string, image: number): Promise<string | null> {
  const { done, reply } = await json(task) as {
    readonly done: boolean;
    readonly reply: { readonly _tag: string; readonly regions?: readonly { readonly right: number }[] } | null;
  };
  const rights = reply?.regions?.map(({ right }) => right);
  return done && reply?._tag === "Completed" && rights?.length === regionsOf(image) && rights[0] === rightOf(image)
    ? null
    : `image ${image}: ${JSON.stringify(reply).slice(0, 500)}`;
}

/** Returns null if a client has received each change once, in order, with the final status at the end. */
export function problemIn(events: readonly SentEvent[]): string | null {
  const sequence = events.map(({ id, tag }) => `${id} ${tag}`).join(", ");
  const counted = events.every(({ id }, i) => id === String(i + 1));
  const known = /^(1 Pending, )?(\d Processing, )?\d Completed$/.test(sequence);
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
