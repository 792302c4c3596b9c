import * as E from "fp-ts/lib/Either.js";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { inspect } from "node:util";
import {
  gaveUp,
  http,
  malformed,
  network,
  type RegionsError,
  timeout,
  tooLarge,
  unauthorized,
} from "../../src/model/error.ts";
import { connect, type CredentialsOptions, type Retry, type ServiceOptions } from "../../src/client/service.ts";
import { exchange, retrying } from "../../src/client/request.ts";
import type { CallContext } from "../../src/client/transport.ts";
import { ID, mock, refused, type Responder, silent, stalled, text, token } from "../support/mock.ts";
import { collectUncaught } from "../support/uncaught.ts";

const credentials = { clientId: "id", clientSecret: "S3cret+/=" };

const send = exchange<string>({ call: "fetch", method: "GET", path: `/x?id=${ID}`, decode: E.right });

/** Sends a request with these responses to it and to the token request. */
async function run(
  answers: readonly Responder[],
  options: Partial<CredentialsOptions> = {},
  tokens: readonly Responder[] = [token()],
): Promise<{ reply: E.Either<RegionsError, string>; calls: readonly string[]; requests: readonly Request[] }> {
  const world = mock({ fetch: answers, token: tokens });
  const service = connect({ credentials, fetch: world.fetch, ...options });
  return { reply: await send(service)(), ...world };
}

Deno.test("exchange() fetches a token first, sends it in a header, and stays below baseUrl", async () => {
  const { reply, calls, requests } = await run([text("body")], { baseUrl: "https://api.example/base" });
  deepEqual([reply, calls], [E.right("body"), ["token", "fetch"]]);
  deepEqual(requests.map(({ method, url }) => [method, url]), [
    ["POST", "https://api.example/base/connect/token"],
    ["GET", `https://api.example/base/x?id=${ID}`],
  ]);
  equal(requests[0].headers.get("Authorization"), null);
  equal(await requests[0].text(), "grant_type=client_credentials&client_id=id&client_secret=S3cret%2B%2F%3D");
  equal(requests[1].headers.get("Authorization"), "Bearer token");
  ok(requests.every(({ redirect }) => redirect === "manual"));
});

Deno.test("exchange() classifies a response by its status", async () => {
  const problem = JSON.stringify({ type: null, title: "Bad", status: 418, detail: "Not a\n  tea pot", instance: null });
  for (
    const [answer, expected] of [
      [text("", 200), E.right("")],
      [() => new Response(null, { status: 204 }), E.right("")],
      [text("x", 206), E.right("x")],
      [text(problem, 418), E.left(http("fetch", 418, null, "Bad: Not a tea pot"))],
      [text('{"error":"invalid_request"}', 400), E.left(http("fetch", 400, null, "invalid_request"))],
      [text("<html>\n<h1>Bad gateway", 502), E.left(http("fetch", 502, null, "<html> <h1>Bad gateway"))],
      [text("x".repeat(20_000), 500), E.left(http("fetch", 500, null, `${"x".repeat(300)}…`))],
      [text("", 301, { Location: "https://elsewhere.example" }), E.left(http("fetch", 301, null, ""))],
      [text("", 429, { "Retry-After": "7" }), E.left(http("fetch", 429, 7000, ""))],
    ] as const
  ) deepEqual((await run([answer])).reply, expected);
});

Deno.test("exchange() fetches another token after a 401 and repeats the request once", async () => {
  const good = await run([text("", 401), text("body")], {}, [token("one"), token("two")]);
  deepEqual([good.reply, good.calls], [E.right("body"), ["token", "fetch", "token", "fetch"]]);
  equal(good.requests[3].headers.get("Authorization"), "Bearer two");
  const bad = await run([text('{"title":"Unauthorized"}', 401)]);
  deepEqual([bad.reply, bad.calls], [
    E.left(unauthorized("fetch", "Unauthorized")),
    ["token", "fetch", "token", "fetch"],
  ]);
});

Deno.test("exchange() calls a token function again after a 401, but cannot replace a constant token", async () => {
  let count = 0;
  const supplied = await run([text("", 401), text("body")], {
    credentials: undefined,
    token: () => Promise.resolve(`t${++count}`),
  } as never);
  deepEqual([supplied.reply, supplied.calls, count], [E.right("body"), ["fetch", "fetch"], 2]);
  const fixed = await run([text("", 401)], { credentials: undefined, token: "t" } as never);
  deepEqual([fixed.reply, fixed.calls], [E.left(unauthorized("fetch", "")), ["fetch"]]);
});

