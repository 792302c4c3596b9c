/**
 * The emulator behind a bad line: a raw TCP proxy on the loopback interface that passes requests on, or answers them
 * with the faults of its plan.
 *
 * @module
 */
import { type AddressInfo, createServer, type Server as Listener, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { emulate, type EmulatorOptions } from "../../src/emulator.ts";
import type { Call } from "../../src/error.ts";
import { serve } from "../../src/serve.ts";

/** The pair that the emulator knows. Its secret is one that JSON and forms write in several ways. */
export const CREDENTIALS = { clientId: "id", clientSecret: "S3cret+/=" } as const;

/** What can go wrong with the answer to a request. */
export type Fault =
  /** Nobody listens. */
  | { readonly _tag: "Refuse" }
  /** The connection is reset: before the headers, in their midst, or in the midst of the body. */
  | { readonly _tag: "Reset"; readonly at: "before" | "inside" | "after" }
  /** Nothing comes any more: before the headers, or after them. */
  | { readonly _tag: "Stall"; readonly at: "before" | "after" }
  /** The true answer, one byte a second. */
  | { readonly _tag: "Drip" }
  /** The true answer, of whose body one half is missing. */
  | { readonly _tag: "Cut" }
  /** The true answer, under a Content-Length that is none of its own. */
  | { readonly _tag: "Length"; readonly announced: "more" | "less" }
  /** An answer that is said to be packed, and is not. */
  | { readonly _tag: "NotGzip" }
  /** Another answer. */
  | { readonly _tag: "Answer"; readonly answer: (request: Received) => Answer }
  /** The true status of a task with other fields; to what is not about a status, some status with those fields. */
  | { readonly _tag: "Rewrite"; readonly fields: Readonly<Record<string, unknown>> }
  /** A body of so many bytes; as Base64 in a result, or of no meaning. */
  | { readonly _tag: "Flood"; readonly status: number; readonly bytes: number; readonly base64: boolean }
  /** A body of so many bytes, packed into a thousandth of them. */
  | { readonly _tag: "Bomb"; readonly bytes: number };

/** A request as it came over the wire. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The other origin, to which redirects lead. */
  readonly elsewhere: string;
}

/** An answer as it goes over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What becomes of one request. */
export interface Planned {
  readonly fault: Fault;
  /** Whether the service got the request all the same, so that only its answer is lost. */
  readonly taken: boolean;
}

/** What becomes of the `n`th request of a kind, counted from 0; null passes it on. */
export type Plan = (call: Call, n: number) => Planned | null;

/** One request, as the server saw it. */
export interface Arrival {
  readonly call: Call;
  readonly fault: Fault | null;
  /** When it came, in milliseconds. */
  readonly at: number;
  /** When the client was told that it may come again, by Retry-After; `at` where it was not told. */
  notBefore: number;
}

export interface FaultServer {
  readonly url: string;
  /** The runtime's `fetch`; what the plan refuses goes to a port where nobody listens. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly arrivals: readonly Arrival[];
  /** What came to the other origin. */
  readonly elsewhere: readonly string[];
  /** The ids of the tasks that the service took, in order. */
  readonly taken: readonly string[];
  /** The access tokens that the service gave out. */
  readonly tokens: readonly string[];
  /** How many connections are open. */
  readonly open: () => number;
  /** How many connections there ever were. */
  readonly connections: () => number;
  /** Asks the emulator itself, past the proxy. */
  readonly ask: (method: string, path: string, body?: string) => Promise<string>;
  /** Ends every connection, and listens no more. */
  readonly close: () => Promise<void>;
}

export interface FaultServerOptions {
  readonly plan?: Plan;
  readonly emulator?: EmulatorOptions;
  /**
   * How many of the latest arrivals are kept.
   *
   * @default {Infinity}
   */
  readonly history?: number;
  /** Hears of each image that the service took: of its task's id, and of the request's body. */
  readonly onTaken?: (id: string, body: string) => void;
  /** Hears of each answer that is passed on untouched. */
  readonly onPassed?: (call: Call) => void;
}

