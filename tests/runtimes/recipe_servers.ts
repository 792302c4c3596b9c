// What a server of the recipes must do: receive an image in pieces, send events as they happen, and stop when a client
// disconnects.
import { emulate } from "../../src/emulator/emulator.ts";

/** Milliseconds within which everything happens, even on a busy machine. */
const LIMIT = 60_000;

/**
 * Runs a server against the emulator.
 *
 * @param command The program, which listens to `PORT`.
 * @param session The session of the client.
 */
export async function checkServer(command: readonly string[], session: string): Promise<string> {
  /** The number of polls of each task, in the order of the submissions. */
  const polls = new Map<string, number>();
  let serviceTime = 2000;
  let received = "";
  const emulator = emulate({
    workers: 10,
    serviceTime: () => serviceTime,
    detect: (image) => {
      received = new TextDecoder().decode(image);
      return Promise.resolve([{ left: 1, top: 2, right: 3, bottom: 4 }]);
    },
  });
  const service = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const id = searchParams.get("id") ?? "";
    if (request.method === "GET" && polls.has(id)) polls.set(id, (polls.get(id) ?? 0) + 1);
    const response = await emulator(request);
    if (request.method === "POST" && pathname !== "/connect/token") polls.set(await response.clone().text(), 0);
    return response;
  });
  const port = freePort();
  const [program, ...args] = command;
  const child = new Deno.Command(program, {
    args,
    env: {
      PORT: String(port),
      OCR_CLIENT_ID: "id",
      OCR_CLIENT_SECRET: "secret",
      OCR_BASE_URL: `http://127.0.0.1:${service.addr.port}`,
      SIGNING_SECRET: "a secret of at least 32 characters",
    },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const stop = (): void => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has already exited.
    }
  };
  try {
    const origin = `http://127.0.0.1:${port}`;
    await until(
      "the server listens",
      () => fetch(origin).then(async ({ body }) => (await body?.cancel(), true), () => false),
    );
    const headers = { "Cookie": `session=${session}` };
    const submit = async (): Promise<string> => {
      const body = inPieces(["image ", "in ", "pieces"]);
      const init = { method: "POST", headers: { ...headers, "Content-Type": "image/png" }, body };
      const response = await fetch(`${origin}/tasks`, { ...init, signal: AbortSignal.timeout(LIMIT) });
      if (response.status !== 202) throw new Error(`POST: ${response.status} ${await response.text()}`);
      const { id }: { readonly id: string } = await response.json();
      return id;
    };
    const refused = await fetch(`${origin}/tasks/any/events`);
    await refused.body?.cancel();
    if (refused.status !== 401) throw new Error(`without a session, the status is ${refused.status}`);

    const task = `${origin}/tasks/${await submit()}`;
    const arrivals: { readonly text: string; readonly at: number }[] = [];
    const events = await connect(`${task}/events`, headers);
    for (let text = await events.next(); text !== null; text = await events.next()) {
      arrivals.push({ text, at: performance.now() });
    }
    if (received !== "image in pieces") throw new Error(`the service received ${JSON.stringify(received)}`);
    const [first, last] = [arrivals[0], arrivals[arrivals.length - 1]];
    const early = last.at - first.at;
    if (first.text.includes("Completed") || !last.text.includes("Completed") || early < 500) {
      throw new Error(`the events arrive at once: ${JSON.stringify(arrivals)}`);
    }

    serviceTime = LIMIT;
    polls.clear();
    const ids = [await submit(), await submit()];
    const connections = await Promise.all(ids.map((id) => connect(`${origin}/tasks/${id}/events`, headers)));
    for (const { next } of connections) {
      await until("an event arrives", async () => (await next())?.includes("data:") ?? false);
    }
    const [closing, keeping] = connections;
    await closing.close();
    // A poll may be in flight.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [closed, kept] = polls.keys();
    const before = polls.get(closed) ?? 0, target = (polls.get(kept) ?? 0) + 2;
    await until("the other task is polled twice", () => Promise.resolve((polls.get(kept) ?? 0) >= target));
    await keeping.close();
    const after = polls.get(closed) ?? 0;
    if (after > before) throw new Error(`${after - before} more polls after the client disconnected`);
    return `first byte ${early.toFixed(0)} ms before the last, no polls after a disconnect`;
  } catch (error) {
    stop();
    throw new Error(`${error instanceof Error ? error.message : error}. ${await stderr}`);
  } finally {
    stop();
    await child.status;
    await service.shutdown();
  }
}

/** A connection to a stream of events. */
interface Connection {
  /** Returns the next bytes as text, or null at the end. */
  readonly next: () => Promise<string | null>;
  readonly close: () => Promise<void>;
}

async function connect(url: string, headers: HeadersInit): Promise<Connection> {
  const { status, body } = await fetch(url, { headers });
  if (status !== 200 || body === null) throw new Error(`GET: ${status}`);
  const reader = body.getReader(), decoder = new TextDecoder();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? null : decoder.decode(value, { stream: true });
    },
    close: () => reader.cancel(),
  };
}

function inPieces(texts: readonly string[]): ReadableStream<Uint8Array> {
  const pieces = texts.map((text) => new TextEncoder().encode(text));
  return new ReadableStream({
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + LIMIT;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`not within ${LIMIT} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Returns a free port, below those that the system gives to other programs. */
function freePort(): number {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return port;
  } catch {
    return freePort();
  }
}
