import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import * as t from "io-ts";
import {
  brief,
  fromCodec,
  gaveUp,
  http,
  interrupted,
  malformed,
  network,
  timeout,
  tooLarge,
  unauthorized,
  unconfirmed,
} from "../../src/model/error.ts";
import { STATE } from "../support/statuses.ts";

Deno.test("each constructor makes its case with its evidence", () => {
  deepEqual(network("fetch", "refused"), { _tag: "Network", call: "fetch", cause: "refused", neverSent: false });
  deepEqual(timeout("token", 300), { _tag: "Timeout", call: "token", after: 300 });
  deepEqual(http("submit", 503, null, "busy"), {
    _tag: "Http",
    call: "submit",
    status: 503,
    retryAfter: null,
    detail: "busy",
  });
  deepEqual(unauthorized("cancel", "expired"), { _tag: "Unauthorized", call: "cancel", detail: "expired" });
  deepEqual(malformed(["a", "b"]), { _tag: "Malformed", errors: ["a", "b"] });
  deepEqual(tooLarge("fetch", 99), { _tag: "TooLarge", call: "fetch", what: "answer", limit: 99 });
  deepEqual(unconfirmed(timeout("submit", 1)), { _tag: "Unconfirmed", cause: timeout("submit", 1) });
  deepEqual(gaveUp("deadline", STATE), { _tag: "GaveUp", reason: "deadline", state: STATE });
});

Deno.test("interrupted() distinguishes a timeout from an abort", () => {
  deepEqual(interrupted("fetch", "timeout", 30_000), timeout("fetch", 30_000));
  deepEqual(interrupted("fetch", "aborted", 30_000), gaveUp("aborted", null));
});

Deno.test("fromCodec() makes a Malformed with the path of each error, at most 100", () => {
  const context: t.Context = [{ key: "", type: t.string }];
  const fault: t.ValidationError = { value: 1, context };
  deepEqual(fromCodec([fault]), malformed(["string: expected string, got 1"]));
  equal(fromCodec(new Array(1000).fill(fault)).errors.length, 100);
});

Deno.test("brief() abbreviates an error for a stored state", () => {
  equal(brief(http("fetch", 503, 7, "Down")), "Http 503");
  equal(brief(network("fetch", "reset")), "Network: reset");
  equal(brief(malformed(["a", "b"])), "Malformed: a");
  equal(brief(malformed([])), "Malformed: no reason given");
  equal(brief(timeout("fetch", 1)), "Timeout");
});
