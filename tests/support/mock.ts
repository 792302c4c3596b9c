/** A service that answers as a script says: for tests of what sends requests, and of nothing else. */
import type { Call } from "../../src/model/error.ts";

/** An id that the service could have given. */
export const ID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";

/** One answer; the last of a list is given again and again. */
export type Answer = (request: Request) => Response | Promise<Response>;

export interface Mock {
  readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>;
  /** What was asked, in order. */
  readonly calls: Call[];
  /** The requests themselves. */
  readonly requests: Request[];
}

export function mock(script: { readonly [C in Call]?: readonly Answer[] } = {}): Mock {
  const answers = { ...DEFAULTS, ...script };
  const calls: Call[] = [];
  const requests: Request[] = [];
  return {
    calls,
    requests,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const call = callOf(request);
      const list = answers[call];
      const answer = list[Math.min(calls.filter((c) => c === call).length, list.length - 1)];
      calls.push(call);
      requests.push(request);
      return await answer(request);
    },
  };
}

export const token = (value = "token", expiresIn = 3600): Answer => () =>
  Response.json({ access_token: value, expires_in: expiresIn, token_type: "Bearer" });

export const text = (body: string, status = 200, headers: Record<string, string> = {}): Answer => () =>
  new Response(body, { status, headers });

export const pending: Answer = () => status("Pending");
export const processing: Answer = () => status("Processing");
export const notExist: Answer = () => status("NotExist");
export const failed = (...messages: string[]): Answer => () =>
  Response.json({ id: ID, responseStatusCode: "Error", taskStatus: "Error", results: null, error: { messages } });
export const completed: Answer = () =>
  Response.json({
    id: ID,
    responseStatusCode: "Ok",
    taskStatus: "Completed",
    results: [{ type: "Other", data: "W1swLCA4LCA2OTcsIDQ0MV1d" }],
    error: null,
  });

/** No connection, in the words of Node. */
export const refused: Answer = failing("connect", "ECONNREFUSED");

/** A connection that breaks after the request was sent, in the words of Node. */
export const reset: Answer = failing("read", "ECONNRESET");

function failing(syscall: string, code: string): Answer {
  const cause = Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
  return () => Promise.reject(new TypeError("fetch failed", { cause }));
}

/** No answer, ever, not even to an abort. */
export const silent: Answer = () => new Promise(() => {});

/** No answer, until the request is aborted. */
export const stalled: Answer = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

export const COMPLETED = {
  _tag: "Completed",
  id: ID,
  regions: [{ left: 0, top: 8, right: 697, bottom: 441 }],
  notices: [],
} as const;

const DEFAULTS: { readonly [C in Call]: readonly Answer[] } = {
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