Deno.test("exchange() considers credentials rejected only if the token endpoint says so in its own format", async () => {
  const page = "<html><h1>Blocked";
  for (
    const [answer, expected] of [
      [text('{"error":"invalid_client"}', 400), unauthorized("token", "invalid_client")],
      [text('{"error":"invalid_client","error_description":"No."}', 401), unauthorized("token", "invalid_client: No.")],
      [text('{"error":"access_denied"}', 403), unauthorized("token", "access_denied")],
      [text(page, 400), http("token", 400, null, page)],
      [text(page, 401), http("token", 401, null, page)],
      [text(page, 403), http("token", 403, null, page)],
      [text("", 401), http("token", 401, null, "")],
      [text('{"error":{"code":7}}', 400), http("token", 400, null, '{"error":{"code":7}}')],
      [text('{"title":"Forbidden","status":403}', 403), http("token", 403, null, "Forbidden")],
      [text('{"error":"slow_down"}', 408), http("token", 408, null, "slow_down")],
      [text('{"error":"slow_down"}', 425), http("token", 425, null, "slow_down")],
      [text('{"error":"slow_down"}', 429), http("token", 429, null, "slow_down")],
      [text('{"error":"server_error"}', 503), http("token", 503, null, "server_error")],
      [text("", 429, { "Retry-After": "600" }), http("token", 429, 600_000, "")],
      [text("", 500), http("token", 500, null, "")],
      [text("<html>"), malformed(["AccessToken: expected JSON"])],
      [refused, network("token", "connect ECONNREFUSED", true)],
    ] as const
  ) {
    const { reply, calls } = await run([text("body")], {}, [answer]);
    deepEqual([reply, calls], [E.left(expected), ["token"]]);
  }
});

Deno.test("exchange() requests a token again after a firewall's page", async () => {
  for (const status of [400, 401, 403, 407, 451]) {
    const world = mock({ token: [text("<html>", status), token()], fetch: [text("body")] });
    const service = connect({ credentials, fetch: world.fetch });
    const replies = [await send(service)(), await send(service)()];
    deepEqual(replies, [E.left(http("token", status, null, "<html>")), E.right("body")]);
  }
});

Deno.test("exchange() reveals neither token nor secret if the service echoes them", async () => {
  const secret = "S3cret+/=";
  const echo = `${secret} ${encodeURIComponent(secret)} client_secret=S3cret%2B%2F%3D Bearer t0ken`;
  const decode = (body: string): E.Either<RegionsError, string> => E.left(malformed([`got ${body.slice(0, 60)}`]));
  const broken = exchange<string>({ call: "fetch", method: "GET", path: "/x", decode });
  const replies = [
    (await run([text("")], {}, [text(echo, 400)])).reply,
    (await run([text("")], {}, [text(echo)])).reply,
    (await run([text(echo, 500)], {}, [token("t0ken")])).reply,
    (await run([text(echo, 401)], {}, [token("t0ken")])).reply,
    (await run([() => Promise.reject(new Error(echo))], {}, [token("t0ken")])).reply,
    await broken(
      connect({ credentials, fetch: mock({ token: [token("t0ken")], fetch: [text("a t0ken b")] }).fetch }),
    )(),
  ];
  for (const reply of replies) {
    ok(E.isLeft(reply));
    const shown = JSON.stringify(reply) + inspect(reply, { depth: 9 });
    equal((replies.indexOf(reply) < 2 ? /S3cret/ : /t0ken/).test(shown), false, shown);
  }
  deepEqual(replies[5], E.left(malformed(["got a [redacted] b"])));
});

Deno.test("exchange() reads at most maxResponseBytes after decompression", async () => {
  const limited = { maxResponseBytes: 1000 };
  deepEqual((await run([text("x".repeat(1000))], limited)).reply, E.right("x".repeat(1000)));
  deepEqual((await run([text("x".repeat(1001))], limited)).reply, E.left(tooLarge("fetch", 1000)));
  let canceled = false;
  const endless: Responder = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100)),
        cancel: () => {
          canceled = true;
        },
      }),
    );
  deepEqual((await run([endless], limited)).reply, E.left(tooLarge("fetch", 1000)));
  equal(canceled, true);
});