export const PATH = "/v5.0/ocr/DetectRegions";

/** Listeners take ports from some 32,000 on, so nobody gets this one; nor is it one that a browser's fetch refuses. */
const CLOSED = "http://127.0.0.1:2";

/** Starts the emulator, the proxy before it, and the other origin. */
export async function startFaultServer(
  { plan = () => null, emulator = {}, history = Infinity, onTaken = () => {}, onPassed = () => {} }:
    FaultServerOptions = {},
): Promise<FaultServer> {
  const handle = emulate({ credentials: CREDENTIALS, ...emulator });
  const arrivals: Arrival[] = [];
  const elsewhere: string[] = [];
  const taken: string[] = [];
  const tokens: string[] = [];
  const counts: Record<Call, number> = { token: 0, submit: 0, fetch: 0, cancel: 0 };

  const recorded = async (request: Request): Promise<Response> => {
    const call = callOf(request.method, new URL(request.url).pathname);
    const body = call === "submit" ? await request.clone().text() : "";
    const response = await handle(request);
    const text = await response.clone().text();
    if (response.ok && call === "submit") {
      taken.push(text);
      onTaken(text, body);
    }
    if (response.ok && call === "token") tokens.push(JSON.parse(text).access_token);
    return response;
  };
  const upstream = await serve(recorded, 0);

  const arrive = (call: Call): { readonly planned: Planned | null; readonly arrival: Arrival } => {
    const planned = plan(call, counts[call]++);
    const at = Date.now();
    const arrival = { call, fault: planned?.fault ?? null, at, notBefore: at };
    arrivals.push(arrival);
    if (arrivals.length > history) arrivals.shift();
    return { planned, arrival };
  };

  const sockets = new Set<Socket>();
  const others = new Set<Socket>();
  /** What is being answered, also where nobody waits for it any more. */
  const busy = new Set<Promise<void>>();
  const other = createServer((socket) => {
    track(socket, others);
    elsewhere.push("a connection");
    socket.on("data", (chunk) => {
      elsewhere.push(chunk.toString());
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
  });
  const otherUrl = await listen(other);

  let connections = 0;
  const proxy = createServer((socket) => {
    connections++;
    track(socket, sockets);
    readRequest(socket, otherUrl, (request) => {
      const answered = answer(socket, request).catch(() => {
        socket.destroy();
      }).finally(() => busy.delete(answered));
      busy.add(answered);
    });
  });
  const answer = async (socket: Socket, request: Received): Promise<void> => {
    const call = callOf(request.method, request.path);
    const { planned, arrival } = arrive(call);
    const truth = planned?.taken === false ? invented() : await forward(upstream.url, request);
    if (planned === null) {
      onPassed(call);
      socket.end(bytesOf(truth));
      return;
    }
    spoil(socket, planned.fault, request, truth, arrival);
  };
  const url = await listen(proxy);

  const ask = async (method: string, path: string, body?: string): Promise<string> => {
    const headers = { "Authorization": `Bearer ${tokens[0]}` };
    return await (await recorded(new Request(upstream.url + path, { method, headers, body }))).text();
  };
  await recorded(new Request(`${upstream.url}/connect/token`, { method: "POST", body: form() }));

  return {
    url,
    arrivals,
    elsewhere,
    taken,
    tokens,
    open: () => sockets.size,
    connections: () => connections,
    ask,
    fetch: (url, init) => {
      const { pathname, search } = new URL(url);
      const call = callOf(init.method ?? "GET", pathname);
      if (plan(call, counts[call])?.fault._tag !== "Refuse") return fetch(url, init);
      arrive(call);
      return fetch(CLOSED + pathname + search, init);
    },
    close: async () => {
      for (const socket of [...sockets, ...others]) socket.destroy();
      await Promise.all(busy);
      await Promise.all([closed(proxy), closed(other), upstream.close()]);
    },
  };
}

/** What a request asks of the service. */
export function callOf(method: string, path: string): Call {
  if (path.endsWith("/connect/token")) return "token";
  return method === "POST" ? "submit" : method === "DELETE" ? "cancel" : "fetch";
}

/** Answers wrongly. */
function spoil(
  socket: Socket,
  fault: Fault,
  request: Received,
  truth: Answer,
  arrival: Arrival,
): void {
  const body = toBytes(truth.body);
  switch (fault._tag) {
    // Here it is too late for a refusal: another request was counted meanwhile.
    case "Refuse":
      socket.resetAndDestroy();
      return;
    case "Reset":
      if (fault.at === "inside") socket.write(headOf(truth, body.length).slice(0, 25));
      if (fault.at === "after") socket.write(headOf(truth, body.length + 1));
      // A reset overtakes what was written but has not been read.
      if (fault.at === "before") socket.resetAndDestroy();
      else later(socket, 10, () => socket.resetAndDestroy());
      return;
    case "Stall":
      if (fault.at === "after") socket.write(headOf(truth, body.length + 1));
      return;
    case "Drip":
      drip(socket, bytesOf(truth));
      return;
    case "Cut": {
      const half = body.subarray(0, body.length / 2);
      socket.write(headOf(truth, "chunked"));
      if (half.length > 0) socket.write(concat(`${half.length.toString(16)}\r\n`, half, "\r\n"));
      socket.end();
      return;
    }
    case "Length":
      socket.end(
        concat(headOf(truth, fault.announced === "more" ? body.length + 9 : Math.floor(body.length / 2)), body),
      );
      return;
    case "NotGzip":
      socket.end(
        bytesOf({ ...truth, headers: { ...truth.headers, "Content-Encoding": "gzip" }, body: "It is not." }),
      );
      return;
    case "Answer": {
      const answer = fault.answer(request);
      const asked = answer.headers?.["Retry-After"];
      if (asked !== undefined) arrival.notBefore = untilOf(asked, Date.now());
      socket.end(bytesOf(answer));
      return;
    }
    case "Rewrite": {
      const status = callOf(request.method, request.path) === "fetch" ? JSON.parse(textOf(body)) : STATUS;
      socket.end(bytesOf({ status: 200, body: JSON.stringify({ ...status, ...fault.fields }) }));
      return;
    }
    case "Flood":
      flood(socket, fault);
      return;
    case "Bomb":
      socket.end(bytesOf({ status: 200, headers: { "Content-Encoding": "gzip" }, body: packed(fault.bytes) }));
      return;
  }
}

/** The true status of no task in particular. */
const STATUS = {
  id: "a371d027-4b0d-4d86-8825-c8d818dd4ed9",
  responseStatusCode: "NotReady",
  taskStatus: "Pending",
  results: null,
  error: null,
} as const;

/** What an image gets that the service did not take: an id that is nobody's. */
function invented(): Answer {
  return { status: 200, body: crypto.randomUUID() };
}

function drip(socket: Socket, bytes: Uint8Array): void {
  let sent = 0;
  const next = (): void => {
    socket.write(bytes.subarray(sent, ++sent));
    if (sent < bytes.length) later(socket, 1000, next);
    else socket.end();
  };
  next();
}

/** Written as it is taken, so that none of it is held in memory. */
function flood(socket: Socket, { status, bytes, base64 }: Extract<Fault, { _tag: "Flood" }>): void {
  const [start, end] = base64
    ? [
      `{"id":null,"responseStatusCode":"Ok","taskStatus":"Completed","results":[{"type":"Other","data":"`,
      `"}],"error":null}`,
    ]
    : ["", ""];
  socket.write(headOf({ status }, start.length + bytes + end.length) + start);
  const chunk = new Uint8Array(65_536).fill(0x41);
  let left = bytes;
  const pour = (): void => {
    while (left > 0 && !socket.destroyed) {
      const size = Math.min(left, chunk.length);
      left -= size;
      if (!socket.write(chunk.subarray(0, size))) {
        socket.once("drain", pour);
        return;
      }
    }
    if (!socket.destroyed) socket.end(end);
  };
  pour();
}

const bombs = new Map<number, Uint8Array>();

function packed(bytes: number): Uint8Array {
  const bomb = bombs.get(bytes) ?? gzipSync(new Uint8Array(bytes).fill(0x20));
  bombs.set(bytes, bomb);
  return bomb;
}

/** A timer that ends with its connection; none where that is closed already, and will not tell. */
function later(socket: Socket, ms: number, run: () => void): void {
  if (socket.destroyed) return;
  const end = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    socket.off("close", end);
    run();
  }, ms);
  socket.once("close", end);
}

