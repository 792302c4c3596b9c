/**
 * Serves a function from `Request` to `Response` on a socket, with Node's own server, which Deno and Bun have as well.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that listens. */
export interface Server {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Closes the socket and every connection. */
  readonly close: () => Promise<void>;
}

/** Listens on the loopback interface, or on that of `host`; port 0 picks a free one. Rejects if it cannot listen. */
export function serve(
  handle: (request: Request) => Promise<Response>,
  port: number,
  host = "127.0.0.1",
): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch(() => outgoing.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const { address, port } = server.address() as AddressInfo;
      resolve({
        url: `http://${address.includes(":") ? `[${address}]` : address}:${port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = toRequest(incoming);
  const response = request === null ? new Response("Not a request.", { status: 400 }) : await handle(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
  // What the handler left unread would keep the connection from its next request.
  incoming.resume();
}

/** Null for what a `Request` cannot hold: a target that is no path, or a method such as TRACE. */
function toRequest(incoming: IncomingMessage): Request | null {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i], rawHeaders[i + 1]);
    const bare = method === "GET" || method === "HEAD";
    const body = bare ? null : toStream(incoming);
    return new Request(new URL(url, "http://127.0.0.1"), { method, headers, body, duplex: "half" } as RequestInit);
  } catch {
    return null;
  }
}

/** `Readable.toWeb` destroys the connection where its stream is cancelled, and with it the answer. */
function toStream(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let open = true;
  return new ReadableStream({
    start: (controller) => {
      incoming.pause();
      incoming.on("data", (chunk: Uint8Array) => {
        if (!open) return;
        controller.enqueue(new Uint8Array(chunk));
        incoming.pause();
      });
      incoming.on("close", () => {
        if (open) controller.error(new Error("The body broke off."));
        open = false;
      });
      incoming.on("error", () => {});
      incoming.on("end", () => {
        if (open) controller.close();
        open = false;
      });
    },
    pull: () => void incoming.resume(),
    cancel: () => {
      open = false;
      incoming.resume();
    },
  });
}
