/** A Durable Object whose storage is the journal of a batch. */
import { connect, detectMany, fixed } from "@ocr-cloud/regions";
import type { DurableStorage } from "@ocr-cloud/regions/durable-object";
import * as E from "fp-ts/lib/Either.js";

interface Env {
  readonly OCR_BASE_URL: string;
  readonly FOLDERS: {
    readonly idFromName: (name: string) => unknown;
    readonly get: (id: unknown) => { readonly fetch: (request: Request) => Promise<Response> };
  };
}

/** Runs a batch in each request. */
export class Folder {
  readonly #storage: DurableStorage;
  readonly #baseUrl: string;

  constructor({ storage }: { readonly storage: DurableStorage }, { OCR_BASE_URL }: Env) {
    this.#storage = storage;
    this.#baseUrl = OCR_BASE_URL;
  }

  /** Detects the regions of `?images=` images, and responds with the right edge, or the tag of the error, of each. */
  async fetch(request: Request): Promise<Response> {
    const count = Number(new URL(request.url).searchParams.get("images"));
    const images = Array.from({ length: count }, (_, i) => ({
      key: `image ${i}`,
      image: new TextEncoder().encode(`image ${i}`),
    }));
    const credentials = { clientId: "id", clientSecret: "secret" };
    const service = connect({ credentials, baseUrl: this.#baseUrl, schedule: fixed({ delay: 200 }) });
    const endings: Record<string, unknown> = {};
    await detectMany(images, {}, { concurrency: 5, journal: this.#storage })(service).forEach(({ key, reply }) => {
      endings[key] = E.isLeft(reply)
        ? reply.left._tag
        : reply.right._tag === "Completed"
        ? reply.right.regions[0].right
        : null;
    });
    return Response.json(endings);
  }
}

export default {
  fetch: (request: Request, { FOLDERS }: Env): Promise<Response> =>
    FOLDERS.get(FOLDERS.idFromName("folder")).fetch(request),
};
