/**
 * Tasks that outlive their process: the examples of examples/worker and examples/queue, in the local Workers runtime and
 * on Redis, against the emulator. Needs Node with npm, and redis-server.
 */
import { finish, part } from "./checks.ts";
import { killAll } from "./child.ts";
import { costs } from "./costs.ts";
import { endings } from "./endings.ts";
import { listeners } from "./listeners.ts";
import { memory } from "./memory.ts";
import { queue } from "./queue.ts";
import { queueFaults } from "./queue_faults.ts";
import { survival } from "./survival.ts";
import { prepareTools } from "./tools.ts";

/** Whatever happens. */
const LIMIT = 480_000;

const work = await Deno.makeTempDir({ prefix: "ocr-regions-durable-" });
const end = async (ok: boolean): Promise<never> => {
  await killAll();
  await Deno.remove(work, { recursive: true }).catch(() => {});
  Deno.exit(ok ? 0 : 1);
};
setTimeout(() => {
  console.log(`FAILED the run: not within ${LIMIT} ms`);
  finish();
  end(false);
}, LIMIT);
Deno.addSignalListener("SIGINT", () => end(false));

const tools = await prepareTools(work);
let later = (): Promise<void> => Promise.resolve();
await part("100 tasks in Durable Objects", async () => {
  later = await survival(tools, `${work}/survival`);
});
await part("Clients that listen", () => listeners(tools, `${work}/listeners`));
await part("Tasks that end otherwise", () => endings(tools, `${work}/endings`));
await part("What a task costs", () => costs(tools, `${work}/costs`));
await part("Two requests, one memory", () => memory(tools));
await part("100 tasks in a queue on Redis", () => queue(tools, `${work}/queue`));
await part("A queue whose Redis fails", () => queueFaults(tools, `${work}/queue_faults`));
await part("An image that was being sent", () => later());
await end(finish());
