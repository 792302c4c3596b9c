import * as E from "fp-ts/lib/Either.js";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, fail, ok, strictEqual as equal, throws } from "node:assert/strict";
import { type Observable, Subscription, take } from "rxjs";
import { gaveUp, http, malformed, network, timeout, tooLarge } from "../../src/model/error.ts";
import { FileOutput, TextOutput } from "../../src/model/output.ts";
import type { Reply } from "../../src/model/reply.ts";
import { fromEventStream, type Reconnection, type SubscribeOptions } from "../../src/browser/event_source.ts";
import {
  type BackEnd,
  backEnd,
  COMPLETED,
  event,
  events,
  offline,
  openEvents,
  PENDING,
  problem,
  PROCESSING,
  status,
  TASK_URL,
  unanswered,
} from "./back_end.ts";
import { collectUncaught } from "../support/uncaught.ts";

/** What a subscriber has received. */
interface Watched<A extends object> {
  readonly replies: Reply<A>[];
  /** `open`, `complete`, or the error of the error channel. */
  end: unknown;
  readonly subscription: Subscription;
}

function watch<A extends object>(statuses: Observable<Reply<A>>): Watched<A> {
  const watched: Watched<A> = { replies: [], end: "open", subscription: new Subscription() };
  watched.subscription.add(statuses.subscribe({
    next: (reply) => watched.replies.push(reply),
    error: (error) => watched.end = error,
    complete: () => watched.end = "complete",
  }));
  return watched;
}

/** Runs a test with a clock that only moves when it is told to. */
async function withClock(run: (clock: FakeTimers.Clock) => Promise<void>): Promise<void> {
  const toFake = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] as const;
  const clock = FakeTimers.install({ toFake: [...toFake] });
  try {
    await run(clock);
    equal(clock.countTimers(), 0, "timers are left behind");
  } finally {
    clock.uninstall();
  }
}

const RETRY = { minDelay: 100, maxDelay: 100 };

function subscribe(server: BackEnd, options: SubscribeOptions = {}): Observable<Reply> {
  return fromEventStream(TASK_URL, { fetch: server.fetch, retry: RETRY, ...options });
}

/** Subscribes, and waits until all is over. */
async function watchAll(server: BackEnd, options: SubscribeOptions = {}): Promise<Watched<object>> {
  let watched: Watched<object> | null = null;
  await withClock(async (clock) => {
    watched = watch(subscribe(server, options));
    await clock.tickAsync(600_000);
  });
  return watched ?? fail();
}

Deno.test("fromEventStream() emits each status and completes with the final one", async () => {
  const server = backEnd(
    events(":\n\nretry: 1000\n\n", event("a", PENDING), event("b", PROCESSING), event("c", COMPLETED)),
  );
  const { replies, end } = await watchAll(server);
  deepEqual([replies, end], [[PENDING, PROCESSING, COMPLETED], "complete"]);
  deepEqual(server.log, ["GET /events"]);
  equal(server.requests[0].headers.get("Accept"), "text/event-stream");
});

Deno.test("fromEventStream() does nothing before a subscription, and has a connection for each", async () => {
  await withClock(async (clock) => {
    const server = backEnd(events(event("a", COMPLETED)));
    const statuses = subscribe(server);
    await clock.tickAsync(1000);
    deepEqual(server.log, []);
    const both = [watch(statuses), watch(statuses)];
    await clock.tickAsync(0);
    deepEqual(server.log, ["GET /events", "GET /events"]);
    deepEqual(both.map(({ replies }) => replies), [[COMPLETED], [COMPLETED]]);
  });
});

Deno.test("fromEventStream() emits a status as soon as its event is complete", async () => {
  await withClock(async (clock) => {
    const stream = openEvents();
    const { replies, subscription } = watch(subscribe(backEnd(stream.respond)));
    const text = event("a", PENDING);
    stream.send(text.slice(0, -1));
    await clock.tickAsync(1000);
    deepEqual(replies, []);
    stream.send(text.slice(-1));
    await clock.tickAsync(0);
    deepEqual(replies, [PENDING]);
    subscription.unsubscribe();
  });
});

