import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal } from "node:assert/strict";
import fakeTimers from "@sinonjs/fake-timers";
import { createReplayClock } from "../../src/cli/doctor/examine.ts";
import { createRecorder, MAX_RESPONSE_BYTES } from "../../src/cli/doctor/recorder.ts";
import type { FetchInit } from "../../src/client/transport.ts";
import { examineWith, type Handle, SECRETS, serviceOf } from "./doctor_world.ts";

const BASE = "https://api.aspose.cloud";
const TOKEN = "eyJhbGciOiJSUzI1NiJ9.0123456789abcdef";
const ID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";

/** A recorder of a service, and a function that sends a request through it. */
function record(handle: Handle, options: { readonly maxCalls?: number; readonly anonymous?: boolean } = {}) {
  const recorder = createRecorder({
    fetch: handle,
    baseUrl: BASE,
    clock: createReplayClock(),
    secrets: Object.values(SECRETS),
    maxCalls: 100,
    anonymous: false,
    ...options,
  });
  const send = async (method: FetchInit["method"], path: string, body?: string, signal?: AbortSignal) => {
    const init: FetchInit = {
      method,
      headers: { Authorization: `Bearer ${TOKEN}` },
      body: (body === undefined ? null : await new Response(body).blob()) as never,
      redirect: "manual",
      signal: signal ?? new AbortController().signal,
    };
    const { status, body: stream } = await recorder.fetch(BASE + path, init);
    return { status, text: await new Response(stream as ReadableStream<Uint8Array>).text() };
  };
  return { recorder, send, outcomes: () => recorder.log().map(({ exchange }) => exchange.outcome) };
}

function always(body: BodyInit | null, init?: ResponseInit): Handle {
  return () => Promise.resolve(new Response(body, init));
}

Deno.test("a recorder keeps no secret, no token and no image, however the service echoes them", async () => {
  const secrets = [...Object.values(SECRETS), TOKEN];
  const echo = JSON.stringify({
    plain: secrets.join(" "),
    upper: secrets.join(" ").toUpperCase(),
    base64: btoa(secrets.join(" ")),
    percent: encodeURIComponent(secrets.join(" ")),
  });
  for (const status of [200, 400]) {
    const headers = { "Content-Type": `text/plain; token=${TOKEN}`, "Retry-After": TOKEN };
    const { recorder, send } = record(always(echo, { status, headers }));
    await send("GET", "/v5.0/ocr/DetectRegions?id=1");
    await send(
      "POST",
      "/v5.0/ocr/DetectRegions",
      JSON.stringify({ image: btoa("the image"), settings: { Rotate: 1 } }),
    );
    const kept = JSON.stringify(recorder.log()).toUpperCase();
    for (const secret of [...secrets, btoa("the image"), ...secrets.map((secret) => btoa(secret).slice(0, 12))]) {
      ok(!kept.includes(secret.toUpperCase()), secret);
    }
    ok(kept.includes('"ROTATE":1'));
  }
});

Deno.test("a recorder without a token takes no word of a response for one", async () => {
  const { send, outcomes } = record(always(`none of ${TOKEN}`), { anonymous: true });
  await send("GET", "/a");
  deepEqual(outcomes().map((outcome) => outcome._tag === "Response" && outcome.body), [`none of ${TOKEN}`]);
});

Deno.test("a recorder keeps the form of the token's response, and the library gets the token", async () => {
  const { recorder, send } = record(always(JSON.stringify({ access_token: TOKEN, expires_in: 3600, other: TOKEN })));
  const { text } = await send("POST", "/connect/token", "client_secret=s3cr3t-klmnopghijk");
  equal(JSON.parse(text).access_token, TOKEN);
  const [{ exchange: { request, outcome } }] = recorder.log();
  deepEqual(request, { method: "POST", path: "/connect/token", image: null, fields: null });
  equal(outcome._tag === "Response" && outcome.body, '{"access_token":"####","expires_in":3600,"token_type":"Bearer"}');
});

Deno.test("a recorder keeps nothing of a token's response that it does not understand", async () => {
  for (const body of [`token=${TOKEN}`, JSON.stringify([TOKEN]), JSON.stringify({ access_token: [TOKEN] })]) {
    const { send, outcomes } = record(always(body));
    await send("POST", "/connect/token", "form");
    deepEqual(outcomes().map((outcome) => outcome._tag === "Response" && outcome.body), [""]);
  }
});

