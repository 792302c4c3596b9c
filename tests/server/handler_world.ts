/** A handler in front of a service with scripted responses. */
import { some } from "fp-ts/lib/Option.js";
import { strictEqual as equal } from "node:assert/strict";
import { connect } from "../../src/client/service.ts";
import type { DetectionInput } from "../../src/model/detect_regions.ts";
import type { Detection } from "../../src/model/detection.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import type { PollOptions } from "../../src/polling/policy.ts";
import type { Handler } from "../../src/server/gate.ts";
import { createHandler, type HandlerOptions } from "../../src/server/handler.ts";
import { serviceTasks } from "../../src/server/service_tasks.ts";
import type { Mock } from "../support/mock.ts";

export const SECRET = "a secret of at least 32 characters";
export const ORIGIN = "https://regions.example";
export const IMAGE = new Uint8Array([1, 2, 3]);

export interface ServerEvent {
  readonly id: string;
  readonly data: { readonly _tag: string; readonly id?: string };
}

export interface Client {
  readonly handle: Handler;
  readonly send: (method: string, path: string, headers?: HeadersInit, body?: BodyInit) => Promise<Response>;
  /** Submits an image and returns the id of its task. */
  readonly submit: (headers?: HeadersInit) => Promise<string>;
  /** Returns all events of a task's stream. */
  readonly events: (id: string, headers?: HeadersInit) => Promise<readonly ServerEvent[]>;
}

/** A schedule whose first poll is due immediately, for clients that request the status only once. */
export function immediately(delay: number): Schedule {
  return ({ attempt }) => some(attempt === 0 ? 0 : delay);
}

/** Creates another instance of the program, which shares nothing with others but the service. */
export function createInstance(
  world: Mock,
  options: Partial<HandlerOptions<DetectionInput, Detection>> & { readonly poll?: PollOptions } = {},
): Client {
  const { poll = { schedule: fixed({ delay: 20 }) }, ...others } = options;
  const service = connect({
    credentials: { clientId: "id", clientSecret: "secret" },
    fetch: world.fetch,
    retry: { minDelay: 0, maxDelay: 1 },
  });
  return clientOf(createHandler({
    tasks: serviceTasks(service, poll),
    secret: SECRET,
    authorize: ({ headers }) => headers.get("X-User") ?? "ann",
    ...others,
  }));
}

export function clientOf(handle: Handler): Client {
  const send: Client["send"] = (method, path, headers = {}, body) =>
    handle(new Request(ORIGIN + path, { method, headers, body: body ?? null }));
  return {
    handle,
    send,
    submit: async (headers = {}) => {
      const response = await send("POST", "/tasks", { "Content-Type": "image/png", ...headers }, IMAGE);
      equal(response.status, 202, await response.clone().text());
      return (await response.json()).id;
    },
    events: async (id, headers) => {
      const response = await send("GET", `/tasks/${id}/events`, headers);
      equal(response.status, 200);
      return parseEvents(await response.text());
    },
  };
}

export function parseEvents(text: string): readonly ServerEvent[] {
  return Array.from(text.matchAll(/^id: (.*)\ndata: (.*)$/gm), ([, id, data]) => ({ id, data: JSON.parse(data) }));
}

export const tagsOf = (events: readonly ServerEvent[]): readonly string[] => events.map(({ data }) => data._tag);
