import fc from "fast-check";
import { strictEqual as equal, throws } from "node:assert/strict";
import { createSigner } from "../../src/server/signature.ts";
import { readEventId, readTaskId, writeEventId, writeTaskId } from "../../src/server/task_id.ts";
import { SECRET } from "./handler_world.ts";

const signer = createSigner(SECRET);

Deno.test("a signer opens what it has sealed, in the same context only", async () => {
  const contexts = fc.array(fc.string(), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(contexts, contexts, fc.string({ unit: "grapheme" }), async (context, other, text) => {
      const sealed = await signer.seal(context, text);
      equal(/^[\w-]*\.[\w-]{43}$/.test(sealed), true);
      equal(await signer.open(context, sealed), text);
      const isOther = JSON.stringify(context) !== JSON.stringify(other);
      if (isOther) equal(await signer.open(other, sealed), null);
    }),
    { numRuns: 100 },
  );
});

Deno.test("a signer does not open a text that was changed at any place, or signed with another secret", async () => {
  const sealed = await signer.seal(["a"], "text");
  for (let i = 0; i < sealed.length; i++) {
    for (const character of ["A", "_", ".", "=", ""]) {
      const changed = sealed.slice(0, i) + character + sealed.slice(i + 1);
      if (changed !== sealed) equal(await signer.open(["a"], changed), null, changed);
    }
  }
  equal(await createSigner(`${SECRET}.`).open(["a"], sealed), null);
});

Deno.test("a signer opens no junk", async () => {
  await fc.assert(fc.asyncProperty(fc.string(), async (text) => equal(await signer.open([], text), null)), {
    numRuns: 200,
  });
  for (const text of ["", ".", "..", "e30", "e30.", ".e30", "\u{1F600}.\u{1F600}"]) {
    equal(await signer.open([], text), null);
  }
});

Deno.test("a context cannot be confused with another one, or with the text", async () => {
  const sealed = await signer.seal(["task", "ann"], "x");
  for (const context of [["task", "ann", "x"], ["task"], ["task,ann"], ["task", "an", "n"], []]) {
    equal(await signer.open(context, sealed), null);
  }
  equal(await signer.derive(["a", "b"]) === await signer.derive(["ab"]), false);
  equal(await signer.derive(["a", "b"]), await createSigner(SECRET).derive(["a", "b"]));
});

Deno.test("createSigner() requires a secret of 32 characters", () => {
  for (const secret of ["", "x".repeat(31), undefined as unknown as string]) {
    throws(() => createSigner(secret), RangeError);
  }
  equal(typeof createSigner("x".repeat(32)).seal, "function");
});

Deno.test("the id of a task cannot be used as that of an event, or the reverse", async () => {
  const task = { kind: "DetectRegions", id: "1", results: null, sizeClass: "large", submittedAt: 1 };
  const id = await writeTaskId(signer, "ann", task);
  const event = await writeEventId(signer, id, JSON.stringify(task));
  equal(JSON.stringify(await readTaskId(signer, "ann", id)), JSON.stringify(task));
  equal(await readTaskId(signer, "ann", event), null);
  equal(JSON.stringify(await readEventId(signer, id, id)), '{"after":null}');
  equal(JSON.stringify(await readEventId(signer, id, event)), JSON.stringify({ after: JSON.stringify(task) }));
});

Deno.test("a signed text that is no task is not taken for one", async () => {
  for (const text of ["", "{}", "null", "x", '{"kind":"DetectRegions","id":1}']) {
    equal(await readTaskId(signer, "ann", await signer.seal(["task", "ann"], text)), null);
  }
});
