// A long run over a bad line: 2,000 tasks, a tenth of whose calls go wrong, on connections that are used again and again,
// while the wall clock jumps and listeners lose their connections. At the end each task has one outcome, and it is the true
// one; no image was taken twice; each listener was told the end once; and memory is flat. Needs --v8-flags=--expose-gc.
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

/** A tenth of all calls goes wrong. */
const FAULTY = 0.1;

/** So many tasks are under way at a time. */
const AT_A_TIME = 40;

/** So many tasks share a service, and with it a token, and the fate of its credentials. */
const PER_SERVICE = 5;

/** The service closes its idle connections this often, in milliseconds. */
const CLOSE_EVERY = 250;

/** How often a user would begin anew before giving up; nobody gets there. */
const PATIENCE = 50;

/** The run is cut into so many rounds: memory is measured between them, when nothing is under way. */
const ROUNDS = 20;

/** So many rounds come before those, until everything is compiled and every table has its size. */
const WARM_UP = 5;

/** What the service itself keeps of 1,500 tasks is 1.1 MB; with a kilobyte left behind by each task it would be 2.6. */
const MAX_GROWTH = 2_000_000;

const { values: args } = parseArgs({ options: { tasks: { type: "string" }, seed: { type: "string" } } });
const tasks = Number(args.tasks ?? 2000);
const seed = Number(args.seed ?? Date.now() % 1_000_000);
const { gc } = globalThis as { readonly gc?: () => void };
if (gc === undefined) {
  console.error("Cannot measure memory: run with --v8-flags=--expose-gc");
  Deno.exit(1);
}

/** All faults but the one that is a lie about a task, so that nobody could tell the truth. */
const names = (Object.keys(FAULTS) as FaultName[]).filter((name) => name !== "`NotExist`");

/** Whether the service takes an image in spite of a fault: as in the matrix, where some faults leave it open. */
const submits = Map.groupBy(CASES.filter(({ call }) => call === "submit"), ({ fault }) => fault);

const calls: Record<Call, number> = { token: 0, submit: 0, fetch: 0, cancel: 0 };
const faulty: Record<Call, number> = { token: 0, submit: 0, fetch: 0, cancel: 0 };

/** The same for the same seed, whatever else is under way. */
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

/** How often the service took each task's image. */
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

/** The last word of a stream. It must be the only one of its kind. */
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
      error: (fault) => violations.push(`task ${task}: an error in the stream: ${fault}`),
      complete: () => {
        const last = replies.at(-1);
        if (replies.filter(isLast).length !== 1 || last === undefined || !isLast(last)) {
          violations.push(`task ${task}: no single last word in ${JSON.stringify(replies)}`);
        }
        resolve(last ?? E.right({ _tag: "NotExist", id: "", messages: [] }));
      },
    });
  });
}

/** A whole detection in one stream: what could not be found out stays so. */
async function detect(task: number, service: Service): Promise<string> {
  const reply = await lastOf(task, detectRegions(imageOf(task), {}, { deadline: 30_000 }), service);
  if (E.isRight(reply)) return judge(task, reply.right);
  const taken = takings.has(task) ? "taken" : "not taken";
  if (saysNotTaken(reply.left) && taken === "taken") {
    violations.push(`task ${task}: it was taken, and the library says ${JSON.stringify(reply.left)}`);
  }
  return `${reply.left._tag}, ${taken}`;
}

/** Sends and watches apart, as one does who wants to know: begins anew where the image was not taken, and goes on. */
async function pursue(task: number, service: Service): Promise<string> {
  const id = await send(task, service);
  if (E.isLeft(id)) return `${id.left._tag}, ${takings.has(task) ? "taken" : "not taken"}`;
  if (task % 6 === 2) {
    const dropped = await cancelTask(id.right)(service)();
    if (E.isRight(dropped)) {
      const { taskStatus } = JSON.parse(await server.callService("GET", `/v5.0/ocr/DetectRegions?id=${id.right}`));
      if (taskStatus !== "NotExist") violations.push(`task ${task}: it was cancelled, and is ${taskStatus}`);
      return "cancelled";
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
  violations.push(`task ${task}: no end`);
  return "no end";
}

/** Sends an image, and lets two pages follow its task. */
async function broadcast(task: number, service: Service): Promise<string> {
  const id = await send(task, service);
  if (E.isLeft(id)) return `${id.left._tag}, ${takings.has(task) ? "taken" : "not taken"}`;
  const heard = await Promise.all([events.listen(id.right), events.listen(id.right)]);
  for (const { finals, connections: count } of heard) {
    listeners++;
    connections += count;
    if (finals.length !== 1) violations.push(`task ${task}: a listener was told ${finals.length} ends`);
    for (const status of finals) judge(task, status);
  }
  return heard[0].finals[0]?._tag ?? "no end";
}

async function send(task: number, service: Service): Promise<E.Either<RegionsError, string>> {
  for (let tries = 0; tries < PATIENCE; tries++) {
    const id = await submitImage(imageOf(task))(tries === 0 ? service : newService())();
    if (E.isRight(id) || id.left._tag === "Unconfirmed") return id;
    if (takings.has(task)) {
      violations.push(`task ${task}: it was taken, and the library says ${JSON.stringify(id.left)}`);
    }
    anew++;
  }
  violations.push(`task ${task}: it was never taken`);
  return E.right("");
}

/** Whether an error means that the image is not there. Others, those of a token too, may be about a poll. */
function saysNotTaken(error: RegionsError): boolean {
  return "call" in error && error.call === "submit";
}

/** The final status against the truth. */
function judge(task: number, status: { readonly _tag: string }, cancelled = false): string {
  // A cancellation whose outcome was not heard may have happened.
  if (cancelled && status._tag === "NotExist") return "cancelled";
  if (!isTrueOf(task, status)) {
    const truth = JSON.stringify(truthOf(task));
    violations.push(`task ${task}: it is ${truth}, and the library says ${JSON.stringify(status)}`);
  }
  return status._tag;
}

/** Runs the tasks from one number up to another, and measures memory when all have ended. */
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
  // What has just ended is let go of in the next turns.
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
for (const [task, times] of twice) violations.push(`task ${task}: its image was taken ${times} times`);
const judged = sum([...outcomes.values()]);
if (judged !== all) violations.push(`there are ${judged} outcomes of ${all} tasks`);

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
  `${retries} retries inside; ${resumptions} watches gone on with; ${anew} images sent anew, which were not taken`,
);
console.log(`${takings.size} images taken, ${twice.length} of them twice`);
console.log(`${server.connections()} connections to the service; the clock jumped ${jumps} times`);
console.log(`${listeners} listeners, each told the end of its task, over ${connections} connections`);
console.log(`memory: ${megabytes(first)} in the first quarter, ${megabytes(last)} in the last`);
console.log(`${(took / 1000).toFixed(0)} s, ${violations.length} violations`);
for (const violation of violations.slice(0, 20)) console.error(violation.slice(0, 500));
Deno.exit(violations.length === 0 ? 0 : 1);

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
