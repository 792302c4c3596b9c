import * as E from "fp-ts/lib/Either.js";
import {
  deepStrictEqual as deepEqual,
  match,
  notStrictEqual,
  ok,
  strictEqual as equal,
  throws,
} from "node:assert/strict";
import { gaveUp, http, malformed, network, type RegionsError, timeout, unconfirmed } from "../../src/model/error.ts";
import { cancelAt, type SubmitOptions, submitTo } from "../../src/browser/submit.ts";
import { type BackEnd, backEnd, offline, problem, type Responder, TASK_URL, unanswered } from "./back_end.ts";

const TASKS_URL = "https://example.com/tasks";
const IMAGE = new Uint8Array([137, 80, 78, 71]);

const accepted = (id: unknown): Responder => () => Response.json({ id }, { status: 202 });

function submit(
  server: BackEnd,
  fields?: object,
  options: SubmitOptions = {},
): Promise<E.Either<RegionsError, string>> {
  return submitTo(TASKS_URL, { fetch: server.fetch, ...options })(IMAGE, fields)();
}

Deno.test("submitTo() sends the image as the body, its settings in the query, and returns the URL of the task", async () => {
  const server = backEnd(accepted("a-b_c.d~1"));
  const result = await submit(server, {
    dsrMode: "LineDetector",
    rotate: 90,
    upsample: true,
    filter: undefined,
    none: null,
  });
  deepEqual(result, E.right("https://example.com/tasks/a-b_c.d~1"));
  const [request] = server.requests;
  deepEqual([request.method, request.url], [
    "POST",
    "https://example.com/tasks?dsrMode=LineDetector&rotate=90&upsample=true",
  ]);
  equal(request.headers.get("Content-Type"), "application/octet-stream");
  deepEqual(new Uint8Array(await request.arrayBuffer()), IMAGE);
});

Deno.test("submitTo() keeps the type of an image, and sends other files without their type", async () => {
  for (
    const [type, sent] of [["image/jpeg", "image/jpeg"], ["", "application/octet-stream"], [
      "text/html",
      "application/octet-stream",
    ]]
  ) {
    const server = backEnd(accepted("1"));
    await submitTo(TASKS_URL, { fetch: server.fetch })(new Blob([IMAGE], { type }))();
    equal(server.requests[0].headers.get("Content-Type"), sent);
  }
});

Deno.test("submitTo() sends a form as soon as a field is an object or an array", async () => {
  const server = backEnd(accepted("1"));
  const regions = [{ left: 0, top: 8, right: 697, bottom: 441 }];
  await submit(server, { language: "German", regions, image: "not the image", count: 2 });
  const [request] = server.requests;
  equal(request.url, TASKS_URL);
  const form = await request.formData();
  deepEqual([form.get("language"), form.get("count"), form.get("regions")], ["German", "2", JSON.stringify(regions)]);
  const file = form.get("image");
  ok(file instanceof File);
  deepEqual(new Uint8Array(await file.arrayBuffer()), IMAGE);
});

Deno.test("submitTo() adds the settings to the query of its URL, of which the URL of the task has only its own", async () => {
  const server = backEnd(accepted("1"));
  const result = await submitTo(`${TASKS_URL}/?tenant=2`, { fetch: server.fetch })(IMAGE, { rotate: 90 })();
  equal(server.requests[0].url, `${TASKS_URL}?tenant=2&rotate=90`);
  deepEqual(result, E.right(`${TASKS_URL}/1?tenant=2`));
});

Deno.test("each image has its own Idempotency-Key, and each run of its submission has the same", async () => {
  const server = backEnd(accepted("1"));
  const submitImage = submitTo(TASKS_URL, { fetch: server.fetch });
  const first = submitImage(IMAGE), second = submitImage(IMAGE);
  for (const run of [first, first, second]) await run();
  const [a, again, b] = server.requests.map(({ headers }) => headers.get("Idempotency-Key"));
  match(a ?? "", /^[\da-f]{32}$/);
  equal(again, a);
  notStrictEqual(b, a);
  await submit(server, {}, { idempotencyKey: "mine" });
  equal(server.requests[3].headers.get("Idempotency-Key"), "mine");
});

/** Responses to a submission, and what they mean. */
const OUTCOMES: Readonly<Record<string, readonly [Responder, RegionsError]>> = {
  "no response": [offline, unconfirmed(network("submit", "Failed to fetch"))],
  "a page": [
    () => new Response("<!doctype html>"),
    unconfirmed(malformed(["Task/id: expected the id of a task, got nothing"])),
  ],
  "an id that leads elsewhere": [
    accepted("../admin"),
    unconfirmed(malformed(['Task/id: expected the id of a task, got "../admin"'])),
  ],
  "the parent folder": [accepted(".."), unconfirmed(malformed(['Task/id: expected the id of a task, got ".."']))],
  "invalid settings": [problem(400), http("submit", 400, null, "Title: Detail")],
  "no authorization": [problem(401), http("submit", 401, null, "Title: Detail")],
  "an image that is too large": [problem(413), http("submit", 413, null, "Title: Detail")],
  "a back end that is busy": [problem(503, { "Retry-After": "2" }), http("submit", 503, 2000, "Title: Detail")],
  "a proxy that lost the response": [
    () => new Response("<h1>Bad Gateway</h1>", { status: 502 }),
    unconfirmed(http("submit", 502, null, "<h1>Bad Gateway</h1>")),
  ],
  "a proxy that is busy": [() => new Response("", { status: 503 }), unconfirmed(http("submit", 503, null, ""))],
  "a service without credentials": [
    problem(502, {}, { error: { _tag: "Unauthorized", call: "token", detail: "invalid_client" } }),
    { _tag: "Unauthorized", call: "token", detail: "invalid_client" },
  ],
  "a service that did not confirm": [
    problem(502, {}, { error: unconfirmed(timeout("submit", 30_000)) }),
    unconfirmed(timeout("submit", 30_000)),
  ],
  "a service that was never reached": [
    problem(502, {}, { error: network("submit", "connection refused", true) }),
    network("submit", "connection refused", true),
  ],
  "a redirection": [
    () => new Response(null, { status: 302, headers: { Location: "https://example.com/login" } }),
    http("submit", 302, null, ""),
  ],
};

