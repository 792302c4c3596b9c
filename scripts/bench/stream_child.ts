/**
 * Thousands of tasks watched by one poller, in a process of its own. Its arguments: the poller, whether a poll is a
 * request ("whole") or a promise alone ("plain"), how many tasks, and milliseconds between their polls. It prints bytes a
 * sleeping task and microseconds of computing a poll.
 */
import process from "node:process";
import { makeIds, plainWorld, POLLS, type Watch, wholeWorld, type World } from "./world.ts";

interface Poller {
  readonly watcher: (world: World) => Watch;
}

const collectGarbage: unknown = Reflect.get(globalThis, "gc");
const [name, kind, tasks, pause] = process.argv.slice(2);
const count = Number(tasks), delay = Number(pause);
const { watcher }: Poller = await import(new URL(`pollers/${name}${import.meta.url.slice(-3)}`, import.meta.url).href);
const makeWorld = kind === "whole" ? wholeWorld : plainWorld;

// The compiler has to know the code.
await watchAll(watcher(makeWorld(1)), makeIds(1000));

const ids = makeIds(count);
const world = makeWorld(delay);
const watch = watcher(world);
await cleanUp();
const before = process.memoryUsage().heapUsed;
const begin = process.cpuUsage();
const end = watchAll(watch, ids);
// All have asked once by then, and none twice: all sleep.
await new Promise((resolve) => setTimeout(resolve, delay * 0.6));
if (world.polls() !== count) throw new Error(`${world.polls()} polls instead of ${count} before the heap was measured`);
const early = process.cpuUsage();
await cleanUp();
const bytes = (process.memoryUsage().heapUsed - before) / count;
const cleaning = microseconds(process.cpuUsage(early));
await end;
const all = microseconds(process.cpuUsage(begin));
if (world.polls() !== count * POLLS) throw new Error(`${world.polls()} polls instead of ${count * POLLS}`);
console.log(JSON.stringify([bytes, (all - cleaning) / (count * POLLS)]));

function watchAll(watch: Watch, ids: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    let left = ids.length;
    const done = (): void => {
      if (--left === 0) resolve();
    };
    for (const id of ids) watch(id, done);
  });
}

function microseconds({ user, system }: { readonly user: number; readonly system: number }): number {
  return user + system;
}

/** More than once, since what is finalised goes only then. */
async function cleanUp(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    if (typeof collectGarbage === "function") collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
