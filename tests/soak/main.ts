// A long run over an unreliable network: 2,000 tasks, a tenth of whose calls have a fault, on reused connections, while
// the system clock jumps and clients lose their connections. At the end, each task has exactly one outcome, which is
// correct; no image was accepted twice; each client received the final status once; and memory does not grow. Needs
// --v8-flags=--expose-gc.
//
//     deno task soak [--tasks=2000] [--seed=1]
import * as E from "fp-ts/lib/Either.js";
import { parseArgs } from "node:util";
import {
  type Call,
  cancelTask,
  connect,
  detectRegions,
  fixed,
  isFinal,
  type RegionsError,
  type Reply,
  type Service,
  submitImage,
  type WatchOptions,
  watchRegions,
} from "../../mod.ts";
import { jitter } from "../../src/polling/retry.ts";
import { CREDENTIALS, type Planned, startFaultServer } from "../faults/fault_server.ts";
import { type FaultName, FAULTS } from "../faults/faults.ts";
import { CASES } from "../faults/matrix.ts";
import { realNow } from "../faults/wire.ts";
import { makeClockJump } from "./clock.ts";
import { startEventServer } from "./listen.ts";
import { imageOf, isTrueOf, taskOf, truthOf } from "./truth.ts";

/** The share of calls with a fault. */
const FAULTY = 0.1;

/** The number of tasks in progress at a time. */
const AT_A_TIME = 40;

/** The number of tasks that share a service, and with it a token or the rejection of the credentials. */
const PER_SERVICE = 5;

/** The interval at which the service closes idle connections, in milliseconds. */
const CLOSE_EVERY = 250;

/** The maximum number of attempts per task, which must not be reached. */
const PATIENCE = 50;

/** The number of rounds. Memory is measured between them, when no task is in progress. */
const ROUNDS = 20;

/** The number of rounds before that, until everything is compiled and all tables have reached their size. */
const WARM_UP = 5;

/** The emulator itself keeps 1.1 MB for 1,500 tasks. If each task leaked a kilobyte, it would be 2.6 MB. */
const MAX_GROWTH = 2_000_000;

const { values: args } = parseArgs({ options: { tasks: { type: "string" }, seed: { type: "string" } } });
const tasks = Number(args.tasks ?? 2000);
const seed = Number(args.seed ?? Date.now() % 1_000_000);
const { gc } = globalThis as { readonly gc?: () => void };
if (gc === undefined) {
  console.error("Cannot measure memory: run with --v8-flags=--expose-gc");
  Deno.exit(1);
}

/** All faults except for a wrong `NotExist`, after which the correct outcome is unknown. */
const names = (Object.keys(FAULTS) as FaultName[]).filter((name) => name !== "`NotExist`");

/** Whether the service accepts an image in spite of a fault, as in the matrix. For some faults, both are possible. */
const submits = Map.groupBy(CASES.filter(({ call }) => call === "submit"), ({ fault }) => fault);

const calls: Record<Call, number> = { token: 0, submit: 0, fetch: 0, cancel: 0 };
const faulty: Record<Call, number> = { token: 0, submit: 0, fetch: 0, cancel: 0 };

/** Depends only on the seed, not on other tasks in progress. */
function plan(call: Call, n: number): Planned | null {
  const random = (what: string): number => jitter(`${call}/${what}/${seed}`, n);
  if (random("whether") >= FAULTY) return null;
  const fault = pick(names, random("which"));
  const submit = pick(submits.get(fault) ?? [], random("taken"));
  return { fault: FAULTS[fault], taken: call !== "submit" || submit.taken };
}

function pick<A>(values: readonly A[], random: number): A {
  return values[Math.floor(random * values.length)];
}

/** How often the service accepted each task's image. */
const takings = new Map<number, number>();

const violations: string[] = [];
const outcomes = new Map<string, number>();
const faults = new Map<string, number>();
let retries = 0;
let resumptions = 0;
let anew = 0;
let listeners = 0;
let connections = 0;

const server = await startFaultServer({
  plan: (call, n) => {
    calls[call] = n + 1;
    return plan(call, n);
  },
  keepAlive: true,
  history: 1,
  emulator: {
    now: realNow,
    workers: AT_A_TIME,
    serviceTime: () => 150 * Math.random(),
    detect: (image) => {
      const truth = truthOf(taskOf(image));
      return typeof truth === "string" ? Promise.reject(new Error(truth)) : Promise.resolve(truth);
    },
  },
  onTaken: (_, body) => {
    const task = taskOf(Uint8Array.from(atob(JSON.parse(body).image), (c) => c.charCodeAt(0)));
    takings.set(task, (takings.get(task) ?? 0) + 1);
  },
});

