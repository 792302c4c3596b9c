/**
 * The back end of the page: its files, and the tasks of the service.
 *
 * @module
 */
import { RECOGNIZE_REGIONS, type Service } from "@ocr-cloud/regions";
import { createHandler, recognitionInput, serviceTasks } from "@ocr-cloud/regions/server";

/** A file of the page. */
export interface SiteFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** Options of {@linkcode createSite}. */
export interface SiteOptions {
  readonly service: Service;
  /** Signs the ids of tasks. It must be the same after a restart for tasks in progress to survive it. */
  readonly secret: string;
  /** The files by their paths. */
  readonly files: ReadonlyMap<string, SiteFile>;
}

/** Nothing but the page's own files is loaded, and no script or style within the document. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

/** The name of the cookie that identifies a browser. */
const COOKIE = "session";

/**
 * Returns the function that handles the requests. Each browser gets a random session in a cookie, and can only ask for the
 * tasks of its own. This is enough on one's own machine. On the internet, `authorize` has to check who the user is.
 */
export function createSite({ service, secret, files }: SiteOptions): (request: Request) => Promise<Response> {
  const authorize = (request: Request): string | null => sessionOf(request);
  const tasks = createHandler({ tasks: serviceTasks(service), secret, authorize, path: "/tasks" });
  const texts = createHandler({
    tasks: serviceTasks(service, { kind: RECOGNIZE_REGIONS }),
    input: recognitionInput,
    secret,
    authorize,
    path: "/texts",
  });
  return async (request) => {
    const { pathname, hostname } = new URL(request.url);
    // Otherwise, a page of another site could make its own name point to this machine, and then read everything.
    if (hostname !== "127.0.0.1" && hostname !== "localhost") return new Response("Unknown host.", { status: 403 });
    if (/^\/tasks(?:\/|$)/.test(pathname)) return await tasks(request);
    if (/^\/texts(?:\/|$)/.test(pathname)) return await texts(request);
    return serveFile(request, files.get(pathname));
  };
}

function serveFile(request: Request, file: SiteFile | undefined): Response {
  if (file === undefined) return new Response("Not found.", { status: 404, headers: HEADERS });
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method not allowed.", { status: 405, headers: { ...HEADERS, "Allow": "GET, HEAD" } });
  }
  const headers = new Headers({ ...HEADERS, "Content-Type": file.type });
  if (sessionOf(request) === null) {
    headers.set("Set-Cookie", `${COOKIE}=${crypto.randomUUID()}; Path=/; HttpOnly; SameSite=Strict`);
  }
  return new Response(request.method === "HEAD" ? null : file.body, { headers });
}

function sessionOf({ headers }: Request): string | null {
  const cookies = (headers.get("Cookie") ?? "").split(/; */);
  const session = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? "";
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(session) ? session : null;
}