Deno.test("exchange() decodes UTF-8 that is split between chunks and drops a byte order mark", async () => {
  const bytes = new TextEncoder().encode("\ufeffé€😀");
  const body = new ReadableStream({
    start: (controller) => {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  deepEqual((await run([() => new Response(body)])).reply, E.right("é€😀"));
});

Deno.test("exchange() ends a request whose headers or body take longer than requestTimeout", async () => {
  const slow: Responder = () => new Response(new ReadableStream({ start: (c) => c.enqueue(Uint8Array.of(32)) }));
  for (const answer of [silent, stalled, slow]) {
    const { reply, requests } = await run([answer], { requestTimeout: 20 });
    deepEqual(reply, E.left(timeout("fetch", 20)));
    equal(requests[1].signal.aborted, true);
  }
});

Deno.test("exchange() sends nothing if the signal has aborted and ends immediately when it aborts", async () => {
  const world = mock({ fetch: [silent] });
  const service = connect({ credentials, fetch: world.fetch });
  const aborted = E.left(gaveUp("aborted", null));
  deepEqual(await send(service, { signal: AbortSignal.abort() })(), aborted);
  deepEqual(world.calls, []);
  const controller = new AbortController();
  const reply = send(service, { signal: controller.signal })();
  setTimeout(() => controller.abort(), 5);
  deepEqual(await reply, aborted);
});

Deno.test("exchange() returns the runtime's message for a failed connection", async () => {
  for (
    const [fault, cause] of [
      [
        new TypeError("fetch failed", {
          cause: new Error("error sending request for url (http://127.0.0.1:1/?id=x): tcp connect error"),
        }),
        "tcp connect error",
      ],
      [new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }), "connect ECONNREFUSED"],
      [new TypeError("fetch failed", { cause: Object.assign(new Error(""), { code: "ECONNRESET" }) }), "ECONNRESET"],
      [new TypeError("terminated"), "terminated"],
      [new RangeError(""), "RangeError"],
      ["a string", "no reason given"],
    ] as const
  ) deepEqual((await run([() => Promise.reject(fault)])).reply, E.left(network("fetch", cause)));
});

Deno.test("exchange() can be aborted during the second attempt after a 401", async () => {
  const controller = new AbortController();
  const aborting: Responder = (request) => {
    queueMicrotask(() => controller.abort());
    return stalled(request);
  };
  const world = mock({ fetch: [text("", 401), aborting] });
  const service = connect({ credentials, fetch: world.fetch });
  deepEqual(await send(service, { signal: controller.signal })(), E.left(gaveUp("aborted", null)));
  deepEqual(world.calls, ["token", "fetch", "token", "fetch"]);
});

/** Runs a call with these outcomes and fake timers, and returns how it is retried. */
async function retried(
  outcomes: readonly E.Either<RegionsError, string>[],
  options: ServiceOptions = {},
  context: CallContext = {},
): Promise<{ reply: E.Either<RegionsError, string>; tries: number; retries: Retry[]; time: number }> {
  const clock = FakeTimers.install({ now: 0, toFake: ["setTimeout", "clearTimeout", "Date"] });
  try {
    let tries = 0;
    const retries: Retry[] = [];
    const service = connect({ token: "t", onRetry: (retry) => retries.push(retry), ...options });
    const call = retrying<string>(
      "fetch",
      ID,
      () => () => Promise.resolve(outcomes[Math.min(tries++, outcomes.length - 1)]),
    );
    let time = -1;
    const reply = call(service, context)().then((reply) => {
      time = Date.now();
      return reply;
    });
    await clock.tickAsync(1_000_000);
    equal(clock.countTimers(), 0);
    return { reply: await reply, tries, retries, time };
  } finally {
    clock.uninstall();
  }
}

const gone = E.left(network("fetch", "gone"));
const locked = (retryAfter: number): E.Either<RegionsError, string> => E.left(http("fetch", 429, retryAfter, ""));

Deno.test("retrying() attempts a call three times with growing delays", async () => {
  const { reply, tries, retries } = await retried([gone]);
  deepEqual([reply, tries], [gone, 3]);
  deepEqual(retries.map(({ call, id, failures }) => [call, id, failures]), [["fetch", ID, 1], ["fetch", ID, 2]]);
  ok(retries[0].delay <= 500 && retries[1].delay <= 1000 && retries.every(({ delay }) => delay >= 0));
});

Deno.test("retrying() stops after the first success", async () => {
  const { reply, tries } = await retried([gone, gone, E.right("body")]);
  deepEqual([reply, tries], [E.right("body"), 3]);
});

Deno.test("retrying() makes up to maxAttempts attempts", async () => {
  equal((await retried([gone], { retry: { maxAttempts: 1 } })).tries, 1);
  equal((await retried([gone], { retry: { maxAttempts: 7 } })).tries, 7);
});

Deno.test("retrying() retries a malformed response once", async () => {
  equal((await retried([E.left(malformed(["x"]))], { retry: { maxAttempts: 9 } })).tries, 2);
});

Deno.test("retrying() does not retry permanent failures", async () => {
  for (const error of [unauthorized("fetch", ""), tooLarge("fetch", 1), http("fetch", 404, null, "")]) {
    equal((await retried([E.left(error)])).tries, 1);
  }
});

Deno.test("retrying() waits as long as Retry-After demands unless that exceeds maxDelay", async () => {
  const patient = await retried([locked(29_000), E.right("body")]);
  deepEqual([patient.reply, patient.time], [E.right("body"), 29_000]);
  const impatient = await retried([locked(30_001), E.right("body")]);
  deepEqual([impatient.reply, impatient.tries, impatient.time], [locked(30_001), 1, 0]);
});

Deno.test("retrying() does not retry beyond its time limit", async () => {
  const { reply, tries } = await retried([locked(2000), E.right("body")], {}, { endsAt: 2000 });
  deepEqual([reply, tries], [locked(2000), 1]);
});

Deno.test("retrying() ends during its delay when the signal aborts", async () => {
  const controller = new AbortController();
  const { reply, tries } = await retried([locked(2000), E.right("body")], {
    onRetry: () => void Promise.resolve().then(() => controller.abort()),
  }, { signal: controller.signal });
  deepEqual([reply, tries], [E.left(gaveUp("aborted", null)), 1]);
});

Deno.test("retrying() continues if onRetry throws and reports the error", async () => {
  const fault = new Error("of the hook");
  const uncaught = await collectUncaught(async () => {
    const { tries } = await retried([gone], {
      onRetry: () => {
        throw fault;
      },
    });
    equal(tries, 3);
  });
  deepEqual(uncaught, [fault, fault]);
});
