/** Child processes that can be killed together with their own children. */

export interface Child {
  /** Everything written to stdout and stderr so far. */
  readonly log: () => string;
  /** Whether the process has exited and its output is complete. */
  readonly hasEnded: () => boolean;
  /** The exit status, or null while the process is running. */
  readonly status: () => number | null;
  /** Sends SIGKILL to the process and its children. */
  readonly kill: () => Promise<void>;
  /** Closes standard input and waits for the process to exit. Kills it after five seconds. */
  readonly close: () => Promise<void>;
}

const children = new Set<Child>();

export function startChild(command: string, args: readonly string[], env: Record<string, string> = {}): Child {
  // In its own process group, so that one signal reaches its children as well.
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
        // The process has already exited.
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

/** Kills all children that are still running. */
export async function killAll(): Promise<void> {
  for (const child of children) await child.kill().catch(() => {});
}
