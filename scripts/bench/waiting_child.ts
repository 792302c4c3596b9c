/**
 * Tasks that wait in a budget, in a process of its own. Its arguments: what to measure, and how many tasks. It prints one
 * number: for "admission" microseconds of computing each, for "acquire" and "watch" bytes of each that waits.
 */
import * as E from "fp-ts/lib/Either.js";
import process from "node:process";
import { type Budget, createBudget } from "../../src/client/budget.ts";
import { connect } from "../../src/client/service.ts";
import { createCancellation } from "../../src/internal/abort.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { watchRegions } from "../../src/stream/watch.ts";
import { seeded } from "../lib/simulation.ts";
import { makeIds } from "./world.ts";

const ADMISSIONS = 3000;
const HOUR = 3_600_000;

const collectGarbage: unknown = Reflect.get(globalThis, "gc");
const [what, tasks] = process.argv.slice(2);
const count = Number(tasks);
const random = seeded(1);
const measure = { admission, acquire, watch }[what];
console.log(await measure?.());
// Tasks may be waiting.
process.exit();

/** Computing of an admission, once as many were admitted before for the compiler. */
async function admission(): Promise<number> {
  const budget = createBudget({ concurrency: 1 });
  const free = await wait(budget);
  let admitted = 0, before = process.cpuUsage();
  const figure = new Promise<number>((resolve) => {
    const come = async (): Promise<void> => {
      while (admitted < 2 * ADMISSIONS) {
        const slot = await wait(budget);
        if (E.isLeft(slot)) throw new Error(`A task was told ${slot.left}`);
        admitted++;
        if (admitted === ADMISSIONS) before = process.cpuUsage();
        if (admitted === 2 * ADMISSIONS) {
          const { user, system } = process.cpuUsage(before);
          resolve((user + system) / ADMISSIONS);
        }
        slot.right(false);
      }
    };
    for (let i = 0; i < count; i++) come();
  });
  if (E.isRight(free)) free.right(false);
  return await figure;
}

async function acquire(): Promise<number> {
  const budget = createBudget({ concurrency: 1 });
  for (let i = 0; i < 1000; i++) wait(createBudget({ concurrency: 1 }));
  const waiting: unknown[] = new Array(count);
  return await growth(() => {
    for (let i = 0; i < count; i++) waiting[i] = wait(budget);
    return waiting;
  });
}

async function watch(): Promise<number> {
  const options = { schedule: fixed({ delay: 1 }) };
  const never = (): Promise<never> => new Promise(() => {});
  const service = connect({ token: "token", fetch: never, requestTimeout: HOUR, budget: { concurrency: 1 } });
  for (const id of makeIds(1000)) watchRegions(id, options)(service).subscribe().unsubscribe();
  const ids = makeIds(count);
  return await growth(() => ids.map((id) => watchRegions(id, options)(service).subscribe()));
}

function wait(budget: Budget): ReturnType<Budget["acquire"]> {
  const since = Math.floor(HOUR * random());
  return budget.acquire({ since, heardAt: since + Math.floor(HOUR * random()) }, HOUR, createCancellation());
}

/** The bytes in use that so many tasks add, each. */
async function growth(begin: () => readonly unknown[]): Promise<number> {
  await cleanUp();
  const before = process.memoryUsage().heapUsed;
  const waiting = begin();
  // Until the polls have come to the budget.
  await sleep(2000);
  await cleanUp();
  return (process.memoryUsage().heapUsed - before) / waiting.length;
}

async function cleanUp(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    if (typeof collectGarbage === "function") collectGarbage();
    await sleep(5);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
