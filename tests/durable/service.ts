/** The emulator on a socket, counting what is asked of it. */
import { emulate } from "../../src/emulator/emulator.ts";
import type { Region } from "../../src/model/region.ts";
import { serve } from "../../src/emulator/serve.ts";

/** What was asked about one task, by the service's id of it. */
export interface Asked {
  /** The number in its image. */
  readonly image: number;
  /** Polls, and when the last of them came, in milliseconds since 1970. */
  polls: number;
  lastPollAt: number;
  /** Polls that were answered with a final status, and when the first of them came. */
  finals: number;
  finalAt: number;
  cancels: number;
}

/** The emulator, with its knobs. */
export interface CountedService {
  readonly url: string;
  readonly tasks: ReadonlyMap<string, Asked>;
  /** Token requests. */
  tokens: number;
  /** How long a worker takes for the next images, in milliseconds. */
  serviceTime: () => number;
  /** How long the answers take, in milliseconds, by the call. */
  readonly delay: { token: number; submit: number; fetch: number; cancel: number };
  /** What was asked about the task of an image. */
  readonly of: (image: number) => Asked | undefined;
  readonly close: () => Promise<void>;
}

/** An image of its own for each number: its only region is that wide. */
export function imageOf(image: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`image ${image}`);
}

/** The images whose regions take more than a value of a Durable Object can hold, and more than the example accepts. */
export const HUGE = 1_000_000;
export const TOO_LARGE = 2_000_000;

/** How many regions an image has. */
export function regionsOf(image: number): number {
  return image === TOO_LARGE ? 150_000 : image === HUGE ? 60_000 : 1;
}

/** The right edge of the only region of an image. */
export function rightOf(image: number): number {
  return 10 + image;
}

/** Starts it; a task is `Pending` for `pickupTime` milliseconds. */
export async function startService(pickupTime = 300): Promise<CountedService> {
  const tasks = new Map<string, Asked>();
  const emulator = emulate({
    workers: 1000,
    pickupTime,
    serviceTime: () => service.serviceTime(),
    detect: (image) => {
      const number = numberIn(image);
      const region = { left: 1, top: 2, right: rightOf(number), bottom: 30 };
      return Promise.resolve(Array<Region>(regionsOf(number)).fill(region));
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
      const asked: Asked = { image, polls: 0, lastPollAt: 0, finals: 0, finalAt: 0, cancels: 0 };
      if (response.ok) tasks.set(await response.clone().text(), asked);
      return late(response, service.delay.submit);
    }
    const response = await emulator(request);
    const asked = tasks.get(searchParams.get("id") ?? "");
    if (asked === undefined) return response;
    if (method === "DELETE") {
      asked.cancels++;
      return late(response, service.delay.cancel);
    }
    asked.polls++;
    asked.lastPollAt = Date.now();
    const { taskStatus } = await response.clone().json();
    if (taskStatus !== "Pending" && taskStatus !== "Processing" && asked.finals++ === 0) asked.finalAt = Date.now();
    return late(response, service.delay.fetch);
  };
  const { url, close } = await serve(handle, 0);
  const service: CountedService = {
    url,
    tasks,
    tokens: 0,
    serviceTime: () => 1000,
    delay: { token: 0, submit: 0, fetch: 0, cancel: 0 },
    of: (image) => [...tasks.values()].findLast((asked) => asked.image === image),
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
