import { deepStrictEqual as deepEqual, match, rejects, strictEqual as equal } from "node:assert/strict";
import { watch } from "../../scripts/bench/pollers/reference.ts";
import { allAtMost, barsToMarkdown } from "../../scripts/bench/report.ts";
import { type Connection, emulatedWorld, POLLS } from "../../scripts/bench/world.ts";
import { median } from "../../scripts/lib/median.ts";

const ID = "a371d027-4b0d-4d86-8825-000000000000";
const MOST_BYTES = 16 * 1024 * 1024;

/** A service that sends the same response to each request. */
function serving(respond: () => Response): Connection {
  return { baseUrl: "https://api.example", fetch: () => Promise.resolve(respond()) };
}

/** A response in chunks, without a length. */
function chunked(bytes: number): Response {
  const chunk = new Uint8Array(1024 * 1024);
  let left = bytes;
  return new Response(
    new ReadableStream({
      pull: (controller) => {
        controller.enqueue(chunk.subarray(0, left));
        left -= chunk.byteLength;
        if (left <= 0) controller.close();
      },
    }),
  );
}

Deno.test("the reference of the benchmark polls until the task is completed", async () => {
  const { connection, polls } = emulatedWorld(0);
  if (connection === null) throw new Error("The world has no requests");
  const reply = await watch(connection, ID, 0, new AbortController().signal);
  equal(reply._tag === "Right" && reply.right._tag, "Completed");
  equal(polls(), POLLS);
});

Deno.test("the reference of the benchmark ends its request when its signal aborts", async () => {
  const controller = new AbortController();
  const hanging: Connection = {
    baseUrl: "https://api.example",
    fetch: (_, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("the request was aborted")))),
  };
  const reply = watch(hanging, ID, 0, controller.signal);
  controller.abort();
  await rejects(reply, { message: "the request was aborted" });
});

Deno.test("the reference of the benchmark ends its sleep when its signal aborts", async () => {
  const controller = new AbortController();
  const { connection } = emulatedWorld(60_000);
  if (connection === null) throw new Error("The world has no requests");
  const reply = watch(connection, ID, 60_000, controller.signal);
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await rejects(reply, { message: "enough" });
});

Deno.test("the reference of the benchmark limits the size of responses, with a Content-Length and without", async () => {
  const { signal } = new AbortController();
  const long = { headers: { "Content-Length": String(MOST_BYTES + 1) } };
  for (const respond of [() => chunked(MOST_BYTES + 1), () => new Response(chunked(MOST_BYTES + 1).body, long)]) {
    await rejects(watch(serving(respond), ID, 0, signal), { name: "RangeError" });
  }
  // JSON.parse rejects the zeros, so they were read.
  await rejects(watch(serving(() => chunked(MOST_BYTES)), ID, 0, signal), { name: "SyntaxError" });
});

Deno.test("a bar of several runtimes is missed if one of them misses it", () => {
  const show = (value: number): string => value.toFixed(1);
  const bar = allAtMost("heap", 2, new Map([["Deno", 1], ["Node 24", 2.5]]), show);
  deepEqual(bar, { figure: "heap", bar: "<= 2", value: "Deno 1.0, Node 24 2.5", met: false });
  equal(allAtMost("heap", 2, new Map([["Deno", 2]]), show).met, true);
  equal(allAtMost("heap", 2, new Map([["Deno", NaN]]), show).met, false);
  match(barsToMarkdown([bar]), /^\| heap +\| +<= 2 \| Deno 1\.0, Node 24 2\.5 \| \*\*missed\*\* \|$/m);
});

Deno.test("median() is the middle number, or the mean of the two in the middle", () => {
  equal(median([3, 1, 10]), 3);
  equal(median([10, 1, 4, 2]), 3);
});
