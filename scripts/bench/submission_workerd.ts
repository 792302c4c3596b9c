/** Submission in workerd, whose memory is read from outside. Its clock stands still, so nothing is known of blocks. */
import { Miniflare } from "miniflare";
import { transpile } from "./child.ts";
import { peakMemory, startPeak } from "./peak.ts";

/** The growth of memory in bytes, and the number of arrivals. */
export async function submitInWorkerd(
  origin: string,
  bytes: number,
): Promise<{ readonly growth: number; readonly arrivals: number }> {
  const folder = await transpile(["submission_worker.ts"]);
  const earlier = new Set(await workerds());
  const miniflare = new Miniflare({
    modules: true,
    script: await Deno.readTextFile(`${folder}/submission_worker.js`),
    compatibilityDate: "2026-04-01",
    host: "127.0.0.1",
    cf: false,
    telemetry: { enabled: false },
  });
  try {
    const address = await miniflare.ready;
    const request = async (path: string): Promise<string> => {
      const response = await fetch(new URL(`${path}?origin=${origin}&bytes=${bytes}`, address));
      if (!response.ok) throw new Error(`The Worker failed with HTTP status ${response.status}`);
      return await response.text();
    };
    await request("prepare");
    const [pid] = (await workerds()).filter((pid) => !earlier.has(pid));
    const before = startPeak(pid);
    await request("submit");
    const growth = peakMemory(pid) - before;
    return { growth, arrivals: Number(await request("arrivals")) };
  } finally {
    await miniflare.dispose();
  }
}

/** The processes that are workerd and children of this one. */
async function workerds(): Promise<readonly number[]> {
  const pids: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // A process may have ended meanwhile.
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const [, comm, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (comm === "workerd" && Number(parent) === Deno.pid) pids.push(Number(name));
  }
  return pids;
}
