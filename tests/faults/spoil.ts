/**
 * How an answer goes wrong on its way to the client.
 *
 * @module
 */
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { type Answer, concat, headOf, type Received, reply, toBytes, toText } from "./wire.ts";

/** What can go wrong with a request that has reached the server. */
export type Spoiled =
  /** The connection is reset: before the headers, among them, or in the middle of the body. */
  | { readonly _tag: "Reset"; readonly at: "before" | "inside" | "after" }
  /** The connection is closed in an orderly way, without an answer: once the head was read, or the whole request. */
  | { readonly _tag: "Close"; readonly at: "head" | "request" }
  /** Nothing more is sent: before the headers, or after them. */
  | { readonly _tag: "Stall"; readonly at: "before" | "after" }
  /** The true answer, one byte a second. */
  | { readonly _tag: "Drip" }
  /** The true answer, but the body of the request is read only after `ms` milliseconds. */
  | { readonly _tag: "Slow"; readonly ms: number }
  /** The true answer with the second half of its body missing. */
  | { readonly _tag: "Cut" }
  /** The true answer under a wrong Content-Length. */
  | { readonly _tag: "Length"; readonly announced: "more" | "less" }
  /** An answer that claims to be compressed and is not. */
  | { readonly _tag: "NotGzip" }
  /** Another answer, made from the request; it may also need the server's other origin. */
  | { readonly _tag: "Answer"; readonly answer: (request: Received, elsewhere: string) => Answer }
  /** The true status with some fields replaced; for calls that do not ask for a status, some status with those fields. */
  | {
    readonly _tag: "Rewrite";
    readonly fields: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, string>>;
  }
  /** A body of `bytes` bytes: Base64 in a result, or meaningless. */
  | { readonly _tag: "Flood"; readonly status: number; readonly bytes: number; readonly base64: boolean }
  /** A body of `bytes` bytes, compressed to a thousandth of that. */
  | { readonly _tag: "Bomb"; readonly bytes: number };

/** Where an answer goes, and what there is to spoil. */
export interface Spoiling {
  readonly socket: Socket;
  readonly request: Received;
  /** What the service answered. */
  readonly truth: Answer;
  /** Whether the request asked for a task's status. */
  readonly isStatus: boolean;
  /** The origin that redirects lead to. */
  readonly elsewhere: string;
  /** Whether a whole answer keeps its connection open. */
  readonly keepAlive: boolean;
  /** Called with the headers of an answer that asks the client to wait. */
  readonly onWait: (headers: Answer["headers"]) => void;
}

/** Answers wrongly. Resolves with whether the connection can take another request. */
export async function spoil(
  fault: Spoiled,
  { socket, request, truth, isStatus, elsewhere, keepAlive, onWait }: Spoiling,
): Promise<boolean> {
  const body = toBytes(truth.body);
  switch (fault._tag) {
    case "Reset":
      if (fault.at === "inside") socket.write(headOf(truth, body.length).slice(0, 25));
      if (fault.at === "after") socket.write(headOf(truth, body.length + 1));
      // A reset overtakes what was written but has not been read.
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
      // Node.js takes the half for the whole if the headers said that the connection would be closed.
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
    case "Answer": {
      const answer = fault.answer(request, elsewhere);
      if (answer.headers?.["Retry-After"] !== undefined) onWait(answer.headers);
      return await reply(socket, answer, keepAlive);
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

/** The status of no task in particular. */
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

/** Written as fast as it is read, so that none of it is held in memory. */
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

/** A timer that ends with its connection; none if that is closed already and will not say so. */
function later(socket: Socket, ms: number, run: () => void): void {
  if (socket.destroyed) return;
  const end = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    socket.off("close", end);
    run();
  }, ms);
  socket.once("close", end);
}
