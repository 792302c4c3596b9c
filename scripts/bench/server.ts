/**
 * The service on a socket of the loopback interface, in a process of its own, so that its computing does not count. It
 * prints its port, and ends when its standard input does. Each task is unfinished for four polls, and Completed at the
 * fifth. The first folder of the path says how it answers: `/plain`, with the length of the answer, `/chunked`, `/gzip`,
 * or `/drop`, which counts images, and closes a connection that was used before once it has read the image.
 * `/drop/arrivals` is the number of images so far.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { answerTo, makeIds, POLLS } from "./world.ts";

const JSON_TYPE = "application/json; charset=utf-8";

const SENDERS: Readonly<Record<string, (response: ServerResponse, text: string) => void>> = {
  plain,
  drop: plain,
  chunked: (response, text) => {
    response.writeHead(200, { "Content-Type": JSON_TYPE, "Transfer-Encoding": "chunked" }).end(text);
  },
  gzip: (response, text) => {
    const bytes = gzipSync(text);
    const headers = { "Content-Type": JSON_TYPE, "Content-Encoding": "gzip", "Content-Length": bytes.byteLength };
    response.writeHead(200, headers).end(bytes);
  },
};

/** The polls of the tasks that are not finished. */
const polls = new Map<string, number>();
const used = new WeakSet<Socket>();
const [id] = makeIds(1);
let arrivals = 0;

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  const kind = pathname.split("/")[1], isUsed = used.has(request.socket);
  used.add(request.socket);
  if (pathname === "/drop/arrivals") plain(response, String(arrivals));
  else if (request.method === "POST") accept(request, response, kind === "drop" && isUsed);
  else SENDERS[kind](response, nextAnswer(searchParams.get("id") ?? ""));
});
// Longer than a task sleeps, so that connections are used again.
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  console.log(typeof address === "object" ? address?.port : "");
});
process.stdin.resume().on("end", () => process.exit());

function plain(response: ServerResponse, text: string): void {
  response.writeHead(200, { "Content-Type": JSON_TYPE, "Content-Length": text.length }).end(text);
}

function nextAnswer(id: string): string {
  const poll = (polls.get(id) ?? 0) + 1;
  if (poll === POLLS) polls.delete(id);
  else polls.set(id, poll);
  return answerTo(id, poll === POLLS);
}

/** Reads an image. */
function accept(request: IncomingMessage, response: ServerResponse, isDropped: boolean): void {
  request.resume().on("end", () => {
    arrivals++;
    if (isDropped) request.socket.destroy();
    else plain(response, id);
  });
}
