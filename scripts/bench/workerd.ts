/** A Worker in workerd, the runtime of Cloudflare Workers. */
import { Miniflare } from "miniflare";

/** Runs `use` with the address of a Worker that has this script, in a workerd of its own. */
export async function withWorker<A>(script: string, use: (address: URL) => Promise<A>): Promise<A> {
  const miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: "2026-04-01",
    host: "127.0.0.1",
    cf: false,
    telemetry: { enabled: false },
  });
  try {
    return await use(await miniflare.ready);
  } finally {
    await miniflare.dispose();
  }
}

/** Sends a request to a Worker, and gives the text of its answer. */
export async function request(address: URL): Promise<string> {
  const response = await fetch(address);
  const text = await response.text();
  if (!response.ok) throw new Error(`The Worker failed with HTTP status ${response.status}`);
  return text;
}
