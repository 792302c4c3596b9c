/**
 * One image, in a process of its own. Its arguments: the origin of the service, and the bytes of the image. It prints by
 * how many bytes the memory of the process has grown at most, the longest time in milliseconds for which nothing else ran,
 * and how often an image arrived whose connection was closed.
 */
import process from "node:process";
import { peakMemory, startPeak } from "./peak.ts";
import { countArrivals, makeImage, submit } from "./submissions.ts";

const [origin, bytes] = process.argv.slice(2);

// The compiler has to know the code, and the connection has to be open.
const small = makeImage(100_000);
for (let i = 0; i < 5; i++) await submit(origin, small);

const image = makeImage(Number(bytes));
const before = startPeak();
let longest = 0, last = performance.now(), lastUsage = process.cpuUsage();
const tick = (): void => {
  const now = performance.now(), { user, system } = process.cpuUsage(lastUsage);
  // Who waits for the processor does not compute.
  longest = Math.max(longest, Math.min(now - last, (user + system) / 1000));
  last = now;
  lastUsage = process.cpuUsage();
};
const timer = setInterval(tick, 1);
await submit(origin, image);
clearInterval(timer);
tick();
const growth = peakMemory() - before;
console.log(JSON.stringify([growth, longest, await countArrivals(origin)]));
// Connections may be open.
process.exit();
