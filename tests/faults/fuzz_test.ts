import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { fuzz, type Yardstick } from "./fuzzing.ts";
import { fuzzRetryAfter, fuzzTokenEndpoint } from "./fuzzing_answers.ts";
import { meaningOfRefusal, meaningOfResponse, meaningOfRetryAfter, meaningOfToken } from "./independent.ts";

Deno.test("20,000 malicious responses are decoded like by an independent decoder, without an exception", () => {
  const seed = Date.now() % 1_000_000;
  const { responses, tokens, differences } = fuzz(20_000, seed);
  deepEqual(differences, [], `seed ${seed}`);
  for (const { accepted, refused } of [responses, tokens]) ok(accepted > 500 && refused > 500);
});

/** Decoders that differ from the library in one respect each. */
const PLANTED: Readonly<Record<string, Partial<Yardstick>>> = {
  "a response about another task": { response: (body) => meaningOfResponse(body) },
  "missing results": {
    response: (body, id) =>
      meaningOfResponse(typeof body === "object" ? { ...body, responseStatusCode: "Ok" } : body, id),
  },
  "an own field named __proto__": {
    response: (body, id) =>
      meaningOfResponse(
        typeof body === "object" && body !== null && Object.hasOwn(body, "__proto__") ? null : body,
        id,
      ),
  },
  "a missing notice": {
    response: (body, id) => {
      const meaning = meaningOfResponse(body, id);
      const value = meaning.accepted ? meaning.value as { readonly notices?: readonly string[] } : {};
      return meaning.accepted && value.notices !== undefined
        ? { accepted: true, value: { ...value, notices: value.notices.slice(0, 1) } }
        : meaning;
    },
  },
  "a token that is invalid in a header": { token: (text, now) => meaningOfToken(text.replaceAll("ö", "o"), now) },
  "a token's expiry": { token: (text, now) => meaningOfToken(text, now + 1) },
};

for (const [what, planted] of Object.entries(PLANTED)) {
  Deno.test(`the comparison detects ${what}`, () => {
    const { differences } = fuzz(5000, 1, { response: meaningOfResponse, token: meaningOfToken, ...planted });
    ok(differences.length > 0);
  });
}

Deno.test("20,000 malicious Retry-After headers are parsed according to RFC 9110 or are harmless", () => {
  const seed = Date.now() % 1_000_000;
  deepEqual(fuzzRetryAfter(20_000, seed), [], `seed ${seed}`);
});

Deno.test("1,000 calls with malicious token responses end as expected and reveal no secret", async () => {
  const seed = Date.now() % 1_000_000;
  deepEqual(await fuzzTokenEndpoint(1000, seed), [], `seed ${seed}`);
});

Deno.test("the comparison detects a delay that is too short", () => {
  const shorter: typeof meaningOfRetryAfter = (header, now) => meaningOfRetryAfter(header, now + 1000);
  ok(fuzzRetryAfter(1000, 1, shorter).length > 0);
});

Deno.test("the comparison detects rejections that are wrongly ignored or wrongly accepted", async () => {
  ok((await fuzzTokenEndpoint(500, 1, () => false)).length > 0);
  ok((await fuzzTokenEndpoint(500, 1, (status, text) => meaningOfRefusal(status, text) || status === 403)).length > 0);
});
