import { match, ok, strictEqual as equal } from "node:assert/strict";
import { createSite, type SiteFile } from "../../examples/web/site.ts";
import { emulate } from "../../src/emulator/emulator.ts";
import { connect } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { REGION } from "../support/statuses.ts";

const ORIGIN = "http://127.0.0.1:8000";
const SESSION = "session=a371d027-4b0d-4d86-8825-c8d818dd4ed9";

function site(): (path: string, init?: RequestInit) => Promise<Response> {
  const emulator = emulate({
    detect: () => Promise.resolve([REGION]),
    recognize: (_, { regions }) => Promise.resolve((regions ?? []).map((_, i) => `text ${i + 1}`)),
  });
  const service = connect({
    credentials: { clientId: "id", clientSecret: "secret" },
    fetch: emulator,
    schedule: fixed({ delay: 1 }),
  });
  const files = new Map<string, SiteFile>([["/", { body: new TextEncoder().encode("page"), type: "text/html" }]]);
  const handle = createSite({ service, secret: "a secret that is long enough for a test", files });
  return (path, init) => handle(new Request(new URL(path, ORIGIN), init));
}

/** Submits an image, and returns the id of its task. */
async function submit(
  send: ReturnType<typeof site>,
  path: string,
  fields: Record<string, string> = {},
): Promise<string> {
  const body = new FormData();
  body.set("image", new Blob([new Uint8Array([1, 2, 3])], { type: "image/png" }));
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const response = await send(path, { method: "POST", headers: { Cookie: SESSION }, body });
  const { id } = await response.json();
  equal(response.status, 202);
  return id;
}

Deno.test("the page comes with a policy that permits nothing but its own files", async () => {
  const response = await site()("/");
  equal(await response.text(), "page");
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  ok(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self';"));
  ok(!policy.includes("unsafe"));
  equal(response.headers.get("X-Content-Type-Options"), "nosniff");
});

Deno.test("a browser gets a session once", async () => {
  const send = site();
  const cookie = (await send("/")).headers.get("Set-Cookie") ?? "";
  match(cookie, /^session=[\da-f-]{36}; Path=\/; HttpOnly; SameSite=Strict$/);
  equal(
    (await send("/", { headers: { Cookie: cookie.slice(0, cookie.indexOf(";")) } })).headers.has("Set-Cookie"),
    false,
  );
});

Deno.test("detections and recognitions have their own paths", async () => {
  const send = site(), headers = { Cookie: SESSION };
  const task = await submit(send, "/tasks", { dsrMode: "LineDetector" });
  const detection = await (await send(`/tasks/${task}/events`, { headers })).text();
  ok(detection.includes(`"regions":${JSON.stringify([REGION])}`));
  const text = await submit(send, "/texts", { regions: JSON.stringify([REGION]) });
  const recognition = await (await send(`/texts/${text}/events`, { headers })).text();
  ok(recognition.includes('"texts":["text 1"]'));
});

Deno.test("a task belongs to the session that has submitted it", async () => {
  const send = site();
  const task = await submit(send, "/tasks");
  const other = { Cookie: "session=b371d027-4b0d-4d86-8825-c8d818dd4ed9" };
  equal((await send(`/tasks/${task}`, { headers: other })).status, 404);
  equal((await send(`/tasks/${task}`)).status, 401);
});

Deno.test("requests under another name, for unknown paths and with other methods are refused", async () => {
  const send = site();
  equal((await send("http://attacker.example/")).status, 403);
  equal((await send("http://localhost:8000/")).status, 200);
  equal((await send("/tasksmaster")).status, 404);
  equal((await send("/.env")).status, 404);
  equal((await send("/", { method: "POST", body: "" })).status, 405);
  equal(await (await send("/", { method: "HEAD" })).text(), "");
});