Deno.test("fromEventStream() reads a stream that arrives byte by byte, with characters of several bytes", async () => {
  await withClock(async (clock) => {
    const completed = E.right({ _tag: "Completed" as const, id: "1", regions: [], notices: ["ä", "語", "😀"] });
    const stream = openEvents();
    const { replies } = watch(subscribe(backEnd(stream.respond)));
    for (const byte of new TextEncoder().encode(event("a", completed))) stream.send(new Uint8Array([byte]));
    await clock.tickAsync(10);
    deepEqual(replies, [completed]);
  });
});

Deno.test("fromEventStream() closes the connection after the final status, even if the server does not", async () => {
  await withClock(async (clock) => {
    const stream = openEvents();
    const watched = watch(subscribe(backEnd(stream.respond)));
    stream.send(event("a", COMPLETED) + event("b", PENDING));
    await clock.tickAsync(0);
    deepEqual([watched.replies, watched.end], [[COMPLETED], "complete"]);
    ok(stream.isClosed());
  });
});

Deno.test("unsubscribing aborts a request without a response, closes a stream, and cancels a delay", async () => {
  await withClock(async (clock) => {
    const waiting = backEnd(unanswered);
    const first = watch(subscribe(waiting));
    await clock.tickAsync(0);
    first.subscription.unsubscribe();
    ok(waiting.requests[0].signal.aborted);
    equal(clock.countTimers(), 0);

    const stream = openEvents();
    const second = watch(subscribe(backEnd(stream.respond)));
    stream.send(event("a", PENDING));
    await clock.tickAsync(0);
    second.subscription.unsubscribe();
    await clock.tickAsync(0);
    ok(stream.isClosed());
    equal(clock.countTimers(), 0);

    const down = backEnd(offline);
    const third = watch(subscribe(down, { retry: { minDelay: 60_000 } }));
    await clock.tickAsync(0);
    third.subscription.unsubscribe();
    equal(clock.countTimers(), 0);
    await clock.tickAsync(100_000);
    deepEqual([down.log, third.replies, third.end], [["GET /events"], [], "open"]);
  });
});

Deno.test("a subscriber that leaves during an event receives none of the others in the same chunk", async () => {
  await withClock(async (clock) => {
    const stream = openEvents();
    const { replies } = watch(subscribe(backEnd(stream.respond)).pipe(take<Reply>(1)));
    stream.send(event("a", PENDING) + event("b", PROCESSING));
    await clock.tickAsync(0);
    deepEqual(replies, [PENDING]);
    ok(stream.isClosed());
  });
});

Deno.test("a response that arrives after the subscriber has left is closed", async () => {
  await withClock(async (clock) => {
    const stream = openEvents();
    const server = backEnd(() =>
      new Promise((resolve) => setTimeout(() => resolve(stream.respond(new Request(TASK_URL))), 50))
    );
    const { subscription } = watch(subscribe(server));
    await clock.tickAsync(10);
    subscription.unsubscribe();
    await clock.tickAsync(100);
    ok(stream.isClosed());
  });
});

Deno.test("a stream that ends early is resumed after its last event, without loss and repetition", async () => {
  const server = backEnd(
    events(":\n\n", event("a", PENDING), event("b", PROCESSING).slice(0, -1)),
    events(event("b", PROCESSING)),
    events(),
    events(event("c", COMPLETED)),
  );
  const { replies, end } = await watchAll(server);
  deepEqual([replies, end], [[PENDING, PROCESSING, COMPLETED], "complete"]);
  deepEqual(server.log, ["GET /events", "GET /events a", "GET /events b", "GET /events b"]);
});

