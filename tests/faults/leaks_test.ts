// Ending requests in flight over real sockets: immediately, without requests afterwards, and without leaks.
import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { lastValueFrom, type Observable } from "rxjs";
import { cancelTask, fetchRegions, submitImage } from "../../src/client/operations.ts";
import { type Call, gaveUp, type RegionsError, timeout, unconfirmed } from "../../src/model/error.ts";
import { connect, type Req, type Service, type ServiceOptions } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import type { Reply } from "../../src/model/reply.ts";
import { detectRegions, watchRegions } from "../../src/stream/watch.ts";
import { CREDENTIALS, type Fault, type FaultServer, PATH, type Plan, startFaultServer } from "./fault_server.ts";
import { FAULTS } from "./faults.ts";
import { IS_DENO, weaklyLinked } from "./sabotage.ts";

/** The sanitizers are off by default. They do not report the sockets of `fetch`, so the server counts those. */
const strict = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true } as const;

const IMAGE = new Uint8Array([1, 2, 3]);

/** Longer than any delay, so that a request that must not be sent would be noticed. In milliseconds. */
const LATER = 2200;

async function withServer(plan: Plan, test: (server: FaultServer) => Promise<void>): Promise<void> {
  const server = await startFaultServer({ plan, emulator: { serviceTime: 1e9 } });
  try {
    await test(server);
  } finally {
    await server.close();
  }
}

function serviceOf({ url, fetch }: FaultServer, options: ServiceOptions = {}): Service {
  return connect({
    credentials: CREDENTIALS,
    baseUrl: url,
    fetch,
    // Long, so that the tests can end a delay.
    retry: { minDelay: 1, maxDelay: 60_000 },
    schedule: fixed({ delay: 10 }),
    ...options,
  });
}

/** Causes the fault at every request of a kind. */
function at(call: Call, fault: Fault): Plan {
  return (current) => current === call ? { fault, taken: true } : null;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    ok(tries < 500, "the condition was not met");
    await pause(10);
  }
}

/** Node.js is run with --expose-gc: it references some objects only weakly, and a request must not depend on them. */
const { gc = () => {} } = globalThis as { readonly gc?: () => void };

/** The next garbage collection, which concurrent tests share. */
let collection: Promise<void> | null = null;

/** Waits for a while with a request in flight, and collects garbage meanwhile. */
async function hang(): Promise<void> {
  await pause(50);
  collection ??= pause(10).then(() => {
    collection = null;
    gc();
  });
  await collection;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Creates a controller whose signal counts its listeners. */
function countedSignal(): {
  readonly controller: AbortController;
  readonly listeners: () => number;
  readonly most: () => number;
} {
  const controller = new AbortController();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  const listeners = new Set<unknown>();
  let most = 0;
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    most = Math.max(most, listeners.size);
    return add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    return remove(...args);
  };
  return { controller, listeners: () => listeners.size, most: () => most };
}

/** Records the values of a stream and whether it has completed. */
function record(stream: Observable<Reply>): {
  readonly replies: readonly Reply[];
  readonly isOver: () => boolean;
  readonly unsubscribe: () => void;
} {
  const replies: Reply[] = [];
  let over = false;
  const subscription = stream.subscribe({
    next: (reply) => replies.push(reply),
    complete: () => {
      over = true;
    },
  });
  return { replies, isOver: () => over, unsubscribe: () => subscription.unsubscribe() };
}

const count = ({ arrivals }: FaultServer, call: Call): number => arrivals.filter((a) => a.call === call).length;

/**
 * Requests a delay that is long enough to be ended by a test, and short enough that a leaked retry would be noticed.
 */
const RETRY_LATER: Fault = { _tag: "Respond", respond: () => ({ status: 429, headers: { "Retry-After": "2" } }) };

/** The phase in which a call or stream is ended. */
interface Phase {
  readonly name: string;
  readonly call: Call;
  readonly plan: Plan;
  /** The number of open connections in this phase. */
  readonly open: number;
}

const phases = (call: Call): readonly Phase[] => [
  ...(["no response", "no body after the headers", "one byte per second"] as const).map((fault): Phase => (
    { name: `${fault} at ${call}`, call, plan: at(call, FAULTS[fault]), open: 1 }
  )),
  { name: `the delay before a retry of ${call}`, call, plan: at(call, RETRY_LATER), open: 0 },
];

const ASLEEP: Phase = { name: "the delay before the next poll", call: "fetch", plan: () => null, open: 0 };

const PHASES: readonly Phase[] = [...phases("token"), ...phases("submit"), ...phases("fetch"), ASLEEP];

