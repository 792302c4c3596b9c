import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { http, interrupted, malformed, network, timeout, unauthorized } from "../../src/model/error.ts";
import { type AccessToken, createMemory, slotOf } from "../../src/client/memory.ts";
import {
  clientToken,
  constantToken,
  decodeAccessToken,
  suppliedToken,
  type TokenSource,
} from "../../src/client/token.ts";
import { endpoint, granted, NOW, type TokenReply, withClock } from "../support/token_endpoint.ts";

withClock("clientToken() sends one request for any number of callers and keeps the token", async (clock) => {
  const { signals, request } = endpoint(granted("one"));
  const source = clientToken(slotOf(createMemory(), "key"), request);
  const first = Promise.all(Array.from({ length: 100 }, () => source.get(1000, undefined)));
  await clock.tickAsync(10);
  deepEqual(await first, Array(100).fill(E.right("one")));
  deepEqual(await source.get(1000, undefined), E.right("one"));
  equal(signals.length, 1);
});

withClock("clientToken() requests a new token once the old one is stale", async (clock) => {
  const { signals, request } = endpoint(granted("one"), E.right({ value: "two", staleAt: Infinity }));
  const source = clientToken(slotOf(createMemory(), "key"), request);
  const get = async (): Promise<unknown> => {
    const token = source.get(1000, undefined);
    await clock.tickAsync(10);
    return await token;
  };
  deepEqual(await get(), E.right("one"));
  clock.setSystemTime(NOW + 3_539_999);
  deepEqual(await get(), E.right("one"));
  clock.setSystemTime(NOW + 3_540_000);
  deepEqual(await get(), E.right("two"));
  equal(signals.length, 2);
});

withClock("clientToken() drops a rejected token, but not its successor", async (clock) => {
  const { signals, request } = endpoint(granted("one"), granted("two"));
  const source = clientToken(slotOf(createMemory(), "key"), request);
  const get = async (): Promise<unknown> => {
    const token = source.get(1000, undefined);
    await clock.tickAsync(10);
    return await token;
  };
  await get();
  equal(source.refuse("one"), true);
  deepEqual(await get(), E.right("two"));
  equal(source.refuse("one"), true, "a late refusal of the first");
  deepEqual(await get(), E.right("two"));
  equal(signals.length, 2);
});

withClock("clientToken() does not send rejected credentials again for ten minutes", async (clock) => {
  const { signals, request } = endpoint(E.left(unauthorized("token", "invalid_client")), granted("late"));
  const memory = createMemory();
  const refusal = E.left(unauthorized("token", "invalid_client"));
  const sources = Array.from({ length: 20 }, () => clientToken(slotOf(memory, "key"), request));
  const first = sources[0].get(1000, undefined);
  await clock.tickAsync(10);
  deepEqual(await first, refusal);
  await clock.tickAsync(599_999);
  for (const source of sources) deepEqual(await source.get(1000, undefined), refusal);
  equal(signals.length, 1);
  await clock.tickAsync(1);
  const second = sources[1].get(1000, undefined);
  await clock.tickAsync(10);
  deepEqual([await second, signals.length], [E.right("late"), 2]);
});

withClock("clientToken() remembers a rejection for at most ten minutes", async (clock) => {
  for (const retryAfter of [3_600_000, 1e15]) {
    const { request } = endpoint(E.left(http("token", 429, retryAfter, "")), granted("late"));
    const source = clientToken(slotOf(createMemory(), "key"), request);
    const first = source.get(1000, undefined);
    await clock.tickAsync(10);
    deepEqual(await first, E.left(http("token", 429, retryAfter, "")));
    await clock.tickAsync(600_000);
    const second = source.get(1000, undefined);
    await clock.tickAsync(10);
    deepEqual(await second, E.right("late"));
  }
});

withClock("clientToken() ignores a rejection from the future", async (clock) => {
  const { request } = endpoint(E.left(unauthorized("token", "invalid_client")), granted("late"));
  const source = clientToken(slotOf(createMemory(), "key"), request);
  const first = source.get(1000, undefined);
  await clock.tickAsync(10);
  await first;
  clock.setSystemTime(NOW - 3_600_000);
  const second = source.get(1000, undefined);
  await clock.tickAsync(10);
  deepEqual(await second, E.right("late"));
});

/** Services that share only a memory, like those that a Worker creates for its requests. */
function services(count: number, request: (signal: AbortSignal) => Promise<TokenReply>): readonly TokenSource[] {
  const memory = createMemory();
  return Array.from({ length: count }, () => clientToken(slotOf(memory, "key"), request));
}

