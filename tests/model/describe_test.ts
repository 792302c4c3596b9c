import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { from, lastValueFrom, map, toArray } from "rxjs";
import {
  brief,
  gaveUp,
  http,
  malformed,
  network,
  permissionDenied,
  type RegionsError,
  timeout,
  tooLarge,
  unauthorized,
  unconfirmed,
  unreadable,
} from "../../src/model/error.ts";
import { describe, describeError, duration, toError } from "../../src/model/describe.ts";
import { RETENTION, type TaskStatus } from "../../src/model/task_status.ts";
import { GUID, regionsError } from "../support/arbitrary.ts";
import { REGION, STATE, STATUSES } from "../support/statuses.ts";

Deno.test("describeError() states what happened and what to do about it", () => {
  const notUnderstood = "The service's response is malformed: ";
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
    [timeout("fetch", 30_000), "The service did not respond within 30 s. Try again."],
    [timeout("fetch", 0), "No time was left to send the request. Try again."],
    [
      unauthorized("token", "Client not found."),
      "The credentials or the access token were rejected (Client not found). Check the client id and secret, or the token.",
    ],
    [malformed([]), `${notUnderstood}no reason given${recheck}`],
    [malformed(["Response: expected JSON"]), `${notUnderstood}Response: expected JSON${recheck}`],
    [malformed(["a", "b"]), `${notUnderstood}a (and 1 more)${recheck}`],
    [malformed(new Array(99).fill("a")), `${notUnderstood}a (and 98 more)${recheck}`],
    [malformed(new Array(100).fill("a")), `${notUnderstood}a (and at least 99 more)${recheck}`],
    [
      tooLarge("fetch", 1_048_576),
      "The service's response exceeds the limit of 1048576 bytes. Raise maxResponseBytes if responses of this size are expected.",
    ],
    [
      tooLarge("submit", 99, "image"),
      "The image exceeds the limit of 99 bytes and was not sent. Scale it down or split it.",
    ],
    [
      unreadable("a.heic is a HEIC file, which the service does not support."),
      "The image cannot be read (a.heic is a HEIC file, which the service does not support). Nothing was sent for it.",
    ],
  ];
  for (const [error, sentences] of cases) equal(describeError(error), sentences);
});

Deno.test("describeError() states why the outcome of a submission is unknown, and never advises to try again", () => {
  const cases: [RegionsError, string][] = [
    [network("submit", "read ECONNRESET"), "the connection to the service failed (read ECONNRESET)"],
    [timeout("submit", 136_000), "the service did not respond within 2 min"],
    [http("submit", 504, null, "Late"), "the service failed with HTTP status 504 (Late)"],
    [
      malformed(["TaskId: expected the id of a task, got 7"]),
      "the service's response is malformed: TaskId: expected the id of a task, got 7",
    ],
    [tooLarge("submit", 99), "the service's response exceeds the limit of 99 bytes"],
    [gaveUp("aborted", null), "the call ended before a response arrived, because it was aborted"],
  ];
  for (const [cause, fact] of cases) {
    equal(
      describeError(unconfirmed(cause)),
      `The image may have been accepted, although ${fact}. Submitting it again may start a second task, which may be billed.`,
    );
  }
});

