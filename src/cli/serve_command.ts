/**
 * The command `serve`, which runs the emulator as an HTTP server.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { isLoopback } from "../client/service.ts";
import { serve } from "../emulator/serve.ts";
import type { Serve } from "./command.ts";
import { codeOf } from "../files/reason.ts";
import type { Io } from "./io.ts";
import { startEmulator } from "./local_emulator.ts";
import { FAILED, refuse } from "./status.ts";
import type { Terminal } from "./terminal.ts";

type Handler = (request: Request) => Promise<Response>;

/** How long a browser may cache the response to a preflight request, in seconds. */
const PREFLIGHT_LIFETIME = 600;

/** Runs the emulator until the signal aborts. Resolves to the exit status. */
export async function runServe(command: Serve, io: Io, terminal: Terminal): Promise<number> {
  const { host, port, remote } = command;
  const isLocal = isLoopback(host.includes(":") ? `[${host}]` : host);
  if (!isLocal && !remote) {
    return refuse(
      terminal,
      `Other machines could use the emulator on ${host}. Leave out --host to listen on this machine only, or add ` +
        "--allow-remote if that is what you want.",
    );
  }
  const emulator = await startEmulator(command);
  if (E.isLeft(emulator)) return refuse(terminal, emulator.left);
  try {
    const shared = command.cors ? withCors(emulator.right.fetch) : emulator.right.fetch;
    const handler = command.verbose ? withLog(shared, terminal) : shared;
    if (!isLocal) {
      terminal.say(
        `Warning: every machine that can reach port ${port} of ${host} can use this emulator. It accepts any ` +
          "credentials, and everything sent to it crosses the network in clear text.",
      );
    }
    const server = await serve(handler, port, host);
    const shown = await terminal.print(listening(server.url, isLocal));
    if (!io.signal.aborted) await new Promise((stop) => io.signal.addEventListener("abort", stop, { once: true }));
    await server.close();
    return E.isLeft(shown) ? FAILED : 0;
  } catch (error) {
    return refuse(terminal, `Cannot listen on port ${port} of ${host}: ${whyNot(error)}.`);
  } finally {
    await emulator.right.close();
  }
}

function listening(url: string, isLocal: boolean): string {
  const { port, hostname } = new URL(url);
  const isAny = hostname === "0.0.0.0" || hostname === "[::]";
  const here = isAny ? `http://127.0.0.1:${port}` : url;
  const elsewhere = isAny ? `http://HOST:${port}` : url;
  return [
    `The emulator is listening on ${url}. It accepts any client id and secret. Press Ctrl-C to stop it.`,
    "In another terminal:",
    `  ${exampleCommand(here, isLocal || isAny)}`,
    ...isLocal ? [] : ["On another machine:", `  ${exampleCommand(elsewhere, false)}`],
  ].map((line) => `${line}\n`).join("");
}

function exampleCommand(url: string, isLocal: boolean): string {
  const allowHttp = isLocal ? "" : "OCR_ALLOW_HTTP=1 ";
  return `${allowHttp}OCR_BASE_URL=${url} OCR_CLIENT_ID=id OCR_CLIENT_SECRET=secret ocr-regions detect IMAGE`;
}

function whyNot(error: unknown): string {
  const code = codeOf(error);
  const reasons = new Map([
    ["EADDRINUSE", "the port is in use. Choose another one with --port"],
    ["EACCES", "permission denied. Choose a port from 1024 on with --port"],
    ["EADDRNOTAVAIL", "this machine has no such address"],
    ["EINVAL", "this machine has no such address"],
    ["ENOTFOUND", "there is no such host"],
  ]);
  return reasons.get(code) ?? code;
}

/** Logs each request without its query and headers, which contain ids and tokens. */
function withLog(handler: Handler, terminal: Terminal): Handler {
  return async (request) => {
    const startedAt = performance.now();
    const response = await handler(request);
    const { pathname } = new URL(request.url);
    terminal.say(`${request.method} ${pathname} ${response.status} ${Math.round(performance.now() - startedAt)} ms`);
    return response;
  };
}

/** Allows web pages served from this machine to read responses. Source: the Fetch standard, "CORS protocol". */
function withCors(handler: Handler): Handler {
  return async (request) => {
    const response = await handler(request);
    const headers = new Headers(response.headers);
    headers.append("Vary", "Origin");
    const origin = request.headers.get("Origin") ?? "";
    if (isLoopbackOrigin(origin)) {
      headers.set("Access-Control-Allow-Origin", origin);
      headers.set("Access-Control-Expose-Headers", "Retry-After");
      if (request.headers.has("Access-Control-Request-Method")) {
        headers.set("Access-Control-Allow-Methods", headers.get("Allow") ?? "GET, POST, DELETE");
        headers.set("Access-Control-Allow-Headers", "Authorization, Content-Type");
        headers.set("Access-Control-Max-Age", String(PREFLIGHT_LIFETIME));
      }
    }
    return new Response(response.body, { status: response.status, headers });
  };
}

function isLoopbackOrigin(origin: string): boolean {
  try {
    return isLoopback(new URL(origin).hostname);
  } catch {
    return false;
  }
}
