import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import process from "node:process";
import { join } from "node:path";
import { openJournal } from "../../src/files/journal.ts";
import { contents, use, withFolder } from "./folder.ts";

Deno.test("a journal returns the last value of each key, also after it is opened again", () =>
  withFolder(async (folder) => {
    const file = join(folder, "new", "journal.jsonl");
    await use(file, async (journal) => {
      equal(await journal.get("a"), undefined);
      await journal.put("a", 1);
      await journal.put("b", null);
      await journal.put("a", { text: "line\nfeed\u2028 \0 ü \ud800" });
      deepEqual(await journal.get("a"), { text: "line\nfeed\u2028 \0 ü \ud800" });
      equal(journal.size, 2);
    });
    deepEqual(await contents(file), [["a", { text: "line\nfeed\u2028 \0 ü \ud800" }], ["b", null]]);
    deepEqual(await readdir(join(folder, "new")), ["journal.jsonl"]);
  }));

Deno.test("a journal returns any JSON for any key", () =>
  withFolder(async (folder) => {
    let run = 0;
    const entries = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.jsonValue()), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(entries, async (entries) => {
        const file = join(folder, `${run++}.jsonl`);
        await use(file, (journal) => Promise.all(entries.map(([key, value]) => journal.put(key, value))));
        const expected = new Map(entries.map(([key, value]) => [key, JSON.parse(JSON.stringify(value))]));
        deepEqual(await contents(file), [...expected]);
      }),
      { numRuns: 50 },
    );
  }));

Deno.test("lines are added in the order of the calls, one for each", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    await use(file, (journal) => Promise.all(Array.from({ length: 500 }, (_, i) => journal.put(`${i % 7}`, i))));
    const lines = (await readFile(file, "utf8")).split("\n");
    deepEqual(lines.slice(0, -1), Array.from({ length: 500 }, (_, i) => `{"key":"${i % 7}","value":${i}}`));
    equal(lines.at(-1), "");
  }));

Deno.test("a value has reached the disk when put() resolves, and concurrent calls share one wait", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const calls: string[] = [];
    const restore = await spy(folder, calls);
    try {
      await use(file, async (journal) => {
        await journal.put("first", 1).then(() => calls.push("resolved"));
        deepEqual(calls, ["write", "datasync", "resolved"]);
        calls.length = 0;
        await Promise.all(Array.from({ length: 100 }, (_, i) => journal.put(`${i}`, i)));
        deepEqual(calls.filter((call) => call === "datasync").length <= 2, true);
      });
    } finally {
      restore();
    }
  }));

/** Records the calls of `write` and `datasync` of all file handles. */
async function spy(folder: string, calls: string[]): Promise<() => void> {
  const handle = await open(join(folder, "probe"), "w");
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { write, datasync } = prototype;
  prototype.write = async function (...args: unknown[]) {
    const written = await write.apply(this, args);
    calls.push("write");
    return written;
  };
  prototype.datasync = async function () {
    await datasync.call(this);
    calls.push("datasync");
  };
  return () => Object.assign(prototype, { write, datasync });
}

Deno.test("a journal that was torn at any byte of its last line loses that line only", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const first = '{"key":"ä","value":[1]}\n', last = '{"key":"b","value":"ü\\n"}\n';
    const bytes = new TextEncoder().encode(first + last), start = new TextEncoder().encode(first).length;
    for (let length = start; length < bytes.length; length++) {
      await writeFile(file, bytes.subarray(0, length));
      await use(file, async (journal) => {
        deepEqual([...journal.keys()], ["ä"]);
        await journal.put("c", 1);
      });
      equal(await readFile(file, "utf8"), `${first}{"key":"c","value":1}\n`);
    }
    await writeFile(file, bytes);
    deepEqual(await contents(file), [["ä", [1]], ["b", "ü\n"]]);
  }));

Deno.test("a last line with the zeros that a power failure leaves is removed", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    for (const end of ['{"key":"b","va\0\0\0\0\0\0\n', '{"key":\0\0\0\n{"key"', "\0\0\0\0"]) {
      await writeFile(file, `{"key":"a","value":1}\n${end}`);
      await use(file, (journal) => journal.put("c", 3));
      equal(await readFile(file, "utf8"), '{"key":"a","value":1}\n{"key":"c","value":3}\n');
    }
  }));

Deno.test("a damaged line is an error with its number, and the file stays as it is", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const good = '{"key":"a","value":1}\n';
    for (const bad of ["", "{", '{"key":1,"value":1}', '{"key":"a"}', "[]", "null", '{"key":"a","value":1}}', "\0"]) {
      const text = `${good}${good}${bad}\n${good}`;
      await writeFile(file, text);
      await rejects(openJournal(file), {
        message: `Cannot open the journal ${file}: line 3 is damaged. ` +
          "Remove the line, which loses what it says, or start another journal",
      });
      equal(await readFile(file, "utf8"), text);
    }
    await writeFile(
      file,
      Uint8Array.of(...new TextEncoder().encode('{"key":"'), 0xff, ...new TextEncoder().encode('","value":1}\n')),
    );
    await rejects(openJournal(file), /line 1 is damaged/);
    deepEqual(await readdir(folder), ["journal.jsonl"]);
  }));

