/** 100 tasks in Durable Objects, whose runtime is killed while they are in progress. */
import { check, forEach, note, pause, until } from "./checks.ts";
import { listen } from "./events.ts";
import { checkLog, post, problemIn, problemOf, send, startExample, statusOf } from "./example.ts";
import { startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const TASKS = 100;

/** The image that is being submitted when the runtime is killed. */
const LOST = TASKS;

/** Returns a function that checks, a minute later, the outcome of the image that was being submitted. */
export async function survival(tools: Tools, folder: string): Promise<() => Promise<void>> {
  const service = await startService();
  let sent = 0;
  // Between 2 and 10 seconds, and 20 for the last, since the schedule may learn from the others to poll late.
  service.serviceTime = () => ++sent === TASKS ? 20_000 : 2000 + 8000 * (sent % TASKS) / TASKS;
  service.delay.fetch = 100;
  const images = Array.from({ length: TASKS }, (_, image) => image);
  const isFinished = (image: number): boolean => (service.of(image)?.finals ?? 0) > 0;
  const finished = (): readonly number[] => images.filter(isFinished);

  const before = await startExample(tools, service, folder);
  const paths: string[] = [];
  await forEach(images, 10, async (image) => {
    paths[image] = await send(before.url, image);
  });
  check(`${TASKS} images have ${TASKS} tasks`, [new Set(paths).size, service.tasks.size], [TASKS, TASKS]);
  const again = await post(before.url, 7);
  await again.body?.cancel();
  check(
    "a request that is repeated with its Idempotency-Key returns the same task and does not submit the image",
    [again.status, again.headers.get("Location"), service.tasks.size],
    [202, paths[7], TASKS],
  );

  const last = TASKS - 1;
  const cut = listen(before.url + paths[last] + "/events");
  await until("Half of the tasks are finished", 30_000, () => finished().length >= TASKS / 2);
  await until("The last task is polled", 15_000, () => (service.of(last)?.polls ?? 0) > 0);
  await pause(300);
  service.delay.submit = 60_000;
  post(before.url, LOST).catch(() => {});
  await until("The service has accepted another image", 5000, () => service.of(LOST) !== undefined);
  const killedAt = Date.now();
  await before.kill();
  const half = finished();
  const heard = (await cut).events;
  check("a connected client is disconnected", [heard.length > 0, (await cut).whole], [true, false]);
  await pause(500);

  const after = await startExample(tools, service, folder);
  const rest = listen(after.url + paths[last] + "/events", heard.at(-1)?.id);
  // Its object has no reply yet, so the repeated request returns the task.
  const lost = `${after.url}${await send(after.url, LOST)}`;
  await until("All tasks are finished", 40_000, () => finished().length === TASKS);
  check(
    `all of ${TASKS} tasks continue by themselves after the runtime is killed with ${half.length} finished`,
    finished().length,
    TASKS,
  );
  await pause(500);

  const problems: string[] = [];
  await forEach(images, 10, async (image) => {
    const task = after.url + paths[image];
    const { events, whole } = await listen(`${task}/events`);
    const found = [await problemOf(task, image), problemIn(events), whole ? null : "the stream does not end"];
    for (const problem of found) if (problem !== null) problems.push(`image ${image}: ${problem}`);
  });
  check("each task has its own regions and one final status at the end", problems.slice(0, 3), []);
  const whole = [...heard, ...(await rest).events];
  check("the client that was disconnected reconnects and receives each status once", problemIn(whole), null);

  const twice = images.filter((image) => (service.of(image)?.finals ?? 0) > 1);
  const needless = twice.filter((image) => (service.of(image)?.finalAt ?? 0) < killedAt - 1000);
  check("no task that was finished a second before is polled again", needless, []);
  const polls = images.reduce((sum, image) => sum + (service.of(image)?.polls ?? 0), 0);
  note(`final statuses that were fetched twice: ${twice.length} of ${TASKS}; ${polls} polls in total`);
  checkLog(after);

  return async () => {
    await until("The task of the image that was being submitted is finished", 80_000, async () => {
      return await statusOf(lost) === 502;
    });
    const { events } = await listen(`${lost}/events`);
    const again = await post(after.url, LOST);
    const taken = [...service.tasks.values()].filter(({ image }) => image === LOST).length;
    check(
      "the task of the image that was being submitted ends with Unconfirmed, and the image is not submitted again",
      [events.map(({ tag }) => tag), again.status, taken],
      [["Unconfirmed"], 502, 1],
    );
    note((await again.json()).detail);
    await after.close();
    await service.close();
  };
}
