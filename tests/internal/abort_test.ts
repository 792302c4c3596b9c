import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal } from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import * as E from "fp-ts/lib/Either.js";
import { cancel, createCancellation, onAbort, sleep, timerDelay, within } from "../../src/internal/abort.ts";

/** A controller whose signal records its listeners. */
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

/** Registers a test that uses fake timers and fails if it leaves one. */
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

/** Records the value that a promise resolves with. */
function observe<A>(promise: Promise<A>): A[] {
  const seen: A[] = [];
  void promise.then((a) => seen.push(a));
  return seen;
}

/** A function whose promise the test settles, and the signals that the function was called with. */
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

timed("within() returns the result of a function that finishes in time", async (clock) => {
  const { controller, listeners } = watched();
  const { run, resolve, signals } = pending<string>();
  const end = within(100, controller.signal, run);
  equal(listeners.size, 1);
  equal(clock.countTimers(), 1);
  await clock.tickAsync(99);
  resolve("done");
  deepEqual(await end, E.right("done"));
  equal(listeners.size, 0);

  // Later events have no effect.
  controller.abort();
  await clock.tickAsync(100);
  equal(signals[0].aborted, false);
});

timed(`within() returns "timeout" when the time limit is reached and aborts the function's signal`, async (clock) => {
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

timed(`within() returns "aborted" when its signal aborts and aborts the function's signal`, async (clock) => {
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

timed("within() does not call the function if the signal has already aborted", async (clock) => {
  const { controller, listeners } = watched();
  controller.abort();
  const { run, signals } = pending<string>();
  const end = within(100, controller.signal, run);
  equal(clock.countTimers(), 0);
  equal(listeners.size, 0);
  deepEqual(await end, E.left("aborted"));
  deepEqual(signals, []);
});

timed("within() works without a signal", async (clock) => {
  deepEqual(await within(100, undefined, () => Promise.resolve(1)), E.right(1));
  const seen = observe(within(100, undefined, pending<number>().run));
  await clock.tickAsync(100);
  deepEqual(seen, [E.left("timeout")]);
});

timed("within() rejects if the function rejects", async () => {
  const { controller, listeners } = watched();
  const error = new Error("failed");
  await rejects(within(100, controller.signal, () => Promise.reject(error)), error);
  equal(listeners.size, 0);
});

timed("within() ignores rejections after it has returned", async (clock) => {
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

timed(`within() returns "aborted" if the function itself aborts the signal`, async () => {
  const { controller, listeners } = watched();
  const end = within(100, controller.signal, () => {
    controller.abort();
    return Promise.resolve("done");
  });
  deepEqual(await end, E.left("aborted"));
  equal(listeners.size, 0);
});

timed("within() supports delays longer than setTimeout does", async (clock) => {
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

timed("sleep() resolves with true after the delay", async (clock) => {
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

timed("sleep() resolves with false as soon as its signal aborts", async (clock) => {
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

timed("sleep() leaves no listeners on a long-lived signal", async (clock) => {
  const { controller, listeners } = watched();
  for (let i = 0; i < 1000; i++) {
    const end = sleep(10, controller.signal);
    equal(listeners.size, 1);
    clock.tick(10);
    equal(await end, true);
  }
  equal(listeners.size, 0);
});

timed("within() rejects if the function throws synchronously", async () => {
  const { controller, listeners } = watched();
  const error = new Error("failed");
  const run = (): never => {
    throw error;
  };
  await rejects(within(100, controller.signal, run), error);
  equal(listeners.size, 0);
});

Deno.test("cancel() calls each remaining listener once", () => {
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

Deno.test("createCancellation() creates independent signals", () => {
  const [one, other] = [createCancellation(), createCancellation()];
  let calls = 0;
  one.addEventListener("abort", () => calls++);
  cancel(other);
  deepEqual([one.aborted, other.aborted, calls], [false, true, 0]);
});

timed("within() supports a Cancellation and leaves no listener on it", async () => {
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

Deno.test("onAbort() adds one listener for all callbacks of a signal and removes it with the last callback", () => {
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

Deno.test("onAbort() does not call callbacks that are added or removed by another callback", () => {
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
