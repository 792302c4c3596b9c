/**
 * Tests of durable tasks: examples/worker in the local Workers runtime, and examples/queue on Redis, against the
 * emulator. Requires Node.js with npm, and redis-server.
 */
import { access } from "./access.ts";
import { batch } from "./batch.ts";
import { finish, part } from "./checks.ts";
import { killAll } from "./child.ts";
import { costs } from "./costs.ts";
import { endings } from "./endings.ts";
import { listeners } from "./listeners.ts";
import { memory } from "./memory.ts";
import { queue } from "./queue.ts";
import { queueFaults } from "./queue_faults.ts";
import { queueKinds } from "./queue_kinds.ts";
import { survival } from "./survival.ts";
import { prepareTools } from "./tools.ts";

/** The time limit for the whole run, in milliseconds. */
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
await part("Clients of event streams", () => listeners(tools, `${work}/listeners`));
await part("Clients that are not allowed to do what they try", () => access(tools, `${work}/access`));
await part("Tasks that end in other ways", () => endings(tools, `${work}/endings`));
await part("The cost of a task", () => costs(tools, `${work}/costs`));
await part("Two requests with a shared memory", () => memory(tools));
await part("A batch in a Durable Object", () => batch(tools, `${work}/batch`));
await part("100 tasks in a queue on Redis", () => queue(tools, `${work}/queue`));
await part("Tasks of several kinds in a queue", () => queueKinds(tools, `${work}/queue_kinds`));
await part("A queue with failing Redis", () => queueFaults(tools, `${work}/queue_faults`));
await part("An image that was being submitted", () => later());
await end(finish());