Deno.test("describeError() distinguishes transient HTTP statuses from permanent ones", () => {
  const full = "The service accepts no more requests at the moment";
  const failed = "The service failed with HTTP status";
  const later = ". Try again later.";
  const again = ". The same request will be rejected again.";
  const redirected = (status: number): string =>
    `The service sent a redirect (HTTP status ${status}), which is not followed. Check the address.`;
  const cases: [RegionsError, string][] = [
    [http("fetch", 429, null, ""), `${full}${later}`],
    [http("fetch", 429, 600_000, ""), `${full} and asks you to wait 10 min${later}`],
    [http("fetch", 429, 0, "Too many"), `${full} and asks you to wait 0 ms (Too many)${later}`],
    [http("token", 429, null, "Locked"), `${full} (Locked)${later}`],
    [http("fetch", 500, null, ""), `${failed} 500${later}`],
    [http("fetch", 503, 2000, "Busy"), `${failed} 503 and asks you to wait 2 s (Busy)${later}`],
    [http("fetch", 408, null, ""), `${failed} 408${later}`],
    [http("fetch", 425, 1000, "Early"), `${failed} 425 and asks you to wait 1 s (Early)${later}`],
    [http("fetch", 599, null, "Bad"), `${failed} 599 (Bad)${later}`],
    [http("fetch", 503, null, "Not now."), `${failed} 503 (Not now)${later}`],
    [http("fetch", 503, null, "Wait..."), `${failed} 503 (Wait...)${later}`],
    [http("fetch", 0, null, "hidden"), redirected(0)],
    [http("token", 301, null, ""), redirected(301)],
    [http("submit", 399, 1000, ""), redirected(399)],
    [http("token", 404, null, ""), `The service rejected the token request with HTTP status 404${again}`],
    [http("submit", 413, null, "Too big"), `The service rejected the image with HTTP status 413 (Too big)${again}`],
    [http("fetch", 400, 1000, ""), `The service rejected the poll with HTTP status 400${again}`],
    [http("cancel", 499, null, "No"), `The service rejected the cancellation with HTTP status 499 (No)${again}`],
  ];
  for (const [error, sentences] of cases) equal(describeError(error), sentences);
});

Deno.test("describeError() states why a watch ended and how to resume it", () => {
  const why = {
    deadline: "its deadline has passed",
    maxPolls: "its maximum number of polls was reached",
    aborted: "it was aborted",
    schedule: "its schedule ended",
  };
  const resume = "Resume it with the state in this error.";
  for (const [reason, words] of Object.entries(why) as [keyof typeof why, string][]) {
    const ended = `The watch of task ${GUID} ended before the task was finished, because ${words}.`;
    equal(
      describeError(gaveUp(reason, null)),
      `The call ended before a response arrived, because ${words}. Start it again if its result is still needed.`,
    );
    equal(describeError(gaveUp(reason, STATE)), `${ended} ${resume}`);
    equal(
      describeError(gaveUp(reason, { ...STATE, failure: "Http 503" })),
      `${ended} The last poll failed (Http 503). ${resume}`,
    );
    equal(
      describeError(gaveUp(reason, { ...STATE, id: "x".repeat(999) })),
      `The watch of task ${"x".repeat(80)}… ended before the task was finished, because ${words}. ${resume}`,
    );
  }
});

