/** A service with scripted responses, for tests of code that sends requests. */
import type { Call } from "../../src/model/error.ts";
import type { Result } from "../../src/model/response.ts";

/** A valid task id. */
export const ID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";

/** Responds to a request. The last responder of a list is used for all further requests. */
export type Responder = (request: Request) => Response | Promise<Response>;

export interface Mock {
  readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>;
  /** The kinds of the requests, in order. */
  readonly calls: Call[];
  /** The requests themselves. */
  readonly requests: Request[];
}

export function mock(script: { readonly [C in Call]?: readonly Responder[] } = {}): Mock {
  const responders = { ...DEFAULTS, ...script };
  const calls: Call[] = [];
  const requests: Request[] = [];
  return {
    calls,
    requests,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const call = callOf(request);
      const list = responders[call];
      const respond = list[Math.min(calls.filter((c) => c === call).length, list.length - 1)];
      calls.push(call);
      requests.push(request);
      return await respond(request);
    },
  };
}

export const token = (value = "token", expiresIn = 3600): Responder => () =>
  Response.json({ access_token: value, expires_in: expiresIn, token_type: "Bearer" });

export const text = (body: string, status = 200, headers: Record<string, string> = {}): Responder => () =>
  new Response(body, { status, headers });

export const pending: Responder = () => status("Pending");
export const processing: Responder = () => status("Processing");
export const notExist: Responder = () => status("NotExist");
export const failed = (...messages: string[]): Responder => () =>
  Response.json({ id: ID, responseStatusCode: "Error", taskStatus: "Error", results: null, error: { messages } });
/** A completed task with the given results. */
export const done = (...results: readonly Result[]): Responder => () =>
  Response.json({ id: ID, responseStatusCode: "Ok", taskStatus: "Completed", results, error: null });
/** A completed detection. */
export const completed: Responder = done({ type: "Other", data: "W1swLCA4LCA2OTcsIDQ0MV1d" });

/** Rejects like Node.js if the connection is refused. */
export const refused: Responder = failing("connect", "ECONNREFUSED");

/** Rejects like Node.js if the connection breaks after the request was sent. */
export const reset: Responder = failing("read", "ECONNRESET");

function failing(syscall: string, code: string): Responder {
  const cause = Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
  return () => Promise.reject(new TypeError("fetch failed", { cause }));
}

/** Never settles, even if the request is aborted. */
export const silent: Responder = () => new Promise(() => {});

/** Settles only when the request is aborted. */
export const stalled: Responder = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

export const COMPLETED = {
  _tag: "Completed",
  id: ID,
  regions: [{ left: 0, top: 8, right: 697, bottom: 441 }],
  notices: [],
} as const;

const DEFAULTS: { readonly [C in Call]: readonly Responder[] } = {
  token: [token()],
  submit: [text(ID)],
  fetch: [completed],
  cancel: [text("")],
};

function status(taskStatus: string): Response {
  return Response.json({ id: ID, responseStatusCode: "NotReady", taskStatus, results: null, error: null });
}

function callOf({ method, url }: Request): Call {
  if (new URL(url).pathname.endsWith("/connect/token")) return "token";
  return method === "POST" ? "submit" : method === "DELETE" ? "cancel" : "fetch";
}
