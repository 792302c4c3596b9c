/**
 * Decides whether a request is processed: its origin, its path, its method, and its author.
 *
 * @module
 */
import { preview } from "../internal/text.ts";
import { allowOrigin, checkOrigin, checkOrigins } from "./cors.ts";
import { problem } from "./problem.ts";

/**
 * What a client wants to do.
 *
 * @category Server
 */
export interface Access {
  /** Submit a task, read its status or result, or cancel it. */
  readonly action: "submit" | "read" | "cancel";
  /** The id of the task in the URL, which has not been checked yet. Null if a task is to be submitted. */
  readonly id: string | null;
}

/**
 * Decides whether a request is allowed. Must not read the body of the request.
 *
 * @returns The subject on whose behalf the client acts, such as the id of a user. A client can only ask for tasks that were
 * submitted for the same subject. Null, if the client has to authenticate: the response is then a 401. Or any other
 * response, such as a 403 or a 429.
 *
 * @category Server
 */
export type Authorize = (
  request: Request,
  access: Access,
) => string | null | Response | Promise<string | null | Response>;

/**
 * Responds to a request.
 *
 * @category Server
 */
export type Handler = (request: Request) => Promise<Response>;

/**
 * The options that `createHandler` and `createRouter` have in common.
 *
 * @category Server
 */
export interface GateOptions {
  /**
   * The secret that signs the ids of tasks and events, which has at least 32 characters. It must be the same in all
   * instances of the program. If it changes, the ids of earlier tasks become invalid.
   */
  readonly secret: string;
  /** Decides whether a request is allowed, and on whose behalf. */
  readonly authorize: Authorize;
  /**
   * The path of the collection of tasks, without a slash at the end.
   *
   * @default {"/tasks"}
   */
  readonly path?: string | undefined;
  /**
   * The origins of other web pages that may use the handler, such as `https://example.com`. Requests from pages of the
   * handler's own origin, and from programs that are not web pages, are always allowed.
   *
   * @default {[]}
   */
  readonly origins?: readonly string[] | undefined;
}

/** A request that is allowed. */
export interface Admitted {
  /** The subject on whose behalf the client acts. */
  readonly subject: string;
  /** The id of the task in the URL, which has not been checked yet. Null if a task is to be submitted. */
  readonly id: string | null;
  /** The rest of the path. */
  readonly view: string | undefined;
}

/** The path of the collection, if none is given. */
export const PATH = "/tasks";

/** The routes below the path of the collection. */
const ROUTE = /^(?:\/([\w.-]{1,2000})(\/events|\/overlay\.svg)?)?$/;

/**
 * Returns a handler that passes the requests that are allowed to `respond`, and refuses all others.
 *
 * @throws {TypeError} If `path` or one of `origins` is invalid.
 */
export function createGate(
  { authorize, path = PATH, origins: allowed = [] }: GateOptions,
  respond: (request: Request, admitted: Admitted) => Response | Promise<Response>,
): Handler {
  const origins = checkOrigins(allowed);
  if (!isPath(path)) {
    throw new TypeError(
      `Cannot handle requests as path must be a path such as /tasks: current value is ${preview(path)}`,
    );
  }
  const admit = async (request: Request): Promise<Response> => {
    const refusal = checkOrigin(request, origins);
    if (refusal !== null) return refusal;
    const { pathname } = new URL(request.url);
    const match = pathname.startsWith(path) ? ROUTE.exec(pathname.slice(path.length)) : null;
    if (match === null) return problem(404, "This path does not exist.");
    const [, id = null, view] = match;
    const methods = id === null ? ["POST"] : view === undefined ? ["GET", "DELETE"] : ["GET"];
    if (!methods.includes(request.method)) {
      return problem(405, `Expected ${methods.join(" or ")}.`, { "Allow": methods.join(", ") });
    }
    const action = id === null ? "submit" : request.method === "DELETE" ? "cancel" : "read";
    const subject = await authorize(request, { action, id });
    if (typeof subject === "object" && subject !== null) return subject;
    // A program without types may return undefined, and would then let everyone in as the same subject.
    if (typeof subject !== "string" || subject === "") return problem(401, "The request is not authorized.");
    return await respond(request, { subject, id, view });
  };

  return async (request) => {
    const response = await admit(request);
    const headers = new Headers(response.headers);
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    allowOrigin(request, origins, headers);
    return new Response(response.body, { status: response.status, headers });
  };
}

/** Whether a text is a path as it is in the URLs of requests: without a slash at the end, and percent-encoded. */
function isPath(text: string): boolean {
  return /^(?:\/[^/?#]+)+$/.test(text) && new URL(text, "http://localhost").pathname === text;
}
