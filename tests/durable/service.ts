/** The emulator as a server that counts its requests. */
import { emulate } from "../../src/emulator/emulator.ts";
import type { Region } from "../../src/model/region.ts";
import { serve } from "../../src/emulator/serve.ts";

/** The requests for one task. */
export interface TaskRecord {
  /** The number of the task's image. */
  readonly image: number;
  /** The number of polls, and the time of the last one, in milliseconds since 1970. */
  polls: number;
  lastPollAt: number;
  /** The number of responses with a final status, and the time of the first one. */
  finals: number;
  finalAt: number;
  cancels: number;
}

/** The emulator with adjustable delays. */
export interface CountedService {
  readonly url: string;
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  /** The number of token requests. */
  tokens: number;
  /** The processing time of the next images, in milliseconds. */
  serviceTime: () => number;
  /** The delay of responses in milliseconds, by call. */
  readonly delay: { token: number; submit: number; fetch: number; cancel: number };
  /** Returns the requests for the latest task of an image. */
  readonly of: (image: number) => TaskRecord | undefined;
  readonly close: () => Promise<void>;
}

/** Returns a different image for each number. The width of its only region depends on the number. */
export function imageOf(image: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`image ${image}`);
}

/** Images whose results exceed the size of a value in a Durable Object, and the limit of the example, respectively. */
export const HUGE = 1_000_000;
export const TOO_LARGE = 2_000_000;

const NO_IMAGE = new Uint8Array();

/** Returns the number of regions of an image. */
export function regionsOf(image: number): number {
  return image === TOO_LARGE ? 150_000 : image === HUGE ? 60_000 : 1;
}

/** Returns the right edge of an image's regions. */
export function rightOf(image: number): number {
  return 10 + image;
}

/** Starts the service. Tasks are `Pending` for `pickupTime` milliseconds. */
export async function startService(pickupTime = 300): Promise<CountedService> {
  const tasks = new Map<string, TaskRecord>();
  const emulator = emulate({
    workers: 1000,
    pickupTime,
    serviceTime: () => service.serviceTime(),
    detect: (image) => {
      const number = numberIn(image);
      const region = { left: 1, top: 2, right: rightOf(number), bottom: 30 };
      return Promise.resolve(Array<Region>(regionsOf(number)).fill(region));
    },
    recognize: (image) => Promise.resolve([`text ${numberIn(image)}`]),
    tasks: {
      DeskewImage: ({ image }) =>
        Promise.resolve([{ type: "ImagePNG", data: btoa(`file ${numberIn(image ?? NO_IMAGE)}`) }]),
    },
  });
  const handle = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const { method } = request;
    if (pathname === "/connect/token") {
      service.tokens++;
      const response = await emulator(request);
      return late(response, service.delay.token);
    }
    if (method === "POST") {
      const body = await request.text();
      const response = await emulator(new Request(request.url, { method, headers: request.headers, body }));
      const image = numberIn(Uint8Array.from(atob(JSON.parse(body).image), (c) => c.charCodeAt(0)));
      const record: TaskRecord = { image, polls: 0, lastPollAt: 0, finals: 0, finalAt: 0, cancels: 0 };
      if (response.ok) tasks.set(await response.clone().text(), record);
      return late(response, service.delay.submit);
    }
    const response = await emulator(request);
    const record = tasks.get(searchParams.get("id") ?? "");
    if (record === undefined) return response;
    if (method === "DELETE") {
      record.cancels++;
      return late(response, service.delay.cancel);
    }
    record.polls++;
    record.lastPollAt = Date.now();
    const { taskStatus } = await response.clone().json();
    if (taskStatus !== "Pending" && taskStatus !== "Processing" && record.finals++ === 0) record.finalAt = Date.now();
    return late(response, service.delay.fetch);
  };
  const { url, close } = await serve(handle, 0);
  const service: CountedService = {
    url,
    tasks,
    tokens: 0,
    serviceTime: () => 1000,
    delay: { token: 0, submit: 0, fetch: 0, cancel: 0 },
    of: (image) => [...tasks.values()].findLast((record) => record.image === image),
    close,
  };
  return service;
}

function numberIn(image: Uint8Array): number {
  return Number(new TextDecoder().decode(image).slice("image ".length));
}

async function late(response: Response, ms: number): Promise<Response> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  return response;
}
