import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { lastValueFrom } from "rxjs";
import { fetchRegions } from "../../src/client/operations.ts";
import { http } from "../../src/model/error.ts";
import { connect, type Service, type ServiceOptions } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { createMemory } from "../../src/client/memory.ts";
import { watchRegions } from "../../src/stream/watch.ts";
import { CREDENTIALS, type FaultServer, type Fetch, PATH, type Plan, startFaultServer } from "./fault_server.ts";
import { type FaultName, FAULTS } from "./faults.ts";
import { judgeSecrets } from "./judge.ts";
import { type Case, CASES, FAULTS_TESTED, markdownTable, titleOf } from "./matrix.ts";
import { runCase, takesTime } from "./run_case.ts";
import { asText, IS_DENO } from "./sabotage.ts";
import { DETECT, RECOGNIZE, type Subject } from "./subjects.ts";

/** The sanitizers are off by default. */
const strict = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true } as const;

/**
 * Other runtimes may report a fault differently, but repetitions are handled by the library alone, so once is enough.
 */
const SELECTED = IS_DENO ? CASES : CASES.filter(({ times }) => times === 1);

let run = 0;
let passed = 0;

/** Runs cases, several at a time. Throws an error that lists all deviations from the expectations. */
async function runAll(cases: readonly Case[], atATime: number, subject: Subject): Promise<void> {
  const waiting = [...cases];
  const problems: string[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const found = await runCase(next, undefined, subject);
      run++;
      if (found.length === 0) passed++;
      for (const problem of found) problems.push(`${titleOf(next)}: ${problem}`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  // An assertion would truncate the list.
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/**
 * The cases for each kind of task. Another kind differs in what is sent and in how a response is read, which neither
 * token requests nor the faults that take time depend on.
 */
const RUNS: readonly (readonly [subject: Subject, cases: readonly Case[]])[] = [
  [DETECT, SELECTED],
  [RECOGNIZE, SELECTED.filter((c) => c.call !== "token" && !takesTime(c))],
];

for (const [subject, selected] of RUNS) {
  for (const fault of FAULTS_TESTED) {
    const cases = selected.filter((c) => c.fault === fault && !takesTime(c));
    const title = `each call for ${subject.name} handles as documented: ${fault}`;
    if (cases.length > 0) Deno.test(title, strict, () => runAll(cases, 16, subject));
  }
  const slow = selected.filter(takesTime);
  const title = `each call for ${subject.name} handles faults that take time as documented`;
  if (slow.length > 0) Deno.test(title, strict, () => runAll(slow, 64, subject));
}

Deno.test("the matrix contains every fault", () => {
  deepEqual([...FAULTS_TESTED].sort(), Object.keys(FAULTS).sort());
});

Deno.test("every case of the matrix was run and passed", () => {
  const all = RUNS.flatMap(([, cases]) => cases);
  const warm = all.filter(({ connection }) => connection === "warm").length;
  console.log(`matrix: ${run} cases run, ${passed} passed; ${warm} on warm connections, ${run - warm} on fresh ones`);
  deepEqual([run, passed], [all.length, all.length]);
});

// Tests of the tests: a wrong expectation, or a library that is broken in one way, is detected.

function caseOf(title: string): Case {
  const found = CASES.find((c) => titleOf(c) === title);
  ok(found !== undefined, title);
  return found;
}

/** A case with a wrong expectation, or with a library that is broken in one way. */
interface Planted {
  readonly what: string;
  readonly title: string;
  readonly expected?: Partial<Case["expected"]>;
  readonly sabotage?: (fetch: Fetch) => Fetch;
  readonly ignore?: boolean;
  readonly caught: RegExp;
}

const PLANTED: readonly Planted[] = [
  {
    what: "a wrong outcome",
    title: "connection refused at fetch, in a watch, once, fresh: transient",
    expected: { outcome: "Network" },
    caught: /^it ended with survives, expected Network/,
  },
  {
    what: "a failure that is expected to succeed",
    title: "403 at fetch, in a watch, once, fresh: final",
    expected: { outcome: "survives" },
    caught: /^it ended with Http 403, expected survives/,
  },
  {
    what: "a wrong number of requests",
    title: "200, HTML page at fetch, in a call, always, fresh: unintelligible",
    expected: { faulty: 3 },
    caught: /^2 requests were faulty, expected 3$/,
  },
  {
    what: "a retry that is not reported",
    title: "500 at fetch, in a call, once, fresh: transient",
    expected: { retried: false },
    caught: /^onRetry was called 1 times, expected false$/,
  },
  {
    what: "an image that is sent twice",
    title: "500 at submit, taken, once, fresh: unconfirmed",
    sabotage: (fetch) => async (url, init) => {
      if (init.method === "POST" && url.endsWith(PATH)) await (await fetch(url, init)).body?.cancel();
      return await fetch(url, init);
    },
    caught: /^2 images were accepted, expected 1$/,
  },
  {
    what: "a body that Deno itself sends twice",
    title: "closed after the request was read at submit, taken, once, warm: unconfirmed",
    sabotage: asText,
    ignore: !IS_DENO,
    caught: /^the runtime itself repeated submit$/,
  },
  {
    what: "a connection that should be reused and is not",
    title: "500 at token, in a call, once, warm: transient",
    sabotage: (fetch) => (url, init) => fetch(url.replace("127.0.0.1", "localhost"), init),
    caught: /^the faulty request was the first on its connection$/,
  },
  {
    what: "a redirect that is followed",
    title: "301 to another origin at fetch, in a call, always, fresh: final",
    sabotage: (fetch) => (url, init) => fetch(url, { ...init, redirect: "follow" }),
    caught: /^requests to the other origin: .*GET \/v5.0/s,
  },
  {
    what: "a Retry-After that is not respected",
    title: "429, `Retry-After: 1` at fetch, in a watch, once, fresh: postponed",
    sabotage: (fetch) => async (url, init) => {
      const { status, headers: given, body } = await fetch(url, init);
      const headers = new Headers(given);
      headers.delete("Retry-After");
      return new Response(body, { status, headers });
    },
    caught: /^fetch was sent \d+ ms before Retry-After allowed it$/,
  },
];

for (const { what, title, expected, sabotage, ignore = false, caught } of PLANTED) {
  Deno.test(`the matrix detects ${what}`, { ...strict, ignore }, async () => {
    const { expected: true_, ...rest } = caseOf(title);
    const problems = await runCase({ ...rest, expected: { ...true_, ...expected } }, sabotage);
    ok(problems.some((problem) => caught.test(problem)), problems.join("\n") || "nothing was detected");
  });
}

Deno.test("the matrix detects a body that is not released", strict, async () => {
  const kept: Response[] = [];
  const problems = await runCase(
    caseOf("30 MB at fetch, in a call, always, fresh: final"),
    (fetch) => async (url, init) => {
      const response = await fetch(url, init);
      if (init.method === "GET") kept.push(await fetch(url, init));
      return response;
    },
  );
  for (const { body } of kept) await body?.cancel().catch(() => {});
  ok(problems.includes("1 connections are still open"), problems.join("\n"));
});

Deno.test("the matrix detects a secret in any form", () => {
  for (const secret of [CREDENTIALS.clientSecret, encodeURIComponent(CREDENTIALS.clientSecret), "t0ken"]) {
    const [problem] = judgeSecrets([E.left(http("token", 400, null, `It was ${secret}.`))], ["t0ken"]);
    match(problem, /^a secret is visible: .*It was/);
  }
  deepEqual(judgeSecrets([E.left(http("token", 400, null, "It was [secret]."))], ["t0ken"]), []);
});

// Many callers

async function withServer(plan: Plan, test: (server: FaultServer, id: string) => Promise<void>): Promise<void> {
  const server = await startFaultServer({ plan });
  try {
    await test(server, await server.callService("POST", PATH, JSON.stringify({ image: "AQID", settings: {} })));
  } finally {
    await server.close();
  }
}

function serviceOf({ url, fetch }: FaultServer, options: ServiceOptions = {}): Service {
  return connect({
    credentials: CREDENTIALS,
    baseUrl: url,
    fetch,
    retry: { minDelay: 1, maxDelay: 40 },
    schedule: fixed({ delay: 10 }),
    ...options,
  });
}

const always = (fault: FaultName): Plan => (call) => call === "token" ? { fault: FAULTS[fault], taken: true } : null;

Deno.test(
  "rejected credentials are sent once, regardless of the number and time of the calls",
  strict,
  async () => {
    for (const fault of ["400, `invalid_client`", "401, `invalid_client`", "403, `invalid_client`"] as const) {
      await withServer(always(fault), async (server, id) => {
        const memory = createMemory();
        const service = serviceOf(server, { memory });
        const calls = Array.from({ length: 20 }, () => fetchRegions(id)(service)());
        const streams = Array.from({ length: 20 }, () => lastValueFrom(watchRegions(id)(service)));
        const replies = await Promise.all([...calls, ...streams]);
        replies.push(await fetchRegions(id)(serviceOf(server, { memory }))());
        equal(replies.every((reply) => E.isLeft(reply) && reply.left._tag === "Unauthorized"), true);
        deepEqual(server.arrivals.map(({ call }) => call), ["token"]);
      });
    }
  },
);

Deno.test("all callers respect a Retry-After of the token endpoint and continue afterwards", strict, async () => {
  const once: Plan = (call, n) =>
    call === "token" && n === 0 ? { fault: FAULTS["429, `Retry-After: 1`"], taken: true } : null;
  await withServer(once, async (server, id) => {
    const memory = createMemory();
    const service = serviceOf(server, { memory });
    const streams = Array.from({ length: 20 }, () => lastValueFrom(watchRegions(id)(service)));
    const impatient = await Promise.all(Array.from({ length: 20 }, () => fetchRegions(id)(service)()));
    // Late callers, one of them with its own service.
    for (const late of [service, serviceOf(server, { memory })]) impatient.push(await fetchRegions(id)(late)());
    for (const reply of impatient) {
      ok(E.isLeft(reply) && reply.left._tag === "Http" && reply.left.status === 429, JSON.stringify(reply));
      ok(0 < Number(reply.left.retryAfter) && Number(reply.left.retryAfter) <= 1000);
    }
    deepEqual(server.arrivals.map(({ call }) => call), ["token"], "before the end of the delay");
    const replies = await Promise.all(streams);
    equal(replies.every((reply) => E.isRight(reply) && reply.right._tag === "Completed"), true);
    const tokens = server.arrivals.filter(({ call }) => call === "token");
    equal(tokens.length, 2);
    ok(tokens[1].at - tokens[0].at > 950, "the second request is sent after the delay");
  });
});

// The guide

Deno.test("the table in the guide agrees with the matrix", { ignore: !IS_DENO }, async () => {
  const guide = await Deno.readTextFile(new URL("../../docs/errors-and-faults.md", import.meta.url));
  const pasted = guide.match(/<!-- faults -->\s*(\|.*?)\s*<!-- \/faults -->/s)?.[1];
  ok(pasted !== undefined, "the table is missing");
  const plain = (table: string): string => table.replace(/ +/g, " ").replace(/-+/g, "-");
  equal(plain(pasted), plain(markdownTable()), "to print the table: deno run -A tests/faults/matrix.ts");
});
