/**
 * The service that a command uses: the one in the environment, or an emulator inside this process.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { pipe } from "fp-ts/lib/function.js";
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
const EMULATOR = { workers: 1, pickupTime: 700, serviceTime: 1200 };

/** The emulator accepts any credentials. */
const EMULATOR_CREDENTIALS = { clientId: "emulator", clientSecret: "emulator" };

/** Opens the service. A Left is a sentence for the user. */
export async function openService(
  emulated: boolean,
  io: Io,
  terminal: Terminal,
  onRetry: (retry: Retry) => void,
): Promise<E.Either<string, OpenService>> {
  if (!emulated) {
    const service = await connectFrom(io, terminal, onRetry);
    return pipe(service, E.map((service) => ({ service, close: () => Promise.resolve() })));
  }
  const emulator = await startEmulator(EMULATOR);
  return pipe(
    emulator,
    E.map(({ fetch, close }) => ({
      service: connect({ credentials: EMULATOR_CREDENTIALS, fetch, schedule: fixed({ delay: 400 }) }),
      close,
    })),
  );
}
