/**
 * The service that a command uses: the one in the environment, or an emulator inside this process.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { connect, type Retry, type Service } from "../client/service.ts";
import { fixed } from "../polling/schedule.ts";
import { connectFrom } from "./connection.ts";
import type { Io } from "./io.ts";
import { startEmulator } from "./local_emulator.ts";
import type { Terminal } from "./terminal.ts";

/** A service, and how to end what was started for it. */
export interface OpenService {
  readonly service: Service;
  readonly close: () => Promise<void>;
}

/** The times are long enough for a poll to see a task Pending and Processing. */
const EMULATOR = { pickupTime: 700, serviceTime: 1200 };

/** The maximum number of images that the emulator works on at the same time: each worker has threads of its own. */
const MAX_WORKERS = 4;

/** The emulator accepts any credentials. */
const EMULATOR_CREDENTIALS = { clientId: "emulator", clientSecret: "emulator" };

/** Which service to open, and its limits. */
export interface ServiceOptions {
  readonly emulate: boolean;
  /** The number of images in progress at the same time. */
  readonly concurrency: number;
  /** The number of polls per second; null for no limit. */
  readonly rate: number | null;
}

/** Opens the service. A Left is a sentence for the user. */
export async function openService(
  { emulate, concurrency, rate }: ServiceOptions,
  io: Io,
  terminal: Terminal,
  onRetry: (retry: Retry) => void,
): Promise<E.Either<string, OpenService>> {
  const budget = rate === null ? undefined : { requestsPerSecond: rate };
  if (!emulate) {
    const service = await connectFrom(io, terminal, onRetry, budget);
    return pipe(service, E.map((service) => ({ service, close: () => Promise.resolve() })));
  }
  const workers = Math.min(concurrency, availableParallelism(), MAX_WORKERS);
  const emulator = await startEmulator({ ...EMULATOR, workers });
  return pipe(
    emulator,
    E.map(({ fetch, close }) => ({
      service: connect({ credentials: EMULATOR_CREDENTIALS, fetch, budget, schedule: fixed({ delay: 400 }) }),
      close,
    })),
  );
}
