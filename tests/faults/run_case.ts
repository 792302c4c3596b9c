/**
 * One case of the matrix, run over real sockets.
 *
 * @module
 */
import type * as E from "fp-ts/lib/Either.js";
import type { Observable } from "rxjs";
import { cancelTask, fetchRegions, submitImage } from "../../src/client/operations.ts";
import type { Call, RegionsError } from "../../src/model/error.ts";
import { connect, type Retry, type Service } from "../../src/client/request.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { detectRegions, type WatchOptions, watchRegions } from "../../src/stream/watch.ts";
import { CREDENTIALS, type Fetch, PATH, startFaultServer, warmUp } from "./fault_server.ts";
import { FAULTS } from "./faults.ts";
import { withHttpCache } from "./http_cache.ts";
import { type Emitted, judgeConnections, judgeMemory, judgeOutcome, judgeRequests, judgeRetries } from "./judge.ts";
import { judgeSecrets, judgeService, judgeSockets, REGION } from "./judge.ts";
import type { Case, Way } from "./matrix.ts";

/** How a case is run. */
interface Scenario {
  /** The requests that it takes without a fault. */
  readonly requests: { readonly [C in Call]: number };
  /** Whether the service has the task already. */
  readonly hasTask: boolean;
  readonly run: (service: Service, id: string, deadline: number) => Promise<Emitted>;
}

const IMAGE = new Uint8Array([1, 2, 3]);

/** Longer than any case takes. */
const TOO_LONG = 30_000;

const MINUTE = 60_000;

function watch(options: () => WatchOptions): Scenario {
  return {
    requests: { token: 1, submit: 0, fetch: 3, cancel: 0 },
    hasTask: true,
    run: (service, id, deadline) => collect(watchRegions(id, { deadline, ...options() })(service)),
  };
}

const WATCHES = {
  "watch": watch(() => ({})),
  "watch of a new task": watch(() => ({ submittedAt: Date.now() })),
  "watch of an old task": watch(() => ({ submittedAt: Date.now() - MINUTE })),
};

const SCENARIOS: { readonly [C in Call]: { readonly [W in Way]: Scenario } } = {
  // A token that cannot be had leaves no doubt about the image.
  token: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 1, fetch: 0, cancel: 0 },
      hasTask: false,
      run: async (service) => [await submitImage(IMAGE)(service)()],
    },
  },
  submit: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 1, fetch: 3, cancel: 0 },
      hasTask: false,
      run: (service, _, deadline) => collect(detectRegions(IMAGE, {}, { deadline })(service)),
    },
  },
  fetch: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 0, fetch: 1, cancel: 0 },
      hasTask: true,
      run: async (service, id) => [await fetchRegions(id)(service)()],
    },
  },
  cancel: {
    ...WATCHES,
    call: {
      requests: { token: 1, submit: 0, fetch: 0, cancel: 1 },
      hasTask: true,
      run: async (service, id) => [await cancelTask(id)(service)()],
    },
  },
};

/**
 * Runs a case and lists what is not as expected: nothing if the case is passed.
 *
 * @param sabotage Puts something between the library and the server, for a library that is broken on purpose.
 */
export async function runCase(c: Case, sabotage: (fetch: Fetch) => Fetch = (fetch) => fetch): Promise<string[]> {
  const { requests, hasTask, run } = SCENARIOS[c.call][c.way];
  // The status goes back after the second one that was heard.
  const from = c.kind === "status" && c.way === "watch" ? 2 : 0;
  let time = 0;
  const server = await startFaultServer({
    keepAlive: c.connection === "warm",
    plan: (call, n) =>
      call === c.call && n >= from && n < from + c.times ? { fault: FAULTS[c.fault], taken: c.taken } : null,
    // Each status that is passed on is a step on the way from Pending to Completed, however long it takes.
    emulator: { now: () => time, pickupTime: 1, serviceTime: 1, detect: () => Promise.resolve([REGION]) },
    onPassed: (call) => {
      if (call === "fetch") time++;
    },
  });
  const id = hasTask ? await server.ask("POST", PATH, JSON.stringify({ image: "AQID", settings: {} })) : "";
  if (c.way === "call") time += 10;
  const late = endsLate(c);
  const deadline = late ?? 20_000;
  const retries: Retry[] = [];
  const service = connect({
    credentials: CREDENTIALS,
    baseUrl: server.url,
    fetch: sabotage(withHttpCache(server.fetch)),
    requestTimeout: isSilent(c) ? 400 : 10_000,
    minUploadRate: c.options.minUploadRate,
    maxResponseBytes: 1_000_000,
    retry: { minDelay: 1, maxDelay: c.options.maxDelay ?? (late === null ? 40 : 200) },
    schedule: fixed({ delay: 10 }),
    onRetry: (retry) => retries.push(retry),
  });

  try {
    if (c.connection === "warm") await warmUp(server);
    const start = performance.now();
    const emitted = await inTime(run(service, id, deadline));
    if (typeof emitted === "string") return [emitted];
    const took = performance.now() - start;
    return [
      ...judgeOutcome(c, emitted, server, took, deadline),
      ...judgeRequests(c, emitted, server, requests),
      ...judgeConnections(c, server),
      ...await judgeService(c, server, id),
      ...judgeRetries(c, retries),
      ...judgeSecrets([...emitted, ...retries], server.tokens),
      ...await judgeSockets(server),
      ...await judgeMemory(c, server, () => run(service, id, deadline)),
    ];
  } finally {
    await server.close();
  }
}

/** Whether a case is one of those that take some time: they are best run together. */
export function takesTime(c: Case): boolean {
  return isSilent(c) || endsLate(c) !== null || c.kind === "delayed" || c.kind === "postponed";
}

function isSilent({ fault }: Case): boolean {
  return ["Stall", "Drip", "Slow"].includes(FAULTS[fault]._tag);
}

/**
 * The deadline in milliseconds, where that decides. This may run on a busy machine: there is time for some requests, and
 * the deadline lies far from the end of any wait, which are whole seconds.
 */
function endsLate({ kind, way, times, expected }: Case): number | null {
  if (way === "call" || times !== Infinity) return null;
  if (kind === "delayed" || kind === "postponed") return 1700;
  return expected.outcome.startsWith("GaveUp") ? 1500 : null;
}

/** Whatever an Observable emits; its error channel must not be used. */
function collect(stream: Observable<E.Either<RegionsError, unknown>>): Promise<Emitted> {
  return new Promise((resolve, reject) => {
    const emitted: E.Either<RegionsError, unknown>[] = [];
    stream.subscribe({ next: (reply) => emitted.push(reply), error: reject, complete: () => resolve(emitted) });
  });
}

async function inTime(emitted: Promise<Emitted>): Promise<Emitted | string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no end within ${TOO_LONG} ms`), TOO_LONG);
  });
  try {
    return await Promise.race([emitted, late]);
  } catch (error) {
    return `an error outside of the values: ${error}`;
  } finally {
    clearTimeout(timer);
  }
}
