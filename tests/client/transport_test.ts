import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, fail, ok, strictEqual as equal } from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { textBody } from "../../src/internal/json_body.ts";
import { fetchRegions, submitImage } from "../../src/client/operations.ts";
import { parseRetryAfter } from "../../src/internal/http.ts";
import { type Fetch, type FetchInit, send, type Transport } from "../../src/client/transport.ts";
import { network, permissionDenied, tooLarge } from "../../src/model/error.ts";
import { connect, type Service, type ServiceOptions } from "../../src/client/service.ts";
import { ID } from "../support/mock.ts";

// Over real connections

/** A request that the server received. */
interface Arrival {
  /** The method and path, such as `POST /connect/token`. */
  readonly name: string;
  /** The number of earlier requests on its connection. */
  readonly before: number;
  readonly hasLength: boolean;
  isClosed: boolean;
}

interface Line {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  readonly close: () => Promise<void>;
}

/** Returns the body of the response to a request, or null to send nothing. */
type Respond = (name: string, nth: number, socket: Socket) => string | null;

/** A server with keep-alive connections that also records requests that the runtime itself repeats. */
async function listen(respond: Respond): Promise<Line> {
  const arrivals: Arrival[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = "", before = 0;
    const mine: Arrival[] = [];
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      for (const arrival of mine) arrival.isClosed = true;
    });
    socket.on("data", (chunk: Uint8Array) => {
      text += new TextDecoder("latin1").decode(chunk);
      const end = text.indexOf("\r\n\r\n") + 4;
      const length = /^content-length: (\d+)/im.exec(text)?.[1];
      if (end < 4 || text.length < end + Number(length ?? 0)) return;
      const name = text.slice(0, text.indexOf(" HTTP/")).replace(/\?.*/, "");
      text = "";
      const arrival = { name, before: before++, hasLength: length !== undefined, isClosed: false };
      mine.push(arrival);
      const answer = respond(name, arrivals.push(arrival), socket);
      if (answer !== null) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const TOKEN = JSON.stringify({ access_token: "token", expires_in: 3600 });
const credentials = { clientId: "id", clientSecret: "secret" };
const IMAGE = new Uint8Array([1, 2, 3]);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a test with a service that uses this server and the runtime's own `fetch`. */
async function against(
  respond: Respond,
  test: (service: Service, line: Line) => Promise<void>,
  options: ServiceOptions = {},
): Promise<void> {
  const line = await listen(respond);
  try {
    await test(connect({ credentials, baseUrl: line.url, retry: { maxAttempts: 1 }, ...options }), line);
  } finally {
    await line.close();
  }
}

/** A server that responds to the first requests, then reads one and closes the connection 50 ms later. */
const closing = (answered: number): Respond => (name, nth, socket) => {
  if (nth <= answered) return name.endsWith("/connect/token") ? TOKEN : "{}";
  setTimeout(() => socket.destroy(), 50);
  return null;
};

/** Uses the connection once. Node.js takes a moment until it can reuse it. */
async function warmUp(service: Service): Promise<void> {
  await fetchRegions(ID)(service)();
  await pause(50);
}

Deno.test("an image arrives once at a server that closes a reused connection after reading the request", async () => {
  await against(closing(2), async (service, { arrivals }) => {
    await warmUp(service);
    const reply = await submitImage(IMAGE)(service)();
    equal(E.isLeft(reply) && reply.left._tag, "Unconfirmed");
    await pause(100);
    const images = arrivals.filter(({ name }) => name === "POST /v5.0/ocr/DetectRegions");
    deepEqual(images.map(({ before, hasLength }) => [before > 0, hasLength]), [[true, true]]);
  });
});

Deno.test("a token request arrives once at a server that closes a reused connection after reading the request", async () => {
  await against(closing(2), async (service, { url, arrivals }) => {
    await warmUp(service);
    const other = connect({ credentials, baseUrl: url, retry: { maxAttempts: 1 } });
    const reply = await fetchRegions(ID)(other)();
    equal(E.isLeft(reply) && reply.left._tag, "Network");
    await pause(100);
    const tokens = arrivals.filter(({ name }) => name === "POST /connect/token");
    deepEqual(tokens.map(({ before }) => before > 0), [false, true]);
  });
});

/** Runs a full garbage collection and waits for finalization. Node.js needs --expose-gc. */
async function collect(): Promise<void> {
  const { gc } = globalThis as { readonly gc?: () => void };
  const { process } = globalThis as { readonly process?: { readonly versions: Readonly<Record<string, string>> } };
  const isNode = process !== undefined && process.versions.deno === undefined && process.versions.bun === undefined;
  ok(gc !== undefined || !isNode, "Run Node.js with --expose-gc: without it, this test shows nothing");
  for (let i = 0; i < 4; i++) {
    await pause(25);
    gc?.();
  }
}

/** A server that reads a request and then sends nothing, or only the beginning of a response. */
const silent = (beginning: string): Respond => (name, _, socket) => {
  if (name.endsWith("/connect/token")) return TOKEN;
  socket.write(beginning);
  return null;
};

/** Waits until the connection of the one request about regions is closed. It is not if the abort went unnoticed. */
async function closedConnections(arrivals: readonly Arrival[]): Promise<void> {
  const states = (): boolean[] =>
    arrivals.filter(({ name }) => name.endsWith("Regions")).map(({ isClosed }) => isClosed);
  for (let turn = 0; turn < 200 && !states().every((isClosed) => isClosed); turn++) await pause(25);
  deepEqual(states(), [true]);
}

for (
  const [phase, beginning] of [
    ["before the headers", ""],
    ["in the middle of the body", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nbeginning"],
  ] as const
) {
  Deno.test(`after a garbage collection, a timeout ${phase} ends the request`, async () => {
    await against(silent(beginning), async (service, { arrivals }) => {
      const reply = submitImage(IMAGE)(service)();
      await collect();
      equal(E.isLeft(await reply), true);
      await closedConnections(arrivals);
    }, { requestTimeout: 1500 });
  });

  Deno.test(`after a garbage collection, an abort ${phase} ends the request`, async () => {
    await against(silent(beginning), async (service, { arrivals }) => {
      const controller = new AbortController();
      const reply = fetchRegions(ID)(service, { signal: controller.signal })();
      await collect();
      controller.abort();
      await reply;
      await closedConnections(arrivals);
    });
  });
}

// With a custom fetch

const message = { call: "fetch", method: "GET", path: "/", headers: {} } as const;
/** Returns a transport with this `fetch`. */
const through = (fetch: Fetch, maxResponseBytes = 1000): Transport => ({
  baseUrl: "https://x.example",
  fetch,
  requestTimeout: 1000,
  minUploadRate: 50_000,
  maxResponseBytes,
});

Deno.test("send() calls fetch with a URL and options with cache: no-store, never with a Request", async () => {
  const calls: [unknown, FetchInit][] = [];
  const fetch: Fetch = (url, init) => {
    calls.push([url, init]);
    return Promise.resolve(new Response());
  };
  await send(through(fetch), message, {});
  const [[url, { signal, ...init }]] = calls;
  deepEqual([url, init], ["https://x.example/", {
    method: "GET",
    headers: {},
    body: null,
    redirect: "manual",
    cache: "no-store",
  }]);
  ok(signal instanceof AbortSignal);
});

Deno.test("send() sends its body even if a test environment has replaced the global Blob", async () => {
  const { Blob } = globalThis;
  let sent: Promise<string> | undefined;
  const fetch: Fetch = (url, init) => {
    sent = new Request(url, init).text();
    return Promise.resolve(new Response());
  };
  class Foreign {}
  globalThis.Blob = Foreign as never;
  try {
    // Deno and Node.js 24 use the global `Blob` internally, so nothing can be tested there.
    if (await new Response("").blob() instanceof Foreign) return;
    await send(through(fetch), { ...message, method: "POST", body: await textBody("body") }, {});
  } finally {
    globalThis.Blob = Blob;
  }
  equal(await sent, "body");
});

Deno.test("send() reads a Node.js stream up to the limit", async () => {
  async function* body(): AsyncGenerator<Uint8Array | string> {
    yield new TextEncoder().encode("é").subarray(0, 1);
    yield new TextEncoder().encode("é").subarray(1);
    yield "x".repeat(500);
    await pause(1);
    yield new Uint8Array(500);
  }
  const fetch: Fetch = () => Promise.resolve({ status: 200, headers: new Headers(), body: body() });
  deepEqual(await send(through(fetch, 1001), message, {}), E.left(tooLarge("fetch", 1001)));
  const text = `é${"x".repeat(500)}${"\0".repeat(500)}`;
  const whole = await send(through(fetch, 1002), message, {});
  deepEqual(whole, E.right({ status: 200, retryAfter: null, text }));
});

Deno.test("send() reads a body in one go only if its length is known to be within the limit", async () => {
  const [text, bytes] = ["é".repeat(10), new TextEncoder().encode("é".repeat(10))];
  const known = { "Content-Length": "20" };
  type Case = readonly [headers: Record<string, string>, limit: number, way: "text" | "stream", type?: string];
  const cases: readonly Case[] = [
    [known, 20, "text"],
    [known, 19, "stream"],
    [{}, 20, "stream"],
    [{ ...known, "Content-Encoding": "gzip" }, 20, "stream"],
    // The length does not count then, and Deno and Bun do not remove it.
    [{ "Content-Length": "2", "Transfer-Encoding": "chunked" }, 20, "stream"],
    [{ "Content-Length": "" }, 20, "stream"],
    [{ "Content-Length": "-5" }, 20, "stream"],
    [{ "Content-Length": "0x14" }, 20, "stream"],
    // Of another origin, a page does not see the encoding. What a program made may have any header.
    [known, 20, "stream", "cors"],
    [known, 20, "stream", "default"],
  ];
  for (const [headers, limit, way, type = "basic"] of cases) {
    const ways: string[] = [];
    const response = new Response(bytes, { headers });
    const getReader = response.body?.getReader.bind(response.body);
    const fetch: Fetch = () =>
      Promise.resolve({
        status: 200,
        type,
        headers: response.headers,
        body: { getReader: () => (ways.push("stream"), getReader?.() ?? fail()) },
        text: () => (ways.push("text"), response.text()),
      });
    const expected = limit < 20 ? E.left(tooLarge("fetch", limit)) : E.right({ status: 200, retryAfter: null, text });
    deepEqual([await send(through(fetch, limit), message, {}), ways], [expected, [way]]);
  }
});

Deno.test("send() reports a text that is longer than its Content-Length states as too large", async () => {
  const headers = new Headers({ "Content-Length": "20" });
  const body = new ReadableStream<Uint8Array>();
  const response = { status: 200, type: "basic", headers, body, text: () => Promise.resolve("x".repeat(21)) };
  deepEqual(await send(through(() => Promise.resolve(response), 20), message, {}), E.left(tooLarge("fetch", 20)));
});

Deno.test("send() calculates a Retry-After date from the response's own Date", async () => {
  const retryAfter = async (headers: Record<string, string>): Promise<number | null> => {
    const response = new Response("", { status: 503, headers });
    const answer = await send(through(() => Promise.resolve(response)), message, {});
    return E.isRight(answer) ? answer.right.retryAfter : NaN;
  };
  const now = Date.now();
  const date = (ms: number): string => new Date(ms).toUTCString();
  // The server's clock is first an hour behind, and then an hour ahead.
  for (const skew of [-3_600_000, 3_600_000]) {
    equal(await retryAfter({ "Date": date(now + skew), "Retry-After": date(now + skew + 30_000) }), 30_000);
  }
  const own = await retryAfter({ "Date": "nonsense", "Retry-After": date(now + 30_000) });
  ok(own !== null && Math.abs(own - 30_000) < 5000, `${own}`);
});

Deno.test("send() never reports a request with a response as never sent", async () => {
  const refused = new TypeError("x", {
    cause: Object.assign(new Error("no"), { code: "ECONNREFUSED", syscall: "connect" }),
  });
  const body = (): ReadableStream => new ReadableStream({ start: (controller) => controller.error(refused) });
  const early: Fetch = () => Promise.reject(refused);
  const late: Fetch = () => Promise.resolve(new Response(body()));
  deepEqual(await send(through(early), message, {}), E.left(network("fetch", "no", true)));
  deepEqual(await send(through(late), message, {}), E.left(network("fetch", "no", false)));
});

Deno.test("send() distinguishes a denied permission from a failed connection", async () => {
  const reject = (error: Error): Transport => through(() => Promise.reject(error));
  const denied = Object.assign(new Error("Requires net access"), { name: "NotCapable" });
  const restricted = new TypeError("fetch failed", {
    cause: Object.assign(new Error("Access to this API has been restricted"), { code: "ERR_ACCESS_DENIED" }),
  });
  for (
    const [error, cause] of [
      [denied, "Requires net access"],
      [restricted, "Access to this API has been restricted"],
    ] as const
  ) deepEqual(await send(reject(error), message, {}), E.left(permissionDenied("fetch", cause)));
  // A rejection by the operating system, such as by a firewall, may be transient.
  const refused = Object.assign(new Error("connect EACCES"), { code: "EACCES", syscall: "connect" });
  deepEqual(await send(reject(refused), message, {}), E.left(network("fetch", "connect EACCES", true)));
});

Deno.test("send() never rejects whatever fetch rejects with", async () => {
  const causeOf = async (reason: unknown): Promise<unknown> => {
    const answer = await send(through(() => Promise.reject(reason)), message, {});
    return E.isLeft(answer) && answer.left._tag === "Network" && answer.left.cause;
  };
  const odd = { message: Object.create(null), code: Object.create(null), name: Symbol("name") };
  for (const reason of [undefined, null, "text", 7, {}, [], odd, { cause: odd }]) {
    equal(await causeOf(reason), "no reason given");
  }
  equal(await causeOf({ message: "of another realm" }), "of another realm");
  equal(await causeOf({ message: "outer", cause: { message: "", code: "EPIPE" } }), "EPIPE");
  equal(await causeOf(new DOMException("", "DataCloneError")), "DataCloneError");
});

Deno.test("parseRetryAfter() parses only seconds and dates", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  for (
    const [header, expected] of [
      [null, null],
      ["", null],
      [" ", null],
      ["soon", null],
      ["7", 7000],
      ["0.5", 500],
      ["0", 0],
      ["-5", 0],
      ["1e12", 1e15],
      ["1e400", null],
      ["Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
      ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
    ] as const
  ) equal(parseRetryAfter(header, now), expected, String(header));
});
