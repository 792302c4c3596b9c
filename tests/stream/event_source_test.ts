/** Tests `toEventStream` on a stateless server with an `EventSource` that reconnects over a real socket. */
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { from } from "rxjs";
import { toEventStream } from "../../src/stream/event_stream.ts";
import type { Reply } from "../../src/model/reply.ts";

const PENDING: Reply = E.right({ _tag: "Pending", id: "1" });
const PROCESSING: Reply = E.right({ _tag: "Processing", id: "1" });
const COMPLETED: Reply = E.right({ _tag: "Completed", id: "1", regions: [], notices: [] });

/**
 * The replies of a new watch of the same task, one list per connection. A connection without a final reply is closed.
 */
type Script = readonly (readonly Reply[])[];

/** The events that an `EventSource` receives within half a second, and the `Last-Event-ID` of each connection. */
async function run(script: Script): Promise<{ events: string[]; connections: (string | null)[] }> {
  const events: string[] = [];
  const connections: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ headers }) => {
    const lastEventId = headers.get("Last-Event-ID");
    const replies = script[Math.min(connections.push(lastEventId), script.length) - 1];
    const body = quickly(toEventStream(from(replies), { lastEventId }));
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  });
  const source = new EventSource(`http://127.0.0.1:${server.addr.port}`);
  source.onmessage = ({ data, lastEventId }) => events.push(`${lastEventId} ${JSON.parse(data)._tag}`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  source.close();
  await server.shutdown();
  return { events, connections };
}

/** Prepends a reconnection time of 50 ms to a body, in place of the default of several seconds. */
function quickly(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const retry = new TextEncoder().encode("retry: 50\n\n");
  return body.pipeThrough(new TransformStream({ start: (controller) => controller.enqueue(retry) }));
}

Deno.test("an EventSource receives the result of a new watch with fewer replies than it has received", async () => {
  const { events, connections } = await run([[PENDING, PENDING, PENDING], [COMPLETED]]);
  deepEqual(events, ["1 Pending", "2 Pending", "3 Pending", "1 Completed"]);
  deepEqual(connections, [null, "3"]);
});

Deno.test("an EventSource receives the result of a new watch with other replies", async () => {
  const { events, connections } = await run([[PENDING], [PROCESSING, PROCESSING], [PENDING, COMPLETED]]);
  deepEqual(events, ["1 Pending", "2 Processing", "2 Completed"]);
  deepEqual(connections, [null, "1", "2"]);
});

Deno.test("an EventSource receives each of the same replies once", async () => {
  const { events } = await run([[PENDING], [PENDING, PROCESSING], [PENDING, PROCESSING, COMPLETED]]);
  deepEqual(events, ["1 Pending", "2 Processing", "3 Completed"]);
});

Deno.test("an EventSource that has received the final event does not reconnect", async () => {
  const { events, connections } = await run([[PENDING, COMPLETED]]);
  deepEqual(events, ["1 Pending", "2 Completed"]);
  equal(connections.length, 1);
});
