/** A Worker in the local runtime, in processes of its own. */
import { dirname } from "node:path";
import { type Child, startChild } from "./child.ts";
import { until } from "./checks.ts";
import type { Tools } from "./tools.ts";

export interface Runtime extends Child {
  readonly url: string;
}

/** Starts a bundle; the options are miniflare's. */
export async function startRuntime(tools: Tools, bundle: string, options: Record<string, unknown>): Promise<Runtime> {
  const host = await tools.bundle("tests/durable/runtime_host.ts", "node");
  // The runtime takes no path that leads out of the root of the modules.
  const all = { ...options, scriptPath: bundle, modulesRoot: dirname(bundle) };
  const child = startChild("node", [host, tools.miniflare, JSON.stringify(all)]);
  const url = (): string | undefined => /^ready (\S+?)\/?$/m.exec(child.log())?.[1];
  try {
    await until("The runtime is ready", 20_000, () => url() !== undefined);
  } catch (error) {
    await child.kill();
    throw new Error(`${error instanceof Error ? error.message : error}, and it says: ${child.log()}`);
  }
  return { ...child, url: url() ?? "" };
}
