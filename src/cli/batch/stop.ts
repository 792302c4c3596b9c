/**
 * The end of a batch before its last image. An image that is being sent is not interrupted at once: nobody would know
 * whether the service has accepted it.
 *
 * @module
 */

/** Why a batch stops: the user wants it to, or going on would not help. */
export type StopReason = "user" | "fault";

/** Stops a batch. */
export interface Stop {
  /** Aborts when the batch is to stop and no image is being sent, or at the end of a grace period. */
  readonly signal: AbortSignal;
  /** Stops the batch. The first reason counts. */
  readonly because: (reason: StopReason) => void;
  /** The reason, or null as long as there is none. */
  readonly reason: () => StopReason | null;
  /** Must be called before an image is sent. Resolves when it may be, or when `signal` has aborted. */
  readonly beginSending: (key: string) => Promise<void>;
  /** Must be called when the service has accepted the image, or has not. Idempotent. */
  readonly endSending: (key: string) => void;
  /** Ends listening to the user. */
  readonly close: () => void;
}

/** How long images that are being sent may take, in milliseconds. */
const GRACE = 5000;

/** Creates the stop of a batch, which the user may cause by `signal`. `onStop` is called with its reason. */
export function createStop(signal: AbortSignal, onStop: (reason: StopReason) => void, grace = GRACE): Stop {
  const controller = new AbortController();
  const sending = new Set<string>();
  let first: StopReason | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const abort = (): void => controller.abort();
  const because = (reason: StopReason): void => {
    if (first !== null) return;
    first = reason;
    onStop(reason);
    if (sending.size === 0) abort();
    else timer = setTimeout(abort, grace);
  };
  const onAbort = (): void => because("user");
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    because,
    reason: () => first,
    beginSending: (key) => {
      if (first === null) {
        sending.add(key);
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        if (controller.signal.aborted) resolve();
        else controller.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    },
    endSending: (key) => {
      sending.delete(key);
      if (first !== null && sending.size === 0) abort();
    },
    close: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}