Deno.test("describeError(), brief() and toError() return short, printable text for any quoted text", () => {
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

Deno.test("duration() rounds to a suitable unit", () => {
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

Deno.test("toError() returns an Error with the name, description, cause and JSON", () => {
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

Deno.test("every error is plain JSON and has a description", () => {
  fc.assert(fc.property(regionsError, (error) => {
    deepEqual(JSON.parse(JSON.stringify(error)), error);
    ok(/^(The|No) .+\.$/.test(describeError(error)));
  }));
});

Deno.test("describe() states what each status means and what to do about it", () => {
  const two = { ...STATUSES.Completed, regions: [REGION, REGION], notices: ["Page is tilted.", "Low contrast."] };
  const gone = "submit the image again.";
  const cases: [TaskStatus, string][] = [
    [
      STATUSES.Pending,
      "The task is queued. Check again in a few seconds.",
    ],
    [STATUSES.Processing, "The task is in progress. Check again in a few seconds."],
    [STATUSES.Completed, "Detection is finished: 1 region found."],
    [two, "Detection is finished: 2 regions found. Notices from the service: Page is tilted. Low contrast."],
    [{ ...two, regions: [], notices: [] }, "Detection is finished: no text was found in the image."],
    [
      { ...two, regions: [], notices: ["Blank."] },
      "Detection is finished: no text was found in the image. Notices from the service: Blank.",
    ],
    [STATUSES.Error, "The task failed (No text). Check the image and the settings, then submit it again."],
    [
      { ...STATUSES.Error, messages: ["Too dark.", "Too small."] },
      "The task failed (Too dark. Too small). Check the image and the settings, then submit it again.",
    ],
    [
      { ...STATUSES.Error, messages: [] },
      "The task failed (the service gave no reason). Check the image and the settings, then submit it again.",
    ],
    [
      STATUSES.NotExist,
      `The service does not know task ${GUID}, which may have expired. Check the id, or ${gone}`,
    ],
  ];
  for (const [status, sentence] of cases) {
    equal(describe(status), sentence);
    equal(describe(E.right(status)), sentence);
  }
});

Deno.test("describe() works as a function of map(), which passes an index as well", async () => {
  const statuses = from([E.right(STATUSES.Pending), E.right(STATUSES.NotExist)]);
  deepEqual(await lastValueFrom(statuses.pipe(map(describe), toArray())), [
    describe(STATUSES.Pending),
    describe(STATUSES.NotExist),
  ]);
});

Deno.test("describe() states whether the result of an unknown task has expired if the submission time is known", () => {
  equal(RETENTION, 24 * 60 * 60 * 1000);
  const gone = `The result of task ${GUID} expired after 24 hours. Submit the image again.`;
  const young = (age: string): string =>
    `The service does not know task ${GUID}, although its image was submitted only ${age} ago. Check the id, or submit the ` +
    "image again.";
  const submittedAt = 1_700_000_000_000;
  const cases: [number, string][] = [
    [0, young("0 ms")],
    [1500, young("1.5 s")],
    [RETENTION / 2, young("12 h")],
    [RETENTION - 1, young("23 h")],
    [RETENTION, gone],
    [RETENTION + 1, gone],
    [1e12, gone],
  ];
  for (const [age, sentence] of cases) {
    for (const reply of [STATUSES.NotExist, E.right(STATUSES.NotExist)]) {
      equal(describe(reply, { submittedAt, now: submittedAt + age }), sentence);
    }
  }
  // The clocks may differ.
  equal(describe(STATUSES.NotExist, { submittedAt, now: submittedAt - 1 }), describe(STATUSES.NotExist));
  equal(describe(STATUSES.NotExist, { submittedAt: Date.now() - RETENTION }), gone);
  ok(/only \d+ h ago/.test(describe(STATUSES.NotExist, { submittedAt: Date.now() - RETENTION / 2 })));
});

Deno.test("describe() accepts an error by itself and in a reply", () => {
  const error: RegionsError = timeout("fetch", 500);
  const sentence = "The service did not respond within 500 ms. Try again.";
  equal(describe(error), sentence);
  equal(describe(E.left(error)), sentence);
  equal(describe(malformed(["a"])), "The service's response is malformed: a. Check the address, then try again.");
});

Deno.test("describe() returns short, printable text for any messages of the service", () => {
  const hostile = `\x1b]0;owned\x07\x9b2J\u202eevil\u2028\r\nOK ${"x".repeat(10_000_000)}`;
  const messages = new Array(1_000).fill(hostile);
  const statuses: TaskStatus[] = [
    { ...STATUSES.Completed, notices: messages },
    { ...STATUSES.Error, messages },
    { ...STATUSES.NotExist, messages },
    { ...STATUSES.NotExist, id: hostile },
  ];
  for (const status of statuses) {
    const sentence = describe(status);
    ok(sentence.length < 2_000, `${sentence.length}`);
    ok(!/[\p{Cc}\p{Bidi_Control}\u2028]/u.test(sentence), sentence);
  }
  equal(
    describe({ ...STATUSES.Error, messages: ["a", "b\n", "c", "d"] }).slice(0, 33),
    "The task failed (a b c … and 1 mo",
  );
});

Deno.test("describe() describes the outputs of other kinds as finished, without their contents", () => {
  for (const output of [{ text: "secret" }, { texts: ["secret"] }, { file: new Uint8Array([1]) }, { regions: 5 }, {}]) {
    const status = { _tag: "Completed", id: GUID, ...output, notices: [] } as const;
    equal(describe(status), "The task is finished.");
    equal(describe(E.right(status)), "The task is finished.");
    equal(
      describe({ ...status, notices: ["Page is tilted."] }),
      "The task is finished. Notices from the service: Page is tilted.",
    );
  }
});
