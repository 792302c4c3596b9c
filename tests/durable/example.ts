/** The example's Worker in the local runtime, and what its clients do. */
import { ask, check } from "./checks.ts";
import type { SentEvent } from "./events.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { type CountedService, imageOf, regionsOf, rightOf } from "./service.ts";
import type { Tools } from "./tools.ts";

/** Starts it; what its objects store goes to `folder`. */
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
  return ask(`${url}/tasks`, { method: "POST", headers, body: imageOf(image), ...init });
}

/** Sends an image; the result is the path of its task. */
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

/** What is wrong with how a task ended, or null. */
export async function faultOf(task: string, image: number): Promise<string | null> {
  const { done, reply } = await json(task) as {
    readonly done: boolean;
    readonly reply: { readonly _tag: string; readonly regions?: readonly { readonly right: number }[] } | null;
  };
  const rights = reply?.regions?.map(({ right }) => right);
  return done && reply?._tag === "Completed" && rights?.length === regionsOf(image) && rights[0] === rightOf(image)
    ? null
    : `image ${image}: ${JSON.stringify(reply).slice(0, 500)}`;
}

/** Whether a client has heard each change once, in order, and the last word once, at the end. */
export function faultIn(events: readonly SentEvent[]): string | null {
  const said = events.map(({ id, tag }) => `${id} ${tag}`).join(", ");
  const counted = events.every(({ id }, i) => id === String(i + 1));
  const known = /^(1 Pending, )?(\d Processing, )?\d Completed$/.test(said);
  return counted && known ? null : said;
}

/**
 * The runtime logs what was thrown and not caught. It is no fault that a client left while it was written to, nor that the
 * example logs what the tests' own storage refuses.
 */
export function checkLog(runtime: Runtime): void {
  const faults = runtime.log().split("\n").filter((line) =>
    /error|exception|uncaught|hung|hang/i.test(line) && !/disconnected: |the storage refuses/.test(line)
  );
  check("the runtime has logged no error", faults.slice(0, 5), []);
}
