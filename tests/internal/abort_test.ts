import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal } from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import * as E from "fp-ts/lib/Either.js";
import { cancel, createCancellation, onAbort, sleep, timerDelay, within } from "../../src/internal/abort.ts";

/** A signal that counts the listeners on it. */
function watched(): { readonly controller: AbortController; readonly listeners: Set<unknown> } {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions): void => {
    listeners.add(listener);
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: EventListener): void => {
    listeners.delete(listener);
    remove(type, listener);
  };
  return { controller, listeners };
}

type Clock = ReturnType<typeof FakeTimers.install>;

/** Runs a test on a clock of its own; no timer may be left at its end. */
function timed(title: string, test: (clock: Clock) => Promise<void>): void {
  Deno.test(title, async () => {
    const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await test(clock);
      equal(clock.countTimers(), 0, "timers left");
    } finally {
      clock.uninstall();
    }
  });
}

/** What a promise comes to, as soon as it does. */
function observe<A>(promise: Promise<A>): A[] {
  const seen: A[] = [];
  void promise.then((a) => seen.push(a));
  return seen;
}

/** Runs until it is settled from outside, and keeps the signal that it was given. */
function pending<A>() {
  let resolve: (a: A) => void = () => {};
  let reject: (u: unknown) => void = () => {};
  const promise = new Promise<A>((...settle) => [resolve, reject] = settle);
  const signals: AbortSignal[] = [];
  const run = (signal: AbortSignal): Promise<A> => {
    signals.push(signal);
    return promise;
  };
  return { run, resolve, reject, signals };
}

timed("within() gives what is there in time", async (clock) => {
  const { controller, listeners } = watched();
  const { run, resolve, signals } = pending<string>();
  const end = within(100, controller.signal, run);
  equal(listeners.size, 1);
  equal(clock.countTimers(), 1);
  await clock.tickAsync(99);
  resolve("done");
  deepEqual(await end, E.right("done"));
  equal(listeners.size, 0);

  // What comes later does not concern it any more.
  controller.abort();
  await clock.tickAsync(100);
  equal(signals[0].aborted, false);
});

timed("within() ends when the time is up, and tells what it ran", async (clock) => {
  const { controller, listeners } = watched();
  const { run, resolve, signals } = pending<string>();
  const seen = observe(within(100, controller.signal, run));
  await clock.tickAsync(99);
  deepEqual(seen, []);
  equal(signals[0].aborted, false);
  await clock.tickAsync(1);
  deepEqual(seen, [E.left("timeout")]);
  equal(signals[0].aborted, true);
  equal(listeners.size, 0);

  resolve("too late");
  await clock.tickAsync(1);
  deepEqual(seen, [E.left("timeout")]);
});

timed("within() ends when its signal aborts, and tells what it ran", async (clock) => {
  const { controller, listeners } = watched();
  const { run, signals } = pending<string>();
  const seen = observe(within(100, controller.signal, run));
  await clock.tickAsync(50);
  controller.abort();
  equal(signals[0].aborted, true);
  equal(listeners.size, 0);
  equal(clock.countTimers(), 0);
  await clock.tickAsync(0);
  deepEqual(seen, [E.left("aborted")]);
});

timed("within() runs nothing where its signal has aborted", async (clock) => {
  const { controller, listeners } = watched();
  controller.abort();
  const { run, signals } = pending<string>();
  const end = within(100, controller.signal, run);
  equal(clock.countTimers(), 0);
  equal(listeners.size, 0);
  deepEqual(await end, E.left("aborted"));
  deepEqual(signals, []);
});

timed("within() needs no signal", async (clock) => {
  deepEqual(await within(100, undefined, () => Promise.resolve(1)), E.right(1));
  const seen = observe(within(100, undefined, pending<number>().run));
  await clock.tickAsync(100);
  deepEqual(seen, [E.left("timeout")]);
});

timed("within() rejects with what its function rejects with", async () => {
  const { controller, listeners } = watched();
  const fault = new Error("fault");
  await rejects(within(100, controller.signal, () => Promise.reject(fault)), fault);
  equal(listeners.size, 0);
});

timed("within() does not hear of a rejection after its end", async (clock) => {
  for (
    const interrupt of [(): void => void clock.tick(100), (controller: AbortController): void => controller.abort()]
  ) {
    const { controller } = watched();
    const { run, reject, signals } = pending<never>();
    const end = within(100, controller.signal, run);
    signals[0].addEventListener("abort", () => reject(signals[0].reason));
    interrupt(controller);
    ok(E.isLeft(await end));
    await clock.tickAsync(1);
  }
});

