/** Readings whose requests, writes and processes fail at random. */
import FakeTimers from "@sinonjs/fake-timers";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { connect, type Service } from "../../src/client/service.ts";
import { DESKEW_IMAGE } from "../../src/model/preprocessing.ts";
import type { ReadState, ReadStep } from "../../src/model/read_state.ts";
import type { ReadReply } from "../../src/model/reading.ts";
import { Payload } from "../../src/model/region.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { readRegions, type ReadSettings } from "../../src/stream/read.ts";
import { json } from "../support/arbitrary.ts";

const REGIONS = [{ left: 0, top: 8, right: 697, bottom: 441 }, { left: 0, top: 500, right: 600, bottom: 520 }];
const TEXTS = ["To Lucasta", "Going beyond the Seas."];
const RESULT = REGIONS.map((region, i) => ({ region, text: TEXTS[i] }));
const RESULTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["DeskewImage", [btoa("png")]],
  ["DetectRegions", [Payload.encode(REGIONS)]],
  ["RecognizeRegions", TEXTS.map(btoa)],
]);
const STEPS: ReadonlyMap<string, ReadStep> = new Map([
  ["DeskewImage", "preprocess"],
  ["DetectRegions", "detect"],
  ["RecognizeRegions", "recognize"],
]);

/** The number of processes after which nothing fails any more. */
const PATIENCE = 40;

/** Numbers from 0 to 1 that depend only on a seed (Mulberry32), and choices among alternatives. */
function createChance(seed: number) {
  let a = seed;
  const random = (): number => {
    a = a + 0x6D2B79F5 | 0;
    let t = Math.imul(a ^ a >>> 15, 1 | a);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
  return { random, pick: <A>(list: readonly A[]): A => list[Math.floor(random() * list.length)] };
}

type Chance = ReturnType<typeof createChance>;

/** A service whose requests take a random time, and fail at random until it recovers. */
function createRemote({ random, pick }: Chance) {
  /** The kinds of the tasks that were accepted, by their id. */
  const accepted = new Map<string, string>();
  /** The ids that reached the client. */
  const told = new Set<string>();
  const inFlight = new Set<Request>();
  let isFaulty = true;
  const handle = ({ method, url }: Request): Response => {
    const { pathname, searchParams } = new URL(url);
    const kind = pathname.split("/").at(-1) ?? "";
    if (method === "POST") {
      const id = `00000000-0000-4000-8000-${String(accepted.size).padStart(12, "0")}`;
      accepted.set(id, kind);
      return new Response(id, { headers: { "X-Id": id } });
    }
    const id = searchParams.get("id") ?? "";
    const taskStatus = accepted.get(id) === kind ? pick(["Pending", "Processing", "Completed"]) : "NotExist";
    const data = taskStatus === "Completed" ? RESULTS.get(kind) : undefined;
    const results = data?.map((data) => ({ type: "Other", data }));
    return Response.json({ id, responseStatusCode: results ? "Ok" : "NotReady", taskStatus, results });
  };
  const failed = (syscall: string, code: string): Error => new TypeError("failed", { cause: { syscall, code } });
  /** Returns null if there will never be a response. */
  const answer = (request: Request): Response | null => {
    const fault = isFaulty ? random() : 1;
    if (fault < 0.04) throw failed("connect", "ECONNREFUSED");
    if (fault < 0.08) return new Response("busy", { status: pick([429, 503]), headers: { "Retry-After": "1" } });
    if (fault < 0.1) return new Response("bad gateway", { status: 502 });
    const response = handle(request);
    if (fault < 0.13) throw failed("read", "ECONNRESET");
    if (fault < 0.16) return new Response("<html>", { status: pick([200, 500, 504]) });
    return fault < 0.19 ? null : response;
  };
  const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const request = new Request(url, init);
      inFlight.add(request);
      const settle = (act: () => void): void => {
        if (inFlight.delete(request)) act();
      };
      const respond = (response: Response): void => {
        const id = response.headers.get("X-Id");
        if (id !== null) told.add(id);
        resolve(response);
      };
      request.signal.addEventListener("abort", () => settle(() => reject(request.signal.reason)));
      setTimeout(() => {
        if (request.signal.aborted) return;
        try {
          const response = answer(request);
          if (response !== null) setTimeout(() => settle(() => respond(response)), pick([0, 3]));
        } catch (error) {
          settle(() => reject(error));
        }
      }, pick([0, 1, 50, 900]));
    });
  const countOf = (step: ReadStep): number => [...accepted.values()].filter((kind) => STEPS.get(kind) === step).length;
  return { told, inFlight, fetch, countOf, recover: () => isFaulty = false };
}

/** What the processes leave to each other. */
interface Disk {
  state: ReadState | null;
  /** The ids of all tasks that it has ever contained. */
  readonly ids: Set<string>;
}

