/**
 * Runs a case of the matrix over real sockets.
 *
 * @module
 */
import type * as E from "fp-ts/lib/Either.js";
import type { Observable } from "rxjs";
import type { Call, RegionsError } from "../../src/model/error.ts";
import { connect, type Retry, type Service } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import type { WatchOptions } from "../../src/client/poll_loop.ts";
import { CREDENTIALS, type Fetch, startFaultServer, warmUp } from "./fault_server.ts";
import { FAULTS } from "./faults.ts";
import { withHttpCache } from "./http_cache.ts";
import { type Emitted, judgeConnections, judgeMemory, judgeOutcome, judgeRequests, judgeRetries } from "./judge.ts";
import { judgeSecrets, judgeService, judgeSockets } from "./judge.ts";
import type { Case, Way } from "./matrix.ts";
import { DETECT, type Subject } from "./subjects.ts";

/** How to run a case. */
interface Scenario {
  /** The number of requests without a fault. */
  readonly requests: { readonly [C in Call]: number };
  /** Whether the task is submitted before the case runs. */
  readonly hasTask: boolean;
  readonly run: (subject: Subject, service: Service, id: string, deadline: number) => Promise<Emitted>;
}

/** Longer than any case takes, in milliseconds. */
const TOO_LONG = 30_000;

const MINUTE = 60_000;

function watch(options: () => WatchOptions): Scenario {
  return {
    requests: { token: 1, submit: 0, fetch: 3, cancel: 0 },
    hasTask: true,
    run: ({ watch }, service, id, deadline) => collect(watch(id, { deadline, ...options() })(service)),
  };
}

const WATCHES = {
  "watch": watch(() => ({})),
  "watch of a new task": watch(() => ({ submittedAt: Date.now() })),
  "watch of an old task": watch(() => ({ submittedAt: Date.now() - MINUTE })),
};

const SCENARIOS: { readonly [C in Call]: { readonly [W in Way]: Scenario } } = {
  // If no token can be fetched, the image was certainly not sent.
  token: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 1, fetch: 0, cancel: 0 },
      hasTask: false,
      run: async ({ submit }, service) => [await submit()(service)()],
    },
  },
  submit: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 1, fetch: 3, cancel: 0 },
      hasTask: false,
      run: ({ run }, service, _, deadline) => collect(run({ deadline })(service)),
    },
  },
  fetch: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 0, fetch: 1, cancel: 0 },
      hasTask: true,
      run: async ({ fetch }, service, id) => [await fetch(id)(service)()],
    },
  },
  cancel: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 0, fetch: 0, cancel: 1 },
      hasTask: true,
      run: async ({ cancel }, service, id) => [await cancel(id)(service)()],
    },
  },
};

/**
 * Runs a case and returns the deviations from its expectations. The result is empty if the case passes.
 *
 * @param sabotage Wraps `fetch`, to simulate a library that is broken.
 */
export async function runCase(
  c: Case,
  sabotage: (fetch: Fetch) => Fetch = (fetch) => fetch,
  subject: Subject = DETECT,
): Promise<string[]> {
  const { requests, hasTask, run } = SCENARIOS[c.call][c.way];
  // The status reverts after the second one that the watch receives.
  const from = c.kind === "status" && c.way === "watch" ? 2 : 0;
  let time = 0;
  const server = await startFaultServer({
    keepAlive: c.connection === "warm",
    plan: (call, n) =>
      call === c.call && n >= from && n < from + c.times ? { fault: FAULTS[c.fault], taken: c.taken } : null,
    // Each forwarded status advances the task from Pending to Processing to Completed, regardless of real time.
    emulator: { now: () => time, pickupTime: 1, serviceTime: 1, ...subject.emulator },
    onPassed: (call) => {
      if (call === "fetch") time++;
    },
  });
  const body = JSON.stringify({ image: "AQID", settings: subject.settings });
  const id = hasTask ? await server.callService("POST", subject.path, body) : "";
  if (c.way === "call") time += 10;
  const late = endsLate(c);
  const deadline = late ?? 20_000;
  const retries: Retry[] = [];
  const service = connect({
    credentials: CREDENTIALS,
    baseUrl: server.url,
    fetch: sabotage(withHttpCache(server.fetch)),
    requestTimeout: isSilent(c) ? 1000 : 10_000,
    minUploadRate: c.options.minUploadRate,
    maxResponseBytes: 1_000_000,
    retry: { minDelay: 1, maxDelay: c.options.maxDelay ?? (late === null ? 40 : 200) },
    schedule: fixed({ delay: 10 }),
    onRetry: (retry) => retries.push(retry),
  });

  try {
    if (c.connection === "warm") await warmUp(server);
    const start = performance.now();
    const emitted = await inTime(run(subject, service, id, deadline));
    if (typeof emitted === "string") return [emitted];
    const took = performance.now() - start;
    return [
      ...judgeOutcome(c, subject, emitted, server, took, deadline),
      ...judgeRequests(c, emitted, server, requests),
      ...judgeConnections(c, server),
      ...await judgeService(c, subject, server, id),
      ...judgeRetries(c, retries),
      ...judgeSecrets([...emitted, ...retries], server.tokens),
      ...await judgeSockets(server),
      ...await judgeMemory(c, server, () => run(subject, service, id, deadline)),
    ];
  } finally {
    await server.close();
  }
}

/** Whether a case takes a long time. Such cases are run concurrently. */
export function takesTime(c: Case): boolean {
  return isSilent(c) || endsLate(c) !== null || c.kind === "delayed" || c.kind === "postponed";
}

function isSilent({ fault }: Case): boolean {
  return ["Stall", "Drip", "Slow"].includes(FAULTS[fault]._tag);
}

/**
 * Returns the deadline in milliseconds if it determines the outcome, otherwise null. On a busy machine, it must allow
 * for several requests, and must not be close to the end of a delay, which is a whole number of seconds.
 */
function endsLate(c: Case): number | null {
  const { kind, way, times, expected } = c;
  if (way === "call" || times !== Infinity) return null;
  if (kind === "delayed" || kind === "postponed") return 1700;
  if (!expected.outcome.startsWith("GaveUp")) return null;
  return isSilent(c) ? 3500 : 1500;
}

/** Collects the values of an Observable. Rejects if it errors. */
function collect(stream: Observable<E.Either<RegionsError, unknown>>): Promise<Emitted> {
  return new Promise((resolve, reject) => {
    const emitted: E.Either<RegionsError, unknown>[] = [];
    stream.subscribe({ next: (reply) => emitted.push(reply), error: reject, complete: () => resolve(emitted) });
  });
}

async function inTime(emitted: Promise<Emitted>): Promise<Emitted | string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`it did not end within ${TOO_LONG} ms`), TOO_LONG);
  });
  try {
    return await Promise.race([emitted, late]);
  } catch (error) {
    return `the stream errored: ${error}`;
  } finally {
    clearTimeout(timer);
  }
}
