import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { mock } from "../support/mock.ts";
import { createInstance, IMAGE, ORIGIN } from "./handler_world.ts";

const FRIEND = "https://friend.example";
const PNG = { "Content-Type": "image/png" };

Deno.test("a page of another origin is refused, unless its origin is listed", async () => {
  const world = mock();
  const { send } = createInstance(world, { origins: [FRIEND] });
  const cases: readonly [headers: Record<string, string>, status: number][] = [
    [{}, 202],
    [{ Origin: ORIGIN }, 202],
    [{ Origin: FRIEND }, 202],
    // Behind a proxy that ends TLS and renames the host.
    [{ Origin: "https://public.example", "Sec-Fetch-Site": "same-origin" }, 202],
    [{ Origin: ORIGIN.replace("https", "http") }, 202],
    // The page of an insecure origin, which an attacker in the network may have made.
    [{ Origin: ORIGIN.replace("https", "http"), "Sec-Fetch-Site": "cross-site" }, 403],
    [{ Origin: "https://evil.example" }, 403],
    [{ Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }, 403],
    [{ Origin: `${FRIEND}.evil.example` }, 403],
    [{ Origin: `${ORIGIN}:8443` }, 403],
    [{ Origin: "null" }, 403],
    [{ Origin: "" }, 403],
    [{ Origin: "https://sub.friend.example", "Sec-Fetch-Site": "same-site" }, 403],
  ];
  for (const [headers, status] of cases) {
    const before = world.calls.filter((call) => call === "submit").length;
    equal((await send("POST", "/tasks", { ...PNG, ...headers }, IMAGE)).status, status, JSON.stringify(headers));
    equal(world.calls.filter((call) => call === "submit").length - before, status === 202 ? 1 : 0);
  }
});

Deno.test("a page of a listed origin may read every response, including refusals", async () => {
  const { send } = createInstance(mock(), {
    origins: [FRIEND],
    authorize: ({ headers }) => headers.has("X-Denied") ? new Response("no", { status: 403 }) : "ann",
  });
  for (
    const [path, more] of [["/tasks", {}], ["/tasks?x=1", {}], ["/nowhere", {}], ["/tasks", {
      "X-Denied": "1",
    }]] as const
  ) {
    const { headers } = await send("POST", path, { ...PNG, ...more, Origin: FRIEND }, IMAGE);
    equal(headers.get("Access-Control-Allow-Origin"), FRIEND);
    equal(headers.get("Access-Control-Allow-Credentials"), "true");
    equal(headers.get("Access-Control-Expose-Headers"), "ETag, Location, Retry-After");
    equal(headers.get("Vary"), "Origin");
  }
});

Deno.test("a response names no origin to others", async () => {
  const { send } = createInstance(mock(), { origins: [FRIEND] });
  const cases: readonly Record<string, string>[] = [{}, { Origin: ORIGIN }, { Origin: "https://evil.example" }];
  for (const headers of cases) {
    const response = await send("POST", "/tasks", { ...PNG, ...headers }, IMAGE);
    equal(response.headers.get("Access-Control-Allow-Origin"), null);
    equal(response.headers.get("Vary"), "Origin");
  }
});

Deno.test("a preflight request of a listed origin is granted without authorization, and that of another is refused", async () => {
  const world = mock();
  const { send } = createInstance(world, { origins: [FRIEND], authorize: () => null });
  const asked = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
  };
  const granted = await send("OPTIONS", "/tasks", { Origin: FRIEND, ...asked });
  equal(granted.status, 204);
  deepEqual(
    ["Origin", "Methods", "Headers", "Max-Age"].map((name) =>
      granted.headers.get(`Access-Control-${name === "Max-Age" ? name : `Allow-${name}`}`)
    ),
    [FRIEND, "GET, POST, DELETE", "authorization,content-type", "600"],
  );
  equal((await send("OPTIONS", "/tasks", { Origin: "https://evil.example", ...asked })).status, 403);
  equal((await send("OPTIONS", "/tasks", { Origin: FRIEND })).status, 405);
  equal((await send("OPTIONS", "/tasks")).status, 405);
  equal(world.calls.length, 0);
});