timed("within() ends where its own function aborts the signal", async () => {
  const { controller, listeners } = watched();
  const end = within(100, controller.signal, () => {
    controller.abort();
    return Promise.resolve("done");
  });
  deepEqual(await end, E.left("aborted"));
  equal(listeners.size, 0);
});

timed("within() holds delays that a timer cannot", async (clock) => {
  const MAX = 2 ** 31 - 1;
  deepEqual([0, 1000, MAX, MAX + 1, 1e300, Infinity].map(timerDelay), [0, 1000, MAX, MAX, MAX, MAX]);
  for (const ms of [MAX + 1, 1e300, Infinity]) {
    const { controller } = watched();
    const seen = observe(within(ms, controller.signal, pending().run));
    await clock.tickAsync(MAX - 1);
    deepEqual(seen, []);
    controller.abort();
    await clock.tickAsync(0);
    deepEqual(seen, [E.left("aborted")]);
  }
});

timed("sleep() is true at its end, and not before", async (clock) => {
  for (const signal of [undefined, watched().controller.signal]) {
    const seen = observe(sleep(100, signal));
    await clock.tickAsync(99);
    deepEqual(seen, []);
    await clock.tickAsync(1);
    deepEqual(seen, [true]);
  }
  const none = observe(sleep(0, undefined));
  await clock.tickAsync(0);
  deepEqual(none, [true]);
});

timed("sleep() is false as soon as its signal aborts", async (clock) => {
  const { controller, listeners } = watched();
  const seen = observe(sleep(100, controller.signal));
  await clock.tickAsync(50);
  controller.abort();
  equal(clock.countTimers(), 0);
  await clock.tickAsync(0);
  deepEqual(seen, [false]);
  equal(await sleep(100, controller.signal), false);
  equal(listeners.size, 0);
});

timed("sleep() leaves no listener on a signal that outlives it, however often it is called", async (clock) => {
  const { controller, listeners } = watched();
  for (let i = 0; i < 1000; i++) {
    const end = sleep(10, controller.signal);
    equal(listeners.size, 1);
    clock.tick(10);
    equal(await end, true);
  }
  equal(listeners.size, 0);
});

timed("within() rejects with what its function throws on the spot", async () => {
  const { controller, listeners } = watched();
  const fault = new Error("fault");
  const run = (): never => {
    throw fault;
  };
  await rejects(within(100, controller.signal, run), fault);
  equal(listeners.size, 0);
});

Deno.test("cancel() calls each listener once, and none that has gone", () => {
  const signal = createCancellation();
  const calls: string[] = [];
  const gone = (): void => {
    calls.push("gone");
  };
  signal.addEventListener("abort", () => calls.push(`first, ${signal.aborted}`));
  signal.addEventListener("abort", gone);
  signal.addEventListener("abort", () => calls.push("last"));
  signal.removeEventListener("abort", gone);
  equal(signal.aborted, false);
  cancel(signal);
  cancel(signal);
  deepEqual(calls, ["first, true", "last"]);
});

Deno.test("createCancellation() makes signals that know nothing of each other", () => {
  const [one, other] = [createCancellation(), createCancellation()];
  let calls = 0;
  one.addEventListener("abort", () => calls++);
  cancel(other);
  deepEqual([one.aborted, other.aborted, calls], [false, true, 0]);
});

timed("within() ends with a signal of our own, and leaves no listener on it", async () => {
  for (const end of ["done", "aborted"] as const) {
    const signal = createCancellation();
    const { run, resolve, signals } = pending<string>();
    const outcome = within(1000, signal, run);
    equal(signal.listeners.length, 1);
    if (end === "done") resolve("done");
    else cancel(signal);
    deepEqual(await outcome, end === "done" ? E.right("done") : E.left("aborted"));
    deepEqual([signal.listeners.length, signals[0].aborted], [0, end === "aborted"]);
  }
});

Deno.test("onAbort() puts one listener on a signal for all callbacks, and removes it with the last", () => {
  const { controller, listeners } = watched();
  const { signal } = controller;
  const called: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => onAbort(signal, () => called.push(name)));
  equal(listeners.size, 1);
  b();
  b();
  equal(listeners.size, 1);
  controller.abort();
  deepEqual(called, ["a", "c"]);
  a();
  equal(listeners.size, 1);
  c();
  equal(listeners.size, 0);
});

Deno.test("onAbort() calls callbacks that others remove or add meanwhile only if they are still there", () => {
  const { controller } = watched();
  const { signal } = controller;
  const called: string[] = [];
  onAbort(signal, () => {
    called.push("first");
    second();
    onAbort(signal, () => called.push("late"));
  });
  const second = onAbort(signal, () => called.push("second"));
  controller.abort();
  deepEqual(called, ["first"]);
});
