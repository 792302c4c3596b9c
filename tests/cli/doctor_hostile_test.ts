// The service may answer anything. Whatever it is, the doctor ends, each question has an answer or a reason why not, and
// the recording of the run replays byte for byte.
import { ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { isRight } from "fp-ts/lib/Either.js";
import { printable } from "../../src/internal/text.ts";
import { QUESTIONS } from "../../src/cli/doctor/questions.ts";
import { maxCallsOf, planOf } from "../../src/cli/doctor/plan.ts";
import { MAX_RESPONSE_BYTES } from "../../src/cli/doctor/recorder.ts";
import { toJsonReport, toRecording, toReport } from "../../src/cli/doctor/report.ts";
import { Recording } from "../../src/emulator/emulator.ts";
import { examineReplay, examineWith } from "./doctor_world.ts";

/** A response, or null for a connection that breaks. */
type Reply = { readonly status: number; readonly type: string | null; readonly body: Uint8Array<ArrayBuffer> } | null;

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(...'\0\x1b\n\u202e\u2028é😀"\\[]{}'), fc.string({ maxLength: 1 })),
});

const base64 = fc.oneof(
  fc.string().map((text) => btoa(text)),
  fc.json().map((text) => btoa(unescape(encodeURIComponent(text)))),
  fc.array(fc.array(fc.oneof(fc.integer(), fc.double(), fc.constant(null)), { maxLength: 10 })).map((rows) =>
    btoa(JSON.stringify(rows))
  ),
  fc.array(fc.tuple(fc.nat(900), fc.nat(1200), fc.nat(900), fc.nat(1200))).map((rows) => btoa(JSON.stringify(rows))),
  fc.constantFrom("*", btoa("[".repeat(50_000)), btoa("<span class='ocrx_word' title='bbox 1 2 3 4'>")),
);

/** Almost what the service documents. */
const envelope = fc.record({
  id: fc.oneof(fc.uuid(), anyText, fc.constant(null)),
  taskStatus: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("Completed", "Completed", "Error", "Pending", "Processing", "NotExist") },
    anyText,
    fc.constant(1),
  ),
  responseStatusCode: fc.oneof({ weight: 4, arbitrary: fc.constantFrom("Ok", "NotReady", "Error") }, anyText),
  results: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(fc.record({ type: fc.oneof(fc.constant("Text"), anyText), data: base64 }), { maxLength: 4 }),
    },
    fc.jsonValue(),
  ),
  error: fc.oneof(fc.constant(null), fc.record({ messages: fc.array(anyText) }), fc.jsonValue()),
}, { requiredKeys: [] });

const body = fc.oneof(
  { weight: 5, arbitrary: envelope.map((value) => encode(JSON.stringify(value))) },
  { weight: 5, arbitrary: fc.oneof(fc.uuid(), fc.uuid().map((id) => `"${id}"`), anyText).map(encode) },
  fc.json().map(encode),
  fc.tuple(envelope, fc.nat(200)).map(([value, end]) => encode(JSON.stringify(value).slice(0, end))),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => new Uint8Array(bytes)),
  fc.constantFrom(
    encode("x".repeat(MAX_RESPONSE_BYTES + 1)),
    encode(`[${"[],".repeat(60_000)}[]]`),
    encode("[".repeat(100_000)),
    encode('\uFEFF{"taskStatus":"Completed"}'),
    encode('{"__proto__":{"taskStatus":"Completed"},"constructor":1}'),
    new Uint8Array(),
  ),
);

const reply: fc.Arbitrary<Reply> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      status: fc.oneof(
        { weight: 6, arbitrary: fc.constant(200) },
        fc.constantFrom(201, 204, 301, 400, 401, 404, 429, 503, 599),
      ),
      type: fc.option(fc.constantFrom("application/json", "text/plain; charset=utf-8", "x", "a b/c;\t")),
      body,
    }),
  },
  fc.constant(null),
);

/** Some tokens are usable, so that the doctor goes on. */
const token = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.stringMatching(/^[!-~]{1,40}$/).map((token) => ({ access_token: token, expires_in: 3600 })),
  },
  fc.jsonValue(),
);

async function check(token: unknown, replies: readonly Reply[], isTrial: boolean): Promise<number> {
  let calls = 0;
  const { log, refusal } = await examineWith((input) => {
    calls++;
    if (String(input).endsWith("/connect/token")) return Promise.resolve(Response.json(token));
    const reply = replies[calls % replies.length];
    if (reply === null) return Promise.reject(new TypeError("connection reset"));
    const { status, type, body } = reply;
    const headers: HeadersInit = type === null ? {} : { "Content-Type": type };
    return Promise.resolve(new Response([204, 301].includes(status) ? null : body, { status, headers }));
  }, { isTrial });
  ok(calls <= maxCallsOf(planOf(isTrial)));
  equal(log.length, calls);
  for (const { name, find } of QUESTIONS) {
    const { seen, answer } = find(log);
    const texts = answer._tag === "Told" ? [seen, answer.text, answer.meaning] : [seen, answer.reason];
    for (const text of texts) {
      ok(text !== "" && text.length < 2000, `${name}: ${text.length} characters`);
      equal(text, printable(text), name);
    }
  }
  const recording = JSON.stringify(toRecording(log));
  ok(isRight(Recording.decode(JSON.parse(recording))));
  const replayed = await examineReplay(log, isTrial);
  equal(JSON.stringify(toRecording(replayed.log)), recording);
  equal(toReport("it", replayed.log), toReport("it", log));
  equal(toJsonReport("it", replayed.log), toJsonReport("it", log));
  equal(replayed.refusal?._tag, refusal?._tag);
  return calls;
}

Deno.test("whatever the service answers, the doctor answers each question or says why it cannot, and replays", async () => {
  let calls = 0;
  // Whatever is in progress ends: fast-check's own time limit would leave its timers behind.
  const end = performance.now() + 15_000;
  await fc.assert(
    fc.asyncProperty(
      token,
      fc.array(reply, { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      async (token, replies, isTrial) => {
        if (performance.now() < end) calls += await check(token, replies, isTrial);
      },
    ),
    { numRuns: 30 },
  );
  ok(calls > 10, `${calls} calls`);
});