/** When Retry-After lets the client come again; a time in the past is now. */
function untilOf(retryAfter: string, now: number): number {
  const seconds = Number(retryAfter);
  return Math.max(now, Number.isNaN(seconds) ? Date.parse(retryAfter) : now + 1000 * seconds);
}

async function forward(url: string, { method, path, headers, body }: Received): Promise<Answer> {
  const passed = new Headers();
  for (const name of ["authorization", "content-type", "accept"]) {
    const value = headers.get(name);
    if (value !== undefined) passed.set(name, value);
  }
  const response = await fetch(url + path, { method, headers: passed, body: method === "GET" ? null : body });
  return {
    status: response.status,
    headers: Object.fromEntries(["content-type", "retry-after"].flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    })),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

/** Reads one request of a connection, just as far as is needed: later ones are none of this server's. */
function readRequest(socket: Socket, elsewhere: string, on: (request: Received) => void): void {
  let bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  let done = false;
  // The listener stays, since a connection whose data nobody reads does not tell that it was closed.
  socket.on("data", (chunk) => {
    if (done) return;
    bytes = concat(bytes, chunk);
    // Latin-1 keeps one character a byte.
    const head = new TextDecoder("latin1").decode(bytes.subarray(0, 16_384));
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const [start, ...lines] = head.slice(0, end).split("\r\n");
    const [method, path] = start.split(" ");
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    const body = bytes.subarray(end + 4);
    if (body.length < Number(headers.get("content-length") ?? 0)) return;
    done = true;
    on({ method, path, headers, body, elsewhere });
  });
}

