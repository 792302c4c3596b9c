/**
 * Compares the outcome of a case with its expectations, and lists the deviations.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { inspect } from "node:util";
import type { Call, RegionsError } from "../../src/model/error.ts";
import { toError } from "../../src/model/describe.ts";
import type { Retry } from "../../src/client/service.ts";
import { CREDENTIALS, type FaultServer } from "./fault_server.ts";
import type { Case } from "./matrix.ts";
import type { Subject } from "./subjects.ts";

/** The values of a call or stream, in order. */
export type Emitted = readonly E.Either<RegionsError, unknown>[];

/** Returns the outcome in the notation of the matrix. */
function outcomeOf(emitted: Emitted, c: Case, { output }: Subject, server: FaultServer): string {
  const last = emitted.at(-1);
  if (last === undefined) return "no value";
  if (E.isLeft(last)) return nameOf(last.left);
  const expected = c.call === "cancel"
    ? undefined
    : c.call === "token" && c.way === "call"
    ? server.taken[0]
    : { _tag: "Completed", id: server.taken[0], ...output, notices: [] };
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
    case "PermissionDenied":
    case "Timeout":
    case "Unauthorized":
    case "Malformed":
    case "TooLarge":
    case "Unreadable":
      return error._tag;
  }
}

function tagOf(u: unknown): string {
  return typeof u === "object" && u !== null && "_tag" in u ? String(u._tag) : JSON.stringify(u);
}

/** Checks the last value and its time. */
export function judgeOutcome(
  c: Case,
  subject: Subject,
  emitted: Emitted,
  server: FaultServer,
  took: number,
  deadline: number,
): string[] {
  const problems: string[] = [];
  const outcome = outcomeOf(emitted, c, subject, server);
  const last = emitted.at(-1);
  // A poll in flight at the deadline is aborted, which counts as its failure.
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

/**
 * Checks the number of requests per call. That of the faulty call follows from its rule, and the others follow from it.
 * Requests that the runtime itself repeats are not counted.
 */
export function judgeRequests(
  c: Case,
  emitted: Emitted,
  server: FaultServer,
  usual: { readonly [C in Call]: number },
): string[] {
  const problems: string[] = [];
  const arrivals = server.arrivals.filter(({ repeated }) => !repeated);
  const faulty = arrivals.filter(({ fault }) => fault !== null).length;
  const wanted = c.expected.faulty;
  if (wanted === null ? faulty < 2 : faulty !== wanted) {
    problems.push(`${faulty} requests were faulty, expected ${wanted ?? "2 or more"}`);
  }
  const survives = c.expected.outcome === "survives";
  const order = ["token", "submit", "fetch", "cancel"] as const;
  for (const call of order) {
    const count = arrivals.filter((arrival) => arrival.call === call).length;
    const before = order.indexOf(call) < order.indexOf(c.call);
    const renewals = c.kind === "renewed" && call === "token" ? 1 : 0;
    const own = c.kind === "accepted" ? 0 : survives ? usual[call] : c.kind === "status" && c.way === "watch" ? 2 : 0;
    const expected = call === c.call ? faulty + own : before || survives ? usual[call] + renewals : 0;
    if (count !== expected) problems.push(`there were ${count} requests of ${call}, expected ${expected}`);
  }
  for (const [i, { call, notBefore }] of arrivals.entries()) {
    const next = arrivals.slice(i + 1).find((arrival) => arrival.call === call);
    if (next !== undefined && next.at < notBefore - 20) {
      problems.push(`${call} was sent ${Math.round(notBefore - next.at)} ms before Retry-After allowed it`);
    }
  }
  if (server.elsewhere.length > 0) problems.push(`requests to the other origin: ${server.elsewhere.join(" ")}`);
  if (emitted.length > usual.fetch + faulty + 1) problems.push(`${emitted.length} values were emitted`);
  return problems;
}

/** Checks that the faulty request used the kind of connection of the case, and that the runtime repeated no POST. */
export function judgeConnections({ connection }: Case, { arrivals }: FaultServer): string[] {
  const faulty = arrivals.filter(({ fault }) => fault !== null);
  const isWarm = (faulty.at(0)?.nth ?? 0) > 1;
  const isFresh = faulty.every(({ nth }) => nth <= 1);
  const problems = connection === "warm" ? isWarm ? [] : ["the faulty request was the first on its connection"] : [];
  if (connection === "fresh" && !isFresh) problems.push("the faulty request was on a reused connection");
  for (const { call, repeated } of arrivals) {
    if (repeated && (call === "token" || call === "submit")) problems.push(`the runtime itself repeated ${call}`);
  }
  return problems;
}

/** Checks the tasks of the service. */
export async function judgeService(c: Case, { path }: Subject, server: FaultServer, id: string): Promise<string[]> {
  const problems: string[] = [];
  const hadTask = id !== "";
  const survives = c.expected.outcome === "survives";
  const expected = hadTask || survives || c.call === "submit" && c.taken ? 1 : 0;
  if (server.taken.length !== expected) {
    problems.push(`${server.taken.length} images were accepted, expected ${expected}`);
  }
  if (c.call === "cancel" && survives) {
    const { taskStatus } = JSON.parse(await server.callService("GET", `${path}?id=${id}`));
    if (taskStatus !== "NotExist") problems.push(`the canceled task is ${taskStatus}`);
  }
  return problems;
}

export function judgeRetries(c: Case, retries: readonly Retry[]): string[] {
  const heard = retries.length > 0;
  const problems: string[] = [];
  if (heard !== c.expected.retried) {
    problems.push(`onRetry was called ${retries.length} times, expected ${c.expected.retried}`);
  }
  if (retries.some(({ delay, failures }) => !(delay >= 0 && delay < 20_000 && failures >= 1))) {
    problems.push(`onRetry was called with ${JSON.stringify(retries)}`);
  }
  return problems;
}

/**
 * Checks what the next call sends. After a rejection of the credentials, or during the delay of a `Retry-After`, it
 * sends nothing. In all other cases, it requests a token.
 */
export async function judgeMemory(
  c: Case,
  { arrivals }: FaultServer,
  runAgain: () => Promise<unknown>,
): Promise<string[]> {
  if (c.call !== "token" || c.way !== "call" || c.times !== Infinity) return [];
  const before = arrivals.length;
  await runAgain();
  const isRemembered = c.kind === "refused" || c.kind !== "delayed" && c.expected.outcome.endsWith("with a wait");
  if (arrivals.length === before) return isRemembered ? [] : ["the next call did not request a token"];
  return isRemembered ? ["the next call requested a token"] : [];
}

/** Checks that the client secret and the tokens appear in no value that callers see, however it is printed. */
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
    return text === undefined ? [] : [`a secret is visible: ${text}`];
  });
}

/** Checks that the library has released all connections, which the server notices a little later. */
export async function judgeSockets({ open }: FaultServer): Promise<string[]> {
  for (let tries = 0; open() > 0 && tries < 100; tries++) await new Promise((wait) => setTimeout(wait, 20));
  return open() === 0 ? [] : [`${open()} connections are still open`];
}
