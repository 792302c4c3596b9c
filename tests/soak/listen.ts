/**
 * Web pages that watch a task with server-sent events, lose their connection at any time, and reconnect.
 *
 * @module
 */
import type { Observable } from "rxjs";
import { type Reply, toEventStream } from "../../mod.ts";

/** Half of the first connections are closed within this many milliseconds. */
const CUT_WITHIN = 200;

/** The maximum number of connections per page that are closed. */
const CUTS = 6;

/** A page gives up after this many connections, which must not happen. */
const PATIENCE = 50;

/** What a page received. */
export interface Heard {
  /** The final statuses, each as often as it was delivered. */
  readonly finals: readonly { readonly _tag: string }[];
  /** The number of connections. */
  readonly connections: number;
}

export interface EventServer {
  /** Watches a task until its final status. */
  readonly listen: (id: string) => Promise<Heard>;
  readonly close: () => Promise<void>;
}

/** Serves the replies about each task, with a new watch for each connection. */
export function startEventServer(repliesOf: (id: string) => Observable<Reply>): EventServer {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const body = toEventStream(repliesOf(id), { lastEventId: request.headers.get("Last-Event-ID"), heartbeat: 50 });
    return new Response(body, { headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" } });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { listen: (id) => listen(`${url}/?id=${id}`), close: () => server.shutdown() };
}

async function listen(url: string): Promise<Heard> {
  const finals: { readonly _tag: string }[] = [];
  let lastEventId: string | null = null;
  for (let connections = 1; connections <= PATIENCE; connections++) {
    const controller = new AbortController();
    const isCut = connections <= CUTS && Math.random() < 0.5;
    const timer = isCut ? setTimeout(() => controller.abort(), CUT_WITHIN * Math.random()) : undefined;
    try {
      const headers: HeadersInit = lastEventId === null ? {} : { "Last-Event-ID": lastEventId };
      const { body }: Response = await fetch(url, { headers, signal: controller.signal });
      for await (const { id, data } of eventsOf(body ?? new ReadableStream())) {
        lastEventId = id;
        if (["Completed", "Error", "NotExist"].includes(data._tag)) finals.push(data);
        // A failure ends the stream, and the page watches the task again.
        else if (!["Pending", "Processing"].includes(data._tag)) lastEventId = null;
      }
    } catch {
      // The connection was closed.
    } finally {
      clearTimeout(timer);
    }
    if (finals.length > 0) return { finals, connections };
  }
  return { finals, connections: PATIENCE };
}

interface Event {
  readonly id: string;
  readonly data: { readonly _tag: string };
}

async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Event> {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id, data] = block.match(/^id: (\d+)\ndata: (.*)$/) ?? [];
      if (data !== undefined) yield { id, data: JSON.parse(data) };
    }
  }
}
