import * as E from "fp-ts/lib/Either.js";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, rejects, strictEqual as equal, throws } from "node:assert/strict";
import { EMPTY, NEVER, Observable, of, Subject, throwError } from "rxjs";
import { gaveUp } from "../../src/model/error.ts";
import { toEventStream, toReadableStream } from "../../src/stream/event_stream.ts";
import type { Reply } from "../../src/model/reply.ts";

const PENDING: Reply = E.right({ _tag: "Pending", id: "1" });
const DONE: Reply = E.right({ _tag: "NotExist", id: "1", messages: [] });
const LOST: Reply = E.left(gaveUp("maxPolls", null));

/** The reconnection time after a final event, which is the longest delay that a timer supports. */
const NO_RECONNECTION = "retry: 2147483647\n\n";

const read = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

const final = (number: number): string => `id: ${number}\ndata: {"_tag":"NotExist","id":"1","messages":[]}\n\n`;

/** Array.fromAsync, which Node.js 20 does not have. */
async function collect<A>(stream: ReadableStream<A>): Promise<A[]> {
  const all: A[] = [];
  for await (const element of stream) all.push(element);
  return all;
}

Deno.test("toReadableStream() emits every reply and closes with the stream", async () => {
  deepEqual(await collect(toReadableStream(of(PENDING, PENDING, DONE))), [PENDING, PENDING, DONE]);
  deepEqual(await collect(toReadableStream(EMPTY)), []);
});

Deno.test("toReadableStream() unsubscribes when it is canceled", async () => {
  let subscribed = 0;
  const replies = new Observable<Reply>((subscriber) => {
    subscribed++;
    subscriber.next(PENDING);
    return () => subscribed--;
  });
  for await (const _ of toReadableStream(replies)) break;
  equal(subscribed, 0);
});

Deno.test("toReadableStream() rejects if the caller's own schedule throws", async () => {
  await rejects(collect(toReadableStream(throwError(() => new Error("of the schedule")))), /of the schedule/);
});

Deno.test("toEventStream() writes one numbered event per reply, including errors", async () => {
  equal(
    await read(toEventStream(of(PENDING, LOST))),
    'id: 1\ndata: {"_tag":"Pending","id":"1"}\n\n' +
      'id: 2\ndata: {"_tag":"GaveUp","reason":"maxPolls","state":null}\n\n' + NO_RECONNECTION,
  );
});

Deno.test("toEventStream() writes each event on one line for any text", async () => {
  const messages = ["a\nb", "c\r\n\r\nid: 9", "\u2028", "\0"];
  const failed: Reply = E.right({ _tag: "Error", id: "1\n", messages });
  const text = (await read(toEventStream(of(failed)))).replace(NO_RECONNECTION, "");
  const [id, data, ...rest] = text.split(/\r\n|\r|\n/);
  deepEqual([id, rest], ["id: 1", ["", ""]]);
  deepEqual(JSON.parse(data.slice("data: ".length)), { _tag: "Error", id: "1\n", messages });
});

Deno.test("toEventStream() skips replies that the client has received", async () => {
  const replies = of(PENDING, PENDING, DONE);
  equal(
    await read(toEventStream(replies, { lastEventId: "1" })),
    'id: 2\ndata: {"_tag":"Pending","id":"1"}\n\n' + final(3) + NO_RECONNECTION,
  );
  equal(await read(toEventStream(replies, { lastEventId: "2" })), final(3) + NO_RECONNECTION);
});

Deno.test("toEventStream() always sends the final reply, even to a client that has received more", async () => {
  for (const lastEventId of ["2", "3", "9007199254740991"]) {
    equal(await read(toEventStream(of(PENDING, DONE), { lastEventId })), final(2) + NO_RECONNECTION);
    equal(
      await read(toEventStream(of(LOST), { lastEventId })),
      'id: 1\ndata: {"_tag":"GaveUp","reason":"maxPolls","state":null}\n\n' + NO_RECONNECTION,
    );
  }
});

Deno.test("toEventStream() ignores ids that it did not send", async () => {
  const others = [
    "",
    "x",
    "Infinity",
    "1e9",
    " 5",
    "5 ",
    "+5",
    "-1",
    "-0",
    "0",
    "0x5",
    "05",
    "5.0",
    "5,5",
    "9007199254740993",
  ];
  for (const lastEventId of [null, ...others]) {
    const text = await read(toEventStream(of(PENDING, PENDING, DONE), { lastEventId }));
    equal(text.match(/^id: /gm)?.length, 3, `lastEventId ${JSON.stringify(lastEventId)}`);
  }
});

Deno.test("toEventStream() sends comments only while the client reads", async () => {
  const clock = FakeTimers.install({ toFake: ["setInterval", "clearInterval"] });
  try {
    const reader = toEventStream(NEVER, { heartbeat: 1000 }).getReader();
    clock.tick(5000);
    const text = new TextDecoder();
    equal(text.decode((await reader.read()).value), ":\n\n");
    const next = reader.read();
    clock.tick(999);
    equal(await Promise.race([next, Promise.resolve("nothing")]), "nothing");
    clock.tick(1);
    equal(text.decode((await next).value), ":\n\n");
    await reader.cancel();
    equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("toEventStream() leaves no timer or subscription behind, whichever side ends first", async () => {
  const clock = FakeTimers.install({ toFake: ["setInterval", "clearInterval"] });
  try {
    const replies = new Subject<Reply>();
    const canceled = toEventStream(replies);
    equal(clock.countTimers(), 1);
    await canceled.cancel();
    const ended = toEventStream(replies);
    replies.complete();
    deepEqual([clock.countTimers(), replies.observed, await read(ended)], [0, false, ""]);
    await read(toEventStream(of(DONE)));
    equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("toEventStream() throws a RangeError for a heartbeat of 0", () => {
  throws(() => toEventStream(EMPTY, { heartbeat: 0 }), {
    name: "RangeError",
    message: "Cannot stream events as heartbeat must be a number greater than 0: current value is 0",
  });
});
