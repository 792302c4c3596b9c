import {
  deepStrictEqual as deepEqual,
  notStrictEqual,
  rejects,
  strictEqual as equal,
  throws,
} from "node:assert/strict";
import { createRouter, type RouterOptions, type Target } from "../../src/server/router.ts";
import { createSigner } from "../../src/server/signature.ts";
import { writeTaskId } from "../../src/server/task_id.ts";

const SECRET = "a secret of at least 32 characters";
const ORIGIN = "https://regions.example";

/** A router whose objects respond with the name and subject that they receive. */
function createWorld(options: Partial<RouterOptions> = {}): {
  readonly send: (method: string, path: string, headers?: HeadersInit) => Promise<Response>;
  readonly forwarded: readonly Target[];
} {
  const forwarded: Target[] = [];
  const route = createRouter({
    secret: SECRET,
    authorize: ({ headers }) => headers.get("X-User"),
    forward: (_request, target) => {
      forwarded.push(target);
      return Response.json(target);
    },
    ...options,
  });
  return { forwarded, send: (method, path, headers) => route(new Request(ORIGIN + path, { method, headers })) };
}

function idFor(subject: string, name: string, secret = SECRET): Promise<string> {
  return writeTaskId(createSigner(secret), subject, { kind: "Any", id: name, results: null, submittedAt: null });
}

Deno.test("createRouter() forwards each request about a task to the object in its id", async () => {
  const { send } = createWorld();
  const id = await idFor("ann", "name 1");
  for (const [method, view] of [["GET", ""], ["GET", "/events"], ["GET", "/overlay.svg"], ["DELETE", ""]]) {
    const response = await send(method, `/tasks/${id}${view}`, { "X-User": "ann" });
    deepEqual([response.status, await response.json()], [200, { name: "name 1", subject: "ann" }]);
  }
});

Deno.test("createRouter() forwards a POST that is repeated with the same Idempotency-Key to the same object", async () => {
  const { send, forwarded } = createWorld();
  const post = (user: string, key: string): Promise<Response> =>
    send("POST", "/tasks", { "X-User": user, "Idempotency-Key": key });
  await post("ann", "1");
  await post("ann", "1");
  await post("ann", "2");
  await post("bob", "1");
  const [first, again, ...others] = forwarded.map(({ name }) => name);
  equal(first, again);
  equal(new Set([first, ...others]).size, 3);
});

Deno.test("createRouter() forwards each POST without an Idempotency-Key to another object", async () => {
  const { send, forwarded } = createWorld();
  for (let i = 0; i < 3; i++) await send("POST", "/tasks", { "X-User": "ann" });
  equal(new Set(forwarded.map(({ name }) => name)).size, 3);
});

Deno.test("createRouter() derives names from the secret, so that nobody else can compute them", async () => {
  const names: string[] = [];
  for (const secret of [SECRET, `${SECRET}!`]) {
    const { send, forwarded } = createWorld({ secret });
    await send("POST", "/tasks", { "X-User": "ann", "Idempotency-Key": "1" });
    names.push(forwarded[0].name);
  }
  notStrictEqual(names[0], names[1]);
});

Deno.test("createRouter() forwards only requests that are allowed, about tasks of their subject", async () => {
  const { send, forwarded } = createWorld();
  const mine = await idFor("ann", "name 1");
  const [content, signature] = mine.split(".");
  const ann = { "X-User": "ann" };
  const refused: [string, string, HeadersInit, number][] = [
    ["GET", `/tasks/${mine}`, {}, 401],
    ["POST", "/tasks", {}, 401],
    ["POST", "/tasks", { "X-User": "" }, 401],
    ["GET", `/tasks/${mine}`, { "X-User": "bob" }, 404],
    ["DELETE", `/tasks/${mine}`, { "X-User": "bob" }, 404],
    ["GET", `/tasks/${await idFor("ann", "name 1", `${SECRET}!`)}`, ann, 404],
    ["GET", `/tasks/${content}`, ann, 404],
    ["GET", `/tasks/${content}.`, ann, 404],
    ["GET", `/tasks/.${signature}`, ann, 404],
    ["GET", "/tasks/name%201", ann, 404],
    ["GET", `/other/${mine}`, ann, 404],
    ["GET", `/tasks/${mine}/other`, ann, 404],
    ["GET", `/tasksX/${mine}`, ann, 404],
    ["GET", `/tasks/${mine}x`, ann, 404],
    ["GET", "/tasks/", ann, 404],
    ["PUT", `/tasks/${mine}`, ann, 405],
    ["GET", "/tasks", ann, 405],
    ["GET", `/tasks/${mine}`, { ...ann, "Origin": "https://foreign.example" }, 403],
    ["POST", "/tasks", { ...ann, "Origin": "https://foreign.example" }, 403],
  ];
  for (const [method, path, headers, status] of refused) {
    equal((await send(method, path, headers)).status, status, `${method} ${path}`);
  }
  deepEqual(forwarded, []);
});

Deno.test("createRouter() answers preflight requests, and allows listed origins to read every response", async () => {
  const page = "https://page.example";
  const { send, forwarded } = createWorld({ origins: [page] });
  const preflight = await send("OPTIONS", "/tasks", { "Origin": page, "Access-Control-Request-Method": "POST" });
  deepEqual([preflight.status, forwarded], [204, []]);
  for (const [headers, status] of [[{ "X-User": "ann" }, 200], [{}, 401]] as const) {
    const response = await send("POST", "/tasks", { "Origin": page, ...headers });
    deepEqual([response.status, response.headers.get("Access-Control-Allow-Origin")], [status, page]);
  }
});

Deno.test("createRouter() returns the response of authorize(), and serves the given path only", async () => {
  const { send, forwarded } = createWorld({
    path: "/api/tasks",
    authorize: () => new Response(null, { status: 429, headers: { "Retry-After": "7" } }),
  });
  const response = await send("POST", "/api/tasks");
  deepEqual([response.status, response.headers.get("Retry-After")], [429, "7"]);
  equal((await send("POST", "/tasks")).status, 404);
  deepEqual(forwarded, []);
});

Deno.test("createRouter() rejects if the object is stopped", async () => {
  const { send } = createWorld({ forward: () => Promise.reject(new Error("the object was stopped")) });
  await rejects(send("POST", "/tasks", { "X-User": "ann" }), /the object was stopped/);
});

Deno.test("createRouter() throws if the secret is too short, or if the path or an origin is invalid", () => {
  throws(() => createWorld({ secret: "short" }), RangeError);
  throws(() => createWorld({ path: "tasks" }), TypeError);
  throws(() => createWorld({ origins: ["page.example"] }), TypeError);
});
