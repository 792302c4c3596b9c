/**
 * Generates malicious responses of the token endpoint: statuses, bodies and `Retry-After` headers.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { fetchRegions } from "../../src/client/operations.ts";
import { parseRetryAfter } from "../../src/internal/http.ts";
import type { RegionsError } from "../../src/model/error.ts";
import { connect } from "../../src/client/service.ts";
import { garble, junk, makeToken, mulberry, pick, type Random } from "./fuzzing.ts";
import { meaningOfRefusal, meaningOfRetryAfter } from "./independent.ts";

/** A time in whole seconds, like dates in headers. */
const NOW = 1_800_000_000_000;

const SECRET = "S3cret+/=kQ8vW2mZ7x";

/** All sequences of eight characters of the secret. */
const RUNS = Array.from({ length: SECRET.length - 7 }, (_, i) => SECRET.slice(i, i + 8));

const STATUSES = [
  200,
  200,
  201,
  302,
  400,
  400,
  401,
  401,
  403,
  404,
  408,
  418,
  425,
  429,
  429,
  499,
  500,
  503,
  599,
] as const;

/** The inputs with a result that differs from the reference, or an exception, one line each. */
export type Faults = readonly string[];

/** Checks that `Retry-After` is parsed exactly for the two forms of RFC 9110, and harmlessly for everything else. */
export function fuzzRetryAfter(inputs: number, seed: number, meaning = meaningOfRetryAfter): Faults {
  const random = mulberry(seed);
  const differences: string[] = [];
  for (let i = 0; i < inputs; i++) {
    const header = makeRetryAfter(random);
    const got = parseRetryAfter(header, NOW);
    const wanted = meaning(header, NOW);
    const isHarmless = got === null || Number.isFinite(got) && got >= 0;
    if (wanted === "anything harmless" ? !isHarmless : got !== wanted) {
      differences.push(`got ${got}, expected ${wanted}: ${JSON.stringify(header)}`);
    }
  }
  return differences;
}

/** Checks the outcome of calls whose token request receives an arbitrary response. */
export async function fuzzTokenEndpoint(inputs: number, seed: number, isRefusal = meaningOfRefusal): Promise<Faults> {
  const random = mulberry(seed);
  const differences: string[] = [];
  for (let i = 0; i < inputs; i++) {
    const status = pick(random, STATUSES);
    const body = makeBody(random);
    const headers = new Headers(random() < 0.5 ? {} : { "Retry-After": headerValue(makeRetryAfter(random)) });
    if (random() < 0.5) headers.set("Date", headerValue(garble(new Date(NOW).toUTCString(), random)));
    const service = connect({
      credentials: { clientId: "id", clientSecret: SECRET },
      fetch: (url) =>
        Promise.resolve(
          url.endsWith("/connect/token") ? new Response(body, { status, headers }) : new Response("", { status: 404 }),
        ),
      retry: { maxAttempts: 1 },
    });
    const shown = (): string => JSON.stringify({ status, body, headers: [...headers] });
    let reply: E.Either<RegionsError, unknown>;
    try {
      reply = await fetchRegions("a371d027-4b0d-4d86-8825-c8d818dd4ed9")(service)();
    } catch (error) {
      differences.push(`threw ${error}: ${shown()}`);
      continue;
    }
    const problem = judge(reply, status, isRefusal(status, body));
    if (problem !== null) differences.push(`${problem}: ${JSON.stringify(reply)} of ${shown()}`);
  }
  return differences;
}

function judge(reply: E.Either<RegionsError, unknown>, status: number, isRefusal: boolean): string | null {
  if (E.isRight(reply)) return "got a status although no request for one succeeded";
  const error = reply.left;
  const shown = JSON.stringify(error);
  if (RUNS.some((run) => shown.includes(run))) return "the secret is shown";
  if (error._tag === "Http" && error.call === "token") {
    const isWait = error.retryAfter === null || Number.isFinite(error.retryAfter) && error.retryAfter >= 0;
    if (!isWait) return "a wait that is none";
  }
  // If the token is valid, it is used, and the request with it receives a 404.
  if (status < 300) {
    const isUsed = error._tag === "Http" && error.call === "fetch" && error.status === 404;
    return isUsed || error._tag === "Malformed" || error._tag === "Unauthorized" ? null : "a token that is neither";
  }
  const expected = isRefusal ? "Unauthorized" : "Http";
  return error._tag === expected ? null : `expected ${expected}`;
}

function makeRetryAfter(random: Random): string {
  const seconds = Math.floor(random() * 10 ** Math.floor(random() * 8));
  const date = new Date(NOW + (random() - 0.5) * 10 ** Math.floor(4 + random() * 7)).toUTCString();
  const valid = pick(random, [String(seconds), String(seconds), `00${seconds}`, date, date]);
  return random() < 0.6 ? valid : random() < 0.7 ? garble(valid, random) : pick(random, [
    "",
    " ",
    "-1",
    "1e3",
    "1e400",
    "Infinity",
    "-Infinity",
    "NaN",
    "0x10",
    "1.5",
    "1,2",
    "soon",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 275761 23:59:59 GMT",
  ]);
}

function makeBody(random: Random): string {
  if (random() < 0.4) return makeToken(random);
  const refusal = JSON.stringify({
    error: pick<unknown>(random, ["invalid_client", "invalid_grant", "", 1, null, [], { error: "invalid_client" }]),
    error_description: `Refused: ${SECRET}`,
  });
  const text = pick(random, [
    refusal,
    refusal,
    `[${refusal}]`,
    `<html>${SECRET}`,
    `{"status":401,"title":"${SECRET}"}`,
    "",
    JSON.stringify(junk(random, 2)) ?? "",
  ]);
  return random() < 0.2 ? garble(text, random) : text;
}

/** Converts a text to a valid header value: Latin-1 without line breaks. */
function headerValue(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "");
}