withClock("clientToken() sends one request for 50 services that share a memory", async (clock) => {
  const { signals, request } = endpoint(granted("one"));
  const tokens = Promise.all(services(50, request).map((source) => source.get(1000, undefined)));
  await clock.tickAsync(30);
  deepEqual([await tokens, signals.length], [Array(50).fill(E.right("one")), 1]);
  equal(clock.countTimers(), 0);
});

withClock("clientToken() shares a rejection among services that wait for the same token", async (clock) => {
  const refusal = E.left(unauthorized("token", "invalid_client"));
  const { signals, request } = endpoint(refusal);
  const tokens = Promise.all(services(50, request).map((source) => source.get(1000, undefined)));
  await clock.tickAsync(30);
  deepEqual([await tokens, signals.length], [Array(50).fill(refusal), 1]);
});

withClock("clientToken() lets one service at a time take over after a failure", async (clock) => {
  const { signals, request } = endpoint(E.left(network("token", "gone")), granted("two"));
  const tokens = Promise.all(services(50, request).map((source) => source.get(1000, undefined)));
  await clock.tickAsync(60);
  deepEqual(await tokens, [E.left(network("token", "gone")), ...Array(49).fill(E.right("two"))]);
  equal(signals.length, 2);
});

withClock("clientToken() takes over after 3 s from a service that has disappeared", async (clock) => {
  let requests = 0;
  const request = (): Promise<TokenReply> => ++requests === 1 ? new Promise(() => {}) : Promise.resolve(granted("two"));
  const [dead, ...others] = services(50, request);
  dead.get(60_000, undefined);
  const tokens = Promise.all(others.map((source) => source.get(60_000, undefined)));
  await clock.tickAsync(2900);
  equal(requests, 1);
  await clock.tickAsync(200);
  deepEqual([await tokens, requests], [Array(49).fill(E.right("two")), 2]);
});

withClock("clientToken() does not wait for a service that has given up", async (clock) => {
  let requests = 0;
  const request = (): Promise<TokenReply> => ++requests === 1 ? new Promise(() => {}) : Promise.resolve(granted("two"));
  const [first, second] = services(2, request);
  const controller = new AbortController();
  const given = first.get(1000, controller.signal);
  const token = second.get(1000, undefined);
  controller.abort();
  await given;
  await clock.tickAsync(30);
  deepEqual([await token, requests], [E.right("two"), 2]);
});

withClock("clientToken() waits no longer than its caller", async (clock) => {
  const [first, second] = services(2, () => new Promise(() => {}));
  first.get(60_000, undefined);
  const token = second.get(100, undefined);
  await clock.tickAsync(100);
  deepEqual(await token, E.left(timeout("token", 100)));
  const controller = new AbortController();
  const aborted = second.get(60_000, controller.signal);
  controller.abort();
  deepEqual(await aborted, E.left(interrupted("token", "aborted", 0)));
  equal(clock.countTimers(), 1, "the first one's own");
});

withClock("clientToken() respects a Retry-After for all callers and counts it down", async (clock) => {
  const { signals, request } = endpoint(E.left(http("token", 429, 600_000, "")), granted("one"));
  const source = clientToken(slotOf(createMemory(), "key"), request);
  const first = source.get(1000, undefined);
  await clock.tickAsync(10);
  deepEqual(await first, E.left(http("token", 429, 600_000, "")));
  await clock.tickAsync(200_000);
  deepEqual(await source.get(1000, undefined), E.left(http("token", 429, 400_000, "")));
  await clock.tickAsync(399_999);
  equal(signals.length, 1);
  await clock.tickAsync(1);
  const second = source.get(1000, undefined);
  await clock.tickAsync(10);
  deepEqual([await second, signals.length], [E.right("one"), 2]);
});

withClock("clientToken() requests a token again after a transient failure", async (clock) => {
  for (const error of [http("token", 503, null, ""), network("token", "gone"), malformed(["x"])]) {
    const { signals, request } = endpoint(E.left(error), granted("one"));
    const source = clientToken(slotOf(createMemory(), "key"), request);
    const first = source.get(1000, undefined);
    await clock.tickAsync(10);
    deepEqual(await first, E.left(error));
    const second = source.get(1000, undefined);
    await clock.tickAsync(10);
    deepEqual([await second, signals.length], [E.right("one"), 2]);
  }
});

