/** Sessions of readers behind a proxy that cuts their connections, and what they have received. */
import { createTask, cutConnections, TAGS, type Upstream } from "./world.ts";
import type { Reader } from "./readers.ts";

/** How long a session may take, in milliseconds, on a busy machine. */
const PATIENCE = 60_000;

/** How long a reader is observed after the final event, in milliseconds: for longer than it waits to reconnect. */
const AFTERWARDS = 1500;

/** What happened in a session. */
export interface Session {
  /** What is wrong, or null. */
  readonly fault: string | null;
  /** Whether the connection was cut: otherwise, it was over before. */
  readonly hasCut: boolean;
  readonly connections: number;
  /** The number of bytes that the server has sent on the first connection. */
  readonly bytes: number;
}

/** Runs a session whose n-th connection is cut after `cuts[n]` bytes. */
export async function runSession(
  upstream: Upstream,
  ports: readonly number[],
  cuts: readonly number[],
  read: Reader,
): Promise<Session> {
  const task = await createTask();
  const proxy = await cutConnections(ports, cuts, read.trustsHeaders ?? false);
  const tags: string[] = [], ids: string[] = [];
  let source: { readonly close: () => void } | undefined;
  await new Promise<void>((resolve) => {
    const giveUp = setTimeout(resolve, PATIENCE);
    source = read(proxy.origin + task.path, (data, id) => {
      const tag = tagOf(data);
      tags.push(tag);
      if (id !== null) ids.push(id);
      upstream.advance(task.id, tag);
      if (tag !== "Completed") return;
      clearTimeout(giveUp);
      setTimeout(resolve, AFTERWARDS);
    });
  });
  source?.close();
  await proxy.close();
  return { fault: faultOf(tags, ids), hasCut: proxy.hasCut(), connections: proxy.connections(), bytes: proxy.bytes() };
}

/** Runs `run` for each of the inputs, several at a time. */
export async function runAll<A, B>(inputs: readonly A[], atOnce: number, run: (input: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < inputs.length) {
      const index = next++;
      results[index] = await run(inputs[index]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

/** What is wrong with the events of a reader, or null: each status in order, the final one once, and no event twice. */
export function faultOf(tags: readonly string[], ids: readonly string[]): string | null {
  const distinct = tags.filter((tag, i) => tag !== tags[i - 1]);
  if (distinct.join() !== TAGS.join() || tags.filter((tag) => tag === "Completed").length !== 1) {
    return `received ${tags.join(", ") || "nothing"}`;
  }
  return new Set(ids).size === ids.length ? null : "received an event twice";
}

function tagOf(data: string): string {
  const { _tag }: { readonly _tag: string } = JSON.parse(data);
  return _tag;
}