function newService(): Service {
  return connect({
    credentials: CREDENTIALS,
    baseUrl: server.url,
    fetch: server.fetch,
    requestTimeout: 1000,
    maxResponseBytes: 1_000_000,
    retry: { minDelay: 1, maxDelay: 100 },
    schedule: fixed({ delay: 30 }),
    onRetry: () => retries++,
  });
}

const events = startEventServer((id) => watchRegions(id, { deadline: 30_000 })(newService()));

/** Returns the final reply of a stream, and checks that there is exactly one. */
function lastOf(
  task: number,
  stream: (service: Service) => ReturnType<ReturnType<typeof detectRegions>>,
  service: Service,
): Promise<Reply> {
  return new Promise((resolve) => {
    const replies: Reply[] = [];
    const isLast = (reply: Reply): boolean => E.isLeft(reply) || isFinal(reply.right);
    stream(service).subscribe({
      next: (reply) => replies.push(reply),
      error: (error) => violations.push(`task ${task}: the stream errored: ${error}`),
      complete: () => {
        const last = replies.at(-1);
        if (replies.filter(isLast).length !== 1 || last === undefined || !isLast(last)) {
          violations.push(`task ${task}: not exactly one final reply in ${JSON.stringify(replies)}`);
        }
        resolve(last ?? E.right({ _tag: "NotExist", id: "", messages: [] }));
      },
    });
  });
}

/** Detects the regions in a single stream, without another attempt after an error. */
async function detect(task: number, service: Service): Promise<string> {
  const reply = await lastOf(task, detectRegions(imageOf(task), {}, { deadline: 30_000 }), service);
  if (E.isRight(reply)) return judge(task, reply.right);
  const taken = takings.has(task) ? "accepted" : "not accepted";
  if (saysNotTaken(reply.left) && taken === "accepted") {
    violations.push(`task ${task}: the image was accepted, but the library reports ${JSON.stringify(reply.left)}`);
  }
  return `${reply.left._tag}, ${taken}`;
}

/** Submits and watches separately: resubmits the image if it was not accepted, and resumes the watch if it failed. */
async function pursue(task: number, service: Service): Promise<string> {
  const id = await send(task, service);
  if (E.isLeft(id)) return `${id.left._tag}, ${takings.has(task) ? "accepted" : "not accepted"}`;
  if (task % 6 === 2) {
    const dropped = await cancelTask(id.right)(service)();
    if (E.isRight(dropped)) {
      const { taskStatus } = JSON.parse(await server.callService("GET", `/v5.0/ocr/DetectRegions?id=${id.right}`));
      if (taskStatus !== "NotExist") violations.push(`task ${task}: it was canceled, but is ${taskStatus}`);
      return "canceled";
    }
  }
  let options: WatchOptions = { deadline: 30_000 };
  for (let tries = 0; tries < PATIENCE; tries++) {
    const reply = await lastOf(task, watchRegions(id.right, options), tries === 0 ? service : newService());
    if (E.isRight(reply)) return judge(task, reply.right, task % 6 === 2);
    resumptions++;
    const resume = reply.left._tag === "GaveUp" ? reply.left.state : null;
    options = { deadline: 30_000, ...resume === null ? {} : { resume } };
  }
  violations.push(`task ${task}: it did not end`);
  return "no end";
}

/** Submits an image, and lets two pages watch its task. */
async function broadcast(task: number, service: Service): Promise<string> {
  const id = await send(task, service);
  if (E.isLeft(id)) return `${id.left._tag}, ${takings.has(task) ? "accepted" : "not accepted"}`;
  const heard = await Promise.all([events.listen(id.right), events.listen(id.right)]);
  for (const { finals, connections: count } of heard) {
    listeners++;
    connections += count;
    if (finals.length !== 1) violations.push(`task ${task}: a client received ${finals.length} final statuses`);
    for (const status of finals) judge(task, status);
  }
  return heard[0].finals[0]?._tag ?? "no end";
}