Deno.test("a random change of a journal never makes up a value", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const lines = Array.from({ length: 5 }, (_, i) => `{"key":"${i}","value":"value ${i}"}\n`);
    const whole = new TextEncoder().encode(lines.join(""));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), async (length) => {
        await writeFile(file, whole.subarray(0, length));
        const complete = lines.filter((_, i) => lines.slice(0, i + 1).join("").length <= length);
        deepEqual(await contents(file), complete.map((_, i) => [`${i}`, `value ${i}`]));
        equal(await readFile(file, "utf8"), complete.join(""));
      }),
      { numRuns: 60 },
    );
  }));

Deno.test("put() rejects a value that JSON cannot represent, and accepts the next", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    await use(file, async (journal) => {
      for (const value of [undefined, () => 1, Symbol("s"), 1n, { n: 1n }, circle]) {
        await rejects(journal.put("a", value), TypeError);
      }
      await journal.put("b", 1);
    });
    deepEqual(await contents(file), [["b", 1]]);
  }));

Deno.test("on a full disk, put() rejects, then and later, and nothing incomplete becomes a value", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    await use(file, async (journal) => {
      await journal.put("a", 1);
      const handle = await open(join(folder, "probe"), "w");
      const prototype = Object.getPrototypeOf(handle);
      await handle.close();
      const { write } = prototype;
      // The disk takes 110 bytes more: the line of "b", and of the two that are written next, one and a part.
      let left = 110;
      prototype.write = function (bytes: Uint8Array, offset: number, length: number, at: number) {
        if (left === 0) return Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
        const part = Math.min(left, length);
        left -= part;
        return write.call(this, bytes, offset, part, at);
      };
      const reason = { message: `Cannot write the journal ${file}: no space is left on the disk` };
      try {
        const [b, c, d] = ["b", "c", "d"].map((key) => journal.put(key, "a value of some length"));
        await b;
        for (const put of [c, d]) await rejects(put, reason);
      } finally {
        prototype.write = write;
      }
      for (const key of ["e", "f"]) await rejects(journal.put(key, 1), reason);
      equal(await journal.get("a"), 1);
      equal(await journal.get("c"), undefined);
    });
    deepEqual(await contents(file), [["a", 1], ["b", "a value of some length"]]);
  });
});

Deno.test("a journal that cannot be created is an error that says why", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "file"), "");
    const inFile = join(folder, "file", "journal.jsonl");
    await rejects(openJournal(inFile), { message: /^Cannot open the journal .*: / });
    await mkdir(join(folder, "folder"));
    await rejects(openJournal(join(folder, "folder")), {
      message: `Cannot open the journal ${join(folder, "folder")}: it is a folder`,
    });
    deepEqual((await readdir(folder)).sort(), ["file", "folder"]);
  }));

Deno.test("close() waits for values that are being written, and ends the journal", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const journal = await openJournal(file);
    const puts = [journal.put("a", 1), journal.put("b", 2)];
    await Promise.all([journal.close(), journal.close()]);
    await Promise.all(puts);
    await rejects(journal.put("c", 3), { message: `Cannot write the journal ${file}: it is closed` });
    deepEqual(await contents(file), [["a", 1], ["b", 2]]);
  }));

Deno.test("a journal most of whose values are outdated is rewritten when it is opened", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    await use(file, async (journal) => {
      for (let round = 0; round < 3; round++) {
        await Promise.all(
          Array.from({ length: 100 }, (_, i) => journal.put(`key ${i}`, { round, text: "x".repeat(500) })),
        );
      }
    });
    const before = (await stat(file)).size;
    const values = await contents(file);
    equal(values.length, 100);
    deepEqual(values[7], ["key 7", { round: 2, text: "x".repeat(500) }]);
    const after = (await stat(file)).size;
    ok(after < before / 2.9, `${before} ${after}`);
    await use(file, (journal) => journal.put("new", 1));
    deepEqual(await contents(file), [...values, ["new", 1]]);
    equal((await stat(file)).size - after, '{"key":"new","value":1}\n'.length);
    deepEqual(await readdir(folder), ["journal.jsonl"]);
  }));

Deno.test("a journal that cannot be rewritten is used as it is", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const line = `{"key":"a","value":"${"x".repeat(500)}"}\n`;
    await writeFile(file, line.repeat(300));
    // A folder is in the place of the new file.
    await mkdir(`${file}.tmp`);
    await use(file, (journal) => journal.put("b", 1));
    equal((await contents(file)).length, 2);
    equal((await stat(file)).size, 300 * line.length + '{"key":"b","value":1}\n'.length);
  }));

Deno.test("memory holds no values: 10,000 of 10 KB each take less than 30 MB, written or found", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const text = "x".repeat(10_000);
    const used = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    await use(file, async (journal) => {
      for (let i = 0; i < 100; i++) {
        await Promise.all(Array.from({ length: 100 }, (_, j) => journal.put(`scans/${i}/${j}.jpg`, { i, j, text })));
      }
      ok(used() - before < 3e7, `${used() - before}`);
    });
    ok((await stat(file)).size > 1e8);
    await use(file, async (journal) => {
      equal(journal.size, 10_000);
      ok(used() - before < 3e7, `${used() - before}`);
      deepEqual(await journal.get("scans/99/42.jpg"), { i: 99, j: 42, text });
    });
  }));
