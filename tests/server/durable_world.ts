/**
 * A simulation of the platform of Durable Objects, for tests with fake timers: a storage and an alarm that outlive the
 * object, and a fault at any of its asynchronous operations.
 */
import FakeTimers from "@sinonjs/fake-timers";
import { serialize } from "node:v8";
import { createDurableTask, type DurableStorage, type DurableTask } from "../../src/server/durable_object.ts";
import { connect } from "../../src/client/service.ts";
import { DETECT_REGIONS, type DetectionInput } from "../../src/model/detect_regions.ts";
import type { Detection } from "../../src/model/detection.ts";
import type { TaskKind } from "../../src/model/task_kind.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import type { Mock } from "../support/mock.ts";

/** A fault at an operation: the storage rejects it (`reject`), or the platform stops the object (`die`). */
export interface Fault {
  readonly kind: "reject" | "die";
  /** Whether the operation takes effect nevertheless. */
  readonly done: boolean;
  /**
   * The number of the operation. Operations of the storage and requests to the service are counted together, from 1.
   */
  readonly at: number;
  /** The number of consecutive operations with this fault. */
  readonly count?: number;
  /** Alternatively, the time during which all operations have this fault, in milliseconds. */
  readonly ms?: number;
}

export interface WorldOptions {
  readonly fault?: Fault;
  /** The duration of each operation of the storage, in milliseconds. */
  readonly latency?: number;
  readonly schedule?: Schedule;
  readonly retention?: number;
}

export interface World<Input = DetectionInput, A extends object = Detection> {
  /** Returns the current object. */
  readonly task: () => DurableTask<Input, A>;
  /** Stops the object and creates another one. */
  readonly restart: () => DurableTask<Input, A>;
  /** Calls the object. Rejects if the object is stopped before the call settles. */
  readonly call: <B>(act: (task: DurableTask<Input, A>) => Promise<B>) => Promise<B>;
  readonly values: Map<string, unknown>;
  readonly alarm: () => number | null;
  /** Returns the number of operations so far. */
  readonly operations: () => number;
  /** Returns the stored task at the time when an object was last stopped. */
  readonly heldAtDeath: () => unknown;
  /** Whether the storage rejects all operations, including alarms. */
  broken: boolean;
  /** Whether the storage rejects writes of values. */
  readOnly: boolean;
}

/** Cloudflare retries an alarm that throws up to six times, after two seconds first, doubling the delay each time. */
const RETRIES = 6;
const BACKOFF = 2000;

/**
 * The maximum size of a value in key-value storage in bytes: 128 KiB plus 32 for serialization. Source: Miniflare 2.
 */
export const VALUE_LIMIT = 128 * 1024 + 32;

/** Returns the size of a value as the platform counts it: a view counts with its whole buffer. */
export function sizeOf(value: unknown): number {
  return ArrayBuffer.isView(value) ? value.buffer.byteLength : serialize(value).length;
}

export function createWorld(mock: Mock, options: WorldOptions = {}): World {
  return createWorldOf(DETECT_REGIONS, mock, options);
}

/** Creates a world whose objects have a task of the given kind. */
export function createWorldOf<Input, A extends object>(
  kind: TaskKind<Input, A>,
  mock: Mock,
  options: WorldOptions = {},
): World<Input, A> {
  const { fault, latency = 0, schedule = fixed({ delay: 1000 }), retention } = options;
  const values = new Map<string, unknown>();
  let alarm: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let operations = 0;
  let faultEnd: number | null = null;
  let life = 0;
  let held: unknown = null;
  let pendingCalls: (() => void)[] = [];

  const isFaulty = (kind: Fault["kind"]): boolean => {
    if (fault === undefined || fault.kind !== kind || operations < fault.at) return false;
    faultEnd ??= Date.now() + (fault.ms ?? 0);
    return operations < fault.at + (fault.count ?? 0) || Date.now() < faultEnd;
  };
  const operate = async <T>(mine: number, act: () => T | Promise<T>, refuses: () => boolean): Promise<T> => {
    // A stopped object performs no operations, and its pending ones never settle.
    if (mine !== life) return new Promise(() => {});
    operations++;
    if (isFaulty("die")) {
      if (fault?.done) await act();
      world.restart();
      return new Promise(() => {});
    }
    if (refuses()) {
      if (fault?.done) await act();
      throw new Error("the storage rejects the operation");
    }
    const result = await act();
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
    return mine === life ? result : new Promise(() => {});
  };
  const setAlarm = (at: number): void => {
    alarm = at;
    clearTimeout(timer);
    // A longer delay would fire immediately. No test waits that long.
    timer = setTimeout(() => onAlarm(0), Math.min(Math.max(0, at - Date.now()), 2 ** 31 - 1));
  };
  const onAlarm = async (retries: number): Promise<void> => {
    alarm = null;
    timer = undefined;
    try {
      await world.call((task) => task.alarm());
    } catch {
      if (alarm !== null || retries >= RETRIES) return;
      alarm = Date.now() + BACKOFF * 2 ** retries;
      timer = setTimeout(() => onAlarm(retries + 1), alarm - Date.now());
    }
  };
  const create = (): DurableTask<Input, A> => {
    const mine = ++life;
    const perform = <T>(act: () => T, writes = false): Promise<T> =>
      operate(mine, act, () => world.broken || writes && world.readOnly || isFaulty("reject"));
    const storage: DurableStorage = {
      get: <T>(key: string) => perform(() => structuredClone(values.get(key)) as T | undefined),
      put: (key, value) => {
        // The value is copied at the time of the call.
        const clone = structuredClone(value);
        if (sizeOf(value) > VALUE_LIMIT) return Promise.reject(new Error("the value is too large"));
        return perform(() => void values.set(key, clone), true);
      },
      deleteAll: () => perform(() => values.clear(), true),
      setAlarm: (at) => perform(() => setAlarm(at)),
      deleteAlarm: () =>
        perform(() => {
          alarm = null;
          clearTimeout(timer);
        }),
    };
    const fetch: Mock["fetch"] = (input, init) => operate(mine, () => mock.fetch(input, init), () => false);
    return createDurableTask(storage, connect({ token: "token", fetch, schedule }), { retention, kind });
  };
  const world: World<Input, A> = {
    task: () => task,
    restart: () => {
      held = values.get("task");
      task = create();
      for (const rejectCall of pendingCalls) rejectCall();
      pendingCalls = [];
      return task;
    },
    call: (act) =>
      new Promise((resolve, reject) => {
        pendingCalls.push(() => reject(new Error("the object was stopped")));
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

/** Registers a test with fake timers. */
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
