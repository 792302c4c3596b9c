import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { fromJson, toJson } from "../../src/internal/json.ts";
import { http, malformed, network, RegionsError, unconfirmed } from "../../src/model/error.ts";
import { explain } from "../../src/model/codec.ts";
import { FileOutput, TextsOutput } from "../../src/model/output.ts";
import { Reply, replyCodec } from "../../src/model/reply.ts";
import { regionsError, taskStatus } from "../support/arbitrary.ts";

const reply: fc.Arbitrary<Reply> = fc.oneof(taskStatus.map((status) => E.right(status)), regionsError.map(E.left));

/** The errors of an invalid value, or null. */
function errorsOf(u: unknown, codec: { readonly decode: typeof Reply.decode } = Reply): readonly string[] | null {
  const decoded = codec.decode(u);
  return E.isLeft(decoded) ? explain(decoded.left) : null;
}

Deno.test("Reply decodes the JSON of every reply to an equal one, and recognizes it", () => {
  fc.assert(fc.property(reply, (reply) => {
    equal(Reply.is(reply), true);
    deepEqual(Reply.decode(fromJson(toJson(Reply.encode(reply)))), E.right(JSON.parse(JSON.stringify(reply))));
  }));
});

Deno.test("replyCodec() decodes the output of its kind, bytes included", () => {
  const completed = E.right({ _tag: "Completed", id: "1", file: new Uint8Array([1, 2]), notices: [] } as const);
  const codec = replyCodec(FileOutput);
  deepEqual(codec.decode(fromJson(toJson(codec.encode(completed)))), E.right(completed));
});

Deno.test("replyCodec() rejects the output of another kind", () => {
  const completed = { _tag: "Completed", id: "1", regions: [], notices: [] };
  deepEqual(errorsOf(completed), null);
  const decoded = replyCodec(TextsOutput).decode(completed);
  deepEqual(
    E.isLeft(decoded) && explain(decoded.left)[0].replace(/, got .*/s, ""),
    "Reply: expected the output TextsOutput",
  );
});

Deno.test("Reply states what is wrong with an error", () => {
  deepEqual(errorsOf({ ...http("fetch", 503, null, "busy"), status: "503" }), [
    'Reply/status: expected number, got "503"',
  ]);
  deepEqual(errorsOf({ ...network("poll" as "fetch", "reset") }), [
    'Reply/call: expected one of token, submit, fetch, cancel, got "poll"',
  ]);
  deepEqual(
    errorsOf({ _tag: "Unconfirmed", cause: { _tag: "Malformed", errors: ["a", 1] } }),
    [
      "Reply/cause/1: expected string, got 1",
    ].map((line) => line.replace("cause/1", "cause/errors/1")),
  );
});

Deno.test("Reply rejects values that are neither a status nor an error", () => {
  for (
    const u of [null, 1, "Pending", [], {}, { _tag: "Pending" }, { _tag: "toString" }, { _tag: "Right", right: {} }]
  ) {
    equal(errorsOf(u)?.length, 1, JSON.stringify(u));
    equal(Reply.is(u), false);
  }
});

Deno.test("Reply rejects an Unconfirmed within an Unconfirmed, however deep it is", () => {
  const inner = unconfirmed(network("submit", "reset"));
  equal(RegionsError.is(inner), true);
  equal(RegionsError.is(unconfirmed(inner)), false);
  let deep: unknown = malformed([]);
  for (let i = 0; i < 100_000; i++) deep = { _tag: "Unconfirmed", cause: deep };
  equal(errorsOf(deep)?.length, 1);
});

Deno.test("Reply never throws, and accepts mutations of a valid value only if they are valid", () => {
  fc.assert(fc.property(reply, fc.anything(), fc.nat(), (reply, junk, n) => {
    const value = JSON.parse(JSON.stringify(E.toUnion(reply)));
    const keys = Object.keys(value);
    const decoded = Reply.decode({ ...value, [keys[n % keys.length]]: junk });
    if (E.isRight(decoded)) equal(Reply.is(decoded.right), true);
  }));
});
