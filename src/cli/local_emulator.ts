/**
 * The emulator with its detector.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { emulate } from "../emulator/emulator.ts";
import type { DsrMode } from "../model/settings.ts";
import type { Region } from "../model/region.ts";

/** A running emulator. */
export interface LocalEmulator {
  /** Handles a request. */
  readonly fetch: ReturnType<typeof emulate>;
  /** Terminates the detector's threads. */
  readonly close: () => Promise<void>;
}

/** Starts an emulator with one thread per worker. Times are in milliseconds. A Left is a sentence for the user. */
export async function startEmulator(
  options: { readonly workers: number; readonly pickupTime: number; readonly serviceTime: number },
): Promise<E.Either<string, LocalEmulator>> {
  // Loaded on demand, since its dependency is optional in the npm package.
  const { startDetector } = await import("../emulator/detector.ts");
  const detectors = Array.from({ length: options.workers }, () => startDetector());
  const close = async (): Promise<void> => {
    await Promise.all(detectors.map((detector) => detector.close()));
  };
  try {
    await detectors[0].ready();
  } catch (error) {
    await close();
    return E.left(`${error instanceof Error ? error.message : String(error)}.`);
  }
  const idle = [...detectors];
  const detect = async (image: Uint8Array, mode: DsrMode): Promise<readonly Region[]> => {
    // The emulator processes at most `workers` images at the same time.
    const detector = idle.pop() ?? detectors[0];
    try {
      return await detector.detect(image, mode);
    } finally {
      idle.push(detector);
    }
  };
  return E.right({ fetch: emulate({ ...options, detect }), close });
}
