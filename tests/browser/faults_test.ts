/** Faults on the wire, and hostile servers: each breaks the first connections of a stream over a real socket. */
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import type { Reply } from "../../src/model/reply.ts";
import { fromEventStream, type SubscribeOptions } from "../../src/browser/event_source.ts";
import { COMPLETED, event, PENDING, PROCESSING } from "./back_end.ts";

/** What a server writes to the socket of a connection, before it closes it. */
type Script = (socket: Socket, lastEventId: string | null) => void | Promise<void>;

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
const CHUNKED = HEAD.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n");
const FIRST = event("a", PENDING);
const REST = event("b", PROCESSING) + event("c", COMPLETED);

const text = (...texts: readonly (string | Uint8Array)[]): Script => (socket) => {
  for (const text of texts) socket.write(text);
  socket.end();
};
const chunk = (text: string): string => `${new TextEncoder().encode(text).byteLength.toString(16)}\r\n${text}\r\n`;

/** Serves one script per connection; the last one also serves all further connections. */
async function serve(
  scripts: readonly Script[],
  options: SubscribeOptions = {},
): Promise<{ readonly replies: readonly Reply[]; readonly seen: readonly (string | null)[]; readonly open: number }> {
  const seen: (string | null)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let head = "";
    const onData = (bytes: Uint8Array): void => {
      head += new TextDecoder().decode(bytes);
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", onData);
      socket.resume();
      const [request] = head.split("\r\n");
      const id = /^last-event-id: (.*)$/im.exec(head)?.[1] ?? /^if-none-match: (.*)$/im.exec(head)?.[1] ?? null;
      seen.push(request.includes("/events ") ? id : `poll ${id}`);
      void scripts[Math.min(seen.length, scripts.length) - 1](socket, id);
    };
    socket.on("data", onData);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  ok(typeof address === "object" && address !== null);
  const replies: Reply[] = [];
  await fromEventStream(`http://127.0.0.1:${address.port}/tasks/1`, {
    retry: { minDelay: 1, maxDelay: 5 },
    deadline: 20_000,
    ...options,
  }).forEach((reply) => replies.push(reply));
  // The client closes its connection after the final status, which takes a moment.
  for (let i = 0; i < 1000 && sockets.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  const open = sockets.size;
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  return { replies, seen, open };
}

/** Faults after which the first status is known, at most. The next connection serves everything after it. */
const FAULTS: Readonly<Record<string, Script>> = {
  "no response": (socket) => void socket.end(),
  "a reset instead of a response": (socket) => void socket.resetAndDestroy(),
  "half a header": text("HTTP/1.1 200 OK\r\nContent-Ty"),
  "something that is not HTTP": text("SSH-2.0-OpenSSH_9.6\r\n"),
  "a header without a body": text(HEAD),
  "an event without its end": text(HEAD, FIRST, event("b", PROCESSING).slice(0, -1)),
  "half a character": text(HEAD, FIRST, "data: ", new Uint8Array([0xc3])),
  "a reset in the middle of an event": (socket) => {
    socket.write(HEAD + FIRST + "id: b\ndata: {", () => setTimeout(() => socket.resetAndDestroy(), 20));
  },
  "a body shorter than its Content-Length": text(HEAD.replace("\r\n\r\n", "\r\nContent-Length: 1000\r\n\r\n"), FIRST),
  "a last chunk that is missing": text(CHUNKED, chunk(FIRST)),
  "a chunk without a valid length": text(CHUNKED, chunk(FIRST), "zz\r\n"),
  "gzip that is none": text(HEAD.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n"), FIRST),
  "no content type": text("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", FIRST),
  "a gateway's page": text("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<h1>Bad Gateway</h1>"),
  "a response that is empty JSON": text(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
  ),
  "an unknown status": text(HEAD, FIRST, event("b", '{"_tag":"Paused","id":"1"}')),
  "an event without data": text(HEAD, FIRST, "id: b\n\n"),
  "an error without its fields": text(HEAD, FIRST, event("b", '{"_tag":"Http"}')),
  "a result without regions": text(HEAD, FIRST, event("b", '{"_tag":"Completed","id":"1","notices":[]}')),
  "JSON that is nested deeply": text(HEAD, FIRST, event("b", "[".repeat(100_000))),
  "a prototype": text(HEAD, FIRST, event("b", '{"__proto__":{"_tag":"Pending","id":"1"}}')),
  "an id that no header can have": text(HEAD, FIRST, event("\u2028", PROCESSING)),
  "an id that is too long": text(HEAD, FIRST, event("x".repeat(5000), PROCESSING)),
  "an id with a NUL, which is no id": text(HEAD, FIRST, event("x\0", '{"_tag":"Paused"}')),
};

for (const [name, script] of Object.entries(FAULTS)) {
  Deno.test(`fromEventStream() receives every status once despite ${name}`, async () => {
    const { replies, seen, open } = await serve([
      script,
      (socket, id) => text(HEAD, id === null ? FIRST : "", REST)(socket, id),
    ]);
    deepEqual(replies, [PENDING, PROCESSING, COMPLETED]);
    equal(seen.length, 2);
    equal(open, 0);
  });
}

/** Forms of the same valid stream. */
const FORMS: Readonly<Record<string, (stream: string) => readonly (string | Uint8Array)[]>> = {
  "CRLF": (stream) => [stream.replaceAll("\n", "\r\n")],
  "CR": (stream) => [stream.replaceAll("\n", "\r")],
  "a byte order mark": (stream) => [new Uint8Array([0xef, 0xbb, 0xbf]), stream],
  "comments and unknown fields": (stream) => [stream.replaceAll("id: ", ": comment\nfoo: bar\nfoo\nid: ")],
  "no spaces after colons": (stream) => [stream.replaceAll(": ", ":")],
  "several lines of data": (stream) => [stream.replaceAll(',"', '\ndata: ,"')],
};

for (const [name, form] of Object.entries(FORMS)) {
  Deno.test(`fromEventStream() reads a stream with ${name}`, async () => {
    const { replies } = await serve([text(HEAD, ...form(FIRST + REST), "\n")]);
    deepEqual(replies, [PENDING, PROCESSING, COMPLETED]);
  });
}

Deno.test("fromEventStream() gives up on an event that never ends, and keeps no more of it than maxResponseBytes", async () => {
  let sent = 0;
  const { replies, open } = await serve([async (socket) => {
    socket.write(HEAD + "data: ");
    while (!socket.destroyed && sent < 1e9) {
      sent += 65_536;
      await new Promise((resolve) => socket.write("x".repeat(65_536), resolve));
    }
  }], { maxResponseBytes: 1_000_000 });
  deepEqual(replies, [E.left({ _tag: "TooLarge", call: "fetch", what: "answer", limit: 1_000_000 })]);
  ok(sent < 50_000_000, `${sent} bytes were read`);
  equal(open, 0);
});

Deno.test("fromEventStream() ends at its deadline if a server only sends comments, ids or refusals", async () => {
  const flood = (line: string): Script => async (socket) => {
    socket.write(HEAD);
    while (!socket.destroyed) {
      await new Promise((resolve) => socket.write(line.repeat(100), () => setTimeout(resolve, 1)));
    }
  };
  for (const script of [flood(":\n\n"), flood("id: b\n\n"), flood("retry: 0\n"), text("HTTP/1.1 503 Busy\r\n\r\n")]) {
    const { replies, open } = await serve([script], { deadline: 300 });
    deepEqual(replies, [E.left({ _tag: "GaveUp", reason: "deadline", state: null })]);
    equal(open, 0);
  }
});