Deno.test("a connection that breaks is resumed like a stream that ends", async () => {
  await withClock(async (clock) => {
    const stream = openEvents();
    const retries: Reconnection[] = [];
    const server = backEnd(stream.respond, events(event("b", COMPLETED)));
    const { replies } = watch(subscribe(server, { onRetry: (retry) => retries.push(retry) }));
    stream.send(event("a", PENDING));
    await clock.tickAsync(0);
    stream.fail(new TypeError("network error"));
    await clock.tickAsync(1000);
    deepEqual(replies, [PENDING, COMPLETED]);
    deepEqual(server.log, ["GET /events", "GET /events a"]);
    deepEqual(retries.map(({ error, failures }) => ({ error, failures })), [
      { error: network("fetch", "network error"), failures: 1 },
    ]);
  });
});

Deno.test("a stream whose server repeats the last event has no repetition, and a final event is never taken for one", async () => {
  const repeating = backEnd(events(event("a", PENDING)), events(event("a", PENDING), event("b", COMPLETED)));
  deepEqual((await watchAll(repeating)).replies, [PENDING, COMPLETED]);
  const counting = backEnd(events(event(1, PENDING)), events(event(1, COMPLETED)));
  deepEqual((await watchAll(counting)).replies, [PENDING, COMPLETED]);
});

Deno.test("events without an id are emitted, and the stream is resumed after the last one with an id", async () => {
  const server = backEnd(
    events(event("a", PENDING), event(null, PROCESSING), event("", PROCESSING)),
    events(event("c", COMPLETED)),
  );
  deepEqual((await watchAll(server)).replies, [PENDING, PROCESSING, PROCESSING, COMPLETED]);
  deepEqual(server.log, ["GET /events", "GET /events a"]);
});

Deno.test("events of other types are ignored", async () => {
  const server = backEnd(events("event: ping\ndata: {}\n\n", `event: message\n${event("a", COMPLETED)}`));
  deepEqual((await watchAll(server)).replies, [COMPLETED]);
});

Deno.test("an error that the back end sends is the last value", async () => {
  const error = E.left(http("fetch", 404, null, "Not Found"));
  const server = backEnd(events(event("a", PENDING), event("b", error), event("c", COMPLETED)));
  const { replies, end } = await watchAll(server);
  deepEqual([replies, end], [[PENDING, error], "complete"]);
});

Deno.test("transient refusals and lost connections are retried", async () => {
  for (const code of [408, 425, 429, 500, 502, 503, 504]) {
    const server = backEnd(problem(code), offline, events(event("a", COMPLETED)));
    deepEqual((await watchAll(server)).replies, [COMPLETED], String(code));
  }
});

Deno.test("a refusal is not retried before its Retry-After", async () => {
  await withClock(async (clock) => {
    const server = backEnd(problem(503, { "Retry-After": "20" }), events(event("a", COMPLETED)));
    watch(subscribe(server));
    await clock.tickAsync(19_999);
    equal(server.log.length, 1);
    await clock.tickAsync(1);
    equal(server.log.length, 2);
  });
});

Deno.test("other refusals end the stream with the problem, or with the service's own error", async () => {
  for (const code of [400, 401, 403, 404, 409, 410]) {
    const { replies, end } = await watchAll(backEnd(problem(code)));
    deepEqual([replies, end], [[E.left(http("fetch", code, null, "Title: Detail"))], "complete"]);
  }
  const error = { _tag: "Unauthorized", call: "token", detail: "invalid_client" } as const;
  deepEqual((await watchAll(backEnd(problem(502, {}, { error })))).replies, [E.left(error)]);
});

Deno.test("a page in place of the stream is requested once more, then it is an error", async () => {
  const page = () => new Response("<!doctype html>", { headers: { "Content-Type": "text/html; charset=utf-8" } });
  const server = backEnd(page);
  const errors = ['Response/Content-Type: expected text/event-stream, got "text/html; charset=utf-8"'];
  deepEqual((await watchAll(server)).replies, [E.left(malformed(errors))]);
  equal(server.log.length, 2);
  deepEqual((await watchAll(backEnd(page, events(event("a", COMPLETED))))).replies, [COMPLETED]);
});

