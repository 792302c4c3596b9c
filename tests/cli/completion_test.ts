import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SHELLS } from "../../src/cli/command.ts";
import { completionScript, valueOf } from "../../src/cli/completion.ts";
import { createProgram } from "../../src/cli/program.ts";

/** What is typed before Tab, and the words that the program then gets. */
const LINES = [
  ["det", "detect"],
  ["detect --resu", "detect --resu"],
  ["detect --concu", "detect --concurrency"],
  ["detect --mode linedet", "detect --mode LineDetector"],
  ["detect --dsr-confidence Ult", "detect --dsr-confidence Ultra"],
  ["read --language germ", "read --language German"],
  ["detect --format pag", "detect --format page-xml"],
  ["detect --format json,pag", "detect --format json,page-xml"],
  ["detect -f csv,sv", "detect -f csv,svg"],
  ["detect --out sca", "detect --out scans"],
  ["detect pag", "detect page one.jpg"],
  ["detect -- pag", "detect -- page one.jpg"],
  ["watch --image pag", "watch --image page one.jpg"],
  ["completion ba", "completion bash"],
  ["help exi", "help exit-status"],
  ["serve --port pag", "serve --port pag"],
  ["status pag", "status pag"],
] as const;

async function withFiles<A>(test: (folder: string, script: (shell: string) => string) => Promise<A>): Promise<A> {
  const folder = await mkdtemp(join(tmpdir(), "completion-"));
  try {
    await mkdir(join(folder, "work", "scans"), { recursive: true });
    await writeFile(join(folder, "work", "page one.jpg"), "");
    for (const shell of SHELLS) await writeFile(join(folder, shell), completionScript(shell));
    return await test(join(folder, "work"), (shell) => join(folder, shell));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function isInstalled(...programs: readonly string[]): boolean {
  return programs.every((program) => spawnSync(program, ["--version"]).status === 0);
}

for (const shell of ["bash", "zsh"] as const) {
  Deno.test({
    name: `${shell} completes commands, options, values, lists and files`,
    ignore: !isInstalled("zsh", shell),
    fn: () =>
      withFiles(async (cwd, script) => {
        const harness = fileURLToPath(new URL("complete.zsh", import.meta.url));
        const lines = LINES.map(([line]) => `ocr-regions ${line}`);
        const { stdout } = await promisify(execFile)("zsh", [harness, shell, script(shell), ...lines], {
          cwd,
          timeout: 60_000,
        });
        const seen = stdout.trimEnd().split("\n").map((words) => words.split("|").slice(0, -1).join(" "));
        const clean = seen.map((words) => words.replace(/[/,]$/, "").replace(/=$/, ""));
        deepEqual(clean, LINES.map(([, words]) => words));
      }),
  });
}

Deno.test({
  name: "fish completes commands, options, values, lists and files",
  ignore: !isInstalled("fish"),
  fn: () =>
    withFiles(async (cwd, script) => {
      for (const [line, words] of LINES) {
        const command = `source ${script("fish")}; complete -C 'ocr-regions ${line}'`;
        const { stdout } = await promisify(execFile)("fish", ["--no-config", "-c", command], { cwd });
        const offered = stdout.split("\n").map((row) => row.split("\t")[0].replace(/\/$/, ""));
        const typed = line.split(" ").at(-1) ?? "";
        const expected = words.slice(line.length - typed.length);
        if (expected === typed) ok(!offered.includes("page one.jpg"), line);
        else ok(offered.includes(expected), `${line}: ${offered}`);
      }
    }),
});

Deno.test("no script evaluates what was typed, or starts the program", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell);
    equal(/\beval\b|\$\(ocr-regions/.test(script), false, shell);
    match(script, /\n$/);
  }
});

Deno.test("completion knows what each option's value can be, or that nobody can know", () => {
  const unknown = createProgram().commands.flatMap((command) =>
    command.options.filter((option) => valueOf(option)?._tag === "None").map(({ long }) => long)
  );
  deepEqual([...new Set(unknown)].sort(), [
    ...["--concurrency", "--deadline", "--host", "--pickup-time", "--port", "--rate", "--rotate", "--service-time"],
    "--workers",
  ]);
});
