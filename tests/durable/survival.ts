/** 100 tasks in Durable Objects, and `kill -9` half way. */
import { check, forEach, note, pause, until } from "./checks.ts";
import { listen } from "./events.ts";
import { checkLog, faultIn, faultOf, json, post, send, startExample } from "./example.ts";
import { startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const TASKS = 100;

/** The image that is being sent when the runtime dies. */
const LOST = TASKS;

/** Runs it. The result checks, a minute later, what has become of the image that was being sent. */
export async function survival(tools: Tools, folder: string): Promise<() => Promise<void>> {
  const service = await startService();
  let sent = 0;
  // Between 2 and 10 seconds, and 20 for the last: the schedule may learn from the others to ask late.
  service.serviceTime = () => ++sent === TASKS ? 20_000 : 2000 + 8000 * (sent % TASKS) / TASKS;
  service.delay.fetch = 100;
  const images = Array.from({ length: TASKS }, (_, image) => image);
  const isOver = (image: number): boolean => (service.of(image)?.finals ?? 0) > 0;
  const over = (): readonly number[] => images.filter(isOver);

  const before = await startExample(tools, service, folder);
  const paths: string[] = [];
  await forEach(images, 10, async (image) => {
    paths[image] = await send(before.url, image);
  });
  check(`${TASKS} images are ${TASKS} tasks`, [new Set(paths).size, service.tasks.size], [TASKS, TASKS]);
  const again = await post(before.url, 7);
  await again.body?.cancel();
  check(
    "the same image is the same task, and is not sent again",
    [again.status, again.headers.get("Location"), service.tasks.size],
    [202, paths[7], TASKS],
  );

  const last = TASKS - 1;
  const cut = listen(before.url + paths[last] + "/events");
  await until("Half of the tasks are over", 30_000, () => over().length >= TASKS / 2);
  await until("The last task is asked about", 15_000, () => (service.of(last)?.polls ?? 0) > 0);
  await pause(300);
  service.delay.submit = 60_000;
  post(before.url, LOST).catch(() => {});
  await until("The service has taken one more image", 5000, () => service.of(LOST) !== undefined);
  const killedAt = Date.now();
  await before.kill();
  const half = over();
  const heard = (await cut).events;
  check("a client that listens is cut off by that", [heard.length > 0, (await cut).whole], [true, false]);
  await pause(500);

  const after = await startExample(tools, service, folder);
  const rest = listen(after.url + paths[last] + "/events", String(heard.length));
  await until("All tasks are over", 40_000, () => over().length === TASKS);
  check(`killed when ${half.length} of ${TASKS} were over, all go on without being asked`, over().length, TASKS);
  await pause(500);

  const faults: string[] = [];
  await forEach(images, 10, async (image) => {
    const task = after.url + paths[image];
    const { events, whole } = await listen(`${task}/events`);
    const found = [await faultOf(task, image), faultIn(events), whole ? null : "the stream has no end"];
    for (const fault of found) if (fault !== null) faults.push(`image ${image}: ${fault}`);
  });
  check("each has its own regions, and one final status, at the end", faults.slice(0, 3), []);
  const whole = [...heard, ...(await rest).events];
  check("the client that was cut off comes back and has heard each status once", faultIn(whole), null);

  const twice = images.filter((image) => (service.of(image)?.finals ?? 0) > 1);
  const needless = twice.filter((image) => (service.of(image)?.finalAt ?? 0) < killedAt - 1000);
  check("no task that was over a second before is asked about again", needless, []);
  const polls = images.reduce((sum, image) => sum + (service.of(image)?.polls ?? 0), 0);
  note(`final statuses that were asked for twice: ${twice.length} of ${TASKS}; ${polls} polls in all`);
  checkLog(after);

  return async () => {
    const task = `${after.url}${await send(after.url, LOST)}`;
    await until("The task of the image that was being sent is over", 80_000, async () => {
      const { done } = await json(task) as { readonly done: boolean };
      return done;
    });
    const { events } = await listen(`${task}/events`);
    const again = await post(after.url, LOST);
    const taken = [...service.tasks.values()].filter(({ image }) => image === LOST).length;
    check(
      "the image that was being sent ends as Unconfirmed, and is not sent again",
      [events.map(({ tag }) => tag), again.status, taken],
      [["Unconfirmed"], 502, 1],
    );
    note((await again.json()).message);
    await after.close();
    await service.close();
  };
}
