/**
 * Causes faults in responses.
 *
 * @module
 */
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { concat, headOf, type RawResponse, type Received, reply, toBytes, toText } from "./wire.ts";

/** A fault of a request that has reached the server. */
export type Spoiled =
  /** The connection is reset before, within or after the headers. */
  | { readonly _tag: "Reset"; readonly at: "before" | "inside" | "after" }
  /** The connection is closed without a response, after the headers or after the whole request were read. */
  | { readonly _tag: "Close"; readonly at: "head" | "request" }
  /** No more data is sent, before or after the headers. */
  | { readonly _tag: "Stall"; readonly at: "before" | "after" }
  /** The correct response, one byte per second. */
  | { readonly _tag: "Drip" }
  /** The correct response, but the body of the request is read only after `ms` milliseconds. */
  | { readonly _tag: "Slow"; readonly ms: number }
  /** The correct response without the second half of its body. */
  | { readonly _tag: "Cut" }
  /** The correct response with a wrong `Content-Length`. */
  | { readonly _tag: "Length"; readonly announced: "more" | "less" }
  /** A response that is labeled as gzip but is not. */
  | { readonly _tag: "NotGzip" }
  /** Another response, which may depend on the request and on the server's other origin. */
  | { readonly _tag: "Respond"; readonly respond: (request: Received, elsewhere: string) => RawResponse }
  /** The correct status with some fields replaced or, for calls other than `fetch`, an arbitrary status with them. */
  | {
    readonly _tag: "Rewrite";
    readonly fields: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, string>>;
  }
  /** A body of `bytes` bytes, which is Base64 in a result, or arbitrary. */
  | { readonly _tag: "Flood"; readonly status: number; readonly bytes: number; readonly base64: boolean }
  /** A body of `bytes` bytes, compressed to a thousandth of that. */
  | { readonly _tag: "Bomb"; readonly bytes: number };

/** The response to spoil, and its context. */
export interface Spoiling {
  readonly socket: Socket;
  readonly request: Received;
  /** The correct response. */
  readonly truth: RawResponse;
  /** Whether the request is for a task's status. */
  readonly isStatus: boolean;
  /** The origin that redirects lead to. */
  readonly elsewhere: string;
  /** Whether the connection stays open after a complete response. */
  readonly keepAlive: boolean;
  /** Called with the headers of a response with `Retry-After`. */
  readonly onWait: (headers: RawResponse["headers"]) => void;
}

/** Causes the fault. Resolves with whether the connection can be used for another request. */
export async function spoil(
  fault: Spoiled,
  { socket, request, truth, isStatus, elsewhere, keepAlive, onWait }: Spoiling,
): Promise<boolean> {
  const body = toBytes(truth.body);
  switch (fault._tag) {
    case "Reset":
      if (fault.at === "inside") socket.write(headOf(truth, body.length).slice(0, 25));
      if (fault.at === "after") socket.write(headOf(truth, body.length + 1));
      // A reset would discard written data that has not been read yet.
      if (fault.at === "before") socket.resetAndDestroy();
      else later(socket, 10, () => socket.resetAndDestroy());
      return false;
    case "Close":
      socket.end();
      return false;
    case "Stall":
      if (fault.at === "after") socket.write(headOf(truth, body.length + 1));
      return false;
    case "Slow":
      return await reply(socket, truth, keepAlive);
    case "Drip":
      drip(socket, concat(headOf(truth, body.length), body));
      return false;
    case "Cut": {
      const half = body.subarray(0, body.length / 2);
      // With `Connection: close`, Node.js would accept the first half as a complete body.
      socket.write(headOf(truth, "chunked", true));
      if (half.length > 0) socket.write(concat(`${half.length.toString(16)}\r\n`, half, "\r\n"));
      socket.end();
      return false;
    }
    case "Length": {
      const length = fault.announced === "more" ? body.length + 9 : Math.floor(body.length / 2);
      socket.end(concat(headOf(truth, length), body));
      return false;
    }
    case "NotGzip":
      return await reply(
        socket,
        { ...truth, headers: { ...truth.headers, "Content-Encoding": "gzip" }, body: "This is not gzip." },
        keepAlive,
      );
    case "Respond": {
      const response = fault.respond(request, elsewhere);
      if (response.headers?.["Retry-After"] !== undefined) onWait(response.headers);
      return await reply(socket, response, keepAlive);
    }
    case "Rewrite": {
      const status = { ...isStatus ? JSON.parse(toText(body)) : SOME_STATUS, ...fault.fields };
      return await reply(socket, { status: 200, headers: fault.headers, body: JSON.stringify(status) }, keepAlive);
    }
    case "Flood":
      return await flood(socket, fault, keepAlive);
    case "Bomb": {
      const headers = { "Content-Encoding": "gzip" };
      return await reply(socket, { status: 200, headers, body: bomb(fault.bytes) }, keepAlive);
    }
  }
}

/** An arbitrary status. */
const SOME_STATUS = {
  id: "a371d027-4b0d-4d86-8825-c8d818dd4ed9",
  responseStatusCode: "NotReady",
  taskStatus: "Pending",
  results: null,
  error: null,
} as const;

function drip(socket: Socket, bytes: Uint8Array): void {
  let sent = 0;
  const next = (): void => {
    socket.write(bytes.subarray(sent, ++sent));
    if (sent < bytes.length) later(socket, 1000, next);
    else socket.end();
  };
  next();
}

/** Writes only as fast as the client reads, so that the data is not kept in memory. */
function flood(
  socket: Socket,
  { status, bytes, base64 }: Extract<Spoiled, { _tag: "Flood" }>,
  keepAlive: boolean,
): Promise<boolean> {
  const [start, end] = base64
    ? [
      `{"id":null,"responseStatusCode":"Ok","taskStatus":"Completed","results":[{"type":"Other","data":"`,
      `"}],"error":null}`,
    ]
    : ["", ""];
  socket.write(headOf({ status }, start.length + bytes + end.length, keepAlive) + start);
  const chunk = new Uint8Array(65_536).fill(0x41);
  let left = bytes;
  return new Promise((resolve) => {
    socket.once("close", () => resolve(false));
    const pour = (): void => {
      while (left > 0 && !socket.destroyed) {
        const size = Math.min(left, chunk.length);
        left -= size;
        if (!socket.write(chunk.subarray(0, size))) {
          socket.once("drain", pour);
          return;
        }
      }
      if (socket.destroyed) resolve(false);
      else if (keepAlive) socket.write(end, () => resolve(true));
      else socket.end(end);
    };
    pour();
  });
}

const bombs = new Map<number, Uint8Array>();

function bomb(bytes: number): Uint8Array {
  const compressed = bombs.get(bytes) ?? gzipSync(new Uint8Array(bytes).fill(0x20));
  bombs.set(bytes, compressed);
  return compressed;
}

/** Starts a timer that is cleared when the connection closes. Does nothing if the connection is already closed. */
function later(socket: Socket, ms: number, run: () => void): void {
  if (socket.destroyed) return;
  const end = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    socket.off("close", end);
    run();
  }, ms);
  socket.once("close", end);
}