for (const [name, [respond, error]] of Object.entries(OUTCOMES)) {
  Deno.test(`submitTo() sends the image once, and explains ${name}`, async () => {
    const server = backEnd(respond);
    deepEqual(await submit(server), E.left(error));
    equal(server.log.length, 1);
  });
}

Deno.test("submitTo() is Unconfirmed if the response does not arrive in time, or if the signal aborts meanwhile", async () => {
  const slow = await submit(backEnd(unanswered), {}, { requestTimeout: 10, minUploadRate: 1000 });
  deepEqual(slow, E.left(unconfirmed(timeout("submit", 14))));
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const aborted = await submit(backEnd(unanswered), {}, { signal: controller.signal });
  deepEqual(aborted, E.left(unconfirmed(gaveUp("aborted", null))));
});

Deno.test("an image that was certainly not sent is not Unconfirmed", async () => {
  const server = backEnd(accepted("1"));
  deepEqual(await submit(server, {}, { signal: AbortSignal.abort() }), E.left(gaveUp("aborted", null)));
  const headers = () => Promise.reject(new Error("no token"));
  deepEqual(await submit(server, {}, { headers }), E.left(network("submit", "no token", true)));
  equal(server.log.length, 0);
});

Deno.test("submitTo() sends the headers of its options, but not in place of its own", async () => {
  const server = backEnd(accepted("1"));
  await submit(server, {}, {
    headers: { "authorization": "Bearer 1", "content-type": "text/html", "idempotency-key": "x" },
  });
  const { headers } = server.requests[0];
  equal(headers.get("Authorization"), "Bearer 1");
  equal(headers.get("Content-Type"), "application/octet-stream");
  notStrictEqual(headers.get("Idempotency-Key"), "x");
});

Deno.test("submitTo() accepts every form of bytes, and refuses everything else", async () => {
  const { buffer } = IMAGE.slice();
  const shared = new SharedArrayBuffer(4);
  new Uint8Array(shared).set(IMAGE);
  const forms = [buffer, shared, new DataView(buffer), new Uint8Array([0, ...IMAGE]).subarray(1), new Blob([IMAGE])];
  for (const image of forms) {
    const server = backEnd(accepted("1"));
    await submitTo(TASKS_URL, { fetch: server.fetch })(image)();
    deepEqual(new Uint8Array(await server.requests[0].arrayBuffer()), IMAGE);
  }
  throws(() => submitTo(TASKS_URL)("image.png" as never), {
    name: "TypeError",
    message: /^Cannot submit an image as it must be a typed array, .*: current value is "image.png"$/,
  });
});

Deno.test("submitTo() refuses options that are out of range, and URLs that are none", () => {
  throws(() => submitTo("/tasks"), TypeError);
  throws(() => submitTo(TASKS_URL, { minUploadRate: 0 }), RangeError);
  throws(() => submitTo(TASKS_URL, { requestTimeout: NaN }), RangeError);
  for (const idempotencyKey of ["", "\u00fc", "a b", "x".repeat(256)]) {
    throws(() => submitTo(TASKS_URL, { idempotencyKey }), TypeError);
  }
});

Deno.test("cancelAt() deletes the task", async () => {
  const server = backEnd(() => new Response(null, { status: 204 }));
  deepEqual(await cancelAt(TASK_URL, { fetch: server.fetch })(), E.right(undefined));
  deepEqual(server.log, ["DELETE"]);
});

Deno.test("cancelAt() retries transient failures up to maxAttempts, and no others", async () => {
  const retry = { minDelay: 1, maxDelay: 1 };
  const healing = backEnd(offline, problem(503), () => new Response(null, { status: 204 }));
  deepEqual(await cancelAt(TASK_URL, { fetch: healing.fetch, retry })(), E.right(undefined));
  const down = backEnd(problem(503));
  deepEqual(
    await cancelAt(TASK_URL, { fetch: down.fetch, retry: { ...retry, maxAttempts: 2 } })(),
    E.left(http("cancel", 503, null, "Title: Detail")),
  );
  equal(down.log.length, 2);
  const foreign = backEnd(problem(404));
  deepEqual(
    await cancelAt(TASK_URL, { fetch: foreign.fetch, retry })(),
    E.left(http("cancel", 404, null, "Title: Detail")),
  );
  equal(foreign.log.length, 1);
});

Deno.test("cancelAt() ends when the signal aborts, also between two attempts", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const options = { fetch: backEnd(problem(503, { "Retry-After": "20" })).fetch, signal: controller.signal };
  deepEqual(await cancelAt(TASK_URL, options)(), E.left(gaveUp("aborted", null)));
});