Deno.test("a broken event is requested once more after the last good one, then it is an error", async () => {
  const broken = event("b", '{"_tag":"Paused","id":"1"}');
  const healing = backEnd(events(event("a", PENDING), broken, event("c", PROCESSING)), events(event("b", COMPLETED)));
  deepEqual((await watchAll(healing)).replies, [PENDING, COMPLETED]);
  deepEqual(healing.log, ["GET /events", "GET /events a"]);
  const lasting = backEnd(events(event("a", PENDING), broken), events(broken));
  const { replies } = await watchAll(lasting);
  equal(replies.length, 2);
  ok(E.isLeft(replies[1]) && replies[1].left._tag === "Malformed");
  equal(lasting.log.length, 2);
});

Deno.test("the headers of a function are requested anew for each connection, and its failures are retried", async () => {
  let calls = 0;
  const headers = (): Promise<Record<string, string>> => {
    calls++;
    return calls === 2
      ? Promise.reject(new Error("the token endpoint is down"))
      : Promise.resolve({ Authorization: `Bearer ${calls}`, Accept: "text/plain" });
  };
  const retries: Reconnection[] = [];
  const server = backEnd(events(event("a", PENDING)), events(event("b", COMPLETED)));
  const { replies } = await watchAll(server, { headers, onRetry: (retry) => retries.push(retry) });
  deepEqual(replies, [PENDING, COMPLETED]);
  deepEqual(server.requests.map(({ headers }) => headers.get("Authorization")), ["Bearer 1", "Bearer 3"]);
  equal(server.requests[0].headers.get("Accept"), "text/event-stream");
  deepEqual(retries.map(({ error }) => error), [
    network("fetch", "the stream ended before the final status"),
    network("fetch", "the token endpoint is down"),
  ]);
});

Deno.test("the deadline ends the stream with GaveUp, whatever it is doing", async () => {
  for (const respond of [unanswered, offline, problem(503), openEvents().respond, events(":\n\n")]) {
    await withClock(async (clock) => {
      const watched = watch(subscribe(backEnd(respond), { deadline: 60_000 }));
      await clock.tickAsync(59_999);
      deepEqual([watched.replies, watched.end], [[], "open"]);
      await clock.tickAsync(1);
      deepEqual([watched.replies, watched.end], [[E.left(gaveUp("deadline", null))], "complete"]);
    });
  }
});

Deno.test("a stream without a deadline continues for longer than timers support", async () => {
  await withClock(async (clock) => {
    const stream = openEvents();
    const watched = watch(subscribe(backEnd(stream.respond), { deadline: Infinity, heartbeat: 2 ** 31 }));
    stream.send(event("a", PENDING));
    await clock.tickAsync(1000);
    watched.subscription.unsubscribe();
    deepEqual([watched.replies, watched.end], [[PENDING], "open"]);
  });
});

Deno.test("the signal ends the stream with GaveUp, and an aborted one prevents the request", async () => {
  await withClock(async (clock) => {
    const controller = new AbortController();
    const stream = openEvents();
    const server = backEnd(stream.respond);
    const watched = watch(subscribe(server, { signal: controller.signal }));
    stream.send(event("a", PENDING));
    await clock.tickAsync(0);
    controller.abort();
    deepEqual([watched.replies, watched.end], [[PENDING, E.left(gaveUp("aborted", null))], "complete"]);
    await clock.tickAsync(0);
    ok(stream.isClosed());
    const late = watch(subscribe(server, { signal: controller.signal }));
    deepEqual([late.replies, late.end], [[E.left(gaveUp("aborted", null))], "complete"]);
    equal(server.log.length, 1);
  });
});

