/** @azure/core-lro, on a service that answers as Azure's do. */
import { createHttpPoller, type OperationResponse } from "@azure/core-lro";
import * as E from "fp-ts/lib/Either.js";
import { isFinal } from "../../../src/core.ts";
import type { Watch, World } from "../world.ts";

// After a PUT, another request would fetch the result.
const REQUEST = { method: "POST", url: "https://api.aspose.cloud/v5.0/ocr/DetectRegions" };

export function watcher({ delay, poll }: World): Watch {
  return (id, done) => {
    const answer = (statusCode: number, status: string): OperationResponse => ({
      flatResponse: {},
      rawResponse: { statusCode, headers: { "operation-location": id }, body: { status }, request: REQUEST },
    });
    const poller = createHttpPoller({
      sendInitialRequest: () => Promise.resolve(answer(202, "Running")),
      sendPollRequest: async (id) => {
        const reply = await poll(id);
        return answer(200, E.isLeft(reply) || isFinal(reply.right) ? "Succeeded" : "Running");
      },
    }, { intervalInMs: delay, resourceLocationConfig: "operation-location" });
    poller.pollUntilDone().then(done);
  };
}