/** Brings a stream into a phase, ends it, and checks that nothing is left. */
async function endAt(
  { name, call, plan, open }: Phase,
  end: (stream: ReturnType<typeof record>, controller: AbortController) => void,
  judge: (stream: ReturnType<typeof record>, server: FaultServer) => void,
): Promise<void> {
  await withServer(plan, async (server) => {
    const { controller, listeners } = countedSignal();
    const service = serviceOf(server, { schedule: ({ attempt }) => O.some(attempt === 0 ? 1 : 2000) });
    const stream = record(detectRegions(IMAGE, {}, { signal: controller.signal })(service));
    await until(() => count(server, call) === 1 && server.open() === open);
    // Meanwhile, headers and first bytes arrive, and responses are emitted.
    await hang();
    const sent = server.arrivals.length;
    const before = stream.replies.length;
    end(stream, controller);
    await pause(0);
    judge(stream, server);
    equal(listeners(), 0, `${name}: listeners`);
    const after = stream.replies.length;
    await until(() => server.open() === 0);
    await pause(LATER);
    equal(server.arrivals.length, sent, `${name}: nothing is sent afterwards`);
    // Node.js replaces the connection that an abort closes, but sends nothing on the new one.
    if (IS_DENO) equal(server.connections(), sent, `${name}: no connection is opened afterwards`);
    equal(stream.replies.length, after, `${name}: nothing is emitted afterwards`);
    ok(after - before <= 1, name);
  });
}

Deno.test("unsubscribing ends the stream immediately in every phase and leaks nothing", strict, async () => {
  await Promise.all(PHASES.map((phase) => {
    const accepted = phase.call === "fetch" ? 1 : 0;
    const heard = accepted + (phase === ASLEEP ? 1 : 0);
    return endAt(
      phase,
      ({ unsubscribe }) => unsubscribe(),
      ({ replies, isOver }) => deepEqual([replies.length, isOver()], [heard, false], phase.name),
    );
  }));
});

Deno.test(
  "an abort ends the stream within one event loop turn in every phase, with its state, and leaks nothing",
  strict,
  async () => {
    const isSending = ({ call, open }: Phase): boolean => call === "submit" && open === 1;
    await Promise.all(
      PHASES.map((phase) =>
        endAt(phase, (_, controller) => controller.abort(), ({ replies, isOver }, { taken }) => {
          equal(isOver(), true, `${phase.name}: within one turn`);
          const last = replies.at(-1);
          ok(last !== undefined && E.isLeft(last), phase.name);
          if (phase.call !== "fetch") {
            const expected: RegionsError = isSending(phase)
              ? unconfirmed(gaveUp("aborted", null))
              : gaveUp("aborted", null);
            return deepEqual(last.left, expected, phase.name);
          }
          ok(last.left._tag === "GaveUp" && last.left.reason === "aborted", phase.name);
          equal(last.left.state?.id, taken[0], `${phase.name}: with the state to resume from`);
        })
      ),
    );
  },
);

/** The single calls. */
const CALLS: Readonly<Record<Exclude<Call, "token">, (id: string) => Req<unknown>>> = {
  submit: () => submitImage(IMAGE),
  fetch: fetchRegions,
  cancel: cancelTask,
};

Deno.test(
  "an abort ends a single call within one event loop turn in every phase and leaks nothing",
  strict,
  async () => {
    const all = (["submit", "fetch", "cancel"] as const).flatMap((call) =>
      [...phases("token"), ...phases(call)].map((phase) => ({ call, phase }))
    );
    await Promise.all(
      all.map(({ call, phase: { name, call: faulty, plan, open } }) =>
        withServer(plan, async (server) => {
          const { controller, listeners, most } = countedSignal();
          const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
          let reply: E.Either<RegionsError, unknown> | null = null;
          let retries = 0;
          const service = serviceOf(server, { onRetry: () => retries++ });
          const run = CALLS[call](id)(service, { signal: controller.signal })();
          run.then((outcome) => {
            reply = outcome;
          });
          await until(() => count(server, faulty) === 1 && server.open() === open);
          await hang();
          const sent = server.arrivals.length;
          controller.abort();
          await pause(0);
          const aborted = gaveUp("aborted", null);
          const isSending = call === "submit" && faulty === "submit" && open === 1;
          deepEqual(reply, E.left(isSending ? unconfirmed(aborted) : aborted), `${call}: ${name}`);
          deepEqual([listeners(), most()], [0, 1], `${call}: ${name}: listeners`);
          equal(retries, open === 0 ? 1 : 0, `${call}: ${name}: onRetry is called only before a retry`);
          await until(() => server.open() === 0);
          await pause(LATER);
          equal(server.arrivals.length, sent, `${call}: ${name}: nothing is sent afterwards`);
        })
      ),
    );
  },
);

Deno.test("if the signal has already aborted, no connection is opened", strict, async () => {
  await withServer(() => null, async (server) => {
    const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
    const { controller, listeners } = countedSignal();
    const { signal } = controller;
    controller.abort();
    const service = serviceOf(server);
    const last = (stream: Observable<Reply>): Promise<Reply> => lastValueFrom(stream);
    deepEqual(await last(detectRegions(IMAGE, {}, { signal })(service)), E.left(gaveUp("aborted", null)));
    const watched = await last(watchRegions(id, { signal })(service));
    ok(E.isLeft(watched) && watched.left._tag === "GaveUp" && watched.left.state?.id === id);
    for (const call of ["submit", "fetch", "cancel"] as const) {
      deepEqual(await CALLS[call](id)(service, { signal })(), E.left(gaveUp("aborted", null)));
    }
    await pause(50);
    deepEqual([server.connections(), listeners()], [0, 0]);
  });
});

