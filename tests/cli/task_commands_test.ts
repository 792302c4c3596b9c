import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { emulate } from "../../src/emulator/emulator.ts";
import type { Region } from "../../src/model/region.ts";
import { STOPPED } from "../../src/cli/status.ts";
import { serve } from "../../src/emulator/serve.ts";
import { against, ID, PAGE, PAIR, run, TASK, withFile } from "./run.ts";

const REGION: Region = { left: 1, top: 2, right: 30, bottom: 40 };
const TABLE = "#  left  top  right  bottom\n1     1    2     30      40\n";
const detect = (): Promise<readonly Region[]> => Promise.resolve([REGION]);

/** The file of a drawing, in a folder of its own. */
function withDrawing(test: (svg: string) => Promise<void>): Promise<void> {
  return withFile("other.txt", "", (file) => test(file.replace("other.txt", "page.svg")));
}

Deno.test("ocr-regions detect shows the task's id before anything else, with the command that resumes it", () =>
  withDrawing(async (svg) => {
    const { status, stderr } = await against({ detect }, ["detect", PAGE, "--json", "--svg", svg]);
    equal(status, 0);
    match(
      stderr.split("\n")[0],
      RegExp(
        `^Submitted as task ([-\\da-f]{36})\\. If this is interrupted, resume with: ` +
          `ocr-regions watch \\1 --svg ${svg} --image ${PAGE} --json$`,
      ),
    );
  }));

Deno.test("ocr-regions detect continues if standard error is closed after the first line", () =>
  withDrawing(async (svg) => {
    let lines = 0;
    const kept: string[] = [];
    const { status, stdout, stderr, requests } = await against({ detect }, ["detect", PAGE, "--svg", svg], {
      fails: (stream) => stream === "stderr" && ++lines > 1 ? "EPIPE" : null,
      keep: (line) => kept.push(line),
    });
    deepEqual([status, stdout, kept], [0, TABLE, []]);
    match(stderr, /^Submitted as task .*\n$/);
    equal(requests.some((request) => request.startsWith("DELETE")), false);
    match(await Deno.readTextFile(svg), /<\/svg>\s*$/);
  }));

Deno.test("ocr-regions saves the id elsewhere if it cannot write to standard error", async () => {
  const kept: string[] = [];
  const { status, stdout } = await against({ detect }, ["detect", PAGE], {
    fails: (stream) => stream === "stderr" ? "EIO" : null,
    keep: (line) => kept.push(line),
  });
  deepEqual([status, stdout], [0, TABLE]);
  equal(kept.length, 1);
  match(kept[0], /^Submitted as task [-\da-f]{36}\./);
});

Deno.test("ocr-regions watch says how to get the result again if it cannot print it, and still draws it", () =>
  withDrawing(async (svg) => {
    for (const [code, reason] of [["EPIPE", "the reader has closed it"], ["ENOSPC", "no space is left on the disk"]]) {
      const { status, stderr, id } = await against({ detect }, ["watch", TASK, "--svg", svg], {
        fails: (stream) => stream === "stdout" ? code : null,
      });
      equal(status, 1);
      equal(
        stderr.split("\n").at(-2),
        `The result could not be written to standard output: ${reason}. ` +
          `To get it again without sending the image: ocr-regions watch ${id} --svg ${svg}`,
      );
      match(await Deno.readTextFile(svg), /<\/svg>\s*$/);
      await Deno.remove(svg);
    }
  }));

Deno.test("ocr-regions saves the command that gets the result if it can write to neither stream", async () => {
  const kept: string[] = [];
  const { status, id } = await against({ detect }, ["watch", TASK], {
    fails: () => "EPIPE",
    keep: (line) => kept.push(line),
  });
  equal(status, 1);
  deepEqual(kept, [
    "The result could not be written to standard output: the reader has closed it. " +
    `To get it again without sending the image: ocr-regions watch ${id}`,
  ]);
});

Deno.test("ocr-regions watch prints the result and says how to draw it again if drawing fails", () =>
  withFile("blocked", "", async (file) => {
    const svg = file.replace("blocked", "new/page.svg");
    const { status, stdout, stderr, id } = await against({ detect }, ["watch", TASK, "--image", PAGE, "--svg", svg], {
      // Meanwhile, something else takes the place of the folder.
      heard: (text) => text.endsWith("found.\n") && Deno.linkSync(file, file.replace("blocked", "new")),
    });
    deepEqual([status, stdout], [1, TABLE]);
    match(
      stderr.split("\n").at(-2) ?? "",
      RegExp(
        `^The drawing ${svg} could not be written: [^.]+\\. To get it again without sending the image: ` +
          `ocr-regions watch ${id} --svg ${svg} --image ${PAGE}$`,
      ),
    );
  }));

