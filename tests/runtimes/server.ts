import { connect } from "../../src/client/service.ts";
import { emulate } from "../../src/emulator/emulator.ts";
import { fixed } from "../../src/polling/schedule.ts";
import { createHandler } from "../../src/server/handler.ts";
import { serviceTasks } from "../../src/server/service_tasks.ts";

/** Somewhere to run the smoke suite against. */
export interface Loopback {
  /** Such as `http://127.0.0.1:40000`. */
  readonly origin: string;
  /** What is served as it is, by paths such as `/page.html`. */
  readonly files: Map<string, string>;
  readonly close: () => Promise<void>;
}

/**
 * The emulator on a free port of the loopback interface, and below `/paused`, `/page` and `/stalled` services that are
 * none: an unknown status, a gateway's page, and an answer without an end. `/stalled/count` is the number of those that
 * somebody still waits for. A handler of the emulator's tasks is below `/tasks`. `files` have the same origin as all else, so that a browser may ask both.
 */
export function serveLoopback(): Loopback {
  const files = new Map<string, string>();
  const emulator = emulate({
    // Long enough for a poll in each, also where a busy machine lets one wait for half a second.
    pickupTime: 600,
    serviceTime: 600,
    detect: () => Promise.resolve([{ left: 0, top: 8, right: 697, bottom: 441 }]),
  });
  const credentials = { clientId: "id", clientSecret: "secret" };
  const handler = createHandler({
    tasks: serviceTasks(connect({ credentials, fetch: emulator, schedule: fixed({ delay: 40 }) })),
    secret: "the secret that signs the ids of tasks",
    authorize: () => "everyone",
  });
  let stalled = 0;
  const handle = (request: Request): Promise<Response> | Response => {
    const { pathname } = new URL(request.url);
    const file = files.get(pathname);
    if (file !== undefined) {
      return new Response(file, {
        headers: { "Content-Type": pathname.endsWith(".js") ? "text/javascript" : "text/html" },
      });
    }
    if (pathname === "/stalled/count") {
      return new Response(String(stalled), { headers: { "Cache-Control": "no-store" } });
    }
    if (pathname.startsWith("/stalled/")) {
      stalled++;
      const headers = { "Content-Type": "text/event-stream" };
      return new Response(new ReadableStream({ cancel: () => void stalled-- }), { headers });
    }
    if (pathname.startsWith("/tasks")) return handler(request);
    if (pathname.startsWith("/paused/")) return Response.json({ responseStatusCode: "Ok", taskStatus: "Paused" });
    if (pathname.startsWith("/page/")) return new Response("<!doctype html><title>Be right back</title>");
    return emulator(request);
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle);
  return { origin: `http://127.0.0.1:${server.addr.port}`, files, close: () => server.shutdown() };
}
