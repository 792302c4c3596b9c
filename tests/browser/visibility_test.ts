import FakeTimers from "@sinonjs/fake-timers";
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { gaveUp } from "../../src/model/error.ts";
import type { Reply } from "../../src/model/reply.ts";
import { fromEventStream, type SubscribeOptions } from "../../src/browser/event_source.ts";
import { type BackEnd, backEnd, COMPLETED, event, events, openEvents, PENDING, problem, TASK_URL } from "./back_end.ts";

/** A document, as far as it tells whether it is hidden. It counts its listeners. */
class Page extends EventTarget {
  hidden = false;
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

/** Runs a test on a page whose clock only moves when it is told to. */
async function withPage(run: (page: Page, clock: FakeTimers.Clock) => Promise<void>): Promise<void> {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const page = new Page();
  Reflect.set(globalThis, "document", page);
  try {
    await run(page, clock);
    equal(clock.countTimers(), 0, "timers are left behind");
    equal(page.listeners, 0, "listeners are left behind");
  } finally {
    Reflect.deleteProperty(globalThis, "document");
    clock.uninstall();
  }
}

function watch(server: BackEnd, options: SubscribeOptions = {}): Reply[] {
  const replies: Reply[] = [];
  fromEventStream(TASK_URL, { fetch: server.fetch, pauseWhenHidden: true, ...options })
    .subscribe((reply) => replies.push(reply));
  return replies;
}

Deno.test("a stream is closed while the page is hidden, and resumed after the last event when it is shown", async () => {
  await withPage(async (page, clock) => {
    const stream = openEvents();
    const server = backEnd(stream.respond, events(event("b", COMPLETED)));
    const replies = watch(server);
    stream.send(event("a", PENDING));
    await clock.tickAsync(0);
    page.setHidden(true);
    await clock.tickAsync(100_000);
    ok(stream.isClosed());
    deepEqual([replies, server.log], [[PENDING], ["GET /events"]]);
    page.setHidden(false);
    await clock.tickAsync(0);
    deepEqual([replies, server.log], [[PENDING, COMPLETED], ["GET /events", "GET /events a"]]);
  });
});

Deno.test("a stream on a hidden page starts when the page is shown", async () => {
  await withPage(async (page, clock) => {
    page.hidden = true;
    const server = backEnd(events(event("a", COMPLETED)));
    const replies = watch(server);
    await clock.tickAsync(1000);
    deepEqual(server.log, []);
    page.setHidden(false);
    await clock.tickAsync(0);
    deepEqual(replies, [COMPLETED]);
  });
});

Deno.test("showing the page does not shorten a delay", async () => {
  await withPage(async (page, clock) => {
    const server = backEnd(problem(503, { "Retry-After": "60" }), events(event("a", COMPLETED)));
    watch(server);
    await clock.tickAsync(10_000);
    page.setHidden(true);
    await clock.tickAsync(10_000);
    page.setHidden(false);
    await clock.tickAsync(39_999);
    equal(server.log.length, 1);
    await clock.tickAsync(1);
    equal(server.log.length, 2);
  });
});

Deno.test("the deadline and unsubscribing end a stream on a hidden page", async () => {
  await withPage(async (page, clock) => {
    page.hidden = true;
    const server = backEnd(events(event("a", COMPLETED)));
    const replies = watch(server, { deadline: 60_000 });
    await clock.tickAsync(60_000);
    deepEqual(replies, [E.left(gaveUp("deadline", null))]);
    equal(page.listeners, 0);
    const subscription = fromEventStream(TASK_URL, { fetch: server.fetch, pauseWhenHidden: true }).subscribe();
    equal(page.listeners, 1);
    subscription.unsubscribe();
  });
});

Deno.test("without pauseWhenHidden, a stream continues on a hidden page", async () => {
  await withPage(async (page, clock) => {
    const stream = openEvents();
    const replies = watch(backEnd(stream.respond), { pauseWhenHidden: false });
    page.setHidden(true);
    stream.send(event("a", COMPLETED));
    await clock.tickAsync(0);
    deepEqual(replies, [COMPLETED]);
  });
});

Deno.test("without a document, pauseWhenHidden has no effect", async () => {
  const replies: Reply[] = [];
  await fromEventStream(TASK_URL, { fetch: backEnd(events(event("a", COMPLETED))).fetch, pauseWhenHidden: true })
    .forEach((reply) => replies.push(reply));
  deepEqual(replies, [COMPLETED]);
});