Deno.test("events that a proxy holds back are replaced by polls, from the last event on", async () => {
  await withClock(async (clock) => {
    const server = backEnd(
      events(event("a", PENDING)),
      unanswered,
      () => new Response(null, { status: 304, headers: { "Retry-After": "5" } }),
      status(PROCESSING, { "ETag": 'W/"b"', "Retry-After": "3" }),
      status(PROCESSING, { "ETag": '"b"', "Retry-After": "3" }),
      status(COMPLETED, { "ETag": '"c"' }),
    );
    const watched = watch(subscribe(server, { eventTimeout: 4000, retry: { minDelay: 0 } }));
    await clock.tickAsync(4000);
    deepEqual(server.log, ["GET /events", "GET /events a", 'GET "a"']);
    await clock.tickAsync(5000);
    deepEqual(watched.replies, [PENDING, PROCESSING]);
    await clock.tickAsync(3000);
    deepEqual(watched.replies, [PENDING, PROCESSING], "the same status again");
    await clock.tickAsync(3000);
    deepEqual([watched.replies, watched.end], [[PENDING, PROCESSING, COMPLETED], "complete"]);
    deepEqual(server.log.slice(3), ['GET "a"', 'GET "b"', 'GET "b"']);
    ok(server.requests[1].signal.aborted);
  });
});

Deno.test("a proxy that holds back all but the headers, or all but the first comment, is polled as well", async () => {
  await withClock(async (clock) => {
    const server = backEnd(openEvents().respond, status(COMPLETED));
    const watched = watch(subscribe(server));
    await clock.tickAsync(10_000);
    deepEqual([watched.replies, server.log], [[COMPLETED], ["GET /events", "GET"]]);

    const stream = openEvents();
    const other = backEnd(stream.respond, status(COMPLETED));
    const second = watch(subscribe(other));
    stream.send(":\n\n");
    await clock.tickAsync(45_000);
    deepEqual([second.replies, other.log], [[COMPLETED], ["GET /events", "GET"]]);
  });
});

Deno.test("polls return to the stream if there is no connection", async () => {
  const server = backEnd(unanswered, offline, events(event("a", COMPLETED)));
  deepEqual((await watchAll(server)).replies, [COMPLETED]);
  deepEqual(server.log, ["GET /events", "GET", "GET /events"]);
});

Deno.test("a poll is subject to requestTimeout, and refused and broken like the stream", async () => {
  const slow = backEnd(unanswered, unanswered, events(event("a", COMPLETED)));
  const retries: Reconnection[] = [];
  await watchAll(slow, { requestTimeout: 5000, onRetry: (retry) => retries.push(retry) });
  deepEqual(retries.map(({ error }) => error), [timeout("fetch", 5000)]);

  const gone = backEnd(unanswered, problem(404));
  deepEqual((await watchAll(gone)).replies, [E.left(http("fetch", 404, null, "Title: Detail"))]);

  const page = backEnd(unanswered, () => new Response("<!doctype html>"));
  deepEqual((await watchAll(page)).replies, [E.left(malformed(['Reply: expected JSON, got "<!doctype html>"']))]);

  const large = backEnd(unanswered, status(COMPLETED));
  deepEqual((await watchAll(large, { maxResponseBytes: 20 })).replies, [E.left(tooLarge("fetch", 20))]);

  const empty = backEnd(unanswered, () => new Response(null, { status: 204 }));
  deepEqual((await watchAll(empty)).replies, [E.left(malformed(["Response: expected status 200, got 204"]))]);
});

Deno.test("a stream that becomes silent after an event is opened again", async () => {
  await withClock(async (clock) => {
    const stream = openEvents();
    const server = backEnd(stream.respond, events(event("b", COMPLETED)));
    const watched = watch(subscribe(server, { heartbeat: 1000 }));
    stream.send(event("a", PENDING));
    await clock.tickAsync(2900);
    stream.send(":\n\n");
    await clock.tickAsync(2900);
    equal(server.log.length, 1);
    await clock.tickAsync(300);
    deepEqual([watched.replies, server.log], [[PENDING, COMPLETED], ["GET /events", "GET /events a"]]);
    ok(stream.isClosed());
  });
});