/** One connection an answer: what is scripted for the next request must not depend on which connection it takes. */
function headOf({ status, headers = {} }: Answer, length: number | "chunked"): string {
  const framing = length === "chunked" ? { "Transfer-Encoding": "chunked" } : { "Content-Length": String(length) };
  const all = { ...headers, ...status === 204 ? {} : framing, "Connection": "close" };
  return `HTTP/1.1 ${status} Status\r\n${Object.entries(all).map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`;
}

function bytesOf(answer: Answer): Uint8Array {
  const body = toBytes(answer.body);
  return concat(headOf(answer, body.length), body);
}

function toBytes(body: string | Uint8Array = ""): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function concat(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map((part) => toBytes(part));
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function form(): URLSearchParams {
  const { clientId, clientSecret } = CREDENTIALS;
  return new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret });
}

function track(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  // A client may go at any time.
  socket.on("error", () => {});
}

function listen(server: Listener): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function closed(server: Listener): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** What a service that knows no shame sends back: all that it was sent, secrets included, as each platform writes it. */
export function echoOf({ method, path, headers, body }: Received): string {
  const form = textOf(body).slice(0, 1000);
  const secret = new URLSearchParams(form).get("client_secret") ?? "";
  const lower = form.replace(/%../g, (hex) => hex.toLowerCase());
  return `${headers.get("authorization") ?? ""} ${secret} ${lower} ${form} ${method} ${path}`;
}
