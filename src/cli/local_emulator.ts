/**
 * The emulator with its detector and its recognizer.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { emulate } from "../emulator/emulator.ts";
import { messageOf } from "./files.ts";

/** A running emulator. */
export interface LocalEmulator {
  /** Handles a request. */
  readonly fetch: ReturnType<typeof emulate>;
  /** Terminates the threads. */
  readonly close: () => Promise<void>;
}

interface Closable {
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
  const detectors = createPool(startDetector);
  const recognizers = createPool(startRecognizer);
  const close = async (): Promise<void> => {
    await Promise.all([detectors.close(), recognizers.close()]);
  };
  try {
    // A recognizer is not started before the first text, and a language that is missing is named in the task's error.
    await detectors.use((detector) => detector.ready());
  } catch (error) {
    await close();
    return E.left(`${messageOf(error)}.`);
  }
  const fetch = emulate({
    ...options,
    detect: (image, mode) => detectors.use((detector) => detector.detect(image, mode)),
    recognize: (image, request) => recognizers.use((recognizer) => recognizer.recognize(image, request)),
  });
  return E.right({ fetch, close });
}

/**
 * Gives each call of `use` a member that is idle, and creates one if there is none. So there are as many members as there
 * have been calls at the same time, of which the emulator makes one per worker.
 */
function createPool<Member extends Closable>(create: () => Member) {
  const members: Member[] = [];
  const idle: Member[] = [];
  const add = (): Member => {
    const member = create();
    members.push(member);
    return member;
  };
  return {
    use: async <A>(call: (member: Member) => Promise<A>): Promise<A> => {
      const member = idle.pop() ?? add();
      try {
        return await call(member);
      } finally {
        idle.push(member);
      }
    },
    close: async (): Promise<void> => {
      await Promise.all(members.map((member) => member.close()));
    },
  };
}