Deno.test("a recorder replaces the ids of tasks, and sends the ids themselves", async () => {
  const paths: string[] = [];
  const service: Handle = (input, init) => {
    paths.push(String(input).slice(BASE.length));
    return Promise.resolve(new Response(init?.method === "POST" ? `"${ID}"` : `{"id":"${ID.toUpperCase()}"}`));
  };
  const { recorder, send } = record(service);
  const { text } = await send("POST", "/v5.0/ocr/DetectRegions", '{"image":"AQID"}');
  equal(text, '"00000000-0000-4000-8000-000000000001"');
  const reply = await send("GET", `/v5.0/ocr/DetectRegions?id=${JSON.parse(text)}`);
  equal(reply.text, '{"id":"00000000-0000-4000-8000-000000000001"}');
  deepEqual(paths, ["/v5.0/ocr/DetectRegions", `/v5.0/ocr/DetectRegions?id=${ID}`]);
  ok(!JSON.stringify(recorder.log()).toLowerCase().includes(ID));
});

Deno.test("a recorder sends no more calls than it may", async () => {
  let calls = 0;
  const { send } = record(() => {
    calls++;
    return Promise.resolve(new Response("{}"));
  }, { maxCalls: 2 });
  await send("GET", "/a");
  await send("GET", "/a");
  await rejects(send("GET", "/a"), /the limit of 2 calls is reached/);
  equal(calls, 2);
});

Deno.test("a recorder keeps failures: no connection, a response that is too large, one that never comes", async () => {
  const clock = fakeTimers.install({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const failures: readonly (readonly [Handle, RegExp])[] = [
      [() => Promise.reject(new TypeError(`refused ${TOKEN}`)), /^refused \[redacted\]$/],
      [always("x".repeat(MAX_RESPONSE_BYTES + 1)), /^the response exceeds 262144 bytes$/],
      // Each of these bytes becomes three.
      [always(new Uint8Array(MAX_RESPONSE_BYTES).fill(0xff)), /^the response exceeds 262144 bytes$/],
      [() => new Promise(() => {}), /^no complete response within 60 seconds$/],
    ];
    for (const [handle, cause] of failures) {
      const { send, outcomes } = record(handle);
      const sent = send("GET", "/a").catch((error: Error) => error.message);
      for (let i = 0; i < 5; i++) await clock.tickAsync(20_000);
      match(String(await sent), cause);
      const [outcome] = outcomes();
      match(outcome._tag === "Failure" ? outcome.cause : "", cause);
    }
  } finally {
    clock.uninstall();
  }
});

Deno.test("a recorder keeps no call that the user stopped", async () => {
  const controller = new AbortController();
  const { send, outcomes } = record(() => new Promise(() => {}));
  const sent = send("GET", "/a", undefined, controller.signal);
  controller.abort();
  await rejects(sent);
  deepEqual(outcomes(), []);
});

Deno.test("a recorder keeps the headers that a client reads, unless they cannot be sent again", async () => {
  const { send, outcomes } = record(always("busy", {
    status: 429,
    headers: { "Content-Type": "text/é", "Retry-After": "7", "Set-Cookie": "session=1", Server: "x" },
  }));
  await send("GET", "/a");
  deepEqual(outcomes(), [{ _tag: "Response", status: 429, contentType: null, retryAfter: "7", body: "busy" }]);
});

Deno.test("a log of a whole run has neither the credentials nor a token", async () => {
  const tokens: string[] = [];
  const clock = createReplayClock();
  const service = serviceOf({}, clock.now);
  const { log } = await examineWith((input, init) => {
    tokens.push(new Headers(init?.headers).get("Authorization")?.slice("Bearer ".length) ?? "");
    return service(input, init);
  }, { clock });
  const kept = JSON.stringify(log);
  const secrets = [...Object.values(SECRETS), ...new Set(tokens.filter((token) => token !== ""))];
  equal(secrets.length, 3);
  for (const secret of secrets) ok(!kept.includes(secret));
});
