/** Starts the service of `server.ts`. */
import { command, transpile } from "./child.ts";

/** Runs `use` with the origin of a service in a process of its own, which ends afterwards. */
export async function withService<A>(use: (origin: string) => Promise<A>): Promise<A> {
  const [program, ...args] = await command("Node 24", await transpile(["server.ts"]), "server.ts");
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  try {
    const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
    return await use(`http://127.0.0.1:${parseInt(value ?? "")}`);
  } finally {
    await child.stdin.close();
    await child.status;
  }
}
