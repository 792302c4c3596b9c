import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import { inspect } from "node:util";
import { createMemory, slotOf } from "../../src/client/memory.ts";
import { clientToken } from "../../src/client/token.ts";
import { endpoint, granted, withClock } from "../support/token_endpoint.ts";

withClock("createMemory() keeps 1,000 credential pairs and then drops the oldest", async () => {
  const memory = createMemory();
  const requested: string[] = [];
  const get = async (key: string): Promise<unknown> =>
    await clientToken(slotOf(memory, key), () => {
      requested.push(key);
      return Promise.resolve(granted("t"));
    }).get(1000, undefined);
  for (let i = 0; i < 1001; i++) await get(`${i}`);
  requested.length = 0;
  await get("1");
  await get("1000");
  await get("0");
  deepEqual(requested, ["0"]);
});

withClock("createMemory() keeps tokens for other services with the same credentials", async (clock) => {
  const { signals, request } = endpoint(granted("one"), granted("two"));
  const memory = createMemory();
  const get = async (key: string): Promise<unknown> => {
    const token = clientToken(slotOf(memory, key), request).get(1000, undefined);
    await clock.tickAsync(10);
    return await token;
  };
  deepEqual([await get("a"), await get("a"), await get("b")], [E.right("one"), E.right("one"), E.right("two")]);
  equal(signals.length, 2);
  const shown = [
    inspect(memory, { depth: 9, showHidden: true }),
    Deno.inspect(memory),
    JSON.stringify(memory),
    `${memory}`,
  ];
  equal(shown.some((text) => text.includes("one")), false);
});

Deno.test("createMemory() learns the durations of each size class, and then drops the class that has not learned for longest", () => {
  const memory = createMemory();
  memory.learn([1, 2], undefined, "large");
  memory.learn([3, 4], "RecognizeImage", "large");
  memory.learn([5, 6]);
  deepEqual(memory.toJSON(), {
    "DetectRegions/large": { version: 1, spans: [[1, 2]] },
    "RecognizeImage/large": { version: 1, spans: [[3, 4]] },
    "DetectRegions": { version: 1, spans: [[5, 6]] },
  });
  deepEqual(memory.history("RecognizeImage", "large").spans, [[3, 4]]);
  deepEqual(memory.history(undefined, "small").spans, []);
  memory.learn([7, 8], "DetectRegions", "large");
  for (let i = 0; i < 998; i++) memory.learn([1, 2], "DetectRegions", String(i));
  equal(Object.keys(memory.toJSON()).length, 1000);
  deepEqual(memory.history("RecognizeImage", "large").spans, []);
  deepEqual(memory.history("DetectRegions", "large").spans, [[1, 2], [7, 8]]);
  deepEqual(memory.history("DetectRegions", null).spans, [[5, 6]]);
});

Deno.test("slotOf() throws a TypeError for a memory that createMemory() did not create", () => {
  const foreign = { ...createMemory() };
  throws(() => slotOf(foreign, "key"), {
    name: "TypeError",
    message: "Cannot connect as memory must be created by createMemory()",
  });
});

Deno.test("createMemory() learns the durations of each kind of task and can be restored from its JSON", () => {
  const memory = createMemory();
  memory.learn([2000, 3100]);
  memory.learn([4000, null]);
  memory.learn([9000, 9500], "RecognizeImage");
  const text = JSON.stringify(memory);
  equal(
    text,
    '{"DetectRegions":{"version":1,"spans":[[2000,3100],[4000,null]]},' +
      '"RecognizeImage":{"version":1,"spans":[[9000,9500]]}}',
  );
  const restored = createMemory(JSON.parse(text));
  deepEqual(restored.history(), memory.history());
  deepEqual(restored.history("RecognizeImage").spans, [[9000, 9500]]);
  deepEqual(restored.history("RecognizeTable").spans, []);
  throws(() => createMemory(JSON.parse('{"DetectRegions":{"version":2,"spans":[]}}')), {
    name: "TypeError",
    message: "Cannot create a memory as its histories must be a Histories",
  });
});