async function send(task: number, service: Service): Promise<E.Either<RegionsError, string>> {
  for (let tries = 0; tries < PATIENCE; tries++) {
    const id = await submitImage(imageOf(task))(tries === 0 ? service : newService())();
    if (E.isRight(id) || id.left._tag === "Unconfirmed") return id;
    if (takings.has(task)) {
      violations.push(`task ${task}: the image was accepted, but the library reports ${JSON.stringify(id.left)}`);
    }
    anew++;
  }
  violations.push(`task ${task}: the image was never accepted`);
  return E.right("");
}

/**
 * Whether an error means that the image was not accepted. Other errors, such as those of a token, may concern a poll.
 */
function saysNotTaken(error: RegionsError): boolean {
  return "call" in error && error.call === "submit";
}

/** Compares the final status with the correct one. */
function judge(task: number, status: { readonly _tag: string }, canceled = false): string {
  // A cancellation without a response may have succeeded.
  if (canceled && status._tag === "NotExist") return "canceled";
  if (!isTrueOf(task, status)) {
    const truth = JSON.stringify(truthOf(task));
    violations.push(`task ${task}: it is ${truth}, but the library reports ${JSON.stringify(status)}`);
  }
  return status._tag;
}

/** Runs a range of tasks, and measures memory when all of them have ended. */
async function round(from: number, to: number): Promise<number> {
  const services = new Map<number, Service>();
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) {
      const task = next++;
      const group = Math.floor(task / PER_SERVICE);
      const service = services.get(group) ?? newService();
      services.set(group, service);
      const outcome = await [detect, broadcast, pursue][task % 3](task, service);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  // The objects of the last tasks are released in the next turns.
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    gc?.();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

const putClockRight = makeClockJump();
const closing = setInterval(() => server.closeIdle(), CLOSE_EVERY);
const begun = performance.now();
const perRound = Math.ceil(tasks / ROUNDS);
const all = perRound * (ROUNDS + WARM_UP);
console.log(`seed ${seed}: ${perRound * ROUNDS} tasks after ${perRound * WARM_UP} to warm up, ${AT_A_TIME} at a time`);

const samples: number[] = [];
for (let from = 0; from < all; from += perRound) {
  const used = await round(from, from + perRound);
  if (from >= perRound * WARM_UP) samples.push(used);
}
const took = performance.now() - begun;
const jumps = putClockRight();
clearInterval(closing);
await events.close();
await server.close();

for (const call of ["token", "submit", "fetch", "cancel"] as const) {
  for (let n = 0; n < calls[call]; n++) {
    const planned = plan(call, n);
    if (planned === null) continue;
    faulty[call]++;
    const name = names.find((name) => FAULTS[name] === planned.fault) ?? "";
    faults.set(name, (faults.get(name) ?? 0) + 1);
  }
}
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const allCalls = sum(Object.values(calls)), allFaulty = sum(Object.values(faulty));
const twice = [...takings].filter(([, times]) => times > 1);
for (const [task, times] of twice) violations.push(`task ${task}: its image was accepted ${times} times`);
const judged = sum([...outcomes.values()]);
if (judged !== all) violations.push(`there are ${judged} outcomes for ${all} tasks`);

const quarter = Math.floor(samples.length / 4);
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length;
const first = mean(samples.slice(0, quarter)), last = mean(samples.slice(-quarter));
if (!(last - first < MAX_GROWTH)) violations.push("memory grows");

console.table(Object.fromEntries([...outcomes].sort(([, a], [, b]) => b - a).map(([k, tasks]) => [k, { tasks }])));
console.log(
  `${allCalls} calls, ${allFaulty} of them faulty (${
    (100 * allFaulty / allCalls).toFixed(1)
  } %), of ${faults.size} kinds`,
);
console.log(
  `${retries} internal retries; ${resumptions} resumed watches; ${anew} images resubmitted that were not accepted`,
);
console.log(`${takings.size} images accepted, ${twice.length} of them twice`);
console.log(`${server.connections()} connections to the service; the clock jumped ${jumps} times`);
console.log(`${listeners} clients received the final status over ${connections} connections`);
console.log(`memory: ${megabytes(first)} in the first quarter, ${megabytes(last)} in the last`);
console.log(`${(took / 1000).toFixed(0)} s, ${violations.length} violations`);
for (const violation of violations.slice(0, 20)) console.error(violation.slice(0, 500));
Deno.exit(violations.length === 0 ? 0 : 1);

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
