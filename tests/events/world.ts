/** A service whose tasks advance with their readers, instances of a handler for it, and a proxy that cuts connections. */
import { createServer, type Server, Socket } from "node:net";
import { connect } from "../../src/client/service.ts";
import { fixed } from "../../src/polling/schedule.ts";
import type { Handler } from "../../src/server/gate.ts";
import { createHandler } from "../../src/server/handler.ts";
import { serviceTasks } from "../../src/server/service_tasks.ts";
import { createSigner } from "../../src/server/signature.ts";
import { writeTaskId } from "../../src/server/task_id.ts";

const SECRET = "the secret that all instances share";
const SUBJECT = "reader";

/** The statuses of a task, in order. */
export const TAGS = ["Pending", "Processing", "Completed"] as const;

/**
 * A service that responds with the next status of a task as soon as its reader has received the one before. So a reader
 * that misses a status never sees the end.
 */
export interface Upstream {
  readonly fetch: (request: Request) => Response;
  /** Tells that the reader of a task has received a status. */
  readonly advance: (id: string, tag: string) => void;
}

export function createUpstream(): Upstream {
  const received = new Map<string, number>();
  return {
    fetch: ({ url }) => {
      const id = new URL(url).searchParams.get("id") ?? "";
      const taskStatus = TAGS[Math.min(received.get(id) ?? 0, TAGS.length - 1)];
      const isDone = taskStatus === "Completed";
      return Response.json({
        id,
        taskStatus,
        responseStatusCode: isDone ? "Ok" : "NotReady",
        results: isDone ? [{ type: "Other", data: "W1swLDgsNjk3LDQ0MV1d" }] : null,
        error: null,
      });
    },
    advance: (id, tag) => {
      const position = TAGS.findIndex((other) => other === tag) + 1;
      received.set(id, Math.max(received.get(id) ?? 0, position));
    },
  };
}

/** An instance of the handler, which shares nothing with others but the secret. */
export function createInstance(fetch: (request: Request) => Promise<Response>, origins: readonly string[]): Handler {
  const service = connect({
    token: "token",
    fetch: (url, init) => fetch(new Request(url, init)),
    schedule: fixed({ delay: 20 }),
  });
  return createHandler({ tasks: serviceTasks(service), secret: SECRET, authorize: () => SUBJECT, origins });
}

/** A task that every instance knows. */
export interface Task {
  /** Its id at the service. */
  readonly id: string;
  /** The path of its events. */
  readonly path: string;
}

export async function createTask(): Promise<Task> {
  const id = crypto.randomUUID();
  const task = { kind: "DetectRegions", id, results: null, submittedAt: null };
  return { id, path: `/tasks/${await writeTaskId(createSigner(SECRET), SUBJECT, task)}` };
}

/** A proxy in front of several servers. */
export interface Proxy {
  readonly origin: string;
  /** The number of bytes that the servers have sent on the first connection. */
  readonly bytes: () => number;
  /** The number of connections so far. */
  readonly connections: () => number;
  /** Whether a connection was cut. */
  readonly hasCut: () => boolean;
  readonly close: () => Promise<void>;
}

/**
 * Forwards each connection to the next of the servers, and cuts the n-th one after `cuts[n]` bytes of its responses: at
 * even offsets it is closed, at odd ones it is reset.
 *
 * @param resetsHeaders Whether all connections are reset that are cut before the body.
 */
export async function cutConnections(
  ports: readonly number[],
  cuts: readonly number[],
  resetsHeaders: boolean,
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let bytesOfFirst = 0;
  let hasCut = false;
  const server = createServer((client) => {
    const nth = connections++;
    const cut = cuts[nth] ?? Infinity;
    const upstream = new Socket().connect(ports[nth % ports.length], "127.0.0.1");
    let sent = 0;
    let head = "";
    for (const [socket, other] of [[client, upstream], [upstream, client]]) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes: Uint8Array) => {
      const rest = cut - sent;
      sent += bytes.byteLength;
      if (nth === 0) bytesOfFirst = sent;
      if (!head.includes("\r\n\r\n")) head += new TextDecoder().decode(bytes.subarray(0, Math.max(0, rest)));
      if (rest > bytes.byteLength) return client.write(bytes);
      if (rest <= 0) return;
      hasCut = true;
      client.write(bytes.subarray(0, rest), () => {
        if (cut % 2 === 1 || resetsHeaders && !head.includes("\r\n\r\n")) client.resetAndDestroy();
        else client.destroySoon();
      });
      upstream.destroy();
    });
  });
  const port = await listen(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    bytes: () => bytesOfFirst,
    connections: () => connections,
    hasCut: () => hasCut,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new TypeError("the proxy has no address");
  return address.port;
}
