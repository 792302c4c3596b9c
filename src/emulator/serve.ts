/**
 * Serves a function from `Request` to `Response` over HTTP. Uses `node:http`, which Deno and Bun support as well.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A running server. */
export interface Server {
  /** The origin that it listens on, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Stops listening and closes all connections. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a server on the loopback interface, or on the interface of `host`. Port 0 picks a free port. Rejects if the
 * server cannot listen, for example because the port is in use.
 */
export function serve(
  handle: (request: Request) => Promise<Response>,
  port: number,
  host = "127.0.0.1",
): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    respond(handle, incoming, outgoing).catch(() => outgoing.destroy());
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

async function respond(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = toRequest(incoming);
  const response = request === null
    ? new Response("The method or the request target is invalid.", { status: 400 })
    : await handle(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
  // Drain what the handler left unread; otherwise the connection could not be used for the next request.
  if (request?.body?.locked === false) await request.body.cancel();
  incoming.resume();
}

/** Returns null if a `Request` cannot represent it: the target is not a path, or the method is one such as TRACE. */
function toRequest(incoming: IncomingMessage): Request | null {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i], rawHeaders[i + 1]);
    const isBodiless = method === "GET" || method === "HEAD";
    const body = isBodiless ? null : toStream(incoming);
    return new Request(new URL(url, "http://127.0.0.1"), { method, headers, body, duplex: "half" } as RequestInit);
  } catch {
    return null;
  }
}

/** `Readable.toWeb` cannot be used: canceling its stream destroys the connection before the response is sent. */
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
        if (open) controller.error(new Error("The connection was closed before the body was complete"));
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
