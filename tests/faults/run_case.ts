/**
 * One case of the matrix, run over real sockets and judged.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { inspect } from "node:util";
import type { Observable } from "rxjs";
import { cancelTask, fetchRegions, submitImage } from "../../src/api.ts";
import { type Call, type RegionsError, toError } from "../../src/error.ts";
import { connect, type Retry, type Service } from "../../src/request.ts";
import { fixed } from "../../src/schedule.ts";
import { detectRegions, watchRegions } from "../../src/watch.ts";
import { CREDENTIALS, type FaultServer, PATH, startFaultServer } from "./fault_server.ts";
import { FAULTS } from "./faults.ts";
import type { Case, Way } from "./matrix.ts";

/** What a call or a stream gave, in order. */
type Emitted = readonly E.Either<RegionsError, unknown>[];

/** What is between the library and the line. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a case is run. */
interface Scenario {
  /** The requests that it takes without a fault. */
  readonly requests: { readonly [C in Call]: number };
  /** Whether the service has the task already. */
  readonly hasTask: boolean;
  readonly run: (service: Service, id: string, deadline: number) => Promise<Emitted>;
}

const IMAGE = new Uint8Array([1, 2, 3]);
const REGION = { left: 0, top: 8, right: 697, bottom: 441 };

const watch: Scenario = {
  requests: { token: 1, submit: 0, fetch: 3, cancel: 0 },
  hasTask: true,
  run: (service, id, deadline) => collect(watchRegions(id, { deadline })(service)),
};

const SCENARIOS: { readonly [C in Call]: { readonly [W in Way]: Scenario } } = {
  // A token that cannot be had leaves no doubt about the image.
  token: {
    call: {
      requests: { token: 1, submit: 1, fetch: 0, cancel: 0 },
      hasTask: false,
      run: async (service) => [await submitImage(IMAGE)(service)()],
    },
    watch,
  },
  submit: inBothWays({
    requests: { token: 1, submit: 1, fetch: 3, cancel: 0 },
    hasTask: false,
    run: (service, _, deadline) => collect(detectRegions(IMAGE, {}, { deadline })(service)),
  }),
  fetch: {
    call: {
      requests: { token: 1, submit: 0, fetch: 1, cancel: 0 },
      hasTask: true,
      run: async (service, id) => [await fetchRegions(id)(service)()],
    },
    watch,
  },
  cancel: inBothWays({
    requests: { token: 1, submit: 0, fetch: 0, cancel: 1 },
    hasTask: true,
    run: async (service, id) => [await cancelTask(id)(service)()],
  }),
};

function inBothWays(scenario: Scenario): { readonly [W in Way]: Scenario } {
  return { call: scenario, watch: scenario };
}

/** Longer than any case takes. */
const TOO_LONG = 30_000;

/**
 * Runs a case and tells what is not as expected: nothing where the case is passed.
 *
 * @param sabotage Puts something between the library and the line, for a library that is broken on purpose.
 */
