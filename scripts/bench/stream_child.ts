/**
 * Thousands of tasks watched by one poller, in a process of its own. Its arguments: what to measure, the poller, the
 * world, how many tasks, milliseconds between their polls, milliseconds over which they begin, and the service's base URL
 * if it is behind a socket. It prints one number: for "heap" bytes a sleeping task, for "cpu" microseconds of computing
 * a poll.
 */
import process from "node:process";
import { emulatedWorld, makeIds, plainWorld, POLLS, socketWorld, type Watch, type World } from "./world.ts";

interface Poller {
  readonly watcher: (world: World) => Watch;
}

const WARM_UP = { tasks: 1000, delay: 50 };
/** Milliseconds until the last answer has been read. */
const SETTLING = 500;

const collectGarbage: unknown = Reflect.get(globalThis, "gc");
const [what, name, kind, tasks, pause, span, baseUrl] = process.argv.slice(2);
const count = Number(tasks), delay = Number(pause), over = Number(span);
const { watcher }: Poller = await import(new URL(`pollers/${name}${import.meta.url.slice(-3)}`, import.meta.url).href);
const makeWorld = { plain: plainWorld, emulated: emulatedWorld, socket: socketWorld }[kind];
if (makeWorld === undefined) throw new TypeError(`There is no world ${kind}`);

// The compiler has to know the code, and connections have to be open.
await watchAll(watcher(makeWorld(WARM_UP.delay, baseUrl)), makeIds(WARM_UP.tasks), over * WARM_UP.tasks / count);

const ids = makeIds(count);
const world = makeWorld(delay, baseUrl);
const watch = watcher(world);
await cleanUp();
console.log(await (what === "heap" ? heap() : cpu()));
// Tasks may be asleep.
process.exit();

async function heap(): Promise<number> {
  const before = process.memoryUsage().heapUsed;
  watchAll(watch, ids, over);
  await sleep(over + SETTLING);
  await cleanUp();
  if (world.polls() !== count) throw new Error(`${world.polls()} polls instead of ${count} when the heap was measured`);
  return (process.memoryUsage().heapUsed - before) / count;
}

async function cpu(): Promise<number> {
  const before = process.cpuUsage();
  await watchAll(watch, ids, over);
  const { user, system } = process.cpuUsage(before);
  if (world.polls() !== count * POLLS) throw new Error(`${world.polls()} polls instead of ${count * POLLS}`);
  return (user + system) / (count * POLLS);
}

/** Begins with all, evenly over so many milliseconds, and waits for all. */
async function watchAll(watch: Watch, ids: readonly string[], over: number): Promise<void> {
  let left = ids.length;
  let resolve = (): void => {};
  const end = new Promise<void>((settle) => resolve = settle);
  const done = (): void => {
    if (--left === 0) resolve();
  };
  const begin = performance.now();
  for (let next = 0; next < ids.length;) {
    const due = Math.min(1, over === 0 ? 1 : (performance.now() - begin) / over) * ids.length;
    for (; next < due; next++) watch(ids[next], done);
    if (next < ids.length) await sleep(1);
  }
  await end;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** More than once, since what is finalised goes only then. */
async function cleanUp(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    if (typeof collectGarbage === "function") collectGarbage();
    await sleep(5);
  }
}
