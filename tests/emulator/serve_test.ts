import { deepStrictEqual as deepEqual, match, rejects, strictEqual as equal } from "node:assert/strict";
import { connect as openSocket } from "node:net";
import { serve } from "../../src/emulator/serve.ts";

Deno.test("serve() passes requests and responses on unchanged", async () => {
  const server = await serve(async (request) => {
    const { method, url, headers } = request;
    const body = await request.text();
    return new Response(`${method} ${new URL(url).pathname} ${headers.get("X-Test")} ${body}`, {
      status: 201,
      headers: { "X-Response": "yes" },
    });
  }, 0);
  match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${server.url}/path`, { method: "POST", body: "böd", headers: { "X-Test": "1" } });
  deepEqual([response.status, response.headers.get("X-Response"), await response.text()], [
    201,
    "yes",
    "POST /path 1 böd",
  ]);
  await server.close();
});

Deno.test("serve() responds with 400 if a Request cannot represent the incoming request", async () => {
  const server = await serve(() => Promise.resolve(new Response("handled")), 0);
  for (
    const [line, status] of [["TRACE / HTTP/1.1", 400], ["GET http://[ HTTP/1.1", 400], [
      "GET / HTTP/1.1",
      200,
    ]] as const
  ) {
    const response = await raw(server.url, `${line}\r\nHost: x\r\nConnection: close\r\n\r\n`);
    equal(Number(response.split(" ")[1]), status, line);
  }
  await server.close();
});

Deno.test("serve() survives handlers that throw and clients that disconnect", async () => {
  const server = await serve((request) => {
    if (request.url.endsWith("/throw")) throw new Error("thrown by the handler");
    return request.text().then(() => new Response("handled"), () => new Response("incomplete"));
  }, 0);
  equal(await raw(server.url, "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n"), "");
  await raw(server.url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", true);
  equal(await (await fetch(server.url)).text(), "handled");
  await server.close();
});

Deno.test("serve() delivers an error response even if the handler does not read a long body", async () => {
  for (const cancel of [true, false]) {
    const server = await serve(async ({ body }) => {
      if (cancel) await body?.cancel();
      return new Response("refused", { status: 413 });
    }, 0);
    for (let i = 0; i < 3; i++) {
      const signal = AbortSignal.timeout(20_000);
      // Longer than what the buffers of the connection hold.
      const response = await fetch(server.url, { method: "POST", body: new Uint8Array(20_000_000), signal });
      deepEqual([response.status, await response.text()], [413, "refused"]);
    }
    await server.close();
  }
});

Deno.test("serve() rejects if the port is in use", async () => {
  const server = await serve(() => Promise.resolve(new Response()), 0);
  await rejects(serve(() => Promise.resolve(new Response()), Number(new URL(server.url).port)), { code: "EADDRINUSE" });
  await server.close();
});

/** Sends `bytes` and returns everything received until the connection closes. With `leave`, the client closes it. */
function raw(url: string, bytes: string, leave = false): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = openSocket(Number(new URL(url).port), "127.0.0.1", () => {
      socket.write(bytes, () => leave && setTimeout(() => socket.destroy(), 20));
    });
    socket.on("data", (data) => received += data);
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });
}
