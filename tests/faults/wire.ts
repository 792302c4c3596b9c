/**
 * A minimal HTTP/1.1 server on raw sockets, which can break a response at any byte.
 *
 * @module
 */
import type { AddressInfo, Server as Listener, Socket } from "node:net";

/** The request line and headers of a request. */
export interface Head {
  readonly method: string;
  /** The path and query. */
  readonly path: string;
  /** The headers, with names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The position of the request on its connection, from 1. */
  readonly nth: number;
}

/** A complete request. */
export interface Received extends Head {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A response before it is written to a socket. */
export interface RawResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Reads the body of the current request. Returns null if the connection closes first. */
export type ReadBody = () => Promise<Uint8Array<ArrayBuffer> | null>;

/** Responds to a request. Resolves with whether the connection can be used for another one. */
export type Respond = (socket: Socket, head: Head, readBody: ReadBody) => Promise<boolean>;

/**
 * Handles the requests of a connection one at a time, until a response closes it.
 *
 * @param onIdle Called with true when the connection becomes idle, and with false when a request arrives.
 */
export async function serveConnection(
  socket: Socket,
  respond: Respond,
  onIdle: (idle: boolean) => void,
): Promise<void> {
  const take = takeFrom(socket);
  for (let nth = 1;; nth++) {
    onIdle(true);
    const head = await take(splitHead);
    onIdle(false);
    if (head === null) return;
    const request = { ...parseHead(head), nth };
    // Chunked requests are rejected: the library must not send any, since some gateways do not accept them.
    if (request.headers.has("transfer-encoding")) return void await reply(socket, { status: 411 }, false);
    const length = Number(request.headers.get("content-length") ?? 0);
    const readBody: ReadBody = () => take((bytes) => bytes.length < length ? null : [bytes.slice(0, length), length]);
    if (!await respond(socket, request, readBody)) return;
  }
}

/** Writes a complete response. Resolves with whether the connection can be used for another request. */
export function reply(socket: Socket, answer: RawResponse, keepAlive: boolean): Promise<boolean> {
  const body = toBytes(answer.body);
  const bytes = concat(headOf(answer, body.length, keepAlive), body);
  return new Promise((resolve) => {
    if (keepAlive) socket.write(bytes, (error) => resolve(!error && !socket.destroyed));
    else {
      socket.end(bytes);
      resolve(false);
    }
  });
}

/** Returns the status line and headers. */
export function headOf(
  { status, headers = {} }: RawResponse,
  length: number | "chunked",
  keepAlive = false,
): string {
  const framing = length === "chunked" ? { "Transfer-Encoding": "chunked" } : { "Content-Length": String(length) };
  const all = {
    "Date": new Date(realNow()).toUTCString(),
    ...headers,
    ...status === 204 ? {} : framing,
    "Connection": keepAlive ? "keep-alive" : "close",
  };
  return `HTTP/1.1 ${status} Status\r\n${Object.entries(all).map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`;
}

/** Returns the real time in milliseconds, even if a test has replaced the clock. */
export function realNow(): number {
  return performance.timeOrigin + performance.now();
}

export function toBytes(body: string | Uint8Array = ""): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}

export function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function concat(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map((part) => toBytes(part));
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Listens on a free port of the loopback interface. Resolves with `host:port`. */
export function listen(server: Listener): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

export function stopListening(server: Listener): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Keeps a connection in a set while it is open. */
export function track(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  // Clients may disconnect at any time.
  socket.on("error", () => {});
}

type Take = <A>(split: (bytes: Uint8Array<ArrayBuffer>) => readonly [A, length: number] | null) => Promise<A | null>;

/** Returns a function that reads the next chunk from a socket, or null once the connection has closed. */
function takeFrom(socket: Socket): Take {
  let bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  let wake = (): void => {};
  // The listener is never removed, since a socket without readers does not notice that its peer has closed it.
  socket.on("data", (chunk) => {
    bytes = concat(bytes, chunk);
    wake();
  });
  socket.on("close", () => wake());
  return async (split) => {
    for (;;) {
      const taken = split(bytes);
      if (taken !== null) {
        bytes = bytes.subarray(taken[1]);
        return taken[0];
      }
      if (socket.destroyed) return null;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}

function splitHead(bytes: Uint8Array): readonly [string, number] | null {
  // Latin-1 keeps one character per byte.
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 16_384));
  const end = text.indexOf("\r\n\r\n");
  return end < 0 ? null : [text.slice(0, end), end + 4];
}

function parseHead(head: string): Omit<Head, "nth"> {
  const [start, ...lines] = head.split("\r\n");
  const [method, path] = start.split(" ");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return { method, path, headers };
}
