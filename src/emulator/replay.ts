/**
 * Responds as recorded.
 *
 * @module
 */
import { readBody } from "./body.ts";
import {
  type RecordedExchange,
  type RecordedRequest,
  type RecordedResponse,
  Recording,
  toRecordedRequest,
} from "./recording.ts";
import { problem } from "./responses.ts";

/** Statuses of responses that cannot have a body. */
const WITHOUT_BODY: readonly number[] = [204, 205, 304];

/**
 * Creates a function that responds as recorded. The same request gets its recorded responses in their order, each of
 * them once. Rejects if the recorded call failed, as `fetch` does.
 *
 * @param wait Called before each response, with the time that the service took for it.
 *
 * @throws {TypeError} If `recording` is not a recording.
 */
export function createReplay(
  recording: Recording,
  wait: (ms: number) => Promise<unknown>,
  maxBodyBytes: number,
): (request: Request) => Promise<Response> {
  if (!Recording.is(recording)) {
    throw new TypeError("Cannot emulate the service as recording must be a Recording: decode it with Recording.decode");
  }
  const left = new Map<string, RecordedExchange[]>();
  for (const exchange of recording.exchanges) {
    const key = toKey(exchange.request);
    const same = left.get(key) ?? [];
    same.push(exchange);
    left.set(key, same);
  }
  return async (request) => {
    const body = await readBody(request, maxBodyBytes);
    if (body instanceof Response) return body;
    const { pathname, search } = new URL(request.url);
    const asked = await toRecordedRequest(request.method, pathname + search, new TextDecoder().decode(body));
    const known = left.get(toKey(asked));
    const exchange = known?.shift();
    if (exchange === undefined) {
      const what = `${asked.method} ${asked.path}`;
      // 400 is neither a transient failure nor the status of a task, and means that an image was not accepted.
      return problem(400, `The recording has no ${known === undefined ? "" : "further "}response to ${what}.`);
    }
    const { outcome, time } = exchange;
    await wait(time);
    if (outcome._tag === "Failure") throw new TypeError(outcome.cause);
    return toResponse(outcome);
  };
}

function toResponse({ status, contentType, retryAfter, body }: RecordedResponse): Response {
  const headers = new Headers();
  if (contentType !== null) headers.set("Content-Type", contentType);
  if (retryAfter !== null) headers.set("Retry-After", retryAfter);
  // As bytes, since the runtime adds a content type to text.
  return new Response(WITHOUT_BODY.includes(status) ? null : new TextEncoder().encode(body), { status, headers });
}

function toKey({ method, path, image, fields }: RecordedRequest): string {
  return JSON.stringify([method, path, image?.sha256 ?? null, fields]);
}
