/**
 * The emulator behind an unreliable network: a raw TCP server on the loopback interface that forwards requests to the
 * emulator, or causes the faults of its plan.
 *
 * @module
 */
import { createServer, type Server as Listener, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { emulate, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import type { Call } from "../../src/model/error.ts";
import { spoil, type Spoiled } from "./spoil.ts";
import { UNTRUSTED } from "./untrusted.ts";
import {
  listen,
  type RawResponse,
  realNow,
  type Received,
  reply,
  type Respond,
  serveConnection,
  stopListening,
  toText,
  track,
} from "./wire.ts";

/** The credentials of the emulator. The secret has several encodings in JSON and forms. */
export const CREDENTIALS = { clientId: "id", clientSecret: "S3cret+/=" } as const;

/** A fault of a request: with its response, or before there is a connection. */
export type Fault = Spoiled | { readonly _tag: "Unreachable"; readonly why: Unreachable };

/**
 * The port is closed, the host name does not exist, the TLS handshake is refused, or the certificate is not trusted.
 */
export type Unreachable = "refused" | "unresolved" | "handshake" | "certificate";

/** The fault of one request. */
export interface Planned {
  readonly fault: Fault;
  /** Whether the request reaches the service nevertheless, so that only its response is lost. */
  readonly taken: boolean;
}

/** Returns the fault of the `n`th request of a kind, counted from 0, or null to forward it. */
export type Plan = (call: Call, n: number) => Planned | null;

/** A request that the server received. */
export interface Arrival {
  readonly call: Call;
  readonly fault: Fault | null;
  /** The position of the request on its connection, from 1, or 0 if the server could not be reached. */
  readonly nth: number;
  /** Whether the runtime itself repeated the request, although `fetch` was called once. */
  readonly repeated: boolean;
  /** The time of arrival, in milliseconds. */
  readonly at: number;
  /** The earliest time of the next request according to `Retry-After`, or `at` without that header. */
  notBefore: number;
}

/** A `fetch` function that accepts a URL and options. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface FaultServer {
  readonly url: string;
  /**
   * Calls the runtime's `fetch`. Numbers the requests, and redirects unreachable ones to an address where they fail.
   */
  readonly fetch: Fetch;
  readonly arrivals: readonly Arrival[];
  /** The requests that were sent to the other origin. */
  readonly elsewhere: readonly string[];
  /** The ids of the tasks that the service accepted, in order. */
  readonly taken: readonly string[];
  /** The access tokens that the service issued. */
  readonly tokens: readonly string[];
  /** Returns the number of open connections that are not idle. */
  readonly open: () => number;
  /** Returns the number of connections opened so far. */
  readonly connections: () => number;
  /** Closes idle connections. */
  readonly closeIdle: () => void;
  /** Asks the emulator itself. */
  readonly callService: (method: string, path: string, body?: string) => Promise<string>;
  /** Closes every connection and stops listening. */
  readonly close: () => Promise<void>;
}

export interface FaultServerOptions {
  readonly plan?: Plan;
  readonly emulator?: EmulatorOptions;
  /**
   * Whether a connection stays open after a complete response.
   *
   * @default {false}
   */
  readonly keepAlive?: boolean;
  /**
   * The number of latest arrivals to keep.
   *
   * @default {Infinity}
   */
  readonly history?: number;
  /** Called for each image that the service accepts, with the id of its task and the body of the request. */
  readonly onTaken?: (id: string, body: string) => void;
  /** Called for each response that is forwarded unchanged. */
  readonly onPassed?: (call: Call) => void;
}

export const PATH = "/v5.0/ocr/DetectRegions";

/** Requests to this path open connections for reuse, and are not counted. */
const WARM_UP = "/warm-up";

/**
 * The number of connections to open for reuse. One is not enough, since Node.js does not reuse a connection
 * immediately.
 */
const WARM = 2;

/** The header that identifies the call of `fetch`. */
const NUMBER = "X-Number";

/** A fatal TLS alert, handshake_failure. Source: RFC 8446, sections 5.1 and 6. */
const ALERT = new Uint8Array([0x15, 3, 3, 0, 2, 2, 40]);

/** The first byte of a TLS handshake. */
const HANDSHAKE = 0x16;

/** Starts the emulator, and the server in front of it. */
export async function startFaultServer(
  {
    plan = () => null,
    emulator = {},
    keepAlive = false,
    history = Infinity,
    onTaken = () => {},
    onPassed = () => {},
  }: FaultServerOptions = {},
): Promise<FaultServer> {
  const handle = emulate({ credentials: CREDENTIALS, ...emulator });
  const taken: string[] = [];
  const tokens: string[] = [];
  const callService = async (
    method: string,
    path: string,
    headers: [string, string][],
    body: string,
  ): Promise<RawResponse> => {
    const response = await handle(`http://127.0.0.1${path}`, { method, headers, body: method === "GET" ? null : body });
    const text = await response.text();
    const call = callOf(method, path);
    if (response.ok && call === "submit") {
      taken.push(text);
      onTaken(text, body);
    }
    if (response.ok && call === "token") tokens.push(JSON.parse(text).access_token);
    return { status: response.status, headers: pick(response.headers, ["content-type", "retry-after"]), body: text };
  };

  const arrivals: Arrival[] = [];
  const arrive = (call: Call, fault: Fault | null, nth: number, repeated: boolean): Arrival => {
    const at = realNow();
    const arrival = { call, fault, nth, repeated, at, notBefore: at };
    arrivals.push(arrival);
    if (arrivals.length > history) arrivals.shift();
    return arrival;
  };

  /** The pending calls of `fetch`, and whether their requests have arrived. */
  const pending = new Map<string, { readonly planned: Planned | null; arrived: boolean }>();

  const elsewhere: string[] = [];
  const others = new Set<Socket>();
  const other = createServer((socket) => {
    track(socket, others);
    socket.on("data", (chunk: Uint8Array) => {
      if (chunk[0] === HANDSHAKE) return socket.end(ALERT);
      elsewhere.push(toText(chunk));
      return socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
  });
  const untrusted = createTlsServer(UNTRUSTED, (socket) => {
    socket.on("error", () => {}).on("data", (chunk: Uint8Array) => elsewhere.push(toText(chunk)));
  });
  untrusted.on("connection", (socket: Socket) => track(socket, others));
  const otherHost = await listen(other);
  const unreachable: { readonly [W in Unreachable]: string } = {
    // Free ports are assigned from about 32,000 up, so this one stays closed. Browsers do not block it.
    refused: "http://127.0.0.1:2",
    // Labels have at most 63 characters (RFC 1035, section 2.3.4), so this name fails without a DNS query.
    unresolved: `http://${"x".repeat(64)}.invalid`,
    handshake: `https://${otherHost}`,
    certificate: `https://${await listen(untrusted)}`,
  };

  const allAreOpen = createBarrier(WARM);
  const respond: Respond = async (socket, head, readBody) => {
    if (head.path === WARM_UP) {
      await allAreOpen();
      return await reply(socket, { status: 200 }, keepAlive);
    }
    const call = callOf(head.method, head.path);
    const sent = pending.get(head.headers.get(NUMBER.toLowerCase()) ?? "");
    const { fault = null, taken: isTaken = true } = sent?.planned ?? {};
    const arrival = arrive(call, fault, head.nth, sent?.arrived === true);
    if (sent !== undefined) sent.arrived = true;
    if (fault?._tag === "Close" && fault.at === "head") {
      socket.destroy();
      return false;
    }
    if (fault?._tag === "Slow") await new Promise((resolve) => setTimeout(resolve, fault.ms));
    const body = await readBody();
    if (body === null) return false;
    const truth = isTaken ? await forward({ ...head, body }) : { status: 200, body: crypto.randomUUID() };
    if (fault === null || fault._tag === "Unreachable") {
      onPassed(call);
      return await reply(socket, truth, keepAlive);
    }
    return await spoil(fault, {
      socket,
      request: { ...head, body },
      truth,
      isStatus: call === "fetch",
      elsewhere: `http://${otherHost}`,
      keepAlive,
      onWait: (headers) => {
        arrival.notBefore = realNow() + waitOf(headers);
      },
    });
  };
  const forward = async ({ method, path, headers, body }: Received): Promise<RawResponse> => {
    const passed = ["authorization", "content-type", "accept"].flatMap((name): [string, string][] => {
      const value = headers.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    return await callService(method, path, passed, toText(body));
  };

  const sockets = new Set<Socket>();
  const idle = new Set<Socket>();
  /** The requests that are being handled. */
  const serving = new Set<Promise<void>>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    track(socket, sockets);
    const onIdle = (isIdle: boolean): void => {
      if (isIdle) idle.add(socket);
      else idle.delete(socket);
    };
    const served = serveConnection(socket, respond, onIdle).catch(() => {
      socket.destroy();
    }).finally(() => serving.delete(served));
    serving.add(served);
  });
  const url = `http://${await listen(server)}`;

  const { clientId, clientSecret } = CREDENTIALS;
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const formHeaders: [string, string][] = [["Content-Type", "application/x-www-form-urlencoded"]];
  await callService("POST", "/connect/token", formHeaders, new URLSearchParams(form).toString());

  const counts: Record<Call, number> = { token: 0, submit: 0, fetch: 0, cancel: 0 };
  return {
    url,
    arrivals,
    elsewhere,
    taken,
    tokens,
    open: () => sockets.size - idle.size,
    connections: () => connections,
    closeIdle: () => {
      for (const socket of idle) socket.end();
    },
    callService: async (method, path, body = "") => {
      const answer = await callService(method, path, [["Authorization", `Bearer ${tokens[0]}`]], body);
      return typeof answer.body === "string" ? answer.body : "";
    },
    fetch: async (address, init) => {
      const { pathname, search } = new URL(address);
      const call = callOf(init.method ?? "GET", pathname);
      const n = counts[call]++;
      const planned = plan(call, n);
      if (planned?.fault._tag === "Unreachable") {
        arrive(call, planned.fault, 0, false);
        return await fetch(unreachable[planned.fault.why] + pathname + search, init);
      }
      const number = `${call} ${n}`;
      const headers = new Headers(init.headers);
      headers.set(NUMBER, number);
      pending.set(number, { planned, arrived: false });
      try {
        return await fetch(address, { ...init, headers });
      } finally {
        pending.delete(number);
      }
    },
    close: async () => {
      for (const socket of [...sockets, ...others]) socket.destroy();
      await Promise.all(serving);
      await Promise.all([server, other, untrusted].map((listener: Listener) => stopListening(listener)));
    },
  };
}

/** Opens connections that the runtime reuses for its next requests to the server. */
export async function warmUp({ url }: FaultServer): Promise<void> {
  await Promise.all(Array.from({ length: WARM }, async () => await (await fetch(url + WARM_UP)).arrayBuffer()));
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Resolves once it has been called `count` times. */
function createBarrier(count: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === count) waiting.forEach((open) => open());
    });
}

/** Returns the kind of a request. */
export function callOf(method: string, path: string): Call {
  if (path.endsWith("/connect/token")) return "token";
  return method === "POST" ? "submit" : method === "DELETE" ? "cancel" : "fetch";
}

/** Returns the delay that `Retry-After` requests, in milliseconds, by the response's own clock. At least 0. */
function waitOf(headers: RawResponse["headers"] = {}): number {
  const retryAfter = headers["Retry-After"];
  const seconds = Number(retryAfter);
  const date = headers["Date"];
  const ms = Number.isNaN(seconds)
    ? Date.parse(retryAfter) - (date === undefined ? realNow() : Date.parse(date))
    : 1000 * seconds;
  return Math.max(0, ms);
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  }));
}
