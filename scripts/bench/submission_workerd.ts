/** Submission in workerd, whose memory is read from outside. Its clock stands still, so nothing is known of blocks. */
import { transpile } from "./child.ts";
import { peakMemory, startPeak } from "./peak.ts";
import { request, withWorker } from "./workerd.ts";

/** The growth of memory in bytes, and the number of arrivals. */
export async function submitInWorkerd(
  origin: string,
  bytes: number,
): Promise<{ readonly growth: number; readonly arrivals: number }> {
  const folder = await transpile(["submission_worker.ts"]);
  const earlier = new Set(await workerds());
  const script = await Deno.readTextFile(`${folder}/submission_worker.js`);
  return await withWorker(script, async (address) => {
    const ask = (path: string): Promise<string> => request(new URL(`${path}?origin=${origin}&bytes=${bytes}`, address));
    await ask("prepare");
    const [pid] = (await workerds()).filter((pid) => !earlier.has(pid));
    const before = startPeak(pid);
    await ask("submit");
    const growth = peakMemory(pid) - before;
    return { growth, arrivals: Number(await ask("arrivals")) };
  });
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
