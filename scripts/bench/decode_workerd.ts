/** Decoding in workerd, timed from outside. */
import { transpile } from "./child.ts";
import { median } from "../lib/median.ts";
import { request, withWorker } from "./workerd.ts";

/** Milliseconds of computing in a sample: far more than a request takes. */
const SAMPLE = 30;
const SAMPLES = 8;

/** Medians of contender to limit. Each contender has a workerd of its own. */
export async function ratiosInWorkerd(
  names: readonly string[],
  sizes: readonly number[],
): Promise<Map<string, readonly number[]>> {
  const folder = await transpile(["decode_worker.ts"]);
  const ratios = new Map<string, readonly number[]>();
  const script = await Deno.readTextFile(`${folder}/decode_worker.js`);
  for (const name of names) ratios.set(name, await ratiosOf(name, sizes, script));
  return ratios;
}

function ratiosOf(name: string, sizes: readonly number[], script: string): Promise<readonly number[]> {
  return withWorker(script, async (address) => {
    const ratios: number[] = [];
    for (const count of sizes) ratios.push(await ratio(address, name, count));
    return ratios;
  });
}

async function ratio(address: URL, name: string, count: number): Promise<number> {
  const time = (decoder: string, rounds: number): Promise<number> =>
    timeOf(new URL(`${decoder}?count=${count}&rounds=${rounds}`, address));
  let rounds = 1;
  while (await time("limit", rounds) < SAMPLE) rounds *= 2;
  await time(name, rounds);
  const own: number[] = [], limit: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const empty = await time(name, 0);
    // In turns, since the second of two has to clean up after the first.
    if (i % 2 === 0) limit.push(await time("limit", rounds) - empty);
    own.push(await time(name, rounds) - empty);
    if (i % 2 === 1) limit.push(await time("limit", rounds) - empty);
  }
  return median(own) / median(limit);
}

/** Milliseconds until the answer is there. */
async function timeOf(address: URL): Promise<number> {
  const begin = performance.now();
  await request(address);
  return performance.now() - begin;
}
