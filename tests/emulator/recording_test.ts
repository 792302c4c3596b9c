import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { isLeft, isRight } from "fp-ts/lib/Either.js";
import { connect } from "../../src/client/service.ts";
import { fetchRegions, submitImage } from "../../src/client/operations.ts";
import { emulate, type RecordedExchange, Recording } from "../../src/emulator/emulator.ts";
import { toRecordedRequest } from "../../src/emulator/recording.ts";
import { explain } from "../../src/model/codec.ts";

const BASE = "https://api.aspose.cloud";
const PATH = "/v5.0/ocr/DetectRegions?id=1";

/** An exchange with a response of a certain body. */
function got(body: string, outcome: Partial<RecordedExchange["outcome"]> = {}, time = 0): RecordedExchange {
  const response = { _tag: "Response", status: 200, contentType: "text/plain", retryAfter: null, body } as const;
  return {
    request: { method: "GET", path: PATH, image: null, fields: null },
    outcome: { ...response, ...outcome } as RecordedExchange["outcome"],
    time,
  };
}

function replay(...exchanges: readonly RecordedExchange[]) {
  return emulate({ recording: { version: 1, exchanges } });
}

Deno.test("emulate({ recording }) gives a repeated request its responses in order, each of them once", async () => {
  const service = replay(got("first"), got("second"));
  const bodies = [await service(BASE + PATH), await service(BASE + PATH)];
  deepEqual(await Promise.all(bodies.map((response) => response.text())), ["first", "second"]);
  const third = await service(BASE + PATH);
  equal(third.status, 400);
  equal((await third.json()).detail, `The recording has no further response to GET ${PATH}.`);
});

Deno.test("emulate({ recording }) rejects a request that is not in the recording", async () => {
  const service = replay(got("first"));
  for (const [path, method] of [[PATH, "DELETE"], ["/v5.0/ocr/DetectRegions?id=2", "GET"], ["/", "GET"]]) {
    const response = await service(BASE + path, { method });
    equal(response.status, 400);
    equal((await response.json()).detail, `The recording has no response to ${method} ${path}.`);
  }
  // The response to the other request is still there.
  equal(await (await service(BASE + PATH)).text(), "first");
});

Deno.test("emulate({ recording }) tells images and settings apart", async () => {
  const image = new Uint8Array([1, 2, 3]);
  let body = "";
  const service = connect({
    token: "any",
    fetch: async (_, init) => {
      body = await new Response(init.body).text();
      return new Response("a371d027-4b0d-4d86-8825-c8d818dd4ed9");
    },
  });
  await submitImage(image, { rotate: 1 })(service)();
  const request = await toRecordedRequest("POST", "/v5.0/ocr/DetectRegions", body);
  deepEqual(request.image, { bytes: 3, sha256: "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81" });
  ok(!JSON.stringify(request).includes("AQID"), "the image is not in the recording");

  const { outcome } = got("a371d027-4b0d-4d86-8825-c8d818dd4ed9");
  const recording: Recording = { version: 1, exchanges: [{ request, outcome, time: 0 }] };
  const submit = (image: Uint8Array, rotate: number) =>
    submitImage(image, { rotate })(connect({ token: "another", fetch: emulate({ recording }) }))();
  ok(isRight(await submit(image, 1)));
  ok(isLeft(await submit(image, 2)));
  ok(isLeft(await submit(new Uint8Array([1, 2]), 1)));
});

Deno.test("emulate({ recording }) returns the recorded bytes, status and headers, and adds none", async () => {
  const body = '{"a": "é\\u0000 😀"}\r\n';
  for (
    const outcome of [
      { status: 200, contentType: "application/json; charset=utf-8", retryAfter: null },
      { status: 429, contentType: null, retryAfter: "7" },
    ]
  ) {
    const response = await replay(got(body, outcome))(BASE + PATH);
    deepEqual({
      status: response.status,
      contentType: response.headers.get("Content-Type"),
      retryAfter: response.headers.get("Retry-After"),
    }, outcome);
    deepEqual(new Uint8Array(await response.arrayBuffer()), new TextEncoder().encode(body));
  }
  equal((await replay(got("", { status: 204 }))(BASE + PATH)).status, 204);
});

