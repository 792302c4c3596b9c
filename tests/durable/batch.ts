/** A batch whose journal is the storage of a Durable Object, and whose runtime is killed in the middle. */
import { check, request, until } from "./checks.ts";
import { startRuntime } from "./runtime.ts";
import { rightOf, startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const IMAGES = 20;

export async function batch(tools: Tools, folder: string): Promise<void> {
  const service = await startService();
  service.serviceTime = () => 300;
  const start = async () =>
    await startRuntime(tools, await tools.bundle("tests/durable/batch_worker.ts", "neutral"), {
      bindings: { OCR_BASE_URL: service.url },
      durableObjects: { FOLDERS: { className: "Folder", useSQLite: true } },
      durableObjectsPersist: folder,
    });
  const run = async (url: string): Promise<Readonly<Record<string, unknown>>> =>
    await (await request(`${url}/?images=${IMAGES}`, { signal: AbortSignal.timeout(30_000) })).json();
  const finished = (): number => [...service.tasks.values()].filter(({ finals }) => finals > 0).length;

  const before = await start();
  const first = run(before.url).catch(() => null);
  await until("Half of the images are finished", 20_000, () => finished() >= IMAGES / 2);
  // The answers to the next submissions do not arrive.
  service.delay.submit = 60_000;
  const accepted = service.tasks.size;
  await until("Some image is being submitted", 10_000, () => service.tasks.size > accepted);
  await before.kill();
  check("the request ends with its runtime", await first, null);

  service.delay.submit = 0;
  const after = await start();
  const endings = await run(after.url);
  const taken = (i: number): number => [...service.tasks.values()].filter(({ image }) => image === i).length;
  const images = Array.from({ length: IMAGES }, (_, i) => i);
  const right = (i: number): boolean => endings[`image ${i}`] === rightOf(i);
  const lost = images.filter((i) => endings[`image ${i}`] === "Unconfirmed");
  check("each image has its own result, or is Unconfirmed", images.filter((i) => !right(i) && !lost.includes(i)), []);
  check("the images that were being submitted, and no others, are Unconfirmed", [lost.length > 0, lost.length <= 5], [
    true,
    true,
  ]);
  check("no image was submitted twice", images.filter((i) => taken(i) > 1), []);
  const polls = [...service.tasks.values()].reduce((sum, task) => sum + task.polls, 0);
  check("another run emits the same from the journal", await run(after.url), endings);
  check("and neither submits nor polls", [
    [...service.tasks.values()].reduce((sum, task) => sum + task.polls, 0),
    images.filter((i) => taken(i) > 1),
  ], [polls, []]);
  await after.close();
  await service.close();
}
