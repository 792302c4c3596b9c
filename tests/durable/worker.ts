/** The example's Worker with objects that count their operations and expose their storage. */
import { fixed } from "@ocr-cloud/regions";
import type { DurableStorage, DurableTaskOptions } from "@ocr-cloud/regions/durable-object";
import worker, { type Env, RegionsTask as Task } from "../../examples/worker/worker.ts";

/** The operations of an object since the start of the isolate. */
export interface Counts {
  requests: number;
  alarms: number;
  /** The time spent in alarms, in milliseconds. */
  alarmTime: number;
  reads: number;
  /** Rows written, including one for each alarm set. Source: Cloudflare's pricing of Durable Objects. */
  writes: number;
  deletions: number;
  /** The number of storage operations to reject next. */
  refusals: number;
}

/** The contents of an object's storage. */
export interface Holdings {
  readonly keys: readonly string[];
  readonly alarm: number | null;
}

interface State {
  readonly id: { readonly toString: () => string };
  readonly storage: DurableStorage & {
    readonly list: () => Promise<ReadonlyMap<string, unknown>>;
    readonly getAlarm: () => Promise<number | null>;
  };
}

interface TestEnv extends Env {
  /** Objects that poll every two seconds and keep results for two seconds, so that tests need not wait for a day. */
  readonly HASTY: Env["TASKS"];
}

// Kept by object id, since objects are evicted from memory between alarms.
const counts = new Map<string, Counts>();

/** The number of requests that all objects have received. */
let requests = 0;

let heartbeats = 0;
const { setInterval, clearInterval } = globalThis;
Object.assign(globalThis, {
  setInterval: (act: () => void, ms: number) => {
    heartbeats++;
    return setInterval(act, ms);
  },
  clearInterval: (timer: number) => {
    heartbeats--;
    clearInterval(timer);
  },
});

export class RegionsTask extends Task {
  readonly #storage: State["storage"];
  readonly #counts: Counts;

  constructor({ id, storage }: State, env: Env, options?: DurableTaskOptions) {
    const mine = counts.get(`${id}`) ??
      { requests: 0, alarms: 0, alarmTime: 0, reads: 0, writes: 0, deletions: 0, refusals: 0 };
    counts.set(`${id}`, mine);
    super({ storage: counted(storage, mine) }, env, options);
    this.#storage = storage;
    this.#counts = mine;
  }

  override async alarm(): Promise<void> {
    const begin = Date.now();
    this.#counts.alarms++;
    await super.alarm();
    this.#counts.alarmTime += Date.now() - begin;
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/counts")) return Response.json(this.#counts);
    if (pathname.endsWith("/refuse")) {
      this.#counts.refusals = Number(await request.text());
      return new Response(null, { status: 204 });
    }
    if (pathname.endsWith("/holdings")) {
      const holdings: Holdings = {
        keys: [...(await this.#storage.list()).keys()],
        alarm: await this.#storage.getAlarm(),
      };
      return Response.json(holdings);
    }
    this.#counts.requests++;
    requests++;
    return super.fetch(request);
  }
}

export class HastyTask extends RegionsTask {
  constructor(state: State, env: Env) {
    super(state, env, { schedule: fixed({ delay: 2000 }), retention: 2000 });
  }
}

function counted(storage: DurableStorage, counts: Counts): DurableStorage {
  const count = <T>(what: "reads" | "writes" | "deletions", operation: () => Promise<T>): Promise<T> => {
    if (counts.refusals > 0) {
      counts.refusals--;
      return Promise.reject(new Error("the storage rejects"));
    }
    counts[what]++;
    return operation();
  };
  return {
    get: (key) => count("reads", () => storage.get(key)),
    put: (key, value) => count("writes", () => storage.put(key, value)),
    setAlarm: (at) => count("writes", () => storage.setAlarm(at)),
    deleteAlarm: () => count("writes", () => storage.deleteAlarm()),
    deleteAll: () => count("deletions", () => storage.deleteAll()),
  };
}

export default {
  fetch(request: Request, env: TestEnv): Response | Promise<Response> {
    const { pathname, origin } = new URL(request.url);
    if (pathname === "/heartbeats") return Response.json(heartbeats);
    if (pathname === "/requests") return Response.json(requests);
    // The same Worker with other objects, or without one of its secrets.
    const [, prefix = "", hasty, missing = "", path = ""] = /^(\/(hasty)|\/without\/(\w+))?(.*)$/.exec(pathname) ?? [];
    const mine: Env = { ...env, ...hasty === undefined ? {} : { TASKS: env.HASTY }, [missing]: "" };
    const [, id] = /^\/tasks\/([\w-]+)\.[\w-]+\/(?:counts|holdings|refuse)$/.exec(path) ?? [];
    const plain = prefix === "" ? request : new Request(origin + path, request);
    return id === undefined ? worker.fetch(plain, mine) : mine.TASKS.getByName(nameIn(id)).fetch(plain);
  },
};

/** Returns the name of the object in the id of a task, whose first part is JSON in Base64. */
function nameIn(id: string): string {
  return JSON.parse(atob(id.replaceAll("-", "+").replaceAll("_", "/"))).id;
}
