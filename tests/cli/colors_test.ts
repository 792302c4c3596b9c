import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { colorsFor } from "../../src/cli/colors.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { run } from "./run.ts";

function isColored(env: Record<string, string>, isTTY: boolean, isGranted?: () => boolean): boolean {
  return colorsFor({ env, isGranted }, isTTY).red("a") !== "a";
}

Deno.test("colors are for terminals, unless NO_COLOR, FORCE_COLOR or TERM decide otherwise", () => {
  for (
    const [env, expected] of [
      [{}, [true, false]],
      [{ TERM: "dumb" }, [false, false]],
      [{ NO_COLOR: "1" }, [false, false]],
      [{ NO_COLOR: "" }, [true, false]],
      [{ FORCE_COLOR: "1" }, [true, true]],
      [{ FORCE_COLOR: "1", TERM: "dumb" }, [true, true]],
      [{ FORCE_COLOR: "0" }, [false, false]],
      [{ FORCE_COLOR: "1", NO_COLOR: "1" }, [false, false]],
    ] as const
  ) deepEqual([true, false].map((isTTY) => isColored(env, isTTY)), expected, JSON.stringify(env));
});

Deno.test("the environment is not read for a color where that would need a permission", () => {
  const env = new Proxy({}, {
    get: () => {
      throw new Error("read");
    },
  });
  equal(isColored(env, true, () => false), false);
});

Deno.test("text from outside is sanitized before it is colored", async () => {
  let said = "";
  const terminal = createTerminal({
    env: { FORCE_COLOR: "1" },
    stdout: { write() {} },
    stderr: { write: (text) => void (said += text) },
    signal: new AbortController().signal,
  });
  await terminal.insist("a\x1b[2Jb", terminal.colors.err.red);
  equal(said, "\x1b[31ma\uFFFD[2Jb\x1b[39m\n");
});

Deno.test("ocr-regions --help has bold headings on a terminal, and plain ones elsewhere", async () => {
  const bold = "\x1b[1mUsage:\x1b[22m ocr-regions COMMAND ";
  ok((await run(["--help"], { stdoutIsTTY: true })).stdout.startsWith(bold));
  ok((await run(["--help"], { env: { FORCE_COLOR: "1" } })).stdout.startsWith(bold));
  ok((await run(["--help"])).stdout.startsWith("Usage: ocr-regions COMMAND "));
});

Deno.test("ocr-regions shows in red why it does nothing", async () => {
  const { stderr } = await run(["status", "--last"], { env: { FORCE_COLOR: "1" } });
  equal(stderr, "\x1b[31mCannot find the last submission. Set XDG_STATE_HOME to a folder.\x1b[39m\n");
});
