/** Counts the billed operations of a task: the figures in examples/worker/README.md. */
import { check, note, until } from "./checks.ts";
import { json, send, startExample } from "./example.ts";
import { startService } from "./service.ts";
import type { Tools } from "./tools.ts";
import type { Counts } from "./worker.ts";

export async function costs(tools: Tools, folder: string): Promise<void> {
  const service = await startService();
  service.delay.fetch = 100;
  const { url, close } = await startExample(tools, service, folder);
  const hasty = `${url}/hasty`;
  // These tasks are polled every two seconds, so a longer task has more polls.
  for (const [image, seconds] of [[1, 2], [2, 12]]) {
    service.serviceTime = () => seconds * 1000;
    const task = hasty + await send(hasty, image);
    const counts = async (): Promise<Counts> => await json(`${task}/counts`) as Counts;
    await until("The task is deleted", 30_000, async () => (await counts()).deletions === 1);
    const { requests, alarms, alarmTime, reads, writes, deletions } = await counts();
    const polls = service.of(image)?.polls ?? 0;
    check(`a task of ${polls} polls: 1 request, polls + 1 alarms, 2 polls + 6 rows written, 1 deletion`, {
      requests,
      alarms,
      writes,
      deletions,
    }, { requests: 1, alarms: polls + 1, writes: 2 * polls + 6, deletions: 1 });
    check("it reads at most one row per alarm, and two more for its first request and its result", [
      reads >= 1,
      reads <= polls + 3,
    ], [true, true]);
    note(`${reads} rows read; ${alarmTime} ms in alarms, including ${100 * polls} ms for the service's responses`);
  }
  await close();
  await service.close();
}
