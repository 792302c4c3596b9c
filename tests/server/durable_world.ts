/**
 * A Durable Object's platform in small: a storage and an alarm that outlive the object, and a fault at any of the points
 * at which the object waits. For tests under a fake clock.
 */
import FakeTimers from "@sinonjs/fake-timers";
import { serialize } from "node:v8";
import { createDurableTask, type DurableStorage, type DurableTask } from "../../src/server/durable_object.ts";
import { connect } from "../../src/client/request.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import type { Mock } from "../support/mock.ts";

/** What happens at an operation: the storage refuses it, or the object dies. */
export interface Fault {
  readonly kind: "reject" | "die";
  /** Whether the operation has taken effect nevertheless. */
  readonly done: boolean;
  /** The number of the operation, counted from 1 over storage and service. */
  readonly at: number;
  /** How many operations from there on. */
  readonly count?: number;
  /** Or for how many milliseconds from there on. */
  readonly ms?: number;
}

export interface WorldOptions {
  readonly fault?: Fault;
  /** Milliseconds that each operation of the storage takes. */
  readonly latency?: number;
  readonly schedule?: Schedule;
  readonly retention?: number;
}

export interface World {
  /** The object that is alive. */
  readonly task: () => DurableTask;
  /** Ends the object; another takes its place. */
  readonly restart: () => DurableTask;
  /** Calls the object; rejects if it dies before it answers. */
  readonly call: <A>(act: (task: DurableTask) => Promise<A>) => Promise<A>;
  readonly values: Map<string, unknown>;
  readonly alarm: () => number | null;
  /** How many operations there were. */
  readonly operations: () => number;
  /** What the storage held as the task when an object last died. */
  readonly heldAtDeath: () => unknown;
  /** Refuses everything, alarms included. */
  broken: boolean;
  /** Refuses to write values. */
  readOnly: boolean;
}

/** Cloudflare retries an alarm that throws up to six times, first after two seconds, then after twice as long each time. */
const RETRIES = 6;
const BACKOFF = 2000;

/** Bytes of a value on key-value storage: 128 KiB, to which the serialization may add 32. Source: miniflare 2. */
export const VALUE_LIMIT = 128 * 1024 + 32;

/** What the platform counts: a view with its whole buffer. */
export function sizeOf(value: unknown): number {
  return ArrayBuffer.isView(value) ? value.buffer.byteLength : serialize(value).length;
}

export function createWorld(mock: Mock, options: WorldOptions = {}): World {
  const { fault, latency = 0, schedule = fixed({ delay: 1000 }), retention } = options;
  const values = new Map<string, unknown>();
  let alarm: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let operations = 0;
  let faultEnd: number | null = null;
  let life = 0;
  let held: unknown = null;
  let mourners: (() => void)[] = [];

  const isFaulty = (kind: Fault["kind"]): boolean => {
    if (fault === undefined || fault.kind !== kind || operations < fault.at) return false;
    faultEnd ??= Date.now() + (fault.ms ?? 0);
    return operations < fault.at + (fault.count ?? 0) || Date.now() < faultEnd;
  };
  const operate = async <T>(mine: number, act: () => T | Promise<T>, refuses: () => boolean): Promise<T> => {
    // A dead object asks for nothing, and hears nothing.
    if (mine !== life) return new Promise(() => {});
    operations++;
    if (isFaulty("die")) {
      if (fault?.done) await act();
      world.restart();
      return new Promise(() => {});
    }
    if (refuses()) {
      if (fault?.done) await act();
      throw new Error("the storage refuses");
    }
    const result = await act();
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
    return mine === life ? result : new Promise(() => {});
  };
  const setAlarm = (at: number): void => {
    alarm = at;
    clearTimeout(timer);
    // A longer timer would fire at once. Nothing here waits for so long.
    timer = setTimeout(() => ring(0), Math.min(Math.max(0, at - Date.now()), 2 ** 31 - 1));
  };
  const ring = async (retries: number): Promise<void> => {
    alarm = null;
    timer = undefined;
    try {
      await world.call((task) => task.alarm());
    } catch {
      if (alarm !== null || retries >= RETRIES) return;
      alarm = Date.now() + BACKOFF * 2 ** retries;
      timer = setTimeout(() => ring(retries + 1), alarm - Date.now());
    }
  };
  const create = (): DurableTask => {
    const mine = ++life;
    const ask = <T>(act: () => T, writes = false): Promise<T> =>
      operate(mine, act, () => world.broken || writes && world.readOnly || isFaulty("reject"));
    const storage: DurableStorage = {
      get: <T>(key: string) => ask(() => structuredClone(values.get(key)) as T | undefined),
      put: (key, value) => {
        // What is stored is what the value was at the time of the call.
        const clone = structuredClone(value);
        if (sizeOf(value) > VALUE_LIMIT) return Promise.reject(new Error("the value is too large"));
        return ask(() => void values.set(key, clone), true);
      },
      deleteAll: () => ask(() => values.clear(), true),
      setAlarm: (at) => ask(() => setAlarm(at)),
      deleteAlarm: () =>
        ask(() => {
          alarm = null;
          clearTimeout(timer);
        }),
    };
    const fetch: Mock["fetch"] = (input, init) => operate(mine, () => mock.fetch(input, init), () => false);
    return createDurableTask(storage, connect({ token: "t", fetch, schedule }), { retention });
  };
  const world: World = {
    task: () => task,
    restart: () => {
      held = values.get("task");
      task = create();
      for (const mourn of mourners) mourn();
      mourners = [];
      return task;
    },
    call: (act) =>
      new Promise((resolve, reject) => {
        mourners.push(() => reject(new Error("the object died")));
        act(task).then(resolve, reject);
      }),
    values,
    alarm: () => alarm,
    operations: () => operations,
    heldAtDeath: () => held,
    broken: false,
    readOnly: false,
  };
  let task = create();
  return world;
}

/** A test under a fake clock. */
export function withClock(name: string, test: (clock: ReturnType<typeof FakeTimers.install>) => Promise<void>): void {
  Deno.test(name, async () => {
    const clock = FakeTimers.install({ now: 1_800_000_000_000, toFake: ["setTimeout", "clearTimeout", "Date"] });
    try {
      await test(clock);
    } finally {
      clock.uninstall();
    }
  });
}