Deno.test("ocr-regions watch draws the regions, over the image if one is given", () =>
  withDrawing(async (svg) => {
    for (const [args, holdsImage] of [[[], false], [["--image", PAGE], true]] as const) {
      equal((await against({ detect }, ["watch", TASK, "--svg", svg, ...args])).status, 0);
      const drawing = await Deno.readTextFile(svg);
      equal(drawing.includes("data:image/jpeg;base64,"), holdsImage);
    }
  }));

Deno.test("ocr-regions warns if viewers cannot show the image inside the drawing", () =>
  withFile("page.pgm", "P5\n9 9\n255\n", async (file) => {
    const { status, stderr } = await against({ detect }, ["detect", file, "--svg", `${file}.svg`]);
    equal(status, 0);
    match(
      stderr,
      /\nThe image is a PGM, which many viewers cannot show in an SVG\. Convert it to PNG or JPEG\.\n$/,
    );
    const other = await against({ detect }, ["detect", PAGE, "--svg", `${file}.svg`]);
    equal(other.stderr.includes("viewers"), false);
  }));

Deno.test("ocr-regions quotes file names in the command that resumes a task", () =>
  withFile("a scan's $x.jpg", "scan", async (file) => {
    const args = ["watch", TASK, "--svg", `${file}.svg`, "--image", file];
    const { stderr } = await against({ detect }, args, { fails: (stream) => stream === "stdout" ? "EPIPE" : null });
    ok(stderr.trimEnd().endsWith(` --image '${file.replace("'", "'\\''")}'`), stderr);
  }));

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
    await run(["detect", PAGE, "--svg", `src/cli/cli.ts/${HOSTILE}`]),
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

Deno.test("ocr-regions writes plain lines to a terminal that cannot show a live line", async () => {
  const cases: readonly (readonly [columns: number, env: Record<string, string>])[] = [
    [0, {}],
    [80, { TERM: "dumb" }],
  ];
  for (const [columns, env] of cases) {
    const { stderr } = await against({ detect, serviceTime: 300 }, ["watch", TASK], { tty: { columns }, env });
    ok(isSafe(stderr), JSON.stringify(stderr));
    match(stderr, /^(?:Processing \(.*\)\n)?Completed \(.*\)\nDetection is finished: 1 region found\.\n$/);
  }
});

Deno.test("ocr-regions cancel reports a task that the service does not know", async () => {
  const { status, stderr, requests } = await against({}, ["cancel", ID]);
  equal(status, 1);
  equal(
    stderr,
    `The service does not know task ${ID}, so nothing was canceled. Check the id; a task is kept for 24 hours.\n`,
  );
  // The service may not know a task yet that was sent a moment ago.
  equal(requests.at(-1), "DELETE /v5.0/ocr/DetectRegions");
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
  return new Deno.Command("bash", { args: ["-c", `set -o pipefail; ${script}`], env: { ...PAIR, ...env }, cwd })
    .output();
}

Deno.test({
  name: "ocr-regions as a process survives closed pipes, loses no task and draws it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const server = await serve(emulate({ detect }), 0);
    const cwd = await Deno.makeTempDir();
    const read = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    try {
      const env = { OCR_BASE_URL: server.url };
      const cut = await inShell("ocr-regions detect PAGE --svg page.svg 2>&1 | head -1", env, cwd);
      match(read(cut.stdout), /^Submitted as task [-\da-f]{36}\..*\n$/);
      equal(cut.code, 1);
      match(await Deno.readTextFile(`${cwd}/page.svg`), /<\/svg>\s*$/);
      // Neither stream can be written to any more.
      match(
        await Deno.readTextFile(`${cwd}/ocr-regions.log`),
        /^\d.*Z The result could not .* ocr-regions watch .*\n$/,
      );

      const piped = await inShell("ocr-regions detect PAGE --json --svg /dev/stdout | cat", env, cwd);
      match(read(piped.stdout), /^\{[^]*\}\n<svg [^]*<\/svg>\s*$/);

      const gone = await inShell("ocr-regions detect PAGE | true", env, cwd);
      equal(gone.code, 1);
      match(
        read(gone.stderr),
        /The result could not be written to standard output: the reader has closed it\. To get it again/,
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
        env: { ...PAIR, OCR_BASE_URL: server.url },
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
          RegExp(`Z Task ${id} was not canceled and continues\\. .* To resume: ocr-regions watch ${id}\\n$`),
        );
      }
      await Deno.remove(cwd, { recursive: true });
    }
  },
});
