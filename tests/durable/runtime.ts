/** Runs a Worker in the local runtime, in a child process. */
import { dirname } from "node:path";
import { type Child, startChild } from "./child.ts";
import { until } from "./checks.ts";
import type { Tools } from "./tools.ts";

export interface Runtime extends Child {
  readonly url: string;
}

/** Starts the Worker of a bundle. The options are those of Miniflare. */
export async function startRuntime(tools: Tools, bundle: string, options: Record<string, unknown>): Promise<Runtime> {
  const host = await tools.bundle("tests/durable/runtime_host.ts", "node");
  // The runtime rejects paths outside of `modulesRoot`.
  const all = { ...options, scriptPath: bundle, modulesRoot: dirname(bundle) };
  const child = startChild("node", [host, tools.miniflare, JSON.stringify(all)]);
  const url = (): string | undefined => /^ready (\S+?)\/?$/m.exec(child.log())?.[1];
  try {
    await until("The runtime is ready", 20_000, () => url() !== undefined);
  } catch (error) {
    await child.kill();
    throw new Error(`${error instanceof Error ? error.message : error}. Its output is: ${child.log()}`);
  }
  return { ...child, url: url() ?? "" };
}