Deno.test("emulate({ recording }) rejects where the recorded call failed", async () => {
  const service = replay({ ...got(""), outcome: { _tag: "Failure", cause: "connection reset" } });
  await rejects(service(BASE + PATH), { name: "TypeError", message: "connection reset" });
  const reply = await fetchRegions("1")(connect({
    token: "any",
    retry: { maxAttempts: 1 },
    fetch: replay({ ...got(""), outcome: { _tag: "Failure", cause: "connection reset" } }),
  }))();
  deepEqual(isLeft(reply) && reply.left, {
    _tag: "Network",
    call: "fetch",
    cause: "connection reset",
    neverSent: false,
  });
});

Deno.test("emulate({ recording, wait }) waits for as long as the service took", async () => {
  const waits: number[] = [];
  const service = emulate({
    recording: { version: 1, exchanges: [got("a", {}, 84), got("b", {}, 3000)] },
    wait: (ms) => Promise.resolve(waits.push(ms)),
  });
  await service(BASE + PATH);
  await service(BASE + PATH);
  await service(BASE + PATH);
  deepEqual(waits, [84, 3000]);
});

Deno.test("emulate() throws if recording is not a recording", () => {
  const recording = JSON.parse('{"version":2,"exchanges":[]}');
  throws(() => emulate({ recording }), {
    name: "TypeError",
    message: /^Cannot emulate the service as recording must be/,
  });
});

Deno.test("Recording decodes what it has written, and says where anything else is wrong", () => {
  const recording: Recording = {
    version: 1,
    exchanges: [got("a"), { ...got(""), outcome: { _tag: "Failure", cause: "" } }],
  };
  ok(isRight(Recording.decode(JSON.parse(JSON.stringify(recording)))));
  const wrong = (change: unknown): readonly string[] => {
    const decoded = Recording.decode({ version: 1, exchanges: [{ ...got("a"), ...change as object }] });
    return isLeft(decoded) ? explain(decoded.left) : [];
  };
  deepEqual(wrong({ time: -1 }), ["Recording/exchanges/0/time: expected milliseconds, got -1"]);
  deepEqual(wrong({ outcome: got("", { status: 99 }).outcome }), [
    "Recording/exchanges/0/outcome/status: expected an HTTP status from 200 to 599, got 99",
  ]);
  // A header with a line break could not be sent.
  match(
    wrong({ outcome: got("", { retryAfter: "1\n" }).outcome })[0],
    /outcome\/retryAfter: expected a header or null/,
  );
  match(
    wrong({ request: { method: "GET", path: "x", image: null, fields: null } })[0],
    /request\/path: expected a path/,
  );
  deepEqual(isLeft(Recording.decode(null)), true);
});

Deno.test("emulate({ recording }) can replay whatever Recording accepts", async () => {
  const outcome = fc.oneof(
    fc.record({
      _tag: fc.constant("Response"),
      status: fc.integer({ min: 200, max: 599 }),
      contentType: fc.option(fc.string()),
      retryAfter: fc.option(fc.string()),
      body: fc.string({ unit: "grapheme" }),
    }),
    fc.record({ _tag: fc.constant("Failure"), cause: fc.string() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(outcome), async (outcomes) => {
      const exchanges = outcomes.map((outcome) => ({ ...got(""), outcome }));
      const recording = Recording.decode({ version: 1, exchanges });
      if (isLeft(recording)) return;
      const service = emulate({ recording: recording.right });
      for (const { outcome } of recording.right.exchanges) {
        const response = await service(BASE + PATH).catch((error: Error) => error);
        if (outcome._tag === "Failure") equal(response instanceof Error && response.message, outcome.cause);
        else ok(response instanceof Response && response.status === outcome.status);
      }
    }),
    { numRuns: 200 },
  );
});
