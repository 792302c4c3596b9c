/** Requests in one isolate that share a memory: closing one must not affect the others. */
import * as E from "fp-ts/lib/Either.js";
import { connect, submitImage } from "../../mod.ts";
import { check, pause, request, until } from "./checks.ts";
import { startRequest } from "./cut.ts";
import { startRuntime } from "./runtime.ts";
import { imageOf, startService } from "./service.ts";
import type { Tools } from "./tools.ts";

export async function memory(tools: Tools): Promise<void> {
  const service = await startService();
  service.serviceTime = () => 3000;
  const { url, close } = await startRuntime(tools, await tools.bundle("tests/durable/memory_worker.ts", "neutral"), {
    bindings: { OCR_BASE_URL: service.url },
  });
  const credentials = { clientId: "id", clientSecret: "secret" };
  const sender = connect({ credentials, baseUrl: service.url });
  const send = async (image: number): Promise<string> => {
    const id = await submitImage(imageOf(image))(sender)();
    if (E.isLeft(id)) throw new Error(JSON.stringify(id.left));
    return id.right;
  };
  const isolates = new Set<string | null>();
  const watch = async (id: string): Promise<unknown> => {
    const response = await request(`${url}/?id=${id}`);
    isolates.add(response.headers.get("X-Isolate"));
    return (await response.json())._tag;
  };

  const ids = await Promise.all([1, 2, 3].map(send));
  service.tokens = 0;
  service.delay.token = 1000;
  const cut = startRequest(`${url}/?id=${ids[0]}`);
  await until("The first request fetches a token", 5000, () => service.tokens === 1);
  // The second waits for that token, and takes over when the first is closed.
  const second = watch(ids[1]);
  await pause(300);
  cut();
  check(
    "if a request is closed while it fetches the token, another one finishes",
    await second,
    "Completed",
  );
  check("a request that is closed before it has a token does not poll", service.of(1)?.polls, 0);
  check("a third request finishes without fetching another token", [await watch(ids[2]), service.tokens], [
    "Completed",
    2,
  ]);

  const others = await Promise.all([4, 5].map(send));
  const cutAsleep = startRequest(`${url}/?id=${others[0]}`);
  const fifth = watch(others[1]);
  await until(
    "Both requests have polled",
    5000,
    () => (service.of(4)?.polls ?? 0) > 0 && (service.of(5)?.polls ?? 0) > 0,
  );
  await pause(100);
  cutAsleep();
  await pause(300);
  const polls = service.of(4)?.polls;
  check("if a request is closed between polls, another one finishes", await fifth, "Completed");
  check("a request that is closed between polls does not poll again", service.of(4)?.polls, polls);
  check("all requests ran in one isolate with two tokens", [isolates.size, service.tokens], [1, 2]);
  await close();
  await service.close();
}
