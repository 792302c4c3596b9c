import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { gaveUp, http, malformed, network, type RegionsError, timeout, tooLarge } from "../../src/model/error.ts";
import type { Reply } from "../../src/model/reply.ts";
import {
  type Again,
  ENDED_EARLY,
  hear,
  type Outcome,
  type Position,
  reconnect,
  START,
} from "../../src/browser/reconnect.ts";

const RETRY = { maxAttempts: 3, minDelay: 500, maxDelay: 30_000 };

const PENDING: Reply = E.right({ _tag: "Pending", id: "1" });
const COMPLETED: Reply = E.right({ _tag: "Completed", id: "1", regions: [], notices: [] });

/** Decides at the upper end of the jitter, far from the deadline. */
function decide(position: Partial<Position>, outcome: Outcome, left = 300_000): ReturnType<typeof reconnect> {
  return reconnect({ ...START, ...position }, outcome, left, RETRY, 1);
}

function again(position: Partial<Position>, delay: number, failure: RegionsError | null = null): Again {
  return { _tag: "Again", position: { ...START, ...position }, delay, failure };
}

const failed = (error: RegionsError): Outcome => ({ _tag: "Failed", error });
const refused = (error: RegionsError, isTransient: boolean, retryAfter: number | null = null): Outcome => (
  { _tag: "Refused", error, isTransient, retryAfter }
);

const BUSY = http("fetch", 503, null, "Busy");

Deno.test("a stream that ends early is opened again after the last event, with a delay that doubles", () => {
  const position = { lastEventId: "7" };
  deepEqual(decide(position, failed(ENDED_EARLY)), again({ ...position, failures: 1 }, 500, ENDED_EARLY));
  deepEqual(
    decide({ ...position, failures: 3 }, failed(ENDED_EARLY)),
    again({ ...position, failures: 4 }, 4000, ENDED_EARLY),
  );
});

Deno.test("a stream is not opened again before the reconnection time of the server, which maxDelay limits", () => {
  const delayAfter = (reconnectionTime: number): number => {
    const next = decide({ reconnectionTime }, failed(ENDED_EARLY));
    return next._tag === "Again" ? next.delay : NaN;
  };
  equal(delayAfter(1000), 1500);
  equal(delayAfter(2 ** 31 - 1), 30_500);
});

Deno.test("a refusal is retried only if it is transient, and not before its Retry-After", () => {
  deepEqual(decide({}, refused(BUSY, true)), again({ failures: 1 }, 500, BUSY));
  deepEqual(decide({}, refused(BUSY, true, 7000)), again({ failures: 1 }, 7000, BUSY));
  deepEqual(decide({}, refused(http("fetch", 404, null, ""), false)), {
    _tag: "Over",
    error: http("fetch", 404, null, ""),
  });
});

Deno.test("a refusal whose Retry-After exceeds the deadline ends the stream at once", () => {
  deepEqual(decide({}, refused(BUSY, true, 7000), 7000), { _tag: "Over", error: BUSY });
  equal(decide({}, refused(BUSY, true, 6999), 7000)._tag, "Again");
});

Deno.test("a refusal because of the service's own error is retried only if that error is transient", () => {
  const denied: RegionsError = { _tag: "Unauthorized", call: "token", detail: "invalid_client" };
  deepEqual(decide({}, refused(denied, true)), { _tag: "Over", error: denied });
  const lost = network("fetch", "connection reset");
  deepEqual(decide({ way: "poll" }, refused(lost, true)), again({ way: "poll", failures: 1 }, 500, lost));
});

Deno.test("a broken event is requested once more", () => {
  const error = malformed(["Reply: expected JSON"]);
  deepEqual(decide({}, failed(error)), again({ failures: 1, malformed: 1 }, 500, error));
  deepEqual(decide({ failures: 1, malformed: 1 }, failed(error)), { _tag: "Over", error });
  deepEqual(
    decide({ failures: 1, malformed: 1 }, failed(ENDED_EARLY)),
    again({ failures: 2, malformed: 1 }, 1000, ENDED_EARLY),
  );
});

Deno.test("an event that is too large ends the stream", () => {
  const error = tooLarge("fetch", 1000);
  deepEqual(decide({}, failed(error)), { _tag: "Over", error });
});