export async function runCase(c: Case, sabotage: (fetch: Fetch) => Fetch = (fetch) => fetch): Promise<string[]> {
  const { requests, hasTask, run } = SCENARIOS[c.call][c.way];
  // The status goes back after the second that was heard.
  const from = c.kind === "heard" && c.way === "watch" ? 2 : 0;
  let time = 0;
  const server = await startFaultServer({
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
  const silent = isSilent(c);
  const late = endsLate(c);
  const deadline = late ?? 20_000;
  const retries: Retry[] = [];
  const service = connect({
    credentials: CREDENTIALS,
    baseUrl: server.url,
    fetch: sabotage(server.fetch),
    requestTimeout: silent ? 400 : 10_000,
    maxResponseBytes: 1_000_000,
    retry: { minDelay: 1, maxDelay: c.options.maxDelay ?? (late === null ? 40 : 200) },
    schedule: fixed({ delay: 10 }),
    onRetry: (retry) => retries.push(retry),
  });

  const begun = Date.now();
  try {
    const emitted = await inTime(run(service, id, deadline));
    if (typeof emitted === "string") return [emitted];
    const took = Date.now() - begun;
    return [
      ...judgeOutcome(c, emitted, server, took, deadline),
      ...judgeRequests(c, emitted, server, requests),
      ...await judgeService(c, server, id),
      ...judgeRetries(c, retries),
      ...judgeSecrets([...emitted, ...retries], server.tokens),
      ...await judgeSockets(server),
    ];
  } finally {
    await server.close();
  }
}

/** Whether a case is one of those that are over only after some time: it is best run along with others of the kind. */
export function takesTime(c: Case): boolean {
  return isSilent(c) || endsLate(c) !== null || c.kind === "waits" || c.kind === "postponed";
}

function isSilent({ fault }: Case): boolean {
  return FAULTS[fault]._tag === "Stall" || FAULTS[fault]._tag === "Drip";
}

/**
 * The deadline in milliseconds, where that decides. This may run on a busy machine: there is time for some requests, and
 * the deadline lies half a second from any wait's end, dates being whole seconds.
 */
function endsLate({ fault, kind, way, times, expected }: Case): number | null {
  if (way !== "watch" || times !== Infinity) return null;
  if (kind !== "waits" && kind !== "postponed") return expected.outcome.startsWith("GaveUp") ? 1500 : null;
  return fault === "429, `Retry-After` as a date" ? 2500 - Date.now() % 1000 : 2500;
}

/** Whatever an Observable gives; its error channel must not be used. */
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

/** How it ended, in the words of the matrix. */
function outcomeOf(emitted: Emitted, c: Case, server: FaultServer): string {
  const last = emitted.at(-1);
  if (last === undefined) return "nothing at all";
  if (E.isLeft(last)) return nameOf(last.left);
  const expected = c.call === "cancel"
    ? undefined
    : c.call === "token" && c.way === "call"
    ? server.taken[0]
    : { _tag: "Completed", id: server.taken[0], regions: [REGION], notices: [] };
  try {
    deepEqual(last.right, expected);
    return "survives";
  } catch {
    return tagOf(last.right);
  }
}

function nameOf(error: RegionsError): string {
  switch (error._tag) {
    case "Http":
      return `Http ${error.status}${(error.retryAfter ?? 0) > 0 ? " with a wait" : ""}`;
    case "Unconfirmed":
      return `Unconfirmed(${nameOf(error.cause)})`;
    case "GaveUp":
      return `GaveUp ${error.reason}${(error.state?.failure ?? null) === null ? "" : " after a failure"}`;
    case "Network":
    case "Timeout":
    case "Unauthorized":
    case "Malformed":
    case "TooLarge":
      return error._tag;
  }
}

function tagOf(u: unknown): string {
  return typeof u === "object" && u !== null && "_tag" in u ? String(u._tag) : JSON.stringify(u);
}

function judgeOutcome(c: Case, emitted: Emitted, server: FaultServer, took: number, deadline: number): string[] {
  const problems: string[] = [];
  const outcome = outcomeOf(emitted, c, server);
  const last = emitted.at(-1);
  // A poll that is under way at the deadline is cut, and that is its failure.
  const isCut = c.expected.outcome === "GaveUp deadline" && outcome.startsWith("GaveUp deadline");
  if (outcome !== c.expected.outcome && !isCut) {
    problems.push(`it ended with ${outcome}, expected ${c.expected.outcome}: ${JSON.stringify(last)}`);
  }
  if (emitted.slice(0, -1).some(E.isLeft)) problems.push("a Left was not the last value");
  if (last !== undefined && E.isLeft(last)) {
    const error = last.left._tag === "Unconfirmed" ? last.left.cause : last.left;
    if ("call" in error && error.call !== c.call) problems.push(`the error names the call ${error.call}`);
    if (error._tag === "GaveUp" && took < deadline - 20) problems.push(`it gave up after ${took} ms of ${deadline}`);
  }
  return problems;
}

/** Who was asked how often. What follows from the rules for the faulty call is enough to know it for all others. */
function judgeRequests(
  c: Case,
  emitted: Emitted,
  { arrivals, elsewhere }: FaultServer,
  usual: Scenario["requests"],
): string[] {
  const problems: string[] = [];
  const faulty = arrivals.filter(({ fault }) => fault !== null).length;
  const wanted = c.expected.faulty;
  if (wanted === null ? faulty < 2 : faulty !== wanted) {
    problems.push(`${faulty} requests were answered wrongly, expected ${wanted ?? "2 and more"}`);
  }
  const survives = c.expected.outcome === "survives";
  const order = ["token", "submit", "fetch", "cancel"] as const;
  for (const call of order) {
    const count = arrivals.filter((arrival) => arrival.call === call).length;
    const before = order.indexOf(call) < order.indexOf(c.call);
    const renewals = c.kind === "renewed" && call === "token" ? 1 : 0;
    const own = c.kind === "harmless" ? 0 : survives ? usual[call] : c.kind === "heard" && c.way === "watch" ? 2 : 0;
    const expected = call === c.call ? faulty + own : before || survives ? usual[call] + renewals : 0;
    if (count !== expected) problems.push(`there were ${count} requests of ${call}, expected ${expected}`);
  }
  for (const [i, { call, notBefore }] of arrivals.entries()) {
    const next = arrivals.slice(i + 1).find((arrival) => arrival.call === call);
    if (next !== undefined && next.at < notBefore - 20) {
      problems.push(`${call} was asked for ${notBefore - next.at} ms before the time of Retry-After`);
    }
  }
  if (elsewhere.length > 0) problems.push(`this came to the other origin: ${elsewhere.join(" ")}`);
  if (emitted.length > usual.fetch + faulty + 1) problems.push(`${emitted.length} values were emitted`);
  return problems;
}

/** What the service itself knows. */
async function judgeService(c: Case, server: FaultServer, id: string): Promise<string[]> {
  const problems: string[] = [];
  const hadTask = id !== "";
  const survives = c.expected.outcome === "survives";
  const expected = hadTask || survives || c.call === "submit" && c.taken ? 1 : 0;
  if (server.taken.length !== expected) problems.push(`${server.taken.length} images were taken, expected ${expected}`);
  if (c.call === "cancel" && survives) {
    const { taskStatus } = JSON.parse(await server.ask("GET", `${PATH}?id=${id}`));
    if (taskStatus !== "NotExist") problems.push(`the cancelled task is ${taskStatus}`);
  }
  return problems;
}

function judgeRetries(c: Case, retries: readonly Retry[]): string[] {
  const heard = retries.length > 0;
  const problems: string[] = [];
  if (heard !== c.expected.retried) {
    problems.push(`onRetry heard ${retries.length} times, expected ${c.expected.retried}`);
  }
  if (retries.some(({ delay, failures }) => !(delay >= 0 && delay < 20_000 && failures >= 1))) {
    problems.push(`onRetry heard ${JSON.stringify(retries)}`);
  }
  return problems;
}

/** Neither the client's secret nor a token may be in what anybody sees, however it is shown. */
export function judgeSecrets(
  seen: readonly (Retry | E.Either<RegionsError, unknown>)[],
  tokens: readonly string[],
): string[] {
  const secret = CREDENTIALS.clientSecret;
  const encoded = encodeURIComponent(secret);
  const secrets = [
    secret,
    encoded,
    encoded.replace(/%../g, (hex) => hex.toLowerCase()),
    JSON.stringify(secret).slice(1, -1),
    ...tokens,
  ];
  return seen.flatMap((value) => {
    const errors = "error" in value ? [value.error] : E.isLeft(value) ? [value.left] : [];
    const shown = [value, ...errors.map(toError)].flatMap((u) => [
      JSON.stringify(u),
      Deno.inspect(u, { depth: 9, strAbbreviateSize: 10_000 }),
      inspect(u, { depth: 9, showHidden: true }),
      String(u),
    ]);
    const text = shown.find((text) => secrets.some((secret) => text?.includes(secret)));
    return text === undefined ? [] : [`a secret is shown: ${text}`];
  });
}

/** The library has let go of every connection; the service sees it a little later. */
async function judgeSockets({ open }: FaultServer): Promise<string[]> {
  for (let tries = 0; open() > 0 && tries < 100; tries++) await new Promise((wait) => setTimeout(wait, 20));
  return open() === 0 ? [] : [`${open()} connections are still open`];
}
