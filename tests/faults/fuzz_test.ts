import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { fuzz, type Yardstick } from "./fuzzing.ts";
import { fuzzRetryAfter, fuzzTokenEndpoint } from "./fuzzing_answers.ts";
import { meaningOfRefusal, meaningOfResponse, meaningOfRetryAfter, meaningOfToken } from "./independent.ts";

Deno.test("20,000 hostile answers are decoded as an independent decoder does, and none makes the library throw", () => {
  const seed = Date.now() % 1_000_000;
  const { responses, tokens, faults } = fuzz(20_000, seed);
  deepEqual(faults, [], `seed ${seed}`);
  for (const { accepted, refused } of [responses, tokens]) ok(accepted > 500 && refused > 500);
});

/** Decoders that differ from the library in one thing each. */
const PLANTED: Readonly<Record<string, Partial<Yardstick>>> = {
  "the answer about another task": { response: (body) => meaningOfResponse(body) },
  "results that were lost": {
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
  "a notice that is left out": {
    response: (body, id) => {
      const meaning = meaningOfResponse(body, id);
      const value = meaning.accepted ? meaning.value as { readonly notices?: readonly string[] } : {};
      return meaning.accepted && value.notices !== undefined
        ? { accepted: true, value: { ...value, notices: value.notices.slice(0, 1) } }
        : meaning;
    },
  },
  "a token that no header can carry": { token: (text, now) => meaningOfToken(text.replaceAll("ö", "o"), now) },
  "a token's time": { token: (text, now) => meaningOfToken(text, now + 1) },
};

for (const [what, planted] of Object.entries(PLANTED)) {
  Deno.test(`the comparison notices ${what}`, () => {
    const { faults } = fuzz(5000, 1, { response: meaningOfResponse, token: meaningOfToken, ...planted });
    ok(faults.length > 0);
  });
}

Deno.test("20,000 hostile Retry-After headers are read as RFC 9110 says, or do no harm", () => {
  const seed = Date.now() % 1_000_000;
  deepEqual(fuzzRetryAfter(20_000, seed), [], `seed ${seed}`);
});

Deno.test("1,000 calls end as the token endpoint's hostile answers say, and show no secret", async () => {
  const seed = Date.now() % 1_000_000;
  deepEqual(await fuzzTokenEndpoint(1000, seed), [], `seed ${seed}`);
});

Deno.test("the comparison notices a wait that is too short", () => {
  const shorter: typeof meaningOfRetryAfter = (header, now) => meaningOfRetryAfter(header, now + 1000);
  ok(fuzzRetryAfter(1000, 1, shorter).length > 0);
});

Deno.test("the comparison notices a refusal that is not believed, and one that should not be", async () => {
  ok((await fuzzTokenEndpoint(500, 1, () => false)).length > 0);
  ok((await fuzzTokenEndpoint(500, 1, (status, text) => meaningOfRefusal(status, text) || status === 403)).length > 0);
});
