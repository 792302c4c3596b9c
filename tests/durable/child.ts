/** Processes that can be killed the hard way, with all that they have started, and that end with this one. */

export interface Child {
  /** What it has written so far, to either stream. */
  readonly log: () => string;
  /** Whether it has ended, and all that it wrote is in the log. */
  readonly hasEnded: () => boolean;
  /** Its exit status, once it has ended. */
  readonly status: () => number | null;
  /** `kill -9`, of it and of its children. */
  readonly kill: () => Promise<void>;
  /** Asks it to end, by the end of its standard input, and waits; kills what does not. */
  readonly close: () => Promise<void>;
}

const children = new Set<Child>();

export function startChild(command: string, args: readonly string[], env: Record<string, string> = {}): Child {
  // In a process group of its own, so that one signal reaches all of it.
  const process = new Deno.Command(command, {
    args: [...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  let log = "";
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  };
  let status: number | null = null;
  const ended = Promise.all([read(process.stdout), read(process.stderr), process.status]).then(([, , { code }]) => {
    status = code;
  });
  const child: Child = {
    log: () => log,
    hasEnded: () => status !== null,
    status: () => status,
    kill: async () => {
      if (!children.delete(child)) return;
      try {
        Deno.kill(-process.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await ended;
      await process.stdin.close().catch(() => {});
    },
    close: async () => {
      const timer = setTimeout(child.kill, 5000);
      await process.stdin.close().catch(() => {});
      await ended;
      clearTimeout(timer);
      children.delete(child);
    },
  };
  children.add(child);
  return child;
}

/** `kill -9` of all that is still there. */
export async function killAll(): Promise<void> {
  for (const child of children) await child.kill().catch(() => {});
}