withClock("clientToken() aborts the request only when no caller is waiting", async (clock) => {
  const { signals, request } = endpoint(granted("one"), granted("two"));
  const source = clientToken(slotOf(createMemory(), "key"), request);
  const [a, b] = [new AbortController(), new AbortController()];
  const first = source.get(1000, a.signal);
  const second = source.get(1000, b.signal);
  a.abort();
  deepEqual(await first, E.left(interrupted("token", "aborted", 0)));
  equal(signals[0].aborted, false);
  b.abort();
  await second;
  equal(signals[0].aborted, true);
  const third = source.get(1000, undefined);
  await clock.tickAsync(10);
  deepEqual([await third, signals.length], [E.right("two"), 2], "the aborted request is nobody's any more");
});

withClock("clientToken() limits the wait of each caller", async (clock) => {
  const source = clientToken(slotOf(createMemory(), "key"), () => new Promise(() => {}));
  const token = source.get(50, undefined);
  await clock.tickAsync(50);
  deepEqual(await token, E.left(timeout("token", 50)));
  equal(clock.countTimers(), 0);
});

Deno.test("constantToken() always returns the same token", async () => {
  const source = constantToken("abc");
  deepEqual([await source.get(1, undefined), source.refuse("abc")], [E.right("abc"), false]);
});

Deno.test("constantToken() rejects a token that is invalid in a header without revealing it", async () => {
  const fault = "the token is empty, too long, or contains characters that are not valid in a header";
  for (const token of ["", "\n", "a b", "a\nbc", "tokén", "x".repeat(65_537)]) {
    deepEqual(await constantToken(token).get(1, undefined), E.left(unauthorized("token", fault)));
  }
});

Deno.test("tokens may end in a line break", async () => {
  deepEqual(await constantToken(" abc\r\n").get(1, undefined), E.right("abc"));
  deepEqual(await suppliedToken(() => Promise.resolve("abc\n")).get(9, undefined), E.right("abc"));
});

Deno.test("suppliedToken() calls its function each time and hides its errors", async () => {
  let count = 0;
  const source = suppliedToken(() => Promise.resolve(`t${++count}`));
  deepEqual([await source.get(9, undefined), await source.get(9, undefined)], [E.right("t1"), E.right("t2")]);
  equal(source.refuse("t2"), true);
  const failing = suppliedToken(() => Promise.reject(new Error("secret")));
  deepEqual(
    await failing.get(9, undefined),
    E.left(unauthorized("token", "the function that supplies the token failed")),
  );
});

Deno.test("decodeAccessToken() makes a token stale a minute, or a tenth of its lifetime, before it expires", () => {
  deepEqual([staleAfter(3600), staleAfter(100), staleAfter(0.5)], [E.right(3_540_000), E.right(90_000), E.right(450)]);
});

Deno.test("decodeAccessToken() accepts a lifetime as text and assumes five minutes without one", () => {
  deepEqual([staleAfter("3600"), staleAfter(" 100 ")], [E.right(3_540_000), E.right(90_000)]);
  for (const expiresIn of [undefined, null, 0, -1, "", "soon", "1e999", {}, [], true]) {
    deepEqual(staleAfter(expiresIn), E.right(270_000), JSON.stringify(expiresIn));
  }
});

/** Returns the number of milliseconds after which a token is replaced. */
function staleAfter(expiresIn: unknown): unknown {
  const text = JSON.stringify({ access_token: "abc", expires_in: expiresIn, token_type: "Bearer" });
  return E.map(({ staleAt }: AccessToken) => staleAt - NOW)(decodeAccessToken(text, NOW));
}

Deno.test("decodeAccessToken() explains an invalid response without quoting it", () => {
  const errors = (text: string): unknown => {
    const token = decodeAccessToken(text, NOW);
    return E.isLeft(token) && token.left._tag === "Malformed" && token.left.errors;
  };
  deepEqual(errors("secret secret"), ["AccessToken: expected JSON"]);
  for (const text of ["{}", '"secret"', '["secret"]', '{"access_token":1234567890}', '{"access_token":["secret"]}']) {
    deepEqual(errors(text), ["AccessToken: expected an object with a string as access_token"]);
  }
});

Deno.test("decodeAccessToken() never throws on arbitrary text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.jsonValue().map((v) => JSON.stringify(v))), (text) => {
      decodeAccessToken(text, NOW);
    }),
    { numRuns: 10_000 },
  );
});
