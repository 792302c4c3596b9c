import * as E from "fp-ts/lib/Either.js";
import FakeTimers from "@sinonjs/fake-timers";
import type { AccessToken } from "../../src/client/memory.ts";
import type { RegionsError } from "../../src/model/error.ts";

/** The outcome of a token request. */
export type TokenReply = E.Either<RegionsError, AccessToken>;

export const NOW = 1_800_000_000_000;

/** A token that is valid for almost an hour from {@linkcode NOW}. */
export const granted = (value: string): TokenReply => E.right({ value, staleAt: NOW + 3_540_000 });

/** A token endpoint that replies after 10 ms and records the signals of its requests. */
export function endpoint(...replies: TokenReply[]): {
  readonly signals: AbortSignal[];
  readonly request: (signal: AbortSignal) => Promise<TokenReply>;
} {
  const signals: AbortSignal[] = [];
  return {
    signals,
    request: (signal) => {
      const reply = replies[Math.min(signals.push(signal), replies.length) - 1];
      return new Promise((give) => setTimeout(() => give(reply), 10));
    },
  };
}

/** Registers a test with fake timers whose clock starts at {@linkcode NOW}. */
export function withClock(name: string, test: (clock: ReturnType<typeof FakeTimers.install>) => Promise<void>): void {
  Deno.test(name, async () => {
    const clock = FakeTimers.install({ now: NOW, toFake: ["setTimeout", "clearTimeout", "Date"] });
    try {
      await test(clock);
    } finally {
      clock.uninstall();
    }
  });
}
