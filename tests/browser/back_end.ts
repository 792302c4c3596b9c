/** A scripted back end, in the same process. */
import * as E from "fp-ts/lib/Either.js";
import { toJson } from "../../src/internal/json.ts";
import type { Reply } from "../../src/model/reply.ts";

export const TASK_URL = "https://example.com/tasks/1";

export const PENDING: Reply = E.right({ _tag: "Pending", id: "1" });
export const PROCESSING: Reply = E.right({ _tag: "Processing", id: "1" });
export const COMPLETED: Reply = E.right({
  _tag: "Completed",
  id: "1",
  regions: [{ left: 0, top: 8, right: 697, bottom: 441 }],
  notices: [],
});

/** Responds to a request. The last responder of a script is used for all further requests. */
export type Responder = (request: Request) => Response | Promise<Response>;

export interface BackEnd {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Each request: its path, and what the client has received before. */
  readonly log: string[];
  readonly requests: Request[];
}

export function backEnd(...script: readonly Responder[]): BackEnd {
  const log: string[] = [];
  const requests: Request[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    const respond = script[Math.min(log.length, script.length - 1)];
    requests.push(request);
    const seen = request.headers.get("Last-Event-ID") ?? request.headers.get("If-None-Match");
    const path = new URL(request.url).pathname.replace(/^\/tasks\/1/, "");
    log.push([request.method, path, seen].filter((part) => part !== "" && part !== null).join(" "));
    return await respond(request);
  };
  return { fetch, log, requests };
}

/** The text of an event. */
export function event(id: string | number | null, reply: Reply<object> | string): string {
  const data = typeof reply === "string" ? reply : toJson(E.toUnion(reply));
  return `${id === null ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

/** A stream of events that ends. */
export function events(...texts: readonly string[]): Responder {
  return () => new Response(texts.join(""), { headers: { "Content-Type": "text/event-stream" } });
}

/** The current status. */
export function status(reply: Reply<object>, headers: Record<string, string> = {}): Responder {
  return () => new Response(toJson(E.toUnion(reply)), { headers: { "Content-Type": "application/json", ...headers } });
}

export function problem(status: number, headers: Record<string, string> = {}, more: object = {}): Responder {
  return () =>
    Response.json({ title: "Title", status, detail: "Detail", ...more }, {
      status,
      headers: { ...headers, "Content-Type": "application/problem+json" },
    });
}

/** A stream of events that stays open. */
export interface OpenEvents {
  readonly respond: Responder;
  readonly send: (text: string | Uint8Array<ArrayBuffer>) => void;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
  /** Whether the client has closed the connection. */
  readonly isClosed: () => boolean;
}

export function openEvents(): OpenEvents {
  let isClosed = false;
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start: (started) => void (controller = started),
    cancel: () => void (isClosed = true),
  });
  return {
    respond: () => new Response(body, { headers: { "Content-Type": "text/event-stream" } }),
    send: (text) => controller?.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text),
    end: () => controller?.close(),
    fail: (error) => controller?.error(error),
    isClosed: () => isClosed,
  };
}

/** Never responds, and rejects when the request is aborted. */
export const unanswered: Responder = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** Rejects as browsers do if there is no connection. */
export const offline: Responder = () => Promise.reject(new TypeError("Failed to fetch"));
