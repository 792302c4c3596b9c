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
  type RegionsError,
  timeout,
  toError,
  tooLarge,
  unauthorized,
  unconfirmed,
} from "../src/error.ts";
import type { PollState } from "../src/poll_state.ts";
import { GUID, regionsError } from "./arbitrary.ts";

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

Deno.test("describeError() says of every error what it means and what to do about it", () => {
  const notUnderstood = "The service's answer is not understood, so nothing is known of the task: ";
  const cases: [RegionsError, string][] = [
    [
      network("fetch", "connection refused"),
      "The service cannot be reached (connection refused): check the connection and the address, then try again.",
    ],
    [
      timeout("fetch", 30_000),
      "The service did not answer within 30 s: try again, the task is not lost by that.",
    ],
    [
      unauthorized("token", "Client not found."),
      "The service refused the credentials: check client id and secret, or the token (Client not found.).",
    ],
    [malformed([]), `${notUnderstood}no reason is known.`],
    [malformed(["Response: expected JSON"]), `${notUnderstood}Response: expected JSON.`],
    [malformed(["a", "b"]), `${notUnderstood}a (and 1 more).`],
    [malformed(new Array(99).fill("a")), `${notUnderstood}a (and 98 more).`],
    [malformed(new Array(100).fill("a")), `${notUnderstood}a (and at least 99 more).`],
    [
      tooLarge("fetch", 1_048_576),
      "The service's answer is over 1048576 bytes: raise maxResponseBytes if that is to be expected.",
    ],
    [tooLarge("submit", 99, "image"), "The image is over 99 bytes, so it was not sent: scale it down or split it."],
  ];
  for (const [error, sentence] of cases) equal(describeError(error), sentence);
});

Deno.test("describeError() says what made an image's outcome unknown, and never to try again", () => {
  const cases: [RegionsError, string][] = [
    [network("submit", "read ECONNRESET"), "the connection to the service failed (read ECONNRESET)"],
    [timeout("submit", 136_000), "the service did not answer within 2 min"],
    [http("submit", 504, null, "Late"), "the service answered with HTTP status 504 (Late)"],
    [unauthorized("submit", "Why"), "the service refused the credentials (Why)"],
    [malformed(["TaskId: expected a GUID"]), "the service's answer is not understood: TaskId: expected a GUID"],
    [tooLarge("submit", 99), "the service's answer is over 99 bytes"],
    [gaveUp("aborted", null), "the call ended before there was an answer"],
    [unconfirmed(timeout("submit", 500)), "the service did not answer within 500 ms"],
  ];
  for (const [cause, fact] of cases) {
    equal(
      describeError(unconfirmed(cause)),
      `The image may have been taken, although ${fact}. Submitting it again may start, and bill, a second task.`,
    );
  }
});

Deno.test("describeError() tells an HTTP status that passes from one that will be repeated", () => {
  const full = "The service takes no more requests for now";
  const failed = "The service failed with HTTP status";
  const again = ": the same request will be refused again.";
  const redirected = (status: number): string =>
    `The service sent a redirect (HTTP status ${status}), which is not followed: check the address.`;
  const cases: [RegionsError, string][] = [
    [http("fetch", 429, null, ""), `${full}: try again later.`],
    [http("fetch", 429, 600_000, ""), `${full} and asks to wait 10 min: try again later.`],
    [http("fetch", 429, 0, "Too many"), `${full} and asks to wait 0 ms (Too many): try again later.`],
    [http("token", 429, null, "Locked"), `${full} (Locked): try again later.`],
    [http("fetch", 500, null, ""), `${failed} 500: try again later.`],
    [http("fetch", 503, 2000, "Busy"), `${failed} 503 and asks to wait 2 s (Busy): try again later.`],
    [http("fetch", 408, null, ""), `${failed} 408: try again later.`],
    [http("fetch", 425, 1000, "Early"), `${failed} 425 and asks to wait 1 s (Early): try again later.`],
    [http("fetch", 599, null, "Bad"), `${failed} 599 (Bad): try again later.`],
    [http("fetch", 0, null, "hidden"), redirected(0)],
    [http("token", 301, null, ""), redirected(301)],
    [http("submit", 399, 1000, ""), redirected(399)],
    [http("token", 404, null, ""), `The service refused the token request with HTTP status 404${again}`],
    [http("submit", 413, null, "Too big"), `The service refused the image with HTTP status 413 (Too big)${again}`],
    [http("fetch", 400, 1000, ""), `The service refused the question with HTTP status 400${again}`],
    [http("cancel", 499, null, "No"), `The service refused to cancel with HTTP status 499 (No)${again}`],
  ];
  for (const [error, sentence] of cases) equal(describeError(error), sentence);
});

Deno.test("brief() says of an error what a state may keep", () => {
  equal(brief(http("fetch", 503, 7, "Down")), "Http 503");
  equal(brief(network("fetch", "reset")), "Network: reset");
  equal(brief(malformed(["a", "b"])), "Malformed: a");
  equal(brief(timeout("fetch", 1)), "Timeout");
});

Deno.test("describeError() says why a watch ended, and what can be gone on from", () => {
  const why = {
    deadline: "the time was up",
    maxPolls: "the allowed number of polls was used up",
    aborted: "it was told to stop",
    schedule: "its schedule had come to an end",
  };
  for (const [reason, words] of Object.entries(why) as [keyof typeof why, string][]) {
    const goOn = `did, since ${words}: go on with the state that this error carries.`;
    equal(
      describeError(gaveUp(reason, null)),
      `The call ended before there was an answer, since ${words}: start again.`,
    );
    equal(describeError(gaveUp(reason, STATE)), `The watch ended before task ${GUID} ${goOn}`);
    equal(
      describeError(gaveUp(reason, { ...STATE, failure: "Http 503" })),
      `The watch ended before task ${GUID} ${goOn} The last poll failed (Http 503).`,
    );
    equal(
      describeError(gaveUp(reason, { ...STATE, id: "x".repeat(999) })),
      `The watch ended before task ${"x".repeat(80)}… ${goOn}`,
    );
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
    ok(describeError(error).startsWith("The "));
  }));
});