Deno.test("a server that has no further events is asked for the current status", async () => {
  const server = backEnd(events(event("a", PENDING)), () => new Response(null, { status: 204 }), status(COMPLETED));
  deepEqual((await watchAll(server)).replies, [PENDING, COMPLETED]);
  deepEqual(server.log, ["GET /events", "GET /events a", "GET"]);
});

Deno.test("an event over maxResponseBytes ends the stream, and an endless one is not kept", async () => {
  const chunk = new TextEncoder().encode("data: " + "x".repeat(1000));
  let pulls = 0;
  const endless = () =>
    new Response(new ReadableStream({ pull: (controller) => (pulls++, controller.enqueue(chunk)) }), {
      headers: { "Content-Type": "text/event-stream" },
    });
  const { replies } = await watchAll(backEnd(endless), { maxResponseBytes: 50_000 });
  deepEqual(replies, [E.left(tooLarge("fetch", 50_000))]);
  ok(pulls < 60, `${pulls} chunks were read`);
});

Deno.test("an id that cannot be sent back is an error", async () => {
  const server = backEnd(events(event("a", PENDING), event("\u00fc", PROCESSING)));
  const { replies } = await watchAll(server);
  deepEqual(replies, [
    PENDING,
    E.left(malformed(['Event/id: expected at most 4096 printable ASCII characters, got "ü"'])),
  ]);
});

Deno.test("onRetry is called before each retry; if it throws, the stream continues", async () => {
  const retries: Reconnection[] = [];
  const onRetry = (retry: Reconnection): void => {
    retries.push(retry);
    throw new Error("from the caller");
  };
  const uncaught = await collectUncaught(async () => {
    const { replies } = await watchAll(backEnd(offline, offline, events(event("a", COMPLETED))), { onRetry });
    deepEqual(replies, [COMPLETED]);
  });
  deepEqual(uncaught.map(String), ["Error: from the caller", "Error: from the caller"]);
  deepEqual(retries.map(({ failures }) => failures), [1, 2]);
  ok(retries.every(({ delay }) => delay >= 0 && delay <= 100));
});

Deno.test("fromEventStream() decodes tasks of other kinds, with bytes", async () => {
  const file = E.right({ _tag: "Completed" as const, id: "1", file: new Uint8Array([37, 80]), notices: [] });
  const options = { fetch: backEnd(events(event("a", file))).fetch, output: FileOutput };
  await withClock(async (clock) => {
    const watched = watch(fromEventStream(TASK_URL, options));
    await clock.tickAsync(0);
    deepEqual(watched.replies, [file]);
  });
  await withClock(async (clock) => {
    const watched = watch(fromEventStream(TASK_URL, { ...options, output: TextOutput }));
    await clock.tickAsync(10_000);
    deepEqual(watched.replies, [E.left(malformed(["Reply: expected the output TextOutput, got an object"]))]);
  });
});

Deno.test("fromEventStream() keeps the query of the URL, and drops its fragment", async () => {
  const server = backEnd(events(event("a", COMPLETED)));
  await withClock(async (clock) => {
    watch(fromEventStream(new URL("https://example.com/tasks/1/?tenant=2#top"), { fetch: server.fetch }));
    await clock.tickAsync(0);
  });
  equal(server.requests[0].url, "https://example.com/tasks/1/events?tenant=2");
});

Deno.test("fromEventStream() refuses options that are out of range, and URLs that are none", () => {
  throws(() => fromEventStream("tasks/1"), TypeError);
  throws(() => fromEventStream(TASK_URL, { headers: { "a b": "c" } }), TypeError);
  for (const name of ["deadline", "eventTimeout", "heartbeat", "maxResponseBytes", "requestTimeout"]) {
    throws(() => fromEventStream(TASK_URL, { [name]: 0 }), {
      name: "RangeError",
      message: RegExp(`^Cannot subscribe to a task as ${name} must be a number `),
    });
  }
  throws(() => fromEventStream(TASK_URL, { retry: { minDelay: -1 } }), RangeError);
});