Deno.test("1,000 polls with one signal leave no listener and have at most one at a time", strict, async () => {
  await withServer(() => null, async (server) => {
    const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
    const service = serviceOf(server, { schedule: fixed({ delay: 0.01 }) });
    const watched = countedSignal();
    const { signal } = watched.controller;
    const reply = await lastValueFrom(watchRegions(id, { signal, maxPolls: 1000, deadline: Infinity })(service));
    ok(E.isLeft(reply) && reply.left._tag === "GaveUp" && reply.left.reason === "maxPolls", JSON.stringify(reply));
    deepEqual([count(server, "fetch"), watched.listeners(), watched.most()], [1000, 0, 1]);
  });
});

Deno.test("1,000 single calls with one signal leave no listener, whether they succeed or fail", strict, async () => {
  for (const plan of [() => null, at("fetch", FAULTS["reset before the headers"])]) {
    await withServer(plan, async (server) => {
      const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
      const called = countedSignal();
      const service = serviceOf(server, { retry: { maxAttempts: 1 } });
      const { signal } = called.controller;
      for (let i = 0; i < 50; i++) {
        await Promise.all(Array.from({ length: 20 }, () => fetchRegions(id)(service, { signal })()));
        equal(called.listeners(), 0);
      }
      equal(count(server, "fetch"), 1000);
    });
  }
});

Deno.test(
  "unsubscribing does not affect the request of another subscription or the token that both wait for",
  strict,
  async () => {
    for (const call of ["token", "fetch"] as const) {
      let free = false;
      const plan: Plan = (current) => current === call && !free ? { fault: FAULTS["no response"], taken: true } : null;
      await withServer(plan, async (server) => {
        const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
        const service = serviceOf(server, { requestTimeout: 1000 });
        const stream = watchRegions(id)(service);
        const one = record(stream);
        const other = record(stream);
        const open = call === "token" ? 1 : 2;
        await until(() => server.open() === open);
        const sent = server.arrivals.length;
        await hang();
        one.unsubscribe();
        await pause(50);
        deepEqual([server.open(), server.arrivals.length], [1, sent], `${call}: the other request is unaffected`);
        free = true;
        // Its request times out, and the next one succeeds.
        await until(() => other.replies.length > 0);
        deepEqual(other.replies[0], E.right({ _tag: "Processing", id }));
        deepEqual(one.replies, []);
        other.unsubscribe();
        await until(() => server.open() === 0);
      });
    }
  },
);

Deno.test("a timeout ends the request even after a garbage collection", strict, async () => {
  for (const fault of ["no response", "no body after the headers", "one byte per second"] as const) {
    await withServer(at("fetch", FAULTS[fault]), async (server) => {
      const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
      const reply = fetchRegions(id)(serviceOf(server, { requestTimeout: 300, retry: { maxAttempts: 1 } }))();
      await until(() => server.open() === 1);
      await hang();
      deepEqual(await reply, E.left(timeout("fetch", 300)), fault);
      await until(() => server.open() === 0);
    });
  }
});

Deno.test(
  "a request that references its signal only weakly is not ended by an abort",
  { ignore: IS_DENO },
  async () => {
    await withServer(at("fetch", FAULTS["no response"]), async (server) => {
      const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
      const controller = new AbortController();
      const service = serviceOf(server, { fetch: weaklyLinked(server.fetch) });
      const reply = fetchRegions(id)(service, { signal: controller.signal })();
      await until(() => server.open() === 1);
      await hang();
      controller.abort();
      await reply;
      await pause(LATER);
      equal(server.open(), 1);
    });
  },
);

Deno.test("bodies that are not read to the end are released", strict, async () => {
  const faults: readonly (readonly [Fault, RegionsError["_tag"]])[] = [
    [FAULTS["30 MB"], "TooLarge"],
    [FAULTS["100 MB of Base64"], "TooLarge"],
    [FAULTS["30 MB in 30 KB of gzip"], "TooLarge"],
    ...[301, 401, 404, 500].map((status) => (
      [{ _tag: "Flood", status, bytes: 30_000_000, base64: false }, status === 401 ? "Unauthorized" : "Http"] as const
    )),
  ];
  await Promise.all(faults.map(([fault, tag]) =>
    withServer(at("fetch", fault), async (server) => {
      const id = await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} }));
      const service = serviceOf(server, { retry: { maxAttempts: 1 }, maxResponseBytes: 100_000 });
      const reply = await fetchRegions(id)(service)();
      equal(E.isLeft(reply) && reply.left._tag, tag);
      await until(() => server.open() === 0);
    })
  ));
});
