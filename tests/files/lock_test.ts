import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { openJournal } from "../../src/files/journal.ts";
import { contents, use, withFolder } from "./folder.ts";

Deno.test("a second process is refused, and a killed process does not keep its journal", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    for (let round = 0; round < 3; round++) {
      const child = await openInChild(file);
      await rejects(openJournal(file), (error: Error) => {
        match(error.message, new RegExp(`^Cannot open the journal ${file}: it is in use by process ${child.pid}\\. `));
        match(
          error.message,
          new RegExp(`If that is another program, or none, delete ${file}\\.${child.pid}\\.\\d+\\.lock$`),
        );
        return true;
      });
      child.process.kill("SIGKILL");
      await once(child.process, "exit");
      // It was killed in the middle of a line.
      await appendFile(file, '{"key":"torn","val');
      deepEqual(await contents(file), [["from the child", child.pid]]);
    }
  }));

/** Starts a process that opens the journal, writes its own number to it, and waits. */
async function openInChild(file: string) {
  const module = new URL("../../src/files/journal.ts", import.meta.url).href;
  const code = `
    const { openJournal } = await import(${JSON.stringify(module)});
    const journal = await openJournal(${JSON.stringify(file)});
    await journal.put("from the child", Deno.pid);
    console.log("open");
    setTimeout(() => {}, 30_000);
  `;
  const child = spawn(process.execPath, ["eval", code], { stdio: ["ignore", "pipe", "inherit"] });
  const { pid } = child;
  ok(pid !== undefined);
  await once(child.stdout, "data");
  return { process: child, pid };
}

Deno.test("a process that opens its own journal again is refused", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    await use(file, async () => {
      await rejects(openJournal(file), /it is in use by this process, process \d+\./);
      // Another journal is not concerned.
      await use(join(folder, "journal.jsonl.2"), (journal) => journal.put("a", 1));
    });
    deepEqual((await readdir(folder)).sort(), ["journal.jsonl", "journal.jsonl.2"]);
  }));

Deno.test("a lock of a process whose number another process has now does not count", {
  ignore: Deno.build.os !== "linux",
}, () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    // The test's own number, and that of init, with another start.
    for (const pid of [process.pid, 1]) await writeFile(`${file}.${pid}.1234567890123.lock`, "");
    await use(file, (journal) => journal.put("a", 1));
    deepEqual(await readdir(folder), ["journal.jsonl"]);
  }));

Deno.test("a lock of unknown age holds while a process has its number", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    await writeFile(`${file}.1.0.lock`, "");
    await rejects(openJournal(file), {
      message: `Cannot open the journal ${file}: it is in use by process 1. ` +
        `If that is another program, or none, delete ${file}.1.0.lock`,
    });
    deepEqual(await readdir(folder), ["journal.jsonl.1.0.lock"]);
  }));

Deno.test("of processes that open a journal at the same time, one at most succeeds", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl");
    const module = new URL("../../src/files/journal.ts", import.meta.url).href;
    const code = `
      const { openJournal } = await import(${JSON.stringify(module)});
      await new Promise((resolve) => setTimeout(resolve, ${Date.now() + 2000} - Date.now()));
      try {
        await openJournal(${JSON.stringify(file)});
        console.log("open");
      } catch (error) {
        console.log(error.message);
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    `;
    const outputs = await Promise.all(Array.from({ length: 4 }, async () => {
      const output = await new Deno.Command(process.execPath, { args: ["eval", code] }).output();
      return new TextDecoder().decode(output.stdout).trim();
    }));
    ok(outputs.filter((output) => output === "open").length <= 1, outputs.join("\n"));
    for (const output of outputs) ok(output === "open" || output.includes("it is in use by process"), output);
  }));

Deno.test("without permission to look for a process, its lock holds, and the message says what to do", () =>
  withFolder(async (folder) => {
    const file = join(folder, "journal.jsonl"), lock = `${file}.4000000.0.lock`;
    await writeFile(lock, "");
    const module = new URL("../../src/files/journal.ts", import.meta.url).href;
    const code = `
      const { openJournal } = await import(${JSON.stringify(module)});
      await openJournal(${JSON.stringify(file)}).catch((error) => console.log(error.message));
    `;
    const args = ["run", "--quiet", "--no-prompt", "--allow-read", `--allow-write=${folder}`, "--config=deno.json"];
    const program = `data:text/javascript,${encodeURIComponent(code)}`;
    const { stdout, stderr } = await new Deno.Command(process.execPath, { args: [...args, program] }).output();
    equal(
      new TextDecoder().decode(stdout).trimEnd(),
      `Cannot open the journal ${file}: it may be in use (to find out takes --allow-run) by process 4000000. ` +
        `If that is another program, or none, delete ${lock}`,
      new TextDecoder().decode(stderr),
    );
    // With permission, it is known that there is no such process.
    await use(file, (journal) => journal.put("a", 1));
  }));
