import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { STOPPED } from "../../src/cli/status.ts";
import { emulate } from "../../src/emulator/emulator.ts";
import { serve } from "../../src/emulator/serve.ts";
import type { Region } from "../../src/model/region.ts";
import { against, ID, PAGE, PAIR, run, TASK } from "./run.ts";

const REGION: Region = { left: 1, top: 2, right: 30, bottom: 40 };
const detect = (): Promise<readonly Region[]> => Promise.resolve([REGION]);

Deno.test("ocr-regions shows 200,000 regions", async () => {
  const regions = Array.from({ length: 200_000 }, () => REGION);
  const all = (): Promise<readonly Region[]> => Promise.resolve(regions);
  const { status, stdout, stderr } = await against({ detect: all }, ["watch", TASK]);
  deepEqual([status, stdout.split("\n").length], [0, 200_002]);
  match(stderr, /200000 regions found/);
  const json = await against({ detect: all }, ["watch", TASK, "--json"]);
  deepEqual([json.status, JSON.parse(json.stdout).regions.length], [0, 200_000]);
});

/** What would move a cursor, set a color, change a title or reorder text. */
const HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\x85\u202egnp.exe\u2066\u061c\x7f\b\r\nCompleted\u2028";

/** What a terminal may be sent, apart from the live line of the command line itself. */
const isSafe = (text: string): boolean => !/(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(text);

Deno.test("ocr-regions never writes characters that control the terminal, whatever their source", async () => {
  const rejecting = (): Promise<never> => Promise.reject(new Error(HOSTILE));
  const failed = await against({ detect: rejecting }, ["watch", TASK]);
  match(failed.stderr, /The task failed/);
  const json = await against({ detect: rejecting }, ["watch", TASK, "--json"]);
  const outcomes = [
    failed,
    json,
    await run([HOSTILE]),
    await run(["detect", HOSTILE]),
    await run(["detect", "a", HOSTILE]),
    await run(["detect", "a", "--mode", HOSTILE]),
    await run(["detect", "a", `--${HOSTILE}`]),
    await run(["detect", PAGE, "--emulate", "--out", `src/cli/cli.ts/${HOSTILE}`]),
    await run(["help", HOSTILE]),
    await run(["completion", HOSTILE]),
    await run(["serve", "--port", HOSTILE]),
    await run(["serve", "--host", HOSTILE]),
    await run(["watch", ID], { env: { ...PAIR, OCR_BASE_URL: `http://${HOSTILE}` } }),
    await against({}, ["watch", HOSTILE]),
    await against({}, ["cancel", HOSTILE]),
  ];
  for (const { stdout, stderr } of outcomes) {
    ok(isSafe(stdout), JSON.stringify(stdout));
    ok(isSafe(stderr), JSON.stringify(stderr));
    equal(/^Completed/m.test(stderr), false);
  }
  // JSON hides nothing: what is escaped can be read back.
  deepEqual(JSON.parse(json.stdout).messages, [HOSTILE]);
});

Deno.test("ocr-regions cancel ends its calls when the user stops it", async () => {
  const { status, stderr } = await run(["cancel", ID], {
    // No server listens on this port, so the first call is retried.
    env: { ...PAIR, OCR_BASE_URL: "http://127.0.0.1:1" },
    heard: (text, stop) => text.includes("Trying again") && stop(),
  });
  deepEqual([status, stderr.match(/Trying again/g)?.length], [STOPPED, 1]);
  ok(stderr.includes(`Task ${ID} was not canceled. The call ended before a response arrived, because it was aborted.`));
});

Deno.test("ocr-regions cancel reports a task that had already finished", async () => {
  const { status, stderr, id } = await against({ detect }, ["cancel", TASK]);
  deepEqual([status, stderr], [0, `Canceled task ${id}, which was Completed already.\n`]);
  const running = await against({ detect, serviceTime: 60_000 }, ["cancel", TASK]);
  deepEqual([running.status, running.stderr], [0, `Canceled task ${running.id}.\n`]);
});

/** The program as a process of its own, below a shell. */
function inShell(command: string, env: Record<string, string>, cwd: string): Promise<Deno.CommandOutput> {
  const program = new URL("../../src/cli/bin.ts", import.meta.url).pathname;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const page = new URL(`../../${PAGE}`, import.meta.url).pathname;
  const script = command.replace("ocr-regions", `"${Deno.execPath()}" run -A --quiet --config "${config}" "${program}"`)
    .replace("PAGE", `"${page}"`);
  return new Deno.Command("bash", {
    args: ["-c", `set -o pipefail; ${script}`],
    env: { ...PAIR, XDG_STATE_HOME: cwd, ...env },
    cwd,
  })
    .output();
}

Deno.test({
  name: "ocr-regions as a process survives closed pipes and loses no task",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const server = await serve(emulate({ detect }), 0);
    const cwd = await Deno.makeTempDir();
    const read = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    try {
      const env = { OCR_BASE_URL: server.url };
      const cut = await inShell("ocr-regions detect PAGE 2>&1 | head -1", env, cwd);
      match(read(cut.stdout), /: Submitted as task [-\da-f]{36}\..*\n$/);
      equal(cut.code, 1);
      // Neither stream can be written to any more.
      match(
        await Deno.readTextFile(`${cwd}/ocr-regions.log`),
        /^\d.*Z .*: The result could not .* ocr-regions watch .*\n$/,
      );

      const gone = await inShell("ocr-regions detect PAGE | true", env, cwd);
      equal(gone.code, 1);
      match(
        read(gone.stderr),
        /The result could not be written to standard output: the reader has closed it\. To get the result without/,
      );

      const deaf = await inShell("{ ocr-regions detect PAGE --json 2>&1 >&3 | true; } 3>&1", env, cwd);
      deepEqual([deaf.code, JSON.parse(read(deaf.stdout)).regions], [0, [REGION]]);
    } finally {
      await Deno.remove(cwd, { recursive: true });
      await server.close();
    }
  },
});

Deno.test({
  name: "ocr-regions as a process cancels its task when the terminal is closed, and saves the id if it cannot",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const reachable of [true, false]) {
      const handle = emulate({ serviceTime: 60_000 });
      const requests: string[] = [];
      const server = await serve((request) => {
        requests.push(request.method);
        return handle(request);
      }, 0);
      const cwd = await Deno.makeTempDir();
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-A",
          "--quiet",
          "--config",
          new URL("../../deno.json", import.meta.url).pathname,
          new URL("../../src/cli/bin.ts", import.meta.url).pathname,
          "detect",
          new URL(`../../${PAGE}`, import.meta.url).pathname,
        ],
        env: { ...PAIR, OCR_BASE_URL: server.url, XDG_STATE_HOME: cwd },
        cwd,
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
      let said = "";
      while (!said.includes("Processing")) said += (await reader.read()).value ?? "";
      await reader.cancel();
      if (!reachable) await server.close();
      child.kill("SIGHUP");
      if (!reachable) {
        // The kernel sends one, and the shell another, which meets the program while it tries to cancel the task.
        await sleep(50);
        child.kill("SIGHUP");
      }
      equal((await child.status).code, 130);
      if (reachable) {
        equal(requests.at(-1), "DELETE");
        await server.close();
      } else {
        const id = said.match(/Submitted as task ([-\da-f]{36})/)?.[1];
        match(
          await Deno.readTextFile(`${cwd}/ocr-regions.log`),
          RegExp(`Z .*: Task ${id} was not canceled and continues\\. .* ocr-regions watch ${id}\\n`),
        );
      }
      await Deno.remove(cwd, { recursive: true });
    }
  },
});
