import { connect, type Retry, type Service } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import type { Mock } from "./mock.ts";

/** A service with short limits that talks to a mock. Its retries are added to a list. */
export function serviceOf(world: Mock, retries: Retry[] = []): Service {
  return connect({
    credentials: { clientId: "id", clientSecret: "secret" },
    fetch: world.fetch,
    retry: { minDelay: 0, maxDelay: 1 },
    requestTimeout: 100,
    minUploadRate: 1_000_000,
    maxResponseBytes: 10_000,
    schedule: fixed({ delay: 1000 }),
    onRetry: (retry) => retries.push(retry),
  });
}