Deno.test("a connection without a byte is replaced by polls, which follow at the server's pace", () => {
  const position = { way: "poll", lastEventId: "7" } as const;
  const silent: Outcome = { _tag: "Silent", heard: false, after: 10_000 };
  deepEqual(decide({ lastEventId: "7" }, silent), again(position, 0));
  deepEqual(decide(position, { _tag: "Unfinished", retryAfter: 5000 }), again(position, 5000));
  deepEqual(decide(position, { _tag: "Unfinished", retryAfter: null }), again(position, 2000));
  deepEqual(decide(position, { _tag: "Unfinished", retryAfter: 0 }), again(position, 250));
});

Deno.test("a connection that becomes silent after an event is opened again", () => {
  const error = timeout("fetch", 45_000);
  deepEqual(
    decide({ lastEventId: "7" }, { _tag: "Silent", heard: true, after: 45_000 }),
    again({ lastEventId: "7", failures: 1 }, 500, error),
  );
});

Deno.test("a poll without a response returns to the stream, and a poll that is refused does not", () => {
  const offline = network("fetch", "offline");
  deepEqual(decide({ way: "poll" }, failed(offline)), again({ failures: 1 }, 500, offline));
  const slow = timeout("fetch", 30_000);
  deepEqual(decide({ way: "poll" }, failed(slow)), again({ failures: 1 }, 500, slow));
  deepEqual(decide({ way: "poll" }, refused(BUSY, true)), again({ way: "poll", failures: 1 }, 500, BUSY));
});

Deno.test("a server without further events is asked for the current status, whichever the last event was", () => {
  deepEqual(decide({ lastEventId: "7" }, { _tag: "NoContent" }), again({ way: "poll" }, 0));
});

Deno.test("a reply moves the position to its event and resets the failures", () => {
  const position = { ...START, lastEventId: "7", failures: 2, malformed: 1 };
  deepEqual(hear(position, "8", PENDING), { ...START, lastEventId: "8" });
  deepEqual(hear(position, null, PENDING), { ...START, lastEventId: "7" });
});

Deno.test("the same event again is no reply, unless it is final", () => {
  const position = { ...START, lastEventId: "7" };
  equal(hear(position, "7", PENDING), null);
  // Servers that count their events may start over after a restart.
  ok(hear(position, "7", COMPLETED) !== null);
  ok(hear(position, "7", E.left(gaveUp("deadline", null))) !== null);
});

Deno.test("every delay is finite and at least that of the server, and failures never decrease", () => {
  const outcome: fc.Arbitrary<Outcome> = fc.oneof(
    fc.record({
      _tag: fc.constant("Failed" as const),
      error: fc.constantFrom<RegionsError>(ENDED_EARLY, malformed([])),
    }),
    fc.record({
      _tag: fc.constant("Refused" as const),
      error: fc.constant(BUSY),
      isTransient: fc.boolean(),
      retryAfter: fc.option(fc.nat(400_000)),
    }),
    fc.record({ _tag: fc.constant("Silent" as const), heard: fc.boolean(), after: fc.nat() }),
    fc.record({ _tag: fc.constant("NoContent" as const) }),
    fc.record({ _tag: fc.constant("Unfinished" as const), retryAfter: fc.option(fc.nat()) }),
  );
  const place = fc.record<Position>({
    way: fc.constantFrom("events", "poll"),
    lastEventId: fc.option(fc.string()),
    failures: fc.nat(),
    malformed: fc.nat(2),
    reconnectionTime: fc.nat(),
  });
  fc.assert(fc.property(place, outcome, fc.double({ min: 0, max: 1, noNaN: true }), (position, outcome, random) => {
    const next = reconnect(position, outcome, 300_000, RETRY, random);
    if (next._tag === "Over") return;
    ok(Number.isFinite(next.delay) && next.delay >= 0);
    if (outcome._tag === "Refused" || outcome._tag === "Unfinished") ok(next.delay >= (outcome.retryAfter ?? 0));
    ok(next.position.failures >= position.failures);
    ok(next.position.lastEventId === position.lastEventId || outcome._tag === "NoContent");
  }));
});
