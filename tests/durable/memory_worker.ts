/** A Worker whose requests share a memory and create a service each. */
import { connect, createMemory, fixed, watchRegions } from "@ocr-cloud/regions";
import * as E from "fp-ts/lib/Either.js";
import { lastValueFrom } from "rxjs";

interface Env {
  readonly OCR_BASE_URL: string;
}

const memory = createMemory();

/** Identifies the isolate. */
let isolate = "";

export default {
  /** Watches the task `?id=` and responds with its final status. */
  async fetch(request: Request, { OCR_BASE_URL: baseUrl }: Env): Promise<Response> {
    isolate ||= crypto.randomUUID();
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const credentials = { clientId: "id", clientSecret: "secret" };
    const service = connect({ credentials, baseUrl, memory, schedule: fixed({ delay: 500 }) });
    const reply = await lastValueFrom(watchRegions(id, { signal: request.signal })(service));
    return Response.json(E.toUnion(reply), { headers: { "X-Isolate": isolate } });
  },
};
