import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as t from "io-ts";
import {
  brief,
  describeError,
  duration,
  fromCodec,
  gaveUp,
  http,
  interrupted,
  malformed,
  network,
  permissionDenied,
  type RegionsError,
  timeout,
  toError,
  tooLarge,
  unauthorized,
  unconfirmed,
} from "../../src/model/error.ts";
import type { PollState } from "../../src/model/poll_state.ts";
import { GUID, regionsError } from "../support/arbitrary.ts";

const STATE: PollState = {
  version: 1,
  id: GUID,
  submittedAt: null,
  startedAt: 1000,
  dueAt: 3000,
  polls: 1,
  heard: 1,
  heardAt: 1000,
  failures: 0,
  malformed: 0,
  failure: null,
};

Deno.test("every constructor makes its case, with its evidence", () => {
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

Deno.test("interrupted() tells a time-out from an abort, which is no failure of the network", () => {
  deepEqual(interrupted("fetch", "timeout", 30_000), timeout("fetch", 30_000));
  deepEqual(interrupted("fetch", "aborted", 30_000), gaveUp("aborted", null));
});

Deno.test("fromCodec() makes a Malformed with the path of each fault, at most 100", () => {
  const context: t.Context = [{ key: "", type: t.string }];
  const fault: t.ValidationError = { value: 1, context };
  deepEqual(fromCodec([fault]), malformed(["string: expected string, got 1"]));
  equal(fromCodec(new Array(1000).fill(fault)).errors.length, 100);
});

Deno.test("describeError() says what happened and what to do about it", () => {
  const notUnderstood = "The service's answer is not understood: ";
  const recheck = ". Check the address, then try again.";
  const cases: [RegionsError, string][] = [
    [
      network("fetch", "read ECONNRESET"),
      "The connection to the service failed (read ECONNRESET). Check the network and the address, then try again.",
    ],
    [
      network("fetch", "connection refused", true),
      "The request could not be sent (connection refused). Check the network and the address, then try again.",
    ],
    [
      permissionDenied("fetch", "Requires net access"),
      "The runtime denies the program access to the network (Requires net access). Grant the permission, then try again.",
    ],
    [timeout("fetch", 30_000), "The service did not answer within 30 s. Try again."],
    [timeout("fetch", 0), "No time was left to send the request. Try again."],
    [
      unauthorized("token", "Client not found."),
      "The credentials or the token were not accepted (Client not found.). Check the client ID and secret, or the token.",
    ],
    [malformed([]), `${notUnderstood}no reason given${recheck}`],
    [malformed(["Response: expected JSON"]), `${notUnderstood}Response: expected JSON${recheck}`],
    [malformed(["a", "b"]), `${notUnderstood}a (and 1 more)${recheck}`],
    [malformed(new Array(99).fill("a")), `${notUnderstood}a (and 98 more)${recheck}`],
    [malformed(new Array(100).fill("a")), `${notUnderstood}a (and at least 99 more)${recheck}`],
    [
      tooLarge("fetch", 1_048_576),
      "The service's answer is over 1048576 bytes. Raise maxResponseBytes if answers of that size are expected.",
    ],
    [tooLarge("submit", 99, "image"), "The image is over 99 bytes, so it was not sent. Scale it down or split it."],
  ];
  for (const [error, sentences] of cases) equal(describeError(error), sentences);
});

Deno.test("describeError() says what made an image's outcome unknown, and never to try again", () => {
  const cases: [RegionsError, string][] = [
    [network("submit", "read ECONNRESET"), "the connection to the service failed (read ECONNRESET)"],
    [timeout("submit", 136_000), "the service did not answer within 2 min"],
    [http("submit", 504, null, "Late"), "the service failed with HTTP status 504 (Late)"],
    [malformed(["TaskId: expected a GUID"]), "the service's answer is not understood: TaskId: expected a GUID"],
    [tooLarge("submit", 99), "the service's answer is over 99 bytes"],
    [gaveUp("aborted", null), "the call ended before an answer came, because it was aborted"],
  ];
  for (const [cause, fact] of cases) {
    equal(
      describeError(unconfirmed(cause)),
      `The image may have been taken, although ${fact}. Submitting it again may start, and bill, a second task.`,
    );
  }
});

Deno.test("describeError() tells a transient HTTP status from one that will be repeated", () => {
  const full = "The service accepts no more requests for now";
  const failed = "The service failed with HTTP status";
  const later = ". Try again later.";
  const again = ". The same request will be refused again.";
  const redirected = (status: number): string =>
    `The service sent a redirect (HTTP status ${status}), which is not followed. Check the address.`;
  const cases: [RegionsError, string][] = [
    [http("fetch", 429, null, ""), `${full}${later}`],
    [http("fetch", 429, 600_000, ""), `${full} and asks to wait 10 min${later}`],
    [http("fetch", 429, 0, "Too many"), `${full} and asks to wait 0 ms (Too many)${later}`],
    [http("token", 429, null, "Locked"), `${full} (Locked)${later}`],
    [http("fetch", 500, null, ""), `${failed} 500${later}`],
    [http("fetch", 503, 2000, "Busy"), `${failed} 503 and asks to wait 2 s (Busy)${later}`],
    [http("fetch", 408, null, ""), `${failed} 408${later}`],
    [http("fetch", 425, 1000, "Early"), `${failed} 425 and asks to wait 1 s (Early)${later}`],
    [http("fetch", 599, null, "Bad"), `${failed} 599 (Bad)${later}`],
    [http("fetch", 0, null, "hidden"), redirected(0)],
    [http("token", 301, null, ""), redirected(301)],
    [http("submit", 399, 1000, ""), redirected(399)],
    [http("token", 404, null, ""), `The service refused the token request with HTTP status 404${again}`],
    [http("submit", 413, null, "Too big"), `The service refused the image with HTTP status 413 (Too big)${again}`],
    [http("fetch", 400, 1000, ""), `The service refused the poll with HTTP status 400${again}`],
    [http("cancel", 499, null, "No"), `The service refused the cancellation with HTTP status 499 (No)${again}`],
  ];
  for (const [error, sentences] of cases) equal(describeError(error), sentences);
});

Deno.test("describeError() says why a watch ended, and how to resume it", () => {
  const why = {
    deadline: "its deadline passed",
    maxPolls: "its limit of polls was reached",
    aborted: "it was aborted",
    schedule: "its schedule ended",
  };
  const resume = "Resume it with the state that this error carries.";
  for (const [reason, words] of Object.entries(why) as [keyof typeof why, string][]) {
    const ended = `The watch of task ${GUID} ended before the task did, because ${words}.`;
    equal(
      describeError(gaveUp(reason, null)),
      `The call ended before an answer came, because ${words}. Start it again if its result is still needed.`,
    );
    equal(describeError(gaveUp(reason, STATE)), `${ended} ${resume}`);
    equal(
      describeError(gaveUp(reason, { ...STATE, failure: "Http 503" })),
      `${ended} The last poll failed (Http 503). ${resume}`,
    );
    equal(
      describeError(gaveUp(reason, { ...STATE, id: "x".repeat(999) })),
      `The watch of task ${"x".repeat(80)}… ended before the task did, because ${words}. ${resume}`,
    );
  }
});

Deno.test("brief() says of an error what a state may keep", () => {
  equal(brief(http("fetch", 503, 7, "Down")), "Http 503");
  equal(brief(network("fetch", "reset")), "Network: reset");
  equal(brief(malformed(["a", "b"])), "Malformed: a");
  equal(brief(malformed([])), "Malformed: no reason given");
  equal(brief(timeout("fetch", 1)), "Timeout");
});

Deno.test("describeError(), brief() and toError() are short and safe to print, whatever an error quotes", () => {
  const hostile = `\x1b]0;owned\x07\x9b2J\u202eevil\u2028\r\nOK ${"x".repeat(10_000_000)}`;
  const errors: RegionsError[] = [
    network("fetch", hostile),
    http("fetch", 503, null, hostile),
    http("submit", 400, null, hostile),
    unauthorized("token", hostile),
    malformed(new Array(100).fill(hostile)),
    unconfirmed(network("submit", hostile)),
    gaveUp("deadline", { ...STATE, id: hostile, failure: hostile }),
  ];
  for (const error of errors) {
    for (const text of [describeError(error), brief(error), String(toError(error))]) {
      ok(text.length < 2_000, `${text.length}`);
      ok(!/[\p{Cc}\p{Bidi_Control}\u2028]/u.test(text), text);
    }
  }
});

Deno.test("duration() rounds to what a person wants to know", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [0.4, "0 ms"],
    [999, "999 ms"],
    [1000, "1 s"],
    [1049, "1 s"],
    [1050, "1.1 s"],
    [59_940, "59.9 s"],
    [119_949, "119.9 s"],
    [120_000, "2 min"],
    [600_000, "10 min"],
    [7_199_999, "119 min"],
    [7_200_000, "2 h"],
    [86_399_999, "23 h"],
    [86_400_000, "24 h"],
    [3_600_000_000, "1000 h"],
  ];
  for (const [ms, text] of cases) equal(duration(ms), text);
});

Deno.test("toError() gives an Error that keeps name, sentence, cause and JSON", () => {
  fc.assert(fc.property(regionsError, (error) => {
    const thrown = toError(error);
    ok(thrown instanceof Error);
    equal(thrown.name, "RegionsError");
    equal(thrown.message, describeError(error));
    equal(thrown.cause, error);
    equal(JSON.stringify(thrown), JSON.stringify(error));
    equal(JSON.stringify({ thrown: [thrown] }), JSON.stringify({ thrown: [error] }));
    equal(String(thrown), `RegionsError: ${describeError(error)}`);
    deepEqual(Object.keys(thrown), []);
  }));
});

Deno.test("every error is plain JSON, and is described in words", () => {
  fc.assert(fc.property(regionsError, (error) => {
    deepEqual(JSON.parse(JSON.stringify(error)), error);
    ok(/^(The|No) .+\.$/.test(describeError(error)));
  }));
});