/** How a process ended, and what its reading emitted. */
interface Run {
  readonly replies: readonly ReadReply[];
  readonly end: "complete" | "error" | "killed";
  /** How long it took, without the time for writing its states. In milliseconds. */
  readonly took: number;
}

/** Reads the image in a process that may be killed, or stopped by its signal, and whose writes may fail. */
async function runProcess(
  clock: ReturnType<typeof FakeTimers.install>,
  { random, pick }: Chance,
  service: Service,
  settings: ReadSettings,
  deadline: number,
  disk: Disk,
  isCalm: boolean,
): Promise<Run> {
  const controller = new AbortController();
  const startedAt = Date.now();
  let replies: readonly ReadReply[] = [], end: Run["end"] = "killed", endedAt = startedAt, writing = 0;
  const onState = async (state: ReadState): Promise<void> => {
    const delay = pick([0, 0, 5, 300]);
    writing += delay;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    if (state.submitting && !isCalm && random() < 0.05) throw new Error("disk full");
    disk.state = json(state) as ReadState;
    if (state.task !== null) disk.ids.add(state.task.id);
  };
  const finish = (how: Run["end"]) => (): void => {
    end = how;
    endedAt = Date.now();
  };
  const { signal } = controller;
  const options = { deadline, signal, onState, resume: disk.state ?? undefined };
  const subscription = readRegions(new Uint8Array([1]), settings, options)(service).subscribe({
    next: (reply) => replies = [...replies, reply],
    complete: finish("complete"),
    error: finish("error"),
  });
  const fate = isCalm ? 1 : random();
  const stop = fate < 0.2 ? () => subscription.unsubscribe() : fate < 0.4 ? () => controller.abort() : () => {};
  setTimeout(stop, pick([0, 1, 40, 300, 1500, 9000]));
  await clock.tickAsync(120_000);
  ok(fate < 0.2 || end !== "killed", "it has not ended");
  return { replies, end, took: endedAt - startedAt - writing };
}

async function readWithFaults(seed: number): Promise<void> {
  const clock = FakeTimers.install({
    now: 1_800_000_000_000,
    toFake: ["setTimeout", "clearTimeout", "Date", "performance"],
  });
  try {
    const chance = createChance(seed), { pick } = chance;
    const remote = createRemote(chance);
    const settings = pick([{}, { preprocess: DESKEW_IMAGE }]);
    const deadline = pick([2000, 20_000, 60_000]);
    const allowed = new Map<ReadStep, number>([["preprocess", 1], ["detect", 1], ["recognize", 1]]);
    const disk: Disk = { state: null, ids: new Set() };
    for (let number = 0;; number++) {
      ok(number < PATIENCE + 10, "the image is never read");
      if (number === PATIENCE) remote.recover();
      const service = connect({
        token: "token",
        fetch: remote.fetch,
        schedule: fixed({ delay: pick([100, 700]) }),
        retry: { maxAttempts: pick([1, 3]), minDelay: 10, maxDelay: 2000 },
      });
      const wasSubmitting = disk.state?.submitting ?? false;
      const run = await runProcess(clock, chance, service, settings, deadline, disk, number >= PATIENCE);
      const { replies, end, took } = run, { state } = disk;
      const context = `process ${number}: ${JSON.stringify([run, state])}`;
      // The last poll may take 5 seconds longer, and so may that of the preprocessed image before it.
      ok(took <= deadline + 10_005, context);
      equal(clock.countTimers(), 0, context);
      equal(remote.inFlight.size, 0, context);
      for (const [step, count] of allowed) ok(remote.countOf(step) <= count, `${step} is sent again, ${context}`);
      for (const id of remote.told) ok(disk.ids.has(id), `${id} is lost, ${context}`);
      if (end === "complete") {
        const [last] = replies.slice(-1);
        ok(replies.slice(0, -1).every(E.isRight), context);
        const isUnconfirmed = E.isLeft(last) && last.left._tag === "Unconfirmed";
        // If the preprocessed image cannot be fetched, it does not matter yet what was submitted next.
        ok(state?.submitting === (isUnconfirmed || wasSubmitting), context);
        if (E.isRight(last)) {
          ok(last.right.step === "done", context);
          return deepEqual(last.right.regions, RESULT);
        }
      }
      if (state?.submitting && pick([false, true])) {
        disk.state = { ...state, submitting: false };
        allowed.set(state.step, (allowed.get(state.step) ?? 0) + 1);
      }
    }
  } finally {
    clock.uninstall();
  }
}

Deno.test("readRegions() sends nothing twice, loses nothing and ends in time, whatever fails", async () => {
  await fc.assert(fc.asyncProperty(fc.nat(), readWithFaults), { numRuns: 60, endOnFailure: true });
});
