/**
 * The emulator with its detector and its recognizer.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { emulate } from "../emulator/emulator.ts";
import { messageOf } from "./files.ts";

/** A running emulator. */
export interface LocalEmulator {
  /** Handles a request. */
  readonly fetch: ReturnType<typeof emulate>;
  /** Terminates the threads. */
  readonly close: () => Promise<void>;
}

/**
 * Starts an emulator with a thread for detection and one for recognition per worker. Times are in milliseconds. A Left
 * is a sentence for the user.
 */
export async function startEmulator(
  options: { readonly workers: number; readonly pickupTime: number; readonly serviceTime: number },
): Promise<E.Either<string, LocalEmulator>> {
  // Loaded on demand, since their dependencies are optional in the npm package.
  const [{ startDetector }, { startRecognizer }] = await Promise.all([
    import("../emulator/detector.ts"),
    import("../emulator/recognizer.ts"),
  ]);
  const { workers } = options;
  const detector = startDetector({ workers }), recognizer = startRecognizer({ workers });
  const close = async (): Promise<void> => {
    await Promise.all([detector.close(), recognizer.close()]);
  };
  try {
    // A recognizer is not started before the first text, and a language that is missing is named in the task's error.
    await detector.ready();
  } catch (error) {
    await close();
    return E.left(`${messageOf(error)}.`);
  }
  const fetch = emulate({ ...options, detect: detector.detect, recognize: recognizer.recognize });
  return E.right({ fetch, close });
}
