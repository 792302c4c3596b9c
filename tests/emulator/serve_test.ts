import { deepStrictEqual as deepEqual, match, rejects, strictEqual as equal } from "node:assert/strict";
import { connect as openSocket } from "node:net";
import { serve } from "../../src/emulator/serve.ts";

Deno.test("serve() hands a request over whole, and the answer back", async () => {
  const server = await serve(async (request) => {
    const { method, url, headers } = request;
    const body = await request.text();
    return new Response(`${method} ${new URL(url).pathname} ${headers.get("X-Test")} ${body}`, {
      status: 201,
      headers: { "X-Answer": "yes" },
    });
  }, 0);
  match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${server.url}/path`, { method: "POST", body: "böd", headers: { "X-Test": "1" } });
  deepEqual([response.status, response.headers.get("X-Answer"), await response.text()], [
    201,
    "yes",
    "POST /path 1 böd",
  ]);
  await server.close();
});

Deno.test("serve() answers 400 to what no Request can hold", async () => {
  const server = await serve(() => Promise.resolve(new Response("handled")), 0);
  for (
    const [line, status] of [["TRACE / HTTP/1.1", 400], ["GET http://[ HTTP/1.1", 400], [
      "GET / HTTP/1.1",
      200,
    ]] as const
  ) {
    const answer = await raw(server.url, `${line}\r\nHost: x\r\nConnection: close\r\n\r\n`);
    equal(Number(answer.split(" ")[1]), status, line);
  }
  await server.close();
});

Deno.test("serve() survives a handler that throws and clients that leave", async () => {
  const server = await serve((request) => {
    if (request.url.endsWith("/fault")) throw new Error("of the handler");
    return request.text().then(() => new Response("handled"), () => new Response("cut"));
  }, 0);
  equal(await raw(server.url, "GET /fault HTTP/1.1\r\nHost: x\r\n\r\n"), "");
  await raw(server.url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", true);
  equal(await (await fetch(server.url)).text(), "handled");
  await server.close();
});

Deno.test("serve() hands over the refusal of a long body that nobody reads", async () => {
  for (const cancel of [true, false]) {
    const server = await serve(async ({ body }) => {
      if (cancel) await body?.cancel();
      return new Response("refused", { status: 413 });
    }, 0);
    for (let i = 0; i < 3; i++) {
      const response = await fetch(server.url, { method: "POST", body: new Uint8Array(2_000_000) });
      deepEqual([response.status, await response.text()], [413, "refused"]);
    }
    await server.close();
  }
});

Deno.test("serve() rejects for a port that is taken", async () => {
  const server = await serve(() => Promise.resolve(new Response()), 0);
  await rejects(serve(() => Promise.resolve(new Response()), Number(new URL(server.url).port)), { code: "EADDRINUSE" });
  await server.close();
});

/** What the server answers to these bytes until it closes the connection, or until the client leaves. */
function raw(url: string, bytes: string, leave = false): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = openSocket(Number(new URL(url).port), "127.0.0.1", () => {
      socket.write(bytes, () => leave && setTimeout(() => socket.destroy(), 20));
    });
    socket.on("data", (data) => answer += data);
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}
